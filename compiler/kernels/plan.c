/* The memory plan: one arena per entry, placed while compiling.
 *
 * Buffers whose lives do not meet may share bytes; each is placed, the largest first, in the smallest gap that fits
 * among those placed already (best fit). A buffer may take the place of one that dies in the very stage that makes it,
 * where that stage reads it element by element. Locals are the threads' own: they are placed in an arena per thread. */
#include "compiler/kernels/kernels.h"
#include "compiler/kernels/stage.h"

enum { PLACE_ALIGNMENT = 64 }; /* bytes: a cache line, and the widest vector */

static void extend_life(Buffer *buffer, int step) {
    if (buffer->first < 0 || step < buffer->first) buffer->first = step;
    if (step > buffer->last) buffer->last = step;
}

static void touch(Buffer *buffer, int step) {
    extend_life(buffer_root(buffer), step);
}

static void find_lives_at(Routine *routine, int number) {
    const Step *step = routine->row.at[number];
    for (int l = 0; l < routine->losses.count; l++)
        if (routine->losses.at[l] == step->loss) touch(routine->losses.at[l], number);
    for (int t = 0; step->kernel != NULL && t < step->kernel->stages.count; t++) {
        const Stage *stage = step->kernel->stages.at[t];
        for (int r = 0; r < stage->reads.count; r++)
            touch(stage->reads.at[r].buffer, number);
        for (int r = 0; r < stage->results.count; r++)
            touch(stage->results.at[r].buffer, number);
    }
}

static bool lives_inside(const Buffer *buffer, const Loop *loop) {
    for (const Loop *home = buffer->home != NULL ? buffer->home->loop : NULL; home != NULL; home = home->around)
        if (home == loop) return true;
    return false;
}

static void live_through(Buffer *buffer, const Loop *loop) {
    Buffer *root = buffer_root(buffer);
    if (lives_inside(root, loop)) return;
    extend_life(root, loop->first);
    extend_life(root, loop->last);
}

/* What comes from around a loop is needed in all of its rounds. */
static void find_lives_around(Routine *routine, const Sequence *sequence) {
    for (int k = 0; k < sequence->kernels.count; k++) {
        const Loop *loop = sequence->kernels.at[k]->loop;
        Stages stages = {0};
        if (loop == NULL || loop->first > loop->last) continue;
        find_lives_around(routine, &loop->body);
        kernel_stages(routine->arena, sequence->kernels.at[k], &stages);
        for (int s = 0; s < stages.count; s++) {
            for (int r = 0; r < stages.at[s]->reads.count; r++)
                live_through(stages.at[s]->reads.at[r].buffer, loop);
            for (int r = 0; r < stages.at[s]->results.count; r++)
                live_through(stages.at[s]->results.at[r].buffer, loop);
        }
    }
}

static void find_lives(Routine *routine) {
    for (int b = 0; b < routine->buffers.count; b++)
        routine->buffers.at[b]->first = routine->buffers.at[b]->last = -1;
    for (int s = 0; s < routine->row.count; s++)
        find_lives_at(routine, s);
    find_lives_around(routine, &routine->top);
}

int64_t element_bytes(const Buffer *buffer, bool is_double) {
    if (buffer->elem == ELEM_BOOL || buffer->is_byte) return 1;
    return buffer->elem == ELEM_REAL && is_double ? 8 : 4;
}

/* Elements up to the last one that the strides reach, which for a local is within one block of the band. */
static int64_t extent(const Buffer *buffer, int block) {
    int64_t last = 0;
    for (int a = 0; a < buffer->shape.rank; a++) {
        int64_t size = dim_high(buffer->shape.dims[a]);
        if (a == 0 && buffer->place == BUFFER_LOCAL && size > block) size = block;
        if (size == 0) return 0;
        last += (size - 1) * dim_high(buffer->strides[a]);
    }
    return last + 1;
}

static const Kernel *kernel_at(const Routine *routine, int step) {
    return routine->row.at[step]->kernel;
}

