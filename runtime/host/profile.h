/* --profile: where the time of a run goes, kernel by kernel. Part of the host half of gradc's runtime. */
#ifndef GR_HOST_PROFILE_H
#define GR_HOST_PROFILE_H

#include "runtime/core/gr.h"
#include "runtime/host/error.h"
#include <stdio.h>

typedef struct gr_profiler gr_profiler;

/* NULL, with a message, where the model was compiled without --profile or memory is exhausted. */
gr_profiler *gr_profiler_open(const gr_model *model, int threads, gr_error *error);
void gr_profiler_close(gr_profiler *profiler); /* NULL is allowed, here and below */

/* Around reading the data of a call, and around the call. `rows`: the value of the entry's first size. */
void gr_profiler_read_begins(gr_profiler *profiler);
void gr_profiler_call_begins(gr_profiler *profiler, const gr_entry *entry, gr_work *work);
void gr_profiler_call_ends(gr_profiler *profiler, const gr_entry *entry, gr_work *work, int rows);

/* Writes a table for each entry that was called, slowest kernel first. Measures the processor once more, as
 * gr_profiler_open does: some tenths of a second. */
void gr_profiler_print(gr_profiler *profiler, FILE *file);

#endif
