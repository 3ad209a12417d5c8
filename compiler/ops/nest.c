/* The nest: its shape rule and its evaluation. Its gradient rule is in nest_gradient.c. */
#include "compiler/eval/eval.h"
#include "compiler/ops/rules.h"
#include "compiler/ops/transfer.h"
#include <math.h>

/* ---- shape rule ---- */

static bool is_solved(const Nest *nest, Affine affine) {
    for (int i = 0; i < affine.count; i++) {
        if (nest->indices[affine.terms[i].index].kind == INDEX_SOLVED) return true;
    }
    return false;
}

static bool knows_indices(const Nest *nest, Affine affine) {
    for (int i = 0; i < affine.count; i++) {
        if (affine.terms[i].index < 0 || affine.terms[i].index >= nest->index_count) return false;
    }
    return true;
}

static const char *check_indices(Arena *arena, const Node *node) {
    const Nest *nest = &node->u.nest;
    int free = nest_count(nest, INDEX_FREE);
    if (free != node->type.shape.rank) return "the free indices are not the axes of the result";
    for (int i = 0; i < nest->index_count; i++) {
        const Index *index = &nest->indices[i];
        if (i > 0 && index[-1].kind > index->kind) return "indices are not in the order free, reduced, solved";
        if (index->kind == INDEX_FREE && !dim_equal(index->size, node->type.shape.dims[i])) {
            return arena_print(arena, "free index %s has another size than its axis", index->name);
        }
        if (index->kind != INDEX_SOLVED) continue;
        if (!knows_indices(nest, index->solution) || is_solved(nest, index->solution) || index->divisor < 1) {
            return arena_print(arena, "solved index %s has no proper solution", index->name);
        }
    }
    if ((nest->reduce == REDUCE_NONE) != (nest_count(nest, INDEX_REDUCED) == 0)) {
        return "a reducer and reduced indices do not come together";
    }
    return NULL;
}

static const char *check_read(const Node *node, const Read *read) {
    if (read->arg < 0 || read->arg >= node->arg_count) return "a read of no argument";
    Shape shape = node->args[read->arg]->type.shape;
    for (int axis = 0; axis < shape.rank; axis++) {
        if (!knows_indices(&node->u.nest, read->axes[axis])) return "a read at no index";
    }
    return NULL;
}

static bool is_computed(const Expr *expr, int axis) {
    for (int i = 0; expr->kind == EXPR_LOOKUP && i < expr->u.lookup.count; i++) {
        if (expr->u.lookup.computed[i].axis == axis) return true;
    }
    return false;
}

/* What is read lies inside on every axis, where its position is not computed at run time. */
static const char *check_element(Arena *arena, const Node *node, const Expr *expr, int number) {
    const Nest *nest = &node->u.nest;
    if (number < 0 || number >= nest->read_count) return "the body names no read";
    const Read *read = &nest->reads[number];
    const Node *arg = node->args[read->arg];
    if (arg->type.elem != expr->elem) return "the body mistakes a read's type";
    for (int axis = 0; axis < arg->type.shape.rank; axis++) {
        Affine position = read->axes[axis];
        if (is_computed(expr, axis) || is_solved(nest, position)) continue;
        if (affine_is_inside(position, nest->indices, arg->type.shape.dims[axis])) continue;
        return arena_print(arena, "the read of argument %d can leave its axis %d", read->arg, axis);
    }
    return NULL;
}

static const char *check_lookup(Arena *arena, const Node *node, int number) {
    const Body *body = &node->u.nest.body;
    const Expr *expr = &body->exprs.at[number];
    const char *wrong = check_element(arena, node, expr, expr->u.lookup.read);
    for (int i = 0; wrong == NULL && i < expr->u.lookup.count; i++) {
        const Computed *computed = &expr->u.lookup.computed[i];
        int rank = node->args[node->u.nest.reads[expr->u.lookup.read].arg]->type.shape.rank;
        bool place = computed->axis >= 0 && computed->axis < rank && (i == 0 || computed[-1].axis < computed->axis);
        bool value = computed->position >= 0 && computed->position < number;
        if (!place || !value || body_elem(body, computed->position) != ELEM_INT) return "a lookup at no position";
    }
    return wrong;
}

