/* Barriers: before which steps the threads of a call must wait for each other.
 *
 * Every thread does its share of each step. A step may begin while others still work on the steps before it, unless it
 * touches memory that one of them, since the last barrier, writes, or writes what one of them reads. */
#include "compiler/kernels/kernels.h"

static bool same_bytes(const Buffer *first, const Buffer *second) {
    const Buffer *a = buffer_root(first), *b = buffer_root(second);
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

static void add_all(Arena *arena, Buffers *to, const Buffers *from) {
    for (int i = 0; i < from->count; i++)
        vec_push(arena, to, from->at[i]);
}

static Touched both(Arena *arena, const Touched *a, const Touched *b) {
    Touched sum = {0};
    add_all(arena, &sum.read, &a->read), add_all(arena, &sum.read, &b->read);
    add_all(arena, &sum.written, &a->written), add_all(arena, &sum.written, &b->written);
    return sum;
}

static Touched place_in(Arena *arena, Sequence *sequence, Touched before);

/* Two rounds: the second follows the end of the first. A loop that may have no round leaves what stood before it. */
static Touched place_in_loop(Arena *arena, Loop *loop, Touched before) {
    Touched after = place_in(arena, &loop->body, before);
    after = place_in(arena, &loop->body, after);
    return dim_low(loop->length) > 0 ? after : both(arena, &before, &after);
}

/* What has been touched since the last barrier, behind the sequence. */
static Touched place_in(Arena *arena, Sequence *sequence, Touched before) {
    for (int s = 0; s < sequence->steps.count; s++) {
        Step *step = &sequence->steps.at[s];
        Touched now = {0};
        if (step->kernel != NULL && step->kernel->loop != NULL) {
            before = place_in_loop(arena, step->kernel->loop, before);
            continue;
        }
        add_touched(arena, step, &now);
        step->barrier |= conflict(&before, &now);
        before = step->barrier ? now : both(arena, &before, &now);
    }
    return before;
}

/* A guard reads its loss: all threads see the same number, because whoever overwrites it waits for them. */
void place_barriers(Routine *routine) {
    place_in(routine->arena, &routine->top, (Touched){0});
}
