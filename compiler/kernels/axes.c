/* Axes: which axis of a buffer is innermost in memory.
 *
 * Row-major order suits whoever wrote the formula, not the stages: a convolution runs along its channels, which lie a
 * whole image apart. Each buffer that nobody else sees gets the order in which the stages that write and read it cost
 * least, each along its best lane. One choice depends on others, so all are made twice. The first axis stays outermost:
 * it may be the band, of which threads hold a part. */
#include "compiler/kernels/kernels.h"
#include "compiler/kernels/stage.h"

/* ---- buffers whose order is free ---- */

static void fix_updates(const Sequence *sequence, bool *fixed) {
    for (int u = 0; u < sequence->updates.count; u++)
        fixed[buffer_root(sequence->updates.at[u].value)->position] = true;
    for (int k = 0; k < sequence->kernels.count; k++)
        if (sequence->kernels.at[k]->loop != NULL) fix_updates(&sequence->kernels.at[k]->loop->body, fixed);
}

/* By position: what others hold, views show, loops carry or updates move into a store keeps its order. */
static bool *find_fixed(const Routine *routine) {
    bool *fixed = ARENA_ARRAY(routine->arena, bool, routine->buffers.count);
    for (int b = 0; b < routine->buffers.count; b++) {
        const Buffer *buffer = routine->buffers.at[b];
        bool own = buffer->place == BUFFER_ARENA || buffer->place == BUFFER_LOCAL;
        if (!own || buffer->is_carry || buffer->shape.rank < 3) fixed[b] = true;
        if (buffer->view_of != NULL) fixed[b] = fixed[buffer_root(buffer)->position] = true;
    }
    fix_updates(&routine->top, fixed);
    return fixed;
}

/* ---- the choice ---- */

static Stages stages_at(const Routine *routine, const Stages *all, const Buffer *buffer) {
    Stages found = {0};
    for (int s = 0; s < all->count; s++)
        if (stage_writes(all->at[s], buffer) || stage_reads(all->at[s], buffer))
            vec_push(routine->arena, &found, all->at[s]);
    return found;
}

static double cost_of(const Routine *routine, const Stages *stages, const Target *target) {
    double cost = 0;
    for (int s = 0; s < stages->count; s++)
        cost += least_stage_cost(routine->arena, stages->at[s], target);
    return cost;
}

static void choose_innermost(const Routine *routine, const Stages *stages, Buffer *buffer, const Target *target) {
    const Dim *best = buffer->strides;
    double least = cost_of(routine, stages, target);
    for (int axis = buffer->shape.rank - 1; axis > 0; axis--) {
        buffer->strides = strides_with_innermost(routine->arena, buffer->shape, axis);
        double cost = cost_of(routine, stages, target);
        if (cost < least) best = buffer->strides, least = cost;
    }
    buffer->strides = best;
}

void order_axes(Routine *routine, const Target *target) {
    bool *fixed = find_fixed(routine);
    Stages all = {0};
    sequence_stages(routine->arena, &routine->top, &all);
    for (int round = 0; round < 2; round++)
        for (int b = 0; b < routine->buffers.count; b++) {
            if (fixed[b]) continue;
            const Stages stages = stages_at(routine, &all, routine->buffers.at[b]);
            choose_innermost(routine, &stages, routine->buffers.at[b], target);
        }
}
