/* Curves of a training as a picture: plot.svg, with a panel for each output. Part of the host half of gradc's runtime.
 *
 * A series keeps at most 400 buckets however many points it gets: when they are full, neighbours are joined. What is
 * drawn is their mean as a line and, faint, what lies between their smallest and largest. */
#ifndef GR_HOST_PLOT_H
#define GR_HOST_PLOT_H

#include "runtime/host/error.h"
#include <stdint.h>

#define GR_PLOT_BUCKETS 400

/* Points that follow each other. */
typedef struct gr_plot_bucket {
    double x, low, high, sum; /* x: mean of the points' */
    uint64_t count;           /* finite values; 0: none */
    uint64_t points;
} gr_plot_bucket;

typedef struct gr_plot_series {
    char *panel, *name; /* own copies */
    bool marks;         /* few points, each of which counts: drawn as dots */
    int best;           /* 0: not marked; -1: the smallest is; 1: the largest is */
    gr_plot_bucket *buckets;
    int count;
    uint64_t width; /* points of a whole bucket */
} gr_plot_series;

typedef struct gr_plot {
    char *title, *x_title; /* own copies */
    gr_plot_series *series;
    int count;
    bool failed; /* memory is exhausted: points were lost */
} gr_plot;

bool gr_plot_open(gr_plot *plot, const char *title, const char *x_title);
void gr_plot_close(gr_plot *plot);

/* The series of that panel and name; a new one where there is none. Its number, or -1 if memory is exhausted. */
int gr_plot_series_of(gr_plot *plot, const char *panel, const char *name);
/* A point behind the ones before. Values that are not finite leave a gap, and so do those beyond 1e290, whose sums and
 * differences would not be finite; a point whose x is such is left out. Series -1 is none. */
void gr_plot_add(gr_plot *plot, int series, double x, double y);

/* Writes the picture whole or not at all. False, with a message. */
bool gr_plot_write(const gr_plot *plot, const char *path, gr_error *error);

#endif
