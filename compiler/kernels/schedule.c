/* Schedule: the order of kernels, the guards between them, and which updates are written in place.
 *
 * An update may go straight into the model once nobody reads the old content any more and every loss before it was
 * found finite; where that cannot be had, the new content waits in the scratch and is copied at the end. Among kernels
 * that are ready, the one goes first that leaves the fewest bytes alive. */
#include "compiler/kernels/kernels.h"
#include "compiler/kernels/stage.h"
#include <string.h>

typedef struct Schedule {
    Routine *routine;
    int count;   /* kernels */
    bool *after; /* [count][count]: after[a * count + b]: a must follow b */
    int *guards; /* how many losses must be finite before a kernel */
    bool *done;
} Schedule;

static bool kernel_reads(const Kernel *kernel, const Buffer *buffer) {
    for (int s = 0; s < kernel->stages.count; s++)
        for (int r = 0; r < kernel->stages.at[s]->reads.count; r++)
            if (kernel->stages.at[s]->reads.at[r].buffer == buffer) return true;
    return false;
}

static Stage *writer_of(const Routine *routine, const Buffer *buffer) {
    for (int k = 0; k < routine->kernels.count; k++) {
        const Kernel *kernel = routine->kernels.at[k];
        for (int s = 0; s < kernel->stages.count; s++)
            for (int r = 0; r < kernel->stages.at[s]->results.count; r++)
                if (kernel->stages.at[s]->results.at[r].buffer == buffer) return kernel->stages.at[s];
    }
    return NULL;
}

/* The old content of a store, where the routine reads it. */
static Buffer *old_content(const Routine *routine, const Store *store) {
    for (int b = 0; b < routine->buffers.count; b++) {
        Buffer *buffer = routine->buffers.at[b];
        if (buffer->place == BUFFER_STORAGE && buffer->store == store && writer_of(routine, buffer) == NULL)
            return buffer;
    }
    return NULL;
}

static bool must_follow(const Schedule *schedule, int a, int b) {
    return schedule->after[a * schedule->count + b];
}

/* a after b, and everything that this implies. */
static void add_edge(Schedule *schedule, int a, int b) {
    int n = schedule->count;
    if (a == b || must_follow(schedule, a, b)) return;
    for (int x = 0; x < n; x++)
        for (int y = 0; (x == a || must_follow(schedule, x, a)) && y < n; y++)
            if (y == b || must_follow(schedule, b, y)) schedule->after[x * n + y] = true;
}

static void add_data_edges(Schedule *schedule) {
    const Routine *routine = schedule->routine;
    for (int k = 0; k < schedule->count; k++) {
        const Kernel *kernel = routine->kernels.at[k];
        for (int s = 0; s < kernel->stages.count; s++)
            for (int r = 0; r < kernel->stages.at[s]->reads.count; r++) {
                const Stage *writer = writer_of(routine, kernel->stages.at[s]->reads.at[r].buffer);
                if (writer != NULL) add_edge(schedule, k, writer->kernel->position);
            }
    }
}

static Schedule schedule_new(Routine *routine) {
    int count = routine->kernels.count;
    Schedule schedule = {.routine = routine, .count = count};
    schedule.after = ARENA_ARRAY(routine->arena, bool, count *count);
    schedule.guards = ARENA_ARRAY(routine->arena, int, count);
    schedule.done = ARENA_ARRAY(routine->arena, bool, count);
    for (int k = 0; k < count; k++)
        routine->kernels.at[k]->position = k;
    add_data_edges(&schedule);
    return schedule;
}

/* ---- updates ---- */

static bool updates_before(const Routine *routine, int update, const Buffer *value) {
    for (int u = 0; u < update; u++)
        if (routine->updates.at[u].value == value) return true;
    return false;
}

/* A stage may overwrite what it reads itself at the very element that it writes. */
static bool reads_in_place(const Stage *stage, const Buffer *old) {
    for (int r = 0; r < stage->reads.count; r++)
        if (stage->reads.at[r].buffer == old && !axes_identity(stage->reads.at[r].axes, stage->free_count))
            return false;
    return true;
}

static bool can_write_in_place(const Schedule *schedule, int update) {
    const Routine *routine = schedule->routine;
    const Update *todo = &routine->updates.at[update];
    const Stage *writer = writer_of(routine, todo->value);
    if (todo->value->place != BUFFER_ARENA || writer == NULL || updates_before(routine, update, todo->value))
        return false;
    if (todo->store->kind == STORE_STEP || todo->store->kind == STORE_RATE) return false;
    int at = writer->kernel->position;
    for (int l = 0; l < todo->losses_before; l++) {
        const Stage *loss = writer_of(routine, routine->losses.at[l]);
        if (loss != NULL && (loss->kernel->position == at || must_follow(schedule, loss->kernel->position, at)))
            return false;
    }
    const Buffer *old = old_content(routine, todo->store);
    for (int k = 0; old != NULL && k < schedule->count; k++) {
        const Kernel *kernel = routine->kernels.at[k];
        if (!kernel_reads(kernel, old)) continue;
        if (must_follow(schedule, k, at)) return false;
        for (int s = 0; k == at && s < kernel->stages.count; s++) {
            const Stage *stage = kernel->stages.at[s];
            for (int r = 0; r < stage->reads.count; r++)
                if (stage->reads.at[r].buffer == old && (stage != writer || !reads_in_place(stage, old))) return false;
        }
    }
    return true;
}

