/* Layout: for every stage the lane, the row and the tile; and transposed copies of operands that disagree.
 *
 * The cost model counts vector instructions. Its constants were measured with hand-written C (docs/decisions.md): a
 * vector gathered from strided elements costs as much as some 28 multiply-additions, a copied element 1 to 2, the
 * horizontal sum of a vector some 9. */
#include "compiler/kernels/kernels.h"
#include "compiler/kernels/stage.h"
#include <math.h>

typedef struct Costs {
    double load, gather, horizontal, copy;
} Costs;

static const Costs costs = {.load = 0.5, .gather = 28, .horizontal = 10, .copy = 2};

/* ---- what an expression needs ---- */

/* Marks what is computed inside the reduced loops: everything that the totals' values are made of. */
static void mark_cone(const Body *body, int expr, bool *marked) {
    if (marked[expr]) return;
    marked[expr] = true;
    const Expr *at = &body->exprs.at[expr];
    for (int a = 0; a < expr_arity(at); a++)
        mark_cone(body, expr_operand(at, a), marked);
}

typedef struct Cones {
    bool *looped, *after; /* by expression */
} Cones;

static Cones find_cones(Arena *arena, const Stage *stage) {
    Cones cones = {ARENA_ARRAY(arena, bool, stage->body.exprs.count),
                   ARENA_ARRAY(arena, bool, stage->body.exprs.count)};
    for (int t = 0; t < stage->totals.count; t++)
        mark_cone(&stage->body, stage->totals.at[t].value, cones.looped);
    for (int r = 0; r < stage->results.count; r++)
        mark_cone(&stage->body, stage->results.at[r].value, cones.after);
    return cones;
}

/* Elements between neighbouring lanes of an access; INT64_MAX where that is not a constant. */
static int64_t lane_stride(const Buffer *buffer, const Affine *axes, int lane) {
    int64_t stride = 0;
    for (int a = 0; lane != NO_INDEX && a < buffer->shape.rank; a++) {
        int64_t factor = affine_factor(axes[a], lane);
        if (factor == 0) continue;
        if (!dim_is_constant(buffer->strides[a])) return INT64_MAX;
        stride += factor * buffer->strides[a].constant;
    }
    return stride;
}

static bool read_uses(const StageRead *read, int index) {
    for (int a = 0; index != NO_INDEX && a < read->buffer->shape.rank; a++)
        if (affine_factor(read->axes[a], index) != 0) return true;
    return false;
}

/* ---- copies ---- */

/* The axis that would have to be innermost for unit stride along the lane; -1 where no order of axes gives that. */
static int axis_of_lane(const StageRead *read, int lane) {
    int axis = -1;
    for (int a = 0; a < read->buffer->shape.rank; a++) {
        int64_t factor = affine_factor(read->axes[a], lane);
        if (factor == 0) continue;
        if (factor != 1 || axis >= 0) return -1;
        axis = a;
    }
    return axis;
}

/* Copies are made by a kernel of their own, so what the stage's own kernel computes cannot be copied. */
static bool can_copy(const Stage *stage, const StageRead *read, int lane) {
    if (buffer_root(read->buffer)->place == BUFFER_LOCAL || axis_of_lane(read, lane) < 0) return false;
    for (int s = 0; s < stage->kernel->stages.count; s++)
        for (int r = 0; r < stage->kernel->stages.at[s]->results.count; r++)
            if (buffer_root(stage->kernel->stages.at[s]->results.at[r].buffer) == buffer_root(read->buffer))
                return false;
    return true;
}

/* Does a buffer differ from one round of the loop to the next? */
static bool varies_in(const Buffer *buffer, const Loop *loop) {
    for (const Buffer *view = buffer; view != NULL; view = view->view_of)
        if (view->at == loop) return true;
    const Buffer *root = buffer_root(buffer);
    for (int u = 0; u < loop->body.updates.count; u++)
        if (buffer_root(loop->body.updates.at[u].carry) == root) return true;
    for (const Loop *home = root->home != NULL ? root->home->loop : NULL; home != NULL; home = home->around)
        if (home == loop) return true;
    return false;
}

/* ---- cost of a lane ---- */

enum { USUAL_SIZE = 64 }; /* what a bounded size is taken to be: rarely is a call as large as the bound allows */

static double usual_size(Dim size) {
    if (dim_is_constant(size)) return (double)size.constant;
    int64_t usual = size.size->high < USUAL_SIZE ? size.size->high : USUAL_SIZE;
    return (double)(size.constant + size.factor * usual);
}

static double size_of(const Index *index) {
    return usual_size(index->size);
}

static int lane_trips(const Index *index, int lanes) {
    return (int)((size_of(index) + lanes - 1) / lanes);
}

/* Without vectors of its own a stage is left to the compiler's, which wants the same loops innermost. */
static int counted_lanes(const Target *target) {
    return target->lanes > 1 ? target->lanes : 4;
}

static double access_cost(const Buffer *buffer, const Affine *axes, int lane) {
    int64_t stride = lane_stride(buffer, axes, lane);
    return stride == 0 || stride == 1 ? costs.load : costs.gather;
}

