/* The algebra of sums, whose bodies are seen as products (product.h). */
#include "compiler/ops/transfer.h"
#include "compiler/passes/product.h"
#include "compiler/passes/rules.h"

/* ---- a nest with one reduced index less ---- */

static bool solution_uses(const Nest *nest, int index) {
    for (int i = 0; i < nest->index_count; i++) {
        const Index *other = &nest->indices[i];
        if (other->kind == INDEX_SOLVED && affine_factor(other->solution, index) != 0) return true;
    }
    return false;
}

static bool uses_index(const Node *node, int index) {
    const Nest *nest = &node->u.nest;
    if (body_uses_index(&nest->body, index) || solution_uses(nest, index)) return true;
    for (int i = 0; i < nest->read_count; i++) {
        for (int axis = 0; axis < node->args[nest->reads[i].arg]->type.shape.rank; axis++) {
            if (affine_factor(nest->reads[i].axes[axis], index) != 0) return true;
        }
    }
    return false;
}

/* Begins `new` with the indices of the nest but for `gone`, and says in `with` what each is there. The one that is gone
 * is value / divisor, in the other loops, and stays as a solved index where its range must be tested; NULL: nobody uses
 * it. */
static bool without_index(const Node *node, int gone, const Affine *value, int64_t divisor, NestBuilder *new,
                          Affine *with) {
    const Nest *nest = &node->u.nest;
    Arena *arena = new->graph->arena;
    const Index *old = &nest->indices[gone];
    for (int i = 0; i < nest->index_count; i++) {
        const Index *index = &nest->indices[i];
        if (i == gone || index->kind == INDEX_SOLVED) continue;
        int loop = index->kind == INDEX_FREE ? nest_free(new, index->name, index->size)
                                             : nest_reduced(new, index->name, index->size);
        with[i] = affine_index(arena, loop);
    }
    if (divisor != 1 && solution_uses(nest, gone)) return false;
    int solved = -1;
    if (value != NULL) {
        /* what it is in the solutions of others; its range is tested once, by its own */
        if (!affine_substitute(arena, *value, with, &with[gone])) return false;
        bool inside = divisor == 1 && affine_is_inside(with[gone], new->indices.at, old->size);
        if (!inside) solved = nest_solved(new, old->name, old->size, with[gone], divisor);
    }
    for (int i = 0; i < nest->index_count; i++) {
        const Index *index = &nest->indices[i];
        Affine solution;
        if (index->kind != INDEX_SOLVED) continue;
        if (!affine_substitute(arena, index->solution, with, &solution)) return false;
        with[i] = affine_index(arena, nest_solved(new, index->name, index->size, solution, index->divisor));
    }
    if (solved >= 0) with[gone] = affine_index(arena, solved);
    return true;
}

static Reduce reducer_left(const NestBuilder *nest, Reduce reduce) {
    for (int i = 0; i < nest->indices.count; i++) {
        if (nest->indices.at[i].kind == INDEX_REDUCED) return reduce;
    }
    return REDUCE_NONE; /* with 0, a sum of nothing, where there is a domain */
}

/* ---- sum[k < K] f = K * f, max[k < K] f = f for K > 0 ---- */

static bool may_drop(const Node *node, int index) {
    const Nest *nest = &node->u.nest;
    if (nest->indices[index].kind != INDEX_REDUCED || uses_index(node, index)) return false;
    if (nest->reduce == REDUCE_SUM) return true;
    bool extremum = nest->reduce == REDUCE_MAX || nest->reduce == REDUCE_MIN;
    return extremum && dim_low(nest->indices[index].size) > 0 && nest_count(nest, INDEX_SOLVED) == 0;
}

Node *rule_unused_index(Simplifier *simplifier, Node *node) {
    const Nest *nest = &node->u.nest;
    Arena *arena = simplifier_graph(simplifier)->arena;
    int gone = 0;
    while (gone < nest->index_count && !may_drop(node, gone)) {
        gone++;
    }
    if (gone == nest->index_count) return NULL;
    NestBuilder new = nest_begin(simplifier_graph(simplifier), node->origin);
    Affine *with = ARENA_ARRAY(arena, Affine, nest->index_count);
    if (!without_index(node, gone, NULL, 1, &new, with)) return NULL;
    Transfer transfer = {&new, &nest->body, nest->reads, node->args, with, NULL, false};
    int value = transfer_expr(&transfer, nest->body.exprs.count - 1);
    if (transfer.failed) return NULL;
    if (nest->reduce == REDUCE_SUM) {
        int size = body_cast(&new.body, node->type.elem, body_size(&new.body, nest->indices[gone].size));
        value = nest_call2(&new, SCALAR_mul, value, size);
    }
    Node *better = nest_end(&new, reducer_left(&new, nest->reduce), value);
    better->label = node->label;
    return better;
}

/* ---- y[i, j] = f(i): computed once for each i, and broadcast ---- */

