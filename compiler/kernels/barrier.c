/* Barriers: before which steps the threads of a call must wait for each other.
 *
 * Every thread does its share of each step. A step may begin while others still work on the steps before it, unless it
 * touches memory that one of them, since the last barrier, writes, or writes what one of them reads. */
#include "compiler/kernels/kernels.h"

static bool same_bytes(const Buffer *a, const Buffer *b) {
    if (a->place != b->place) return false;
    switch (a->place) {
    case BUFFER_BORDER: return a->argument == b->argument;
    case BUFFER_STORAGE: return a->store == b->store;
    case BUFFER_ARENA: return a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes;
    case BUFFER_LOCAL: return false; /* a thread's own */
    }
    return true;
}

typedef VEC(const Buffer *) Buffers;

typedef struct Touched {
    Buffers read, written;
} Touched;

static void add_touched(Arena *arena, const Step *step, Touched *touched) {
    if (step->kernel == NULL) {
        vec_push(arena, &touched->read, step->loss);
        return;
    }
    for (int s = 0; s < step->kernel->stages.count; s++) {
        const Stage *stage = step->kernel->stages.at[s];
        for (int r = 0; r < stage->reads.count; r++)
            vec_push(arena, &touched->read, stage->reads.at[r].buffer);
        for (int r = 0; r < stage->results.count; r++)
            vec_push(arena, &touched->written, stage->results.at[r].buffer);
    }
}

static bool any_same(const Buffers *a, const Buffers *b) {
    for (int i = 0; i < a->count; i++)
        for (int j = 0; j < b->count; j++)
            if (same_bytes(a->at[i], b->at[j])) return true;
    return false;
}

static bool conflict(const Touched *before, const Touched *now) {
    return any_same(&before->written, &now->read) || any_same(&before->written, &now->written) ||
           any_same(&before->read, &now->written);
}

/* A guard reads its loss: all threads see the same number, because whoever overwrites it waits for them. */
void place_barriers(Routine *routine) {
    Touched before = {0};
    for (int s = 0; s < routine->steps.count; s++) {
        Step *step = &routine->steps.at[s];
        Touched now = {0};
        add_touched(routine->arena, step, &now);
        step->barrier = conflict(&before, &now);
        if (step->barrier) before = (Touched){0};
        add_touched(routine->arena, step, &before);
    }
}
