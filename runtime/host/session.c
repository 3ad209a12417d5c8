#include "runtime/host/session.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE = 64 };

void *gr_allocate(size_t bytes) {
    if (bytes > SIZE_MAX - 2 * LINE) return NULL;
    const size_t whole = (bytes / LINE + 1) * LINE;
    void *memory = aligned_alloc(LINE, whole);
    if (memory != NULL) memset(memory, 0, whole);
    return memory;
}

int gr_thread_count(int asked) {
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (asked > 0) return asked;
    return cores < 1 ? 1 : cores > 1024 ? 1024 : (int)cores;
}

static size_t scratch_bytes(const gr_model *model, int threads) {
    size_t most = 1;
    for (int e = 0; e < model->entry_count; e++) {
        const gr_entry *entry = &model->entries[e];
        const size_t bytes = entry->scratch + (size_t)threads * entry->scratch_per_thread;
        if (bytes > most) most = bytes;
    }
    return most;
}

bool gr_session_open(gr_session *session, const gr_model *model, uint64_t seed, int threads, gr_error *error) {
    const size_t scratch = scratch_bytes(model, threads);
    *session = (gr_session){.model = model};
    if (model->abi != GR_ABI)
        return gr_fail(error, "%s was made for ABI %d of gr.h, and this program has %d", model->name, model->abi,
                       GR_ABI);
    if (model->model_size > 0) session->state = gr_allocate(model->model_size);
    if (model->trainer_size > 0) session->trainer = gr_allocate(model->trainer_size);
    session->work =
        (gr_work){.scratch = gr_allocate(scratch), .scratch_size = scratch, .threads = threads, .seed = seed};
    if ((model->model_size > 0 && session->state == NULL) || (model->trainer_size > 0 && session->trainer == NULL) ||
        session->work.scratch == NULL)
        return gr_fail(error, "out of memory: %s needs %zu bytes", model->name,
                       model->model_size + model->trainer_size + scratch);
    const int status = model->init(session->state, session->trainer, seed);
    return status == GR_OK || gr_fail(error, "%s cannot begin: %s", model->name, gr_message(status));
}

void gr_session_close(gr_session *session) {
    free(session->state);
    free(session->trainer);
    free(session->work.scratch);
    gr_profiler_close(session->profiler);
    *session = (gr_session){0};
}