/* A copy of what stays the same in all rounds of a loop is made before it: how many rounds use one copy. */
static double rounds_of_copy(const Sequence *sequence, const Buffer *of) {
    double rounds = 1;
    for (const Loop *loop = sequence->loop; loop != NULL && !varies_in(of, loop); loop = loop->around)
        rounds *= fmax(1, usual_size(loop->length));
    return rounds;
}

static double read_cost(const Stage *stage, const StageRead *read, int lane, double times, bool *copied) {
    double in_place = times * access_cost(read->buffer, read->axes, lane);
    double rounds = rounds_of_copy(stage->kernel->sequence, read->buffer);
    double copy = (double)read->buffer->elements * costs.copy / rounds + times * costs.load;
    *copied = copy < in_place && can_copy(stage, read, lane);
    return *copied ? copy : in_place;
}

static double stage_cost(Arena *arena, const Stage *stage, const Target *target, int lane) {
    double points = 1, loops = 1;
    for (int i = 0; i < stage->index_count; i++) {
        if (stage->indices[i].kind == INDEX_SOLVED) continue;
        double trips = i == lane ? lane_trips(&stage->indices[i], counted_lanes(target)) : size_of(&stage->indices[i]);
        *(stage->indices[i].kind == INDEX_FREE ? &points : &loops) *= trips;
    }
    Cones cones = find_cones(arena, stage);
    bool lane_reduced = lane != NO_INDEX && stage->indices[lane].kind == INDEX_REDUCED;
    double cost = lane_reduced ? points * costs.horizontal * stage->totals.count : 0;
    for (int e = 0; e < stage->body.exprs.count; e++) {
        const Expr *expr = &stage->body.exprs.at[e];
        double times = (cones.looped[e] ? points * loops : 0) + (cones.after[e] ? points : 0);
        bool copied;
        if (expr->kind == EXPR_CALL) cost += times * scalar_table[expr->u.call.fn].cost;
        if (expr->kind == EXPR_DRAW) cost += times * 60;
        if (expr->kind == EXPR_LOOKUP) cost += times * costs.gather;
        if (expr->kind == EXPR_READ) cost += read_cost(stage, &stage->reads.at[expr->u.read], lane, times, &copied);
    }
    const Affine *element = axes_of_indices(arena, stage->free_count);
    for (int r = 0; r < stage->results.count; r++)
        cost += points * (lane_reduced ? costs.load : access_cost(stage->results.at[r].buffer, element, lane));
    return cost;
}

static bool in_solution(const Stage *stage, int index) {
    for (int i = 0; i < stage->index_count; i++)
        if (stage->indices[i].kind == INDEX_SOLVED && affine_factor(stage->indices[i].solution, index) != 0)
            return true;
    return false;
}

/* The index that the stage runs along at the least cost; NO_INDEX: one element at a time. */
static int choose_lane(Arena *arena, const Stage *stage, const Target *target, double *cost_there) {
    int best = NO_INDEX;
    double least = stage_cost(arena, stage, target, NO_INDEX);
    for (int i = 0; i < stage->index_count; i++) {
        if (stage->indices[i].kind == INDEX_SOLVED || in_solution(stage, i)) continue;
        if (stage->indices[i].kind == INDEX_REDUCED && target->lanes == 1) continue;
        double cost = stage_cost(arena, stage, target, i);
        if (cost < least) best = i, least = cost;
    }
    *cost_there = least;
    return best;
}

double least_stage_cost(Arena *arena, const Stage *stage, const Target *target) {
    double least;
    choose_lane(arena, stage, target, &least);
    return least;
}

/* ---- rows and vectors ---- */

/* The free index that lets most lane vectors be used again by all rows of a tile. */
static int choose_row(const Stage *stage, int lane) {
    int best = NO_INDEX, most = -1;
    for (int i = 0; i < stage->free_count; i++) {
        if (i == lane || in_solution(stage, i) || dim_high(stage->indices[i].size) < 2) continue;
        int shared = 0;
        for (int r = 0; r < stage->reads.count; r++)
            shared += read_uses(&stage->reads.at[r], lane) && !read_uses(&stage->reads.at[r], i);
        if (shared >= most) best = i, most = shared;
    }
    return best;
}

/* How many vectors a row takes that is left alone, where the number of rows is not known. */
static int single_row_width(const Stage *stage, const Tile *tile, const Target *target, int trips) {
    if (tile->row == NO_INDEX || stage->totals.count != 1) return 0;
    bool lane_known = dim_is_constant(stage->indices[tile->lane].size) && tile->lane != 0;
    bool rows_known = dim_is_constant(stage->indices[tile->row].size) && tile->row != 0;
    if (!lane_known || rows_known) return 0;
    return target->wide < trips ? target->wide : trips;
}

