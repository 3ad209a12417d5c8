/* Random nests. First it is planned over which indices the arguments are read, in numbers of the plan; then these are
 * dealt out as free, reduced and solved ones, the nest is built, and a body is grown over the reads. */
#include "tests/random/generate.h"
#include "compiler/ops/transfer.h"

enum { PLAN_INDICES = 10, PLAN_READS = 4 };

typedef struct Plan {
    Generator *g;
    Index indices[PLAN_INDICES]; /* kinds are decided at the end; what is solved is solved in numbers of the plan */
    int index_count;
    const Value *values[PLAN_READS];
    Affine axes[PLAN_READS][RANK_LIMIT];
    int read_count;
} Plan;

/* ---- positions ---- */

static Affine times(Plan *plan, Affine affine, int64_t by) {
    Affine out;
    if (!affine_scale(plan->g->arena, affine, by, &out)) internal_error("a random position overflows");
    return out;
}

/* False where two bounded sizes meet. */
static bool add(Plan *plan, Affine *sum, Affine part) {
    return affine_add(plan->g->arena, *sum, part, sum);
}

static Affine whole(int64_t number) {
    return affine_constant(dim_constant(number));
}

/* A new index, or the constant 0 where there is no room for one. */
static Affine new_index(Plan *plan, Dim size, int *number) {
    if (plan->index_count == PLAN_INDICES) {
        *number = -1;
        return whole(0);
    }
    *number = plan->index_count++;
    plan->indices[*number] = (Index){.kind = INDEX_FREE, .size = size};
    return affine_index(plan->g->arena, *number);
}

/* An index of that size that stands already, or a new one. */
static Affine index_of_size(Plan *plan, Dim size, int reuse_percent) {
    int number;
    for (int tries = 0; tries < 4 && plan->index_count > 0; tries++) {
        number = below(plan->g, plan->index_count);
        bool fits = plan->indices[number].kind == INDEX_FREE && dim_equal(plan->indices[number].size, size);
        if (fits && chance(plan->g, reuse_percent)) return affine_index(plan->g->arena, number);
    }
    return new_index(plan, size, &number);
}

/* s*i + d*p + c over new indices, wholly inside of a constant axis. */
static Affine window(Plan *plan, int64_t extent) {
    Generator *g = plan->g;
    int number;
    int64_t stride = 1 + below(g, 3), dilation = 1 + below(g, 2), width = 1 + below(g, 3), offset = below(g, 2);
    if (dilation * (width - 1) + offset > extent - 1) width = 1, offset = 0;
    int64_t room = extent - 1 - offset - dilation * (width - 1), count = room / stride + 1;
    if (count > 3 && chance(g, 20)) count -= 2; /* it need not reach the end */
    Affine position = times(plan, new_index(plan, dim_constant(count), &number), stride);
    if (width > 1) add(plan, &position, times(plan, new_index(plan, dim_constant(width), &number), dilation));
    add(plan, &position, whole(offset));
    if (!chance(g, 20)) return position;
    position = times(plan, position, -1); /* backwards */
    add(plan, &position, whole(extent - 1));
    return position;
}

/* i + p over a bounded axis of at least three. */
static Affine bounded_window(Plan *plan, Dim extent) {
    int number;
    int64_t width = 2 + below(plan->g, 2);
    Dim count;
    if (dim_low(extent) < width || !dim_add(extent, dim_constant(1 - width), &count))
        return new_index(plan, extent, &number);
    Affine position = new_index(plan, count, &number);
    if (chance(plan->g, 70))
        add(plan, &position, new_index(plan, dim_constant(width), &number));
    else
        add(plan, &position, whole(below(plan->g, (int)width)));
    return position;
}

static Affine reversed(Plan *plan, Affine index, Dim extent) {
    Affine position = affine_constant(extent);
    add(plan, &position, whole(-1));
    add(plan, &position, times(plan, index, -1));
    return position;
}

