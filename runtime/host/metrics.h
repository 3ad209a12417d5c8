/* Outputs of an entry that are single numbers, averaged by rows. Part of the host half of gradc's runtime. */
#ifndef GR_HOST_METRICS_H
#define GR_HOST_METRICS_H

#include "runtime/host/feed.h"
#include "runtime/host/log.h"

typedef struct gr_metrics {
    int count;
    gr_named_value *values; /* [count]: sums until gr_metrics_average, then means */
    int *arguments;         /* [count], of the entry */
    double rows;            /* that were added */
} gr_metrics;

/* The entry's outputs that are scalars, and its real ones with one number a row. False if memory is exhausted. */
bool gr_metrics_open(gr_metrics *metrics, const gr_feed *feed, gr_error *error);
void gr_metrics_close(gr_metrics *metrics);

void gr_metrics_clear(gr_metrics *metrics);
/* Adds what the last call with so many rows returned. */
void gr_metrics_add(gr_metrics *metrics, const gr_feed *feed, int rows);
/* Makes means of the sums; until the next clear nothing may be added. */
void gr_metrics_average(gr_metrics *metrics);

/* The place of the output of that name, or -1. */
int gr_metrics_find(const gr_metrics *metrics, const char *name);

#endif