static const char *check_expr(Arena *arena, const Node *node, int number) {
    const Nest *nest = &node->u.nest;
    const Expr *expr = &nest->body.exprs.at[number];
    switch (expr->kind) {
    case EXPR_READ: return check_element(arena, node, expr, expr->u.read);
    case EXPR_LOOKUP: return check_lookup(arena, node, number);
    case EXPR_INDEX: return expr->u.index < nest->index_count ? NULL : "the body names no index";
    case EXPR_DRAW: return knows_indices(nest, expr->u.draw.element) ? NULL : "the body draws at no index";
    case EXPR_TOTAL: return "the body has a total";
    case EXPR_LITERAL:
    case EXPR_SIZE:
    case EXPR_CALL: break;
    }
    return NULL;
}

static const char *check_result(const Node *node) {
    const Nest *nest = &node->u.nest;
    if (nest->body.exprs.count == 0) return "no body";
    Elem elem = body_elem(&nest->body, nest->body.exprs.count - 1);
    if (nest->reduce != REDUCE_NONE && elem == ELEM_BOOL) return "truth values are reduced";
    if (nest->reduce == REDUCE_ARGMAX || nest->reduce == REDUCE_ARGMIN) elem = ELEM_INT;
    return elem == node->type.elem ? NULL : "the body has another type than the node";
}

const char *nest_check(Arena *arena, const Node *node) {
    const Nest *nest = &node->u.nest;
    const char *wrong = check_indices(arena, node);
    for (int i = 0; wrong == NULL && i < nest->read_count; i++) {
        wrong = check_read(node, &nest->reads[i]);
    }
    for (int i = 0; wrong == NULL && i < nest->body.exprs.count; i++) {
        wrong = check_expr(arena, node, i);
    }
    return wrong != NULL ? wrong : check_result(node);
}

/* ---- evaluation ---- */

typedef struct Walk {
    BodyReader reader; /* first: the walk is found from it */
    Evaluation *evaluation;
    const Node *node;
    int64_t *indices, *sizes; /* by index of the nest */
    double *values;           /* by expression of the body */
} Walk;

/* What a reducer knows after the points that it has seen. */
typedef struct Reduction {
    double value, second; /* second: the runner-up of an argmax */
    long double total;    /* of sum and prod: in double, thousands of terms would leave an error of several ulps */
    int64_t position;     /* of the best */
    bool any;
} Reduction;

/* The values of the solved indices; false where the point takes no part. */
static bool takes_part(Walk *walk) {
    const Nest *nest = &walk->node->u.nest;
    for (int i = 0; i < nest->index_count; i++) {
        const Index *index = &nest->indices[i];
        if (index->kind != INDEX_SOLVED) continue;
        int64_t value = affine_value(index->solution, walk->indices, walk->evaluation->sizes);
        if (value % index->divisor != 0) return false;
        walk->indices[i] = value / index->divisor;
        if (walk->indices[i] < 0 || walk->indices[i] >= walk->sizes[i]) return false;
    }
    return true;
}

/* The element of a read, or of a lookup: 0 where a computed position lies outside. */
static double read_value(const BodyReader *reader, const Expr *expr, const double *values) {
    const Walk *walk = (const Walk *)reader;
    const Read *read = &walk->node->u.nest.reads[expr->kind == EXPR_READ ? expr->u.read : expr->u.lookup.read];
    const Tensor *tensor = &walk->evaluation->values[walk->node->args[read->arg]->id];
    int64_t positions[RANK_LIMIT];
    for (int axis = 0; axis < tensor->rank; axis++) {
        positions[axis] = affine_value(read->axes[axis], walk->indices, walk->evaluation->sizes);
    }
    for (int i = 0; expr->kind == EXPR_LOOKUP && i < expr->u.lookup.count; i++) {
        const Computed *computed = &expr->u.lookup.computed[i];
        double position = values[computed->position];
        if (position < 0 || position >= (double)tensor->dims[computed->axis]) return 0;
        positions[computed->axis] = (int64_t)position;
    }
    return tensor->values[tensor_offset(tensor, positions)];
}

static double body_value(Walk *walk) {
    return evaluate_body(walk->evaluation, &walk->node->u.nest.body, walk->indices, &walk->reader, walk->values);
}

/* Steps indices [begin, end) like an odometer; false after the last. */
static bool next_point(Walk *walk, int begin, int end) {
    for (int i = end - 1; i >= begin; i--) {
        if (++walk->indices[i] < walk->sizes[i]) return true;
        walk->indices[i] = 0;
    }
    return false;
}