static void write_in_place(Schedule *schedule, const Update *update) {
    Routine *routine = schedule->routine;
    const Buffer *old = old_content(routine, update->store);
    int at = writer_of(routine, update->value)->kernel->position;
    for (int k = 0; old != NULL && k < schedule->count; k++)
        if (k != at && kernel_reads(routine->kernels.at[k], old)) add_edge(schedule, at, k);
    update->value->place = BUFFER_STORAGE;
    update->value->store = update->store;
    update->value->strides = dense_strides(routine->arena, update->store->type.shape, true);
    if (schedule->guards[at] < update->losses_before) schedule->guards[at] = update->losses_before;
}

/* ---- copies for the updates that must wait ---- */

static void copy_into_store(Routine *routine, const Update *update) {
    Buffer *to = buffer_new(routine, BUFFER_STORAGE, update->value->elem, update->value->shape);
    to->store = update->store;
    kernel_new(routine, stage_copying(routine, update->value, to));
}

/* Splits the updates: those in place are written where they are computed, the others get a kernel of their own. Returns
 * how many guards each new kernel needs, by kernel. */
static Schedule place_updates(Routine *routine) {
    Schedule first = schedule_new(routine);
    VEC(Update) waiting = {0};
    for (int u = 0; u < routine->updates.count; u++) {
        if (can_write_in_place(&first, u))
            write_in_place(&first, &routine->updates.at[u]);
        else
            vec_push(routine->arena, &waiting, routine->updates.at[u]);
    }
    int computed = routine->kernels.count;
    for (int w = 0; w < waiting.count; w++)
        copy_into_store(routine, &waiting.at[w]);
    Schedule all = schedule_new(routine);
    for (int a = 0; a < computed; a++) {
        all.guards[a] = first.guards[a];
        for (int b = 0; b < computed; b++)
            if (must_follow(&first, a, b)) add_edge(&all, a, b);
    }
    for (int w = 0; w < waiting.count; w++) { /* copies come when everything has been computed */
        all.guards[computed + w] = waiting.at[w].losses_before;
        for (int k = 0; k < computed + w; k++)
            add_edge(&all, computed + w, k);
    }
    return all;
}

/* A guard is a kernel's neighbour in the order: what needs it must also follow the kernel that computes the loss. */
static void add_guard_edges(Schedule *schedule) {
    const Routine *routine = schedule->routine;
    for (int k = 0; k < schedule->count; k++)
        for (int l = 0; l < schedule->guards[k]; l++) {
            const Stage *loss = writer_of(routine, routine->losses.at[l]);
            if (loss != NULL) add_edge(schedule, k, loss->kernel->position);
        }
}

/* ---- order ---- */

static bool is_ready(const Schedule *schedule, int kernel) {
    if (schedule->done[kernel]) return false;
    for (int k = 0; k < schedule->count; k++)
        if (must_follow(schedule, kernel, k) && !schedule->done[k]) return false;
    return true;
}

static bool last_reader(const Schedule *schedule, int kernel, const Buffer *buffer) {
    for (int k = 0; k < schedule->count; k++)
        if (k != kernel && !schedule->done[k] && kernel_reads(schedule->routine->kernels.at[k], buffer)) return false;
    return true;
}

/* Bytes of scratch that running the kernel now adds, less those that nobody needs afterwards. */
static int64_t growth(const Schedule *schedule, int kernel) {
    int64_t bytes = 0;
    const Routine *routine = schedule->routine;
    for (int b = 0; b < routine->buffers.count; b++) {
        const Buffer *buffer = routine->buffers.at[b];
        if (buffer->place != BUFFER_ARENA) continue;
        const Stage *writer = writer_of(routine, buffer);
        if (writer != NULL && writer->kernel->position == kernel)
            bytes += buffer->elements;
        else if (kernel_reads(routine->kernels.at[kernel], buffer) && last_reader(schedule, kernel, buffer))
            bytes -= buffer->elements;
    }
    return bytes;
}

static int next_kernel(const Schedule *schedule, int guarded) {
    int best = -1;
    int64_t least = 0;
    for (int k = 0; k < schedule->count; k++) {
        if (!is_ready(schedule, k)) continue;
        /* what waits for a guard comes late, so that a bad loss is found before much else is done */
        int64_t bytes = growth(schedule, k) + (schedule->guards[k] > guarded ? INT64_MAX / 4 : 0);
        if (best < 0 || bytes < least) best = k, least = bytes;
    }
    return best;
}

void schedule_steps(Routine *routine) {
    Schedule schedule = place_updates(routine);
    add_guard_edges(&schedule);
    int guarded = 0;
    for (int done = 0; done < schedule.count; done++) {
        int next = next_kernel(&schedule, guarded);
        if (next < 0) internal_error("kernels wait for each other");
        for (; guarded < schedule.guards[next]; guarded++)
            vec_push(routine->arena, &routine->steps, (Step){.loss = routine->losses.at[guarded]});
        schedule.done[next] = true;
        vec_push(routine->arena, &routine->steps, (Step){.kernel = routine->kernels.at[next]});
    }
    for (; guarded < routine->losses.count; guarded++) /* losses that guard nothing are still reported */
        vec_push(routine->arena, &routine->steps, (Step){.loss = routine->losses.at[guarded]});
    for (int s = 0; s < routine->steps.count; s++)
        if (routine->steps.at[s].kernel != NULL) routine->steps.at[s].kernel->position = s;
}
