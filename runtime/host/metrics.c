#include "runtime/host/metrics.h"
#include <stdlib.h>
#include <string.h>

static bool is_metric(const gr_feed *feed, int argument) {
    const gr_argument *output = &feed->entry->arguments[argument];
    const gr_argument_feed *own = &feed->arguments[argument];
    const bool real = output->type == GR_FLOAT || output->type == GR_DOUBLE;
    return output->role == GR_OUTPUT &&
           (output->rank == 0 || (own->feeding == GR_FEED_RESULT_ROWS && own->row == 1 && real));
}

bool gr_metrics_open(gr_metrics *metrics, const gr_feed *feed, gr_error *error) {
    const size_t most = (size_t)feed->entry->argument_count + 1;
    *metrics = (gr_metrics){.values = calloc(most, sizeof *metrics->values),
                            .arguments = calloc(most, sizeof *metrics->arguments)};
    if (metrics->values == NULL || metrics->arguments == NULL) return gr_fail(error, "out of memory");
    for (int a = 0; a < feed->entry->argument_count; a++) {
        if (!is_metric(feed, a)) continue;
        metrics->values[metrics->count].name = feed->entry->arguments[a].name;
        metrics->arguments[metrics->count++] = a;
    }
    return true;
}

void gr_metrics_close(gr_metrics *metrics) {
    free(metrics->values);
    free(metrics->arguments);
    *metrics = (gr_metrics){0};
}

void gr_metrics_clear(gr_metrics *metrics) {
    for (int m = 0; m < metrics->count; m++)
        metrics->values[m].value = 0;
    metrics->rows = 0;
}

void gr_metrics_add(gr_metrics *metrics, const gr_feed *feed, int rows) {
    for (int m = 0; m < metrics->count; m++) {
        const int argument = metrics->arguments[m];
        if (feed->entry->arguments[argument].rank == 0)
            metrics->values[m].value += rows * gr_feed_value(feed, argument, 0);
        else
            for (int r = 0; r < rows; r++)
                metrics->values[m].value += gr_feed_value(feed, argument, (uint64_t)r);
    }
    metrics->rows += rows;
}

void gr_metrics_average(gr_metrics *metrics) {
    for (int m = 0; m < metrics->count; m++)
        metrics->values[m].value /= metrics->rows;
}

int gr_metrics_find(const gr_metrics *metrics, const char *name) {
    for (int m = 0; m < metrics->count; m++)
        if (strcmp(metrics->values[m].name, name) == 0) return m;
    return -1;
}