/* The nest over those free indices that it uses; axes[]: the numbers of these. */
static Node *over_used(Simplifier *simplifier, const Node *node, int *axes) {
    const Nest *nest = &node->u.nest;
    Arena *arena = simplifier_graph(simplifier)->arena;
    NestBuilder new = nest_begin(simplifier_graph(simplifier), node->origin);
    new.otherwise = nest->otherwise;
    Affine *with = ARENA_ARRAY(arena, Affine, nest->index_count);
    for (int i = 0; i < nest->index_count; i++) {
        const Index *index = &nest->indices[i];
        Affine solution;
        int number = -1;
        if (index->kind == INDEX_FREE && uses_index(node, i)) {
            number = nest_free(&new, index->name, index->size);
            axes[number] = i;
        } else if (index->kind == INDEX_REDUCED) {
            number = nest_reduced(&new, index->name, index->size);
        } else if (index->kind == INDEX_SOLVED) {
            if (!affine_substitute(arena, index->solution, with, &solution)) return NULL;
            number = nest_solved(&new, index->name, index->size, solution, index->divisor);
        }
        if (number >= 0) with[i] = affine_index(arena, number);
    }
    Transfer transfer = {&new, &nest->body, nest->reads, node->args, with, NULL, false};
    int value = transfer_expr(&transfer, nest->body.exprs.count - 1);
    return transfer.failed ? NULL : simplify_nest(simplifier, nest_end(&new, nest->reduce, value));
}

Node *rule_broadcast(Simplifier *simplifier, Node *node) {
    const Nest *nest = &node->u.nest;
    int axes[RANK_LIMIT], free = nest_count(nest, INDEX_FREE);
    bool all_used = true;
    for (int i = 0; i < free; i++) {
        all_used = all_used && uses_index(node, i);
    }
    if (all_used || is_free(node)) return NULL;
    Node *once = over_used(simplifier, node, axes);
    if (once == NULL) return NULL;
    NestBuilder new = nest_begin(simplifier_graph(simplifier), node->origin);
    for (int i = 0; i < free; i++) {
        nest_free(&new, nest->indices[i].name, nest->indices[i].size);
    }
    Node *better = nest_end(&new, REDUCE_NONE, nest_read_at(&new, once, axes));
    better->label = node->label;
    return better;
}

/* ---- sum[k] (k == e ? f(k) : 0) = f(e), where 0 <= e < K ---- */

static bool is_number(Affine affine) {
    return affine.count == 0 && dim_is_constant(affine.constant);
}

/* An int expression as an affine one of the indices. */
static bool affine_of(const Body *body, int expr, Affine *out) {
    const Expr *e = &body->exprs.at[expr];
    Affine left, right;
    switch (e->kind) {
    case EXPR_INDEX: return *out = affine_index(body->arena, e->u.index), true;
    case EXPR_SIZE: return *out = affine_constant(e->u.size), true;
    case EXPR_LITERAL: return *out = affine_constant(dim_constant((int64_t)e->u.number)), e->elem == ELEM_INT;
    case EXPR_CALL: break;
    default: return false;
    }
    int a = e->u.call.args[0], b = e->u.call.args[1];
    switch (e->u.call.fn) {
    case SCALAR_neg: return affine_of(body, a, &left) && affine_scale(body->arena, left, -1, out);
    case SCALAR_add:
        return affine_of(body, a, &left) && affine_of(body, b, &right) && affine_add(body->arena, left, right, out);
    case SCALAR_sub:
        return affine_of(body, a, &left) && affine_of(body, b, &right) &&
               affine_scale(body->arena, right, -1, &right) && affine_add(body->arena, left, right, out);
    case SCALAR_mul:
        if (!affine_of(body, a, &left) || !affine_of(body, b, &right)) return false;
        if (is_number(left)) return affine_scale(body->arena, right, left.constant.constant, out);
        return is_number(right) && affine_scale(body->arena, left, right.constant.constant, out);
    default: return false;
    }
}

/* Is condition `expr` an equation that gives a reduced index: index = value / divisor? */
static bool solve_condition(const Node *node, int expr, int *index, Affine *value, int64_t *divisor) {
    const Nest *nest = &node->u.nest;
    Arena *arena = nest->body.arena;
    const Expr *equal = body_call_of(&nest->body, expr, SCALAR_equal);
    Affine left, right;
    if (equal == NULL || body_elem(&nest->body, equal->u.call.args[0]) != ELEM_INT) return false;
    if (!affine_of(&nest->body, equal->u.call.args[0], &left)) return false;
    if (!affine_of(&nest->body, equal->u.call.args[1], &right)) return false;
    if (!affine_scale(arena, right, -1, &right) || !affine_add(arena, left, right, &left)) return false;
    *index = -1;
    for (int i = 0; i < left.count; i++) {
        IndexKind kind = nest->indices[left.terms[i].index].kind;
        if (kind == INDEX_SOLVED) return false;
        if (kind == INDEX_REDUCED) *index = left.terms[i].index;
    }
    if (*index < 0) return false;
    int64_t factor = affine_factor(left, *index);
    *divisor = factor < 0 ? -factor : factor;
    return affine_scale(arena, affine_without(arena, left, *index), factor < 0 ? 1 : -1, value);
}

