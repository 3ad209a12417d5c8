/* A model at work: its memory, and calls of its entries by their table. Part of the host half of gradc's runtime. */
#ifndef GR_HOST_SESSION_H
#define GR_HOST_SESSION_H

#include "runtime/core/gr.h"
#include "runtime/host/error.h"
#include "runtime/host/profile.h"

typedef struct gr_session {
    const gr_model *model;
    void *state, *trainer; /* structs of the model's sizes; NULL where it has none */
    gr_work work;
    gr_profiler *profiler; /* NULL: calls are not timed. The session's own */
} gr_session;

/* Makes the structs, with initial values by the seed, and scratch for every entry with so many threads. False, with a
 * message; gr_session_close either way. */
bool gr_session_open(gr_session *session, const gr_model *model, uint64_t seed, int threads, gr_error *error);
void gr_session_close(gr_session *session);

/* The threads that are asked for, or all cores. */
int gr_thread_count(int asked);

/* Memory that every entry may use: zeroed and at the start of a cache line; free() it. NULL when it is exhausted. */
void *gr_allocate(size_t bytes);

#endif