static Reduction reduction_start(Reduce reduce) {
    switch (reduce) {
    case REDUCE_NONE:
    case REDUCE_SUM: return (Reduction){.total = 0};
    case REDUCE_PROD: return (Reduction){.total = 1};
    case REDUCE_MAX:
    case REDUCE_ARGMAX: return (Reduction){.value = -INFINITY, .second = -INFINITY};
    case REDUCE_MIN:
    case REDUCE_ARGMIN: return (Reduction){.value = INFINITY, .second = INFINITY};
    }
    return (Reduction){.value = 0};
}

/* The first of equal values wins, and a NaN wins against numbers. */
static void reduce_extremum(Reduction *so_far, double value, int64_t position, double sign) {
    bool better = !so_far->any || sign * value > sign * so_far->value || (isnan(value) && !isnan(so_far->value));
    if (better) {
        if (so_far->any) so_far->second = so_far->value;
        so_far->value = value;
        so_far->position = position;
    } else if (sign * value > sign * so_far->second && value != so_far->value) { /* equal ones decide nothing */
        so_far->second = value;
    }
}

static long double rounded(const Walk *walk, long double value) {
    if (walk->evaluation->mode != EVAL_FLOAT) return value;
    return evaluate_round(walk->evaluation, walk->node->type.elem, (double)value);
}

static void reduce_value(Walk *walk, Reduction *so_far, double value, int64_t position) {
    switch (walk->node->u.nest.reduce) {
    case REDUCE_NONE: so_far->value = value; break;
    case REDUCE_SUM: so_far->total = rounded(walk, so_far->total + value); break;
    case REDUCE_PROD: so_far->total = rounded(walk, so_far->total * value); break;
    case REDUCE_MAX:
    case REDUCE_ARGMAX: reduce_extremum(so_far, value, position, 1); break;
    case REDUCE_MIN:
    case REDUCE_ARGMIN: reduce_extremum(so_far, value, position, -1); break;
    }
    so_far->any = true;
}

static double reduced_value(const Nest *nest, const Reduction *reduction) {
    bool totals = nest->reduce == REDUCE_SUM || nest->reduce == REDUCE_PROD;
    return totals ? (double)reduction->total : reduction->value;
}

/* The element of the result at the free indices that the walk stands at. */
static double element_value(Walk *walk, int free_count, int loop_count) {
    const Nest *nest = &walk->node->u.nest;
    Reduction reduction = reduction_start(nest->reduce);
    int64_t position = 0;
    for (int i = free_count; i < loop_count; i++) {
        walk->indices[i] = 0;
        if (walk->sizes[i] == 0) return reduced_value(nest, &reduction);
    }
    do {
        if (takes_part(walk)) reduce_value(walk, &reduction, body_value(walk), position);
        position++;
    } while (next_point(walk, free_count, loop_count));
    if (nest->reduce == REDUCE_NONE) return reduction.any ? reduction.value : nest->otherwise;
    if (nest->reduce != REDUCE_ARGMAX && nest->reduce != REDUCE_ARGMIN) return reduced_value(nest, &reduction);
    if (isfinite(reduction.second)) evaluate_margin(walk->evaluation, reduction.value, reduction.second);
    return (double)reduction.position;
}

void nest_evaluate(Evaluation *evaluation, const Node *node) {
    const Nest *nest = &node->u.nest;
    Arena *arena = evaluation->arena;
    Walk walk = {{read_value},
                 evaluation,
                 node,
                 ARENA_ARRAY(arena, int64_t, nest->index_count),
                 ARENA_ARRAY(arena, int64_t, nest->index_count),
                 ARENA_ARRAY(arena, double, nest->body.exprs.count)};
    for (int i = 0; i < nest->index_count; i++) {
        walk.sizes[i] = dim_value(nest->indices[i].size, evaluation->sizes);
    }
    int free_count = nest_count(nest, INDEX_FREE), loop_count = free_count + nest_count(nest, INDEX_REDUCED);
    Tensor result = tensor_new(arena, node->type.elem, free_count, walk.sizes);
    for (int64_t element = 0; element < result.count; element++) {
        result.values[element] = element_value(&walk, free_count, loop_count);
        next_point(&walk, 0, free_count);
    }
    evaluation->values[node->id] = result;
}