Node *rule_selected_index(Simplifier *simplifier, Node *node) {
    const Nest *nest = &node->u.nest;
    Graph *graph = simplifier_graph(simplifier);
    if (nest->reduce != REDUCE_SUM) return NULL;
    Product product = body_product(&nest->body);
    for (int i = 0; i < product.conditions.count; i++) {
        int gone;
        Affine value;
        int64_t divisor;
        if (!solve_condition(node, product.conditions.at[i], &gone, &value, &divisor)) continue;
        product.conditions.at[i] = product.conditions.at[--product.conditions.count];
        NestBuilder old = nest_resume(graph, node, node->args), new = nest_begin(graph, node->origin);
        Affine *with = ARENA_ARRAY(graph->arena, Affine, nest->index_count);
        if (!without_index(node, gone, &value, divisor, &new, with)) return NULL;
        int left = product_expr(&old.body, &product, node->type.elem);
        Transfer transfer = {&new, &old.body, old.reads.at, old.args.at, with, NULL, false};
        left = transfer_expr(&transfer, left);
        if (transfer.failed) return NULL;
        Node *better = nest_end(&new, reducer_left(&new, REDUCE_SUM), left);
        better->label = node->label;
        return better;
    }
    return NULL;
}

/* ---- sum[k] a * f(k) = a * sum[k] f(k) ---- */

static bool only_free(const Nest *nest, Affine affine) {
    for (int i = 0; i < affine.count; i++) {
        if (nest->indices[affine.terms[i].index].kind != INDEX_FREE) return false;
    }
    return true;
}

/* By expression: is it made of free indices alone? */
static bool *free_exprs(const Node *node) {
    const Nest *nest = &node->u.nest;
    bool *free = ARENA_ARRAY(nest->body.arena, bool, nest->body.exprs.count);
    for (int i = 0; i < nest->body.exprs.count; i++) {
        const Expr *expr = &nest->body.exprs.at[i];
        free[i] = expr->kind != EXPR_DRAW;
        int read_number = expr->kind == EXPR_READ ? expr->u.read : expr->kind == EXPR_LOOKUP ? expr->u.lookup.read : -1;
        if (expr->kind == EXPR_INDEX) free[i] = nest->indices[expr->u.index].kind == INDEX_FREE;
        if (read_number >= 0) {
            const Read *read = &nest->reads[read_number];
            for (int axis = 0; axis < node->args[read->arg]->type.shape.rank; axis++) {
                free[i] = free[i] && only_free(nest, read->axes[axis]);
            }
        }
        for (int a = 0; a < expr_arity(expr); a++) {
            free[i] = free[i] && free[expr_operand(expr, a)];
        }
    }
    return free;
}

#define SPLIT(list)                                                                                                    \
    for (int i = 0; i < product->list.count; i++) {                                                                    \
        int expr = product->list.at[i];                                                                                \
        if (free[expr]) vec_push(arena, &outside->list, expr);                                                         \
        if (!free[expr]) vec_push(arena, &inside->list, expr);                                                         \
    }

/* What goes out of the sum and what stays; false where nothing goes, or nothing would stay. */
static bool split_product(const Node *node, const Product *product, Product *outside, Product *inside) {
    Arena *arena = node->u.nest.body.arena;
    const bool *free = free_exprs(node);
    SPLIT(factors)
    SPLIT(inverses)
    SPLIT(conditions)
    outside->negative = product->negative;
    bool out = outside->negative || outside->factors.count + outside->inverses.count + outside->conditions.count > 0;
    return out && inside->factors.count + inside->inverses.count + inside->conditions.count > 0;
}

Node *rule_factors(Simplifier *simplifier, Node *node) {
    const Nest *nest = &node->u.nest;
    Graph *graph = simplifier_graph(simplifier);
    Product outside = {0}, inside = {0};
    if (nest->reduce != REDUCE_SUM) return NULL;
    Product product = body_product(&nest->body);
    if (!split_product(node, &product, &outside, &inside)) return NULL;
    NestBuilder sum = nest_resume(graph, node, node->args), old = nest_resume(graph, node, node->args);
    Node *inner = nest_end(&sum, REDUCE_SUM, product_expr(&sum.body, &inside, node->type.elem));
    inner = simplify_nest(simplifier, inner);
    int axes[RANK_LIMIT], free = nest_count(nest, INDEX_FREE);
    for (int i = 0; i < free; i++) {
        axes[i] = i;
    }
    vec_push(graph->arena, &outside.factors, nest_read_at(&old, inner, axes));
    int value = product_expr(&old.body, &outside, node->type.elem);
    NestBuilder new = nest_begin(graph, node->origin);
    Affine *with = ARENA_ARRAY(graph->arena, Affine, nest->index_count);
    for (int i = 0; i < free; i++) {
        with[i] = affine_index(graph->arena, nest_free(&new, nest->indices[i].name, nest->indices[i].size));
    }
    Transfer transfer = {&new, &old.body, old.reads.at, old.args.at, with, NULL, false};
    value = transfer_expr(&transfer, value);
    if (transfer.failed) return NULL;
    Node *better = nest_end(&new, REDUCE_NONE, value);
    better->label = node->label;
    return better;
}