static void measure(Routine *routine, bool is_double) {
    for (int b = 0; b < routine->buffers.count; b++) {
        Buffer *buffer = routine->buffers.at[b];
        if (buffer->first < 0 || buffer->view_of != NULL ||
            (buffer->place != BUFFER_ARENA && buffer->place != BUFFER_LOCAL))
            continue;
        int block = buffer->place == BUFFER_LOCAL ? kernel_at(routine, buffer->first)->block : 0;
        int64_t bytes = extent(buffer, block) * element_bytes(buffer, is_double);
        if (bytes == 0) bytes = 1; /* what has no elements has a place all the same */
        buffer->bytes = (bytes + PLACE_ALIGNMENT - 1) / PLACE_ALIGNMENT * PLACE_ALIGNMENT;
    }
}

/* ---- blocks of the band ---- */

enum { LOCAL_LIMIT = 512 * 1024, LOCAL_MOST = 2 * 1024 * 1024 }; /* bytes: a part of the second cache, and all of it */

static int64_t bytes_of_locals(const Routine *routine, const Kernel *kernel, int block, bool is_double) {
    int64_t bytes = 0;
    for (int b = 0; b < routine->buffers.count; b++) {
        const Buffer *buffer = routine->buffers.at[b];
        if (buffer->place == BUFFER_LOCAL && buffer->view_of == NULL && buffer->first >= 0 &&
            kernel_at(routine, buffer->first) == kernel)
            bytes += extent(buffer, block) * element_bytes(buffer, is_double);
    }
    return bytes;
}

/* What passes between the stages of a kernel shall stay in the cache: blocks are cut down to one tall tile for that,
 * and further only if the memory would not fit at all. */
static void choose_blocks(Routine *routine, bool is_double) {
    static const int blocks[] = {24, 12, 6, 4, 2, 1};
    for (int s = 0; s < routine->row.count; s++) {
        Kernel *kernel = routine->row.at[s]->kernel;
        for (int b = 0; kernel != NULL && b < 6; b++) {
            int64_t limit = blocks[b] >= 12 ? LOCAL_LIMIT : LOCAL_MOST;
            if (bytes_of_locals(routine, kernel, kernel->block, is_double) <= limit) break;
            kernel->block = blocks[b];
        }
    }
}

/* ---- places ---- */

/* The stage that makes `buffer` is the last to read `old`, element by element, in the same layout. */
static bool takes_over(const Routine *routine, const Buffer *buffer, const Buffer *old) {
    if (old->last != buffer->first || old->first == old->last || old->bytes != buffer->bytes) return false;
    if (old->home != buffer->home) return false; /* another round may still need it */
    if (old->elem != buffer->elem || old->shape.rank != buffer->shape.rank) return false;
    for (int a = 0; a < old->shape.rank; a++)
        if (!dim_equal(old->strides[a], buffer->strides[a])) return false;
    const Kernel *kernel = kernel_at(routine, buffer->first);
    if (kernel == NULL) return false;
    for (int s = 0; s < kernel->stages.count; s++) {
        const Stage *stage = kernel->stages.at[s];
        bool makes = false;
        for (int r = 0; r < stage->results.count; r++)
            makes |= buffer_root(stage->results.at[r].buffer) == buffer;
        for (int r = 0; r < stage->reads.count; r++) {
            if (buffer_root(stage->reads.at[r].buffer) != old) continue;
            if (stage->reads.at[r].buffer != old) return false;
            if (!makes || stage->totals.count > 0 || !axes_identity(stage->reads.at[r].axes, stage->free_count))
                return false;
        }
    }
    return true;
}

/* A buffer that is alive beside another; whether one takes over the other's place. */
typedef struct Rival {
    const Buffer *buffer;
    bool hands_over;
} Rival;

static bool may_overlap(const Routine *routine, const Buffer *a, const Buffer *b) {
    if (a->last < b->first || b->last < a->first) return true;
    return takes_over(routine, a, b) || takes_over(routine, b, a);
}