/* b*i + j over an axis of a*b. */
static Affine split(Plan *plan, int64_t extent, int reuse_percent) {
    for (int64_t part = 2; part < extent; part++)
        if (extent % part == 0) {
            Affine position = times(plan, index_of_size(plan, dim_constant(extent / part), reuse_percent), part);
            add(plan, &position, index_of_size(plan, dim_constant(part), reuse_percent));
            return position;
        }
    return index_of_size(plan, dim_constant(extent), reuse_percent);
}

/* A position on an axis. Solved: the axis' index gets no loop of its own, but follows from others,
 * index = (a*e + b*p + c) / divisor. */
static Affine solved(Plan *plan, Dim extent) {
    Generator *g = plan->g;
    int number, loop;
    if (plan->index_count + 3 > PLAN_INDICES) return index_of_size(plan, extent, 50);
    Affine position = new_index(plan, extent, &number);
    plan->indices[number].kind = INDEX_SOLVED;
    int64_t divisor = chance(g, 50) ? 1 : 1 + below(g, 3), shift = below(g, 7) - 3;
    Dim loops = extent;
    if (chance(g, 50) && !dim_scale(extent, divisor, &loops)) loops = extent;
    if (dim_add(loops, dim_constant(below(g, 4)), &loops) && chance(g, 20)) loops = any_dim(g);
    Affine solution = index_of_size(plan, loops, 60);
    if (chance(g, 30))
        add(plan, &solution,
            times(plan, new_index(plan, dim_constant(1 + below(g, 3)), &loop), chance(g, 50) ? -1 : 1 + below(g, 2)));
    if (chance(g, 20)) solution = times(plan, solution, -1), shift += dim_high(extent);
    add(plan, &solution, whole(shift));
    plan->indices[number].solution = solution;
    plan->indices[number].divisor = divisor;
    return position;
}

/* What shares indices with the reads before is likelier the more there are of these. */
static Affine position_on(Plan *plan, Dim extent, bool may_solve) {
    Generator *g = plan->g;
    int choice = below(g, 100), reuse = plan->read_count == 0 ? 10 : 85;
    bool constant = dim_is_constant(extent);
    if (may_solve && choice < 5) return solved(plan, extent);
    if (dim_low(extent) == 0) return index_of_size(plan, extent, reuse);
    if (choice < 10) return whole(below(g, (int)dim_low(extent)));
    if (choice < 14) {
        Affine last = affine_constant(extent);
        add(plan, &last, whole(-1));
        return last;
    }
    if (choice < 20) return reversed(plan, index_of_size(plan, extent, reuse), extent);
    if (choice < 30 && plan->index_count + 2 <= PLAN_INDICES)
        return constant ? window(plan, extent.constant) : bounded_window(plan, extent);
    if (choice < 33 && constant) return split(plan, extent.constant, reuse);
    return index_of_size(plan, extent, reuse);
}

/* Another way to read the same node: at the same indices in another order, as far as the sizes allow. */
static void plan_read(Plan *plan, const Value *value, bool may_solve) {
    Shape shape = value->node->type.shape;
    Affine *axes = plan->axes[plan->read_count];
    for (int a = 0; a < shape.rank; a++)
        axes[a] = position_on(plan, shape.dims[a], may_solve);
    plan->values[plan->read_count++] = value;
}

/* ---- from a plan to a nest ---- */

/* Indices that nothing depends on but the result, and those that solutions are made of, have loops. */
static int64_t points_of(const Plan *plan) {
    int64_t points = 1;
    for (int i = 0; i < plan->index_count; i++)
        if (plan->indices[i].kind != INDEX_SOLVED) points *= dim_high(plan->indices[i].size);
    return points;
}

static void shuffle(Generator *g, int *items, int count) {
    for (int i = count - 1; i > 0; i--) {
        int other = below(g, i + 1), item = items[i];
        items[i] = items[other];
        items[other] = item;
    }
}

