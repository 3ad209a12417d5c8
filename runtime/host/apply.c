#include "runtime/host/apply.h"
#include "runtime/host/metrics.h"
#include "runtime/host/output.h"
#include "runtime/host/progress.h"
#include "runtime/host/result.h"
#include "runtime/host/train.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Application {
    const gr_options *options;
    gr_session *session;
    const gr_interrupt *interrupt;
    gr_error *error;
    gr_datasets data;
    gr_feed feed;
    gr_metrics metrics;
    uint64_t *rows;      /* of the call */
    gr_result **results; /* [options->out.count] */
} Application;

static uint64_t call_count(const Application *application) {
    const gr_feed *feed = &application->feed;
    const uint64_t batch = (uint64_t)feed->batch;
    if (feed->rows == 0) return application->options->steps > 0 ? application->options->steps : 1;
    return (feed->rows + batch - 1) / batch;
}

static int find_output(const gr_entry *entry, const char *name) {
    for (int a = 0; a < entry->argument_count; a++)
        if (entry->arguments[a].role != GR_INPUT && strcmp(entry->arguments[a].name, name) == 0) return a;
    return -1;
}

static bool open_results(Application *application) {
    const gr_pairs *out = &application->options->out;
    const gr_feed *feed = &application->feed;
    const uint64_t calls = call_count(application);
    application->results = calloc((size_t)out->count + 1, sizeof *application->results);
    if (application->results == NULL) return gr_fail(application->error, "out of memory");
    for (int o = 0; o < out->count; o++) {
        const int argument = find_output(feed->entry, out->at[o].name);
        if (argument < 0)
            return gr_fail(application->error, "--out %s: %s has no such output", out->at[o].name, feed->entry->name);
        const bool is_state = feed->arguments[argument].feeding == GR_FEED_STATE; /* as it is at the end */
        application->results[o] =
            gr_result_begin(out->at[o].value, feed, argument, is_state ? 1 : calls,
                            feed->rows > 0 ? feed->rows : calls * (uint64_t)feed->batch, application->error);
        if (application->results[o] == NULL) return false;
    }
    return true;
}

static bool check_rows(const Application *application) {
    const gr_feed *feed = &application->feed;
    const uint64_t rest = feed->rows % (uint64_t)feed->batch;
    if (rest == 0 || rest >= (uint64_t)feed->least) return true;
    return gr_fail(application->error,
                   "%s takes %d rows a call, and of %llu rows %llu are left over: a size N = 1..%d takes any number",
                   feed->entry->name, feed->batch, (unsigned long long)feed->rows, (unsigned long long)rest,
                   feed->batch);
}

static bool check_data(const Application *application) {
    for (int s = 0; s < application->data.count; s++)
        if (!application->data.at[s].used)
            return gr_fail(application->error, "--data %s: %s has no such input", application->data.at[s].input,
                           application->feed.entry->name);
    return true;
}

static bool set_up(Application *application) {
    const gr_options *options = application->options;
    const gr_entry *entry = gr_find_entry(application->session->model, options->plan.at[0].name);
    if (!gr_datasets_open(&application->data, &options->data, "--data", application->error) ||
        !gr_feed_open(&application->feed, application->session->model, entry, &application->data, options, false,
                      application->error) ||
        !gr_metrics_open(&application->metrics, &application->feed, application->error) || !check_data(application) ||
        !check_rows(application))
        return false;
    application->rows = malloc((size_t)application->feed.batch * sizeof *application->rows);
    if (application->rows == NULL) return gr_fail(application->error, "out of memory");
    return open_results(application);
}

static bool add_results(Application *application, int count) {
    for (int o = 0; o < application->options->out.count; o++) {
        const int argument = find_output(application->feed.entry, application->options->out.at[o].name);
        if (application->feed.arguments[argument].feeding == GR_FEED_STATE) continue;
        if (!gr_result_add(application->results[o], count, application->error)) return false;
    }
    return true;
}

static bool call_all(Application *application, gr_progress *progress, int *exit) {
    gr_feed *feed = &application->feed;
    const uint64_t calls = call_count(application);
    for (uint64_t c = 0, row = 0; c < calls; c++) {
        int count = feed->batch, status;
        if (feed->rows > 0 && feed->rows - row < (uint64_t)count) count = (int)(feed->rows - row);
        for (int r = 0; r < count; r++)
            application->rows[r] = row + (uint64_t)r;
        if (gr_interrupted(application->interrupt)) {
            *exit = GR_EXIT_INTERRUPTED;
            return gr_fail(application->error, "interrupted: nothing was written");
        }
        if (!gr_feed_run(feed, application->session, application->rows, count, &status, application->error)) {
            *exit = GR_EXIT_COMMAND; /* the data are wrong */
            return false;
        }
        gr_metrics_add(&application->metrics, feed, count);
        if (!add_results(application, count)) return false;
        gr_progress_step(progress, (uint64_t)count, 0.0 / 0.0);
        row += (uint64_t)count;
    }
    return true;
}

static bool commit_results(Application *application) {
    for (int o = 0; o < application->options->out.count; o++) {
        const int argument = find_output(application->feed.entry, application->options->out.at[o].name);
        gr_result *result = application->results[o];
        const bool is_state = application->feed.arguments[argument].feeding == GR_FEED_STATE;
        if (is_state && !gr_result_add(result, 1, application->error)) return false;
        application->results[o] = NULL;
        if (!gr_result_commit(result, application->error)) return false;
    }
    return true;
}

static bool goes_to_file(const gr_pairs *out, const char *name) {
    for (int o = 0; o < out->count; o++)
        if (strcmp(out->at[o].name, name) == 0) return true;
    return false;
}

/* Of outputs that go to no file, and not onto standard output where a result went there. */
static void say_metrics(Application *application) {
    char text[32];
    FILE *to = stdout;
    for (int o = 0; o < application->options->out.count; o++)
        if (strcmp(application->options->out.at[o].value, "-") == 0) to = stderr;
    gr_metrics_average(&application->metrics);
    for (int m = 0; m < application->metrics.count; m++) {
        if (goes_to_file(&application->options->out, application->metrics.values[m].name)) continue;
        fprintf(to, "%s %s\n", application->metrics.values[m].name,
                gr_say_value(application->metrics.values[m].value, text, sizeof text));
    }
}

static void close_application(Application *application) {
    for (int o = 0; application->results != NULL && o < application->options->out.count; o++)
        gr_result_cancel(application->results[o]);
    free(application->results);
    free(application->rows);
    gr_metrics_close(&application->metrics);
    if (application->feed.entry != NULL) gr_feed_close(&application->feed);
    gr_datasets_close(&application->data);
}

int gr_apply(const gr_options *options, gr_session *session, const gr_interrupt *interrupt, gr_error *error) {
    Application application = {.options = options, .session = session, .interrupt = interrupt, .error = error};
    int exit = GR_EXIT_COMMAND;
    if (set_up(&application)) {
        const gr_progress_options progress_options = {
            .file = 2, .style = options->quiet ? GR_PROGRESS_OFF : GR_PROGRESS_AUTO, .steps = call_count(&application)};
        gr_progress progress;
        gr_progress_start(&progress, &progress_options);
        exit = GR_EXIT_MACHINE;
        const bool called = call_all(&application, &progress, &exit);
        gr_progress_finish(&progress);
        if (called && commit_results(&application)) exit = GR_EXIT_DONE;
        if (exit == GR_EXIT_DONE) say_metrics(&application);
    }
    close_application(&application);
    return exit;
}
