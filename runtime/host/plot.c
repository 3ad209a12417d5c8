#include "runtime/host/plot.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static char *copy(const char *text) {
    char *own = malloc(strlen(text) + 1);
    if (own != NULL) strcpy(own, text);
    return own;
}

bool gr_plot_open(gr_plot *plot, const char *title, const char *x_title) {
    *plot = (gr_plot){.title = copy(title), .x_title = copy(x_title)};
    return plot->title != NULL && plot->x_title != NULL;
}

void gr_plot_close(gr_plot *plot) {
    for (int s = 0; s < plot->count; s++) {
        free(plot->series[s].panel);
        free(plot->series[s].name);
        free(plot->series[s].buckets);
    }
    free(plot->series);
    free(plot->title);
    free(plot->x_title);
    *plot = (gr_plot){0};
}

static int add_series(gr_plot *plot, const char *panel, const char *name) {
    gr_plot_series *more = realloc(plot->series, ((size_t)plot->count + 1) * sizeof *more);
    if (more == NULL) return -1;
    plot->series = more;
    gr_plot_series *series = &more[plot->count];
    *series = (gr_plot_series){.panel = copy(panel),
                               .name = copy(name),
                               .buckets = calloc(GR_PLOT_BUCKETS, sizeof *series->buckets),
                               .width = 1};
    if (series->panel != NULL && series->name != NULL && series->buckets != NULL) return plot->count++;
    free(series->panel);
    free(series->name);
    free(series->buckets);
    return -1;
}

int gr_plot_series_of(gr_plot *plot, const char *panel, const char *name) {
    for (int s = 0; s < plot->count; s++)
        if (strcmp(plot->series[s].panel, panel) == 0 && strcmp(plot->series[s].name, name) == 0) return s;
    return add_series(plot, panel, name);
}

/* ---- buckets */

#define LARGEST 1e290 /* sums of points, and ranges of axes, stay finite */

static bool is_drawable(double value) {
    return fabs(value) <= LARGEST; /* false for nan */
}

static gr_plot_bucket join(const gr_plot_bucket *a, const gr_plot_bucket *b) {
    if (b->points == 0) return *a;
    const uint64_t points = a->points + b->points;
    gr_plot_bucket both = {.x = (a->x * (double)a->points + b->x * (double)b->points) / (double)points,
                           .low = a->low,
                           .high = a->high,
                           .sum = a->sum + b->sum,
                           .count = a->count + b->count,
                           .points = points};
    if (a->count == 0 || (b->count > 0 && b->low < a->low)) both.low = b->low;
    if (a->count == 0 || (b->count > 0 && b->high > a->high)) both.high = b->high;
    return both;
}

static void join_neighbours(gr_plot_series *series) {
    const gr_plot_bucket none = {0};
    for (int b = 0; b < series->count; b += 2)
        series->buckets[b / 2] = join(&series->buckets[b], b + 1 < series->count ? &series->buckets[b + 1] : &none);
    series->count = (series->count + 1) / 2;
    series->width *= 2;
}

void gr_plot_add(gr_plot *plot, int number, double x, double y) {
    if (number < 0 || number >= plot->count) {
        plot->failed = true;
        return;
    }
    if (!is_drawable(x)) return;
    if (fabs(y) < 1 / LARGEST) y = 0; /* or steps between ticks vanish */
    gr_plot_series *series = &plot->series[number];
    const bool finite = is_drawable(y);
    const gr_plot_bucket point = {.x = x, .low = y, .high = y, .sum = finite ? y : 0, .count = finite, .points = 1};
    gr_plot_bucket *last = series->count > 0 ? &series->buckets[series->count - 1] : NULL;
    if (last != NULL && last->points < series->width) {
        *last = join(last, &point);
        return;
    }
    if (series->count == GR_PLOT_BUCKETS) {
        join_neighbours(series);
        gr_plot_add(plot, number, x, y);
        return;
    }
    series->buckets[series->count++] = point;
}