/* Of those placed already, the ones that are alive beside the buffer; the number of them. */
static int find_rivals(const Routine *routine, const Buffer *buffer, Buffer *const *placed, int count, Rival *rivals) {
    int found = 0;
    for (int p = 0; p < count; p++) {
        bool apart = buffer->last < placed[p]->first || placed[p]->last < buffer->first;
        if (!apart) rivals[found++] = (Rival){placed[p], may_overlap(routine, buffer, placed[p])};
    }
    return found;
}

/* The lowest best-fitting place among those placed already. */
static void place(const Routine *routine, Buffer *buffer, Buffer *const *placed, int count, Rival *rivals) {
    int64_t best = -1, best_gap = INT64_MAX;
    int rival_count = find_rivals(routine, buffer, placed, count, rivals);
    for (int c = -1; c < count; c++) { /* candidates: 0 and the end of every placed buffer */
        int64_t at = c < 0 ? 0 : placed[c]->offset + placed[c]->bytes;
        int64_t gap_end = INT64_MAX;
        bool free_here = true;
        for (int r = 0; r < rival_count && free_here; r++) {
            const Buffer *rival = rivals[r].buffer;
            if (rivals[r].hands_over && rival->offset == at) continue; /* the very same place, not a part of it */
            int64_t begin = rival->offset, end = begin + rival->bytes;
            if (begin < at + buffer->bytes && at < end) free_here = false;
            if (begin >= at + buffer->bytes && begin < gap_end) gap_end = begin;
        }
        int64_t gap = gap_end == INT64_MAX ? INT64_MAX - 1 : gap_end - at - buffer->bytes;
        if (free_here && (gap < best_gap || (gap == best_gap && at < best))) best = at, best_gap = gap;
    }
    buffer->offset = best;
}

static int64_t place_all(Routine *routine, BufferPlace where) {
    int count = 0;
    Buffer **order = ARENA_ARRAY(routine->arena, Buffer *, routine->buffers.count);
    for (int b = 0; b < routine->buffers.count; b++) {
        Buffer *buffer = routine->buffers.at[b];
        if (buffer->place != where || buffer->view_of != NULL || buffer->first < 0) continue;
        int at = count++;
        for (; at > 0 && order[at - 1]->bytes < buffer->bytes; at--) /* largest first, else as made */
            order[at] = order[at - 1];
        order[at] = buffer;
    }
    int64_t total = 0;
    Rival *rivals = ARENA_ARRAY(routine->arena, Rival, count);
    for (int i = 0; i < count; i++) {
        place(routine, order[i], order, i, rivals);
        if (order[i]->offset + order[i]->bytes > total) total = order[i]->offset + order[i]->bytes;
    }
    return total;
}

/* Whether a buffer that begins at this step may stand where `old` ends. */
static bool is_handed_over(const Routine *routine, const Buffer *old, int step) {
    for (int b = 0; old->last == step && b < routine->buffers.count; b++) {
        const Buffer *buffer = routine->buffers.at[b];
        if (buffer->place == BUFFER_ARENA && buffer->first == step && takes_over(routine, buffer, old)) return true;
    }
    return false;
}

/* What no plan can do without. Two that could hand over to one are both left out: the bound stays below. */
static int64_t most_alive(const Routine *routine) {
    int64_t most = 0;
    for (int s = 0; s < routine->row.count; s++) {
        int64_t alive = 0;
        for (int b = 0; b < routine->buffers.count; b++) {
            const Buffer *buffer = routine->buffers.at[b];
            if (buffer->place != BUFFER_ARENA || buffer->first < 0 || buffer->first > s || buffer->last < s) continue;
            if (!is_handed_over(routine, buffer, s)) alive += buffer->bytes;
        }
        if (alive > most) most = alive;
    }
    return most;
}

void plan_memory(Routine *routine, bool is_double) {
    find_lives(routine);
    choose_blocks(routine, is_double);
    measure(routine, is_double);
    routine->arena_bytes = place_all(routine, BUFFER_ARENA);
    routine->local_bytes = place_all(routine, BUFFER_LOCAL);
    routine->live_bytes = most_alive(routine);
}