/* Deals the loops out as free and reduced; with `all_reduced` the result is a scalar. At most 5 axes. */
static bool deal_kinds(Plan *plan, bool reduces, bool all_reduced) {
    Generator *g = plan->g;
    int free = 0, reduced = 0, order[PLAN_INDICES], bounded = 0;
    for (int i = 0; i < plan->index_count; i++)
        order[i] = i;
    shuffle(g, order, plan->index_count);
    for (int i = 0; i < plan->index_count; i++) {
        Index *index = &plan->indices[order[i]];
        if (index->kind == INDEX_SOLVED) continue;
        bool one_more = free < 5 && (dim_is_constant(index->size) || bounded < 2);
        bool reduce = all_reduced || (reduces && (reduced == 0 ? chance(g, 60) : chance(g, 35)));
        if (!reduce && !one_more) reduce = true;
        index->kind = reduce ? INDEX_REDUCED : INDEX_FREE;
        reduced += reduce;
        free += !reduce;
        bounded += !reduce && !dim_is_constant(index->size);
    }
    return reduces == (reduced > 0);
}

/* Adds the plan's indices to the nest, in a random order of each kind; `with` tells what became of them. */
static bool add_indices(Plan *plan, NestBuilder *nest, Affine *with) {
    static const char *const names[] = {"i", "j", "k", "n", "m", "o", "p", "q", "if", "x", NULL};
    Generator *g = plan->g;
    int order[PLAN_INDICES];
    for (int i = 0; i < plan->index_count; i++)
        order[i] = i;
    if (chance(g, 50)) shuffle(g, order, plan->index_count);
    for (int kind = INDEX_FREE; kind <= INDEX_SOLVED; kind++)
        for (int i = 0; i < plan->index_count; i++) {
            const Index *index = &plan->indices[order[i]];
            const char *name = any_text(g, names);
            Affine solution;
            int number;
            if ((int)index->kind != kind) continue;
            if (kind == INDEX_FREE)
                number = nest_free(nest, name, index->size);
            else if (kind == INDEX_REDUCED)
                number = nest_reduced(nest, name, index->size);
            else if (affine_substitute(g->arena, index->solution, with, &solution))
                number = nest_solved(nest, name, index->size, solution, index->divisor);
            else
                return false;
            with[order[i]] = affine_index(g->arena, number);
        }
    return true;
}

/* The reads as terms; false where one could leave its tensor. */
static bool add_reads(Plan *plan, NestBuilder *nest, const Affine *with, Operand *terms) {
    for (int r = 0; r < plan->read_count; r++) {
        Node *node = plan->values[r]->node;
        Affine axes[RANK_LIMIT];
        for (int a = 0; a < node->type.shape.rank; a++) {
            if (!affine_substitute(plan->g->arena, plan->axes[r][a], with, &axes[a])) return false;
            if (!affine_is_inside(axes[a], nest->indices.at, node->type.shape.dims[a])) return false;
        }
        terms[r] = (Operand){nest_read(nest, node, axes), node->type.elem, plan->values[r]->most};
        if (terms[r].elem == ELEM_REAL) terms[r] = term_within(nest, terms[r], 4);
    }
    return true;
}

/* What a reducer can take without leaving all bounds. */
static Operand for_reducer(Generator *g, NestBuilder *nest, Reduce reduce, Operand term) {
    if (reduce == REDUCE_SUM && term.elem == ELEM_INT) return term_within(nest, term, 100);
    if (reduce != REDUCE_PROD) return term;
    if (term.elem == ELEM_INT) return term_within(nest, term, 1);
    if (chance(g, 30)) return term_within(nest, term, 1);
    int small = nest_call1(nest, SCALAR_tanh, term.expr);
    small = nest_call2(nest, SCALAR_mul, small, nest_real(nest, 0.25));
    return (Operand){nest_call2(nest, SCALAR_add, small, nest_real(nest, 1)), ELEM_REAL, 1.25};
}

static Operand product(NestBuilder *nest, const Operand *terms, int count) {
    Operand product = terms[0];
    for (int i = 1; i < count; i++)
        product = (Operand){nest_call2(nest, SCALAR_mul, product.expr, terms[i].expr), ELEM_REAL,
                            product.most * terms[i].most};
    return product;
}

static bool all_real(const Operand *terms, int count) {
    for (int i = 0; i < count; i++)
        if (terms[i].elem != ELEM_REAL) return false;
    return count > 0;
}

