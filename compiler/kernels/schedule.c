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
    Sequence *sequence;
    int count;   /* kernels */
    bool *after; /* [count][count]: after[a * count + b]: a must follow b */
    int *guards; /* how many losses must be finite before a kernel */
    bool *done;
} Schedule;

/* The stage of this sequence that writes the buffer. */
static Stage *writer_of(const Sequence *sequence, const Buffer *buffer) {
    const Kernel *maker = maker_around(buffer, sequence);
    for (int s = 0; maker != NULL && s < maker->stages.count; s++)
        for (int r = 0; r < maker->stages.at[s]->results.count; r++)
            if (maker->stages.at[s]->results.at[r].buffer == buffer) return maker->stages.at[s];
    return NULL;
}

/* Where the old content lies that an update replaces; NULL: nobody reads it. */
static Buffer *old_content(const Routine *routine, const Update *update) {
    if (update->carry != NULL) return update->carry;
    for (int b = 0; b < routine->buffers.count; b++) {
        Buffer *buffer = routine->buffers.at[b];
        if (buffer->place == BUFFER_STORAGE && buffer->store == update->store && buffer->maker == NULL &&
            buffer->view_of == NULL)
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
    const Sequence *sequence = schedule->sequence;
    for (int k = 0; k < schedule->count; k++) {
        Stages stages = {0};
        kernel_stages(schedule->routine->arena, sequence->kernels.at[k], &stages);
        for (int s = 0; s < stages.count; s++)
            for (int r = 0; r < stages.at[s]->reads.count; r++) {
                const Kernel *maker = maker_around(stages.at[s]->reads.at[r].buffer, sequence);
                if (maker != NULL) add_edge(schedule, k, maker->position);
            }
    }
}

/* A loop follows whoever writes the first contents of its carries, also of those that it does not read. */
static void add_carry_edges(Schedule *schedule) {
    const Sequence *sequence = schedule->sequence;
    for (int k = 0; k < schedule->count; k++) {
        const Loop *loop = sequence->kernels.at[k]->loop;
        for (int u = 0; loop != NULL && u < loop->body.updates.count; u++) {
            const Kernel *maker = maker_around(loop->body.updates.at[u].carry, sequence);
            if (maker != NULL) add_edge(schedule, k, maker->position);
        }
    }
}

static Schedule schedule_new(Routine *routine, Sequence *sequence) {
    int count = sequence->kernels.count;
    Schedule schedule = {.routine = routine, .sequence = sequence, .count = count};
    schedule.after = ARENA_ARRAY(routine->arena, bool, count *count);
    schedule.guards = ARENA_ARRAY(routine->arena, int, count);
    schedule.done = ARENA_ARRAY(routine->arena, bool, count);
    for (int k = 0; k < count; k++)
        sequence->kernels.at[k]->position = k;
    add_data_edges(&schedule);
    add_carry_edges(&schedule);
    return schedule;
}

/* ---- updates ---- */

static bool updates_before(const Sequence *sequence, int update, const Buffer *value) {
    for (int u = 0; u < update; u++)
        if (sequence->updates.at[u].value == value) return true;
    return false;
}

/* A stage may overwrite what it reads itself at the very element that it writes. */
static bool reads_in_place(const Stage *stage, const Buffer *old) {
    for (int r = 0; r < stage->reads.count; r++)
        if (buffer_root(stage->reads.at[r].buffer) == old &&
            (stage->reads.at[r].buffer != old || !axes_identity(stage->reads.at[r].axes, stage->free_count)))
            return false;
    return true;
}

/* A loss that the update waits for is computed by the kernel that would write it, or behind. */
static bool waits_for_loss(const Schedule *schedule, const Update *update, int at) {
    for (int l = 0; l < update->losses_before; l++) {
        const Kernel *loss = maker_around(schedule->routine->losses.at[l], schedule->sequence);
        if (loss != NULL && (loss->position == at || must_follow(schedule, loss->position, at))) return true;
    }
    return false;
}

static bool can_write_in_place(const Schedule *schedule, int update) {
    const Sequence *sequence = schedule->sequence;
    const Update *todo = &sequence->updates.at[update];
    const Stage *writer = writer_of(sequence, todo->value);
    bool claimed = todo->value->place != BUFFER_ARENA || todo->value->view_of != NULL;
    if (claimed || writer == NULL || updates_before(sequence, update, todo->value)) return false;
    bool counts = todo->store != NULL && (todo->store->kind == STORE_STEP || todo->store->kind == STORE_RATE);
    int at = writer->kernel->position;
    if (counts || waits_for_loss(schedule, todo, at)) return false;
    const Buffer *old = old_content(schedule->routine, todo);
    for (int k = 0; old != NULL && k < schedule->count; k++) {
        const Kernel *kernel = sequence->kernels.at[k];
        if (!kernel_reads(kernel, old)) continue;
        if (must_follow(schedule, k, at)) return false;
        for (int s = 0; k == at && s < kernel->stages.count; s++) {
            const Stage *stage = kernel->stages.at[s];
            if (stage != writer && stage_reads(stage, old)) return false;
            if (stage == writer && !reads_in_place(stage, old)) return false;
        }
    }
    return true;
}

static void write_in_place(Schedule *schedule, const Update *update) {
    Routine *routine = schedule->routine;
    const Buffer *old = old_content(routine, update);
    int at = writer_of(schedule->sequence, update->value)->kernel->position;
    for (int k = 0; old != NULL && k < schedule->count; k++)
        if (k != at && kernel_reads(schedule->sequence->kernels.at[k], old)) add_edge(schedule, at, k);
    if (update->carry != NULL) {
        buffer_becomes_view(update->value, update->carry, NULL);
        return;
    }
    update->value->place = BUFFER_STORAGE;
    update->value->store = update->store;
    update->value->strides = storage_strides(routine->arena, update->store);
    if (schedule->guards[at] < update->losses_before) schedule->guards[at] = update->losses_before;
}

/* ---- copies for the updates that must wait ---- */

static void copy_into_place(Routine *routine, Sequence *sequence, const Update *update) {
    Buffer *to = buffer_new(routine, NULL, BUFFER_STORAGE, update->value->elem, update->value->shape);
    to->store = update->store;
    if (update->store != NULL) to->strides = storage_strides(routine->arena, update->store);
    if (update->carry != NULL) buffer_becomes_view(to, update->carry, NULL);
    kernel_new(routine->arena, sequence, stage_copying(routine, update->value, to));
}

/* Splits the updates: those in place are written where they are computed, the others get a kernel of their own. Returns
 * how many guards each new kernel needs, by kernel. */
static Schedule place_updates(Routine *routine, Sequence *sequence) {
    Schedule first = schedule_new(routine, sequence);
    VEC(Update) waiting = {0};
    for (int u = 0; u < sequence->updates.count; u++) {
        if (can_write_in_place(&first, u))
            write_in_place(&first, &sequence->updates.at[u]);
        else
            vec_push(routine->arena, &waiting, sequence->updates.at[u]);
    }
    int computed = sequence->kernels.count;
    for (int w = 0; w < waiting.count; w++)
        copy_into_place(routine, sequence, &waiting.at[w]);
    Schedule all = schedule_new(routine, sequence);
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
            const Kernel *loss = maker_around(routine->losses.at[l], schedule->sequence);
            if (loss != NULL) add_edge(schedule, k, loss->position);
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
        if (k != kernel && !schedule->done[k] && kernel_reads(schedule->sequence->kernels.at[k], buffer)) return false;
    return true;
}

/* Bytes of scratch that running the kernel now adds, less those that nobody needs afterwards. */
static int64_t growth(const Schedule *schedule, int kernel) {
    int64_t bytes = 0;
    const Routine *routine = schedule->routine;
    for (int b = 0; b < routine->buffers.count; b++) {
        const Buffer *buffer = routine->buffers.at[b];
        if (buffer->place != BUFFER_ARENA || buffer->view_of != NULL || buffer->home != schedule->sequence) continue;
        if (buffer->maker == schedule->sequence->kernels.at[kernel])
            bytes += buffer->elements;
        else if (kernel_reads(schedule->sequence->kernels.at[kernel], buffer) && last_reader(schedule, kernel, buffer))
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

static void schedule_sequence(Routine *routine, Sequence *sequence) {
    for (int k = 0; k < sequence->kernels.count; k++)
        if (sequence->kernels.at[k]->loop != NULL) schedule_sequence(routine, &sequence->kernels.at[k]->loop->body);
    Schedule schedule = place_updates(routine, sequence);
    add_guard_edges(&schedule);
    int guarded = 0;
    for (int done = 0; done < schedule.count; done++) {
        int next = next_kernel(&schedule, guarded);
        if (next < 0) internal_error("kernels wait for each other");
        for (; guarded < schedule.guards[next]; guarded++)
            vec_push(routine->arena, &sequence->steps, (Step){.loss = routine->losses.at[guarded]});
        schedule.done[next] = true;
        vec_push(routine->arena, &sequence->steps, (Step){.kernel = sequence->kernels.at[next]});
    }
    for (; sequence->loop == NULL && guarded < routine->losses.count; guarded++) /* those that guard nothing */
        vec_push(routine->arena, &sequence->steps, (Step){.loss = routine->losses.at[guarded]});
}

/* Numbers the steps as they stand in the text, loops around their own. */
static void number_steps(Routine *routine, Sequence *sequence) {
    for (int s = 0; s < sequence->steps.count; s++) {
        Step *step = &sequence->steps.at[s];
        Loop *loop = step->kernel != NULL ? step->kernel->loop : NULL;
        if (step->kernel != NULL) step->kernel->position = routine->row.count;
        if (loop == NULL) {
            vec_push(routine->arena, &routine->row, step);
            continue;
        }
        loop->first = routine->row.count;
        number_steps(routine, &loop->body);
        loop->last = routine->row.count - 1;
    }
}

void schedule_steps(Routine *routine) {
    schedule_sequence(routine, &routine->top);
    number_steps(routine, &routine->top);
}