static Tile choose_tile(Arena *arena, const Stage *stage, const Target *target) {
    double cost;
    Tile tile = {choose_lane(arena, stage, target, &cost), NO_INDEX, 1, 1, 0};
    if (tile.lane == NO_INDEX) return tile;
    bool lane_free = stage->indices[tile.lane].kind == INDEX_FREE;
    if (stage->totals.count > 0) {
        tile.row = choose_row(stage, tile.lane);
        if (tile.row != NO_INDEX) tile.rows = lane_free ? target->rows[0] : 4;
    }
    if (!lane_free) return tile;
    int trips = lane_trips(&stage->indices[tile.lane], target->lanes);
    int vectors = tile.row == NO_INDEX && stage->totals.count > 0 ? target->wide : target->vectors;
    tile.vectors = vectors < trips ? vectors : trips;
    if (stage->totals.count == 0) tile.vectors = 1;
    tile.wide = single_row_width(stage, &tile, target, trips);
    /* several totals share the registers */
    while (stage->totals.count > 1 &&
           tile.rows * tile.vectors * stage->totals.count > target->rows[0] * target->vectors)
        *(tile.vectors > 1 ? &tile.vectors : &tile.rows) /= 2;
    return tile;
}

/* ---- inserting copies ---- */

const Dim *strides_with_innermost(Arena *arena, Shape shape, int axis) {
    Dim *strides = ARENA_ARRAY(arena, Dim, shape.rank);
    int64_t stride = dim_high(shape.dims[axis]);
    strides[axis] = dim_constant(1);
    for (int a = shape.rank - 1; a >= 0; a--) {
        if (a == axis) continue;
        strides[a] = dim_constant(stride);
        stride *= dim_high(shape.dims[a]);
    }
    return strides;
}

static Buffer *existing_copy(const Routine *routine, const Sequence *home, const Buffer *of, const Dim *strides) {
    for (int b = 0; b < routine->buffers.count; b++) {
        Buffer *buffer = routine->buffers.at[b];
        bool same = buffer->copy_of == of && buffer->home == home;
        for (int a = 0; same && a < of->shape.rank; a++)
            same = dim_equal(buffer->strides[a], strides[a]);
        if (same) return buffer;
    }
    return NULL;
}

/* What stays the same in all rounds is copied before the loop. */
static Sequence *sequence_of_copy(Routine *routine, Sequence *sequence, const Buffer *of) {
    while (sequence->loop != NULL && !varies_in(of, sequence->loop))
        sequence = sequence->loop->around != NULL ? &sequence->loop->around->body : &routine->top;
    return sequence;
}

static void choose_layout_of(Routine *routine, Stage *stage, const Target *target);

static Buffer *make_copy(Routine *routine, Sequence *sequence, Buffer *of, int innermost, const Target *target) {
    const Dim *strides = strides_with_innermost(routine->arena, of->shape, innermost);
    Buffer *copy = existing_copy(routine, sequence, of, strides);
    if (copy != NULL) return copy;
    copy = buffer_new(routine, sequence, BUFFER_ARENA, of->elem, of->shape);
    copy->strides = strides;
    copy->copy_of = of;
    Stage *stage = stage_copying(routine, of, copy);
    Kernel *kernel = kernel_new(routine->arena, sequence, stage);
    choose_layout_of(routine, kernel->stages.at[0], target);
    return copy;
}

static void copy_operands(Routine *routine, Stage *stage, const Target *target) {
    Cones cones = find_cones(routine->arena, stage);
    double points = 1, loops = 1;
    for (int i = 0; i < stage->index_count; i++) {
        if (stage->indices[i].kind == INDEX_SOLVED) continue;
        double trips =
            i == stage->tile.lane ? lane_trips(&stage->indices[i], counted_lanes(target)) : size_of(&stage->indices[i]);
        *(stage->indices[i].kind == INDEX_FREE ? &points : &loops) *= trips;
    }
    for (int e = 0; e < stage->body.exprs.count; e++) {
        const Expr *expr = &stage->body.exprs.at[e];
        if (expr->kind != EXPR_READ) continue;
        StageRead *read = &stage->reads.at[expr->u.read];
        double times = (cones.looped[e] ? points * loops : 0) + (cones.after[e] ? points : 0);
        bool copied;
        read_cost(stage, read, stage->tile.lane, times, &copied);
        if (copied)
            read->buffer = make_copy(routine, sequence_of_copy(routine, stage->kernel->sequence, read->buffer),
                                     read->buffer, axis_of_lane(read, stage->tile.lane), target);
    }
}

static void choose_layout_of(Routine *routine, Stage *stage, const Target *target) {
    stage->tile = choose_tile(routine->arena, stage, target);
    if (stage->tile.lane != NO_INDEX && stage->totals.count > 0) copy_operands(routine, stage, target);
}

static void choose_layouts(Routine *routine, Sequence *sequence, const Target *target) {
    int kernels = sequence->kernels.count; /* those of copies come behind and are laid out as they are made */
    for (int k = 0; k < kernels; k++) {
        Kernel *kernel = sequence->kernels.at[k];
        for (int s = 0; s < kernel->stages.count; s++)
            choose_layout_of(routine, kernel->stages.at[s], target);
        if (kernel->loop != NULL) choose_layouts(routine, &kernel->loop->body, target);
    }
}

void choose_layout(Routine *routine, const Target *target) {
    order_axes(routine, target);
    choose_layouts(routine, &routine->top, target);
}