static Elem result_type(Generator *g, Reduce reduce) {
    if (chance(g, 86)) return ELEM_REAL;
    return reduce != REDUCE_NONE || chance(g, 50) ? ELEM_INT : ELEM_BOOL;
}

static Node *build_plan(Plan *plan, Reduce reduce) {
    Generator *g = plan->g;
    NestBuilder nest = nest_begin(g->graph, NULL);
    Affine with[PLAN_INDICES];
    Operand terms[PLAN_READS], body;
    if (!add_indices(plan, &nest, with) || !add_reads(plan, &nest, with, terms)) return NULL;
    if (reduce == REDUCE_NONE) nest.otherwise = chance(g, 70) ? 0 : below(g, 3);
    if (all_real(terms, plan->read_count) && chance(g, reduce == REDUCE_SUM ? 50 : 15))
        body = product(&nest, terms, plan->read_count);
    else
        body = random_body(g, &nest, terms, plan->read_count, result_type(g, reduce));
    if (body.elem == ELEM_BOOL) {
        if (reduce != REDUCE_NONE) body = term_cast(g, &nest, body, ELEM_INT);
        nest.otherwise = nest.otherwise != 0;
    }
    body = for_reducer(g, &nest, reduce, body);
    int64_t points = points_of(plan);
    if (points > 6000 && !(points < 60000 && chance(g, 10))) return NULL;
    g->work += points;
    return nest_end(&nest, reduce, body.expr);
}

/* The extremum of nothing is refused by the frontend. */
static Reduce any_reducer(Generator *g, const Plan *plan) {
    for (int i = 0; i < plan->index_count; i++)
        if (plan->indices[i].kind == INDEX_REDUCED && dim_low(plan->indices[i].size) == 0) return REDUCE_SUM;
    return chance(g, 45) ? REDUCE_SUM : (Reduce)(REDUCE_SUM + below(g, REDUCE_ARGMIN));
}

bool make_nest(Generator *g) {
    Plan plan = {.g = g};
    int reads = chance(g, 8) ? 0 : 1 + below(g, 3), number;
    bool reduces = chance(g, 45), solves = chance(g, 25);
    for (int r = 0; r < reads; r++) {
        const Value *value = any_value(g, chance(g, 85) ? ELEM_REAL : chance(g, 60) ? ELEM_INT : ELEM_BOOL);
        if (value) plan_read(&plan, value, solves);
    }
    if (plan.read_count > 0 && chance(g, 15)) plan_read(&plan, plan.values[0], solves); /* itself, elsewhere */
    while (plan.read_count == 0 && plan.index_count < 1 + below(g, 3))
        new_index(&plan, any_dim(g), &number);
    if (chance(g, 12)) new_index(&plan, any_dim(g), &number);
    if (!deal_kinds(&plan, reduces, false)) return false;
    Node *node = build_plan(&plan, reduces ? any_reducer(g, &plan) : REDUCE_NONE);
    return node && keep_value(g, node);
}

Node *make_scalar(Generator *g, const Value *value) {
    NestBuilder nest = nest_begin(g->graph, NULL);
    Shape shape = value->node->type.shape;
    int indices[RANK_LIMIT], angle = nest_real(&nest, 0.5 * below(g, 4));
    for (int a = 0; a < shape.rank; a++) {
        indices[a] = nest_reduced(&nest, "r", shape.dims[a]);
        int index = body_cast(&nest.body, ELEM_REAL, body_index(&nest.body, indices[a]));
        angle = nest_call2(&nest, SCALAR_add, angle, nest_call2(&nest, SCALAR_mul, index, nest_real(&nest, 0.75 + a)));
    }
    Operand read = {nest_read_at(&nest, value->node, indices), ELEM_REAL, value->most};
    read = term_within(&nest, read, 4);
    int expr = chance(g, 40) ? nest_call2(&nest, SCALAR_mul, read.expr, read.expr)
                             : nest_call2(&nest, SCALAR_mul, read.expr, nest_call1(&nest, SCALAR_cos, angle));
    Node *node = nest_end(&nest, shape.rank > 0 ? REDUCE_SUM : REDUCE_NONE, expr);
    return keep_value(g, node) ? node : NULL;
}
