/* Pass contract: a sum of a product of many factors becomes several sums of few.
 *
 *     p[d] = sum[a, b, c] F[a, b] * G[b, c] * H[c, d]     264 products for ten values of each
 *     s[b] = sum[a] F[a, b]
 *     t[c] = sum[b] s[b] * G[b, c]
 *     p[d] = sum[c] t[c] * H[c, d]
 *
 * One reduced index after another is eliminated: the factors that use it are multiplied and summed over it, and the
 * sum is a factor of what is left. This is variable elimination (Zhang and Poole, "A simple approach to Bayesian
 * network computations", 1994), the sum-product rule of graphical models. What it costs depends on the order alone; up
 * to EXACT_LIMIT indices the cheapest is found by dynamic programming over the sets of indices already eliminated
 * (Bertele and Brioschi, "Nonserial Dynamic Programming", 1972), beyond that the cheapest index goes first.
 *
 * It runs before autodiff, so that gradients are those of the small sums: at a few times the cost of the value. */
#include "compiler/ops/region.h"
#include "compiler/ops/transfer.h"
#include "compiler/passes/pipeline.h"
#include "compiler/passes/product.h"
#include <math.h>
#include <string.h>

enum {
    EXACT_LIMIT = 12, /* indices to eliminate */
    INDEX_LIMIT = 64, /* bits of a Set */
    NEST_COST = 64    /* multiplications for which one more nest is worth its call and its result's way to memory */
};

typedef uint64_t Set; /* of indices of the nest */

typedef struct Sum {
    Arena *arena;
    const Node *node;
    Product product;
    VEC(Set) factors; /* the indices that each uses: the product's factors, then inverses, then conditions */
    Set free, reduced;
    double size[INDEX_LIMIT]; /* the largest */
} Sum;

/* ---- which indices a factor uses ---- */

static Set affine_set(Affine affine) {
    Set set = 0;
    for (int i = 0; i < affine.count; i++)
        set |= (Set)1 << affine.terms[i].index;
    return set;
}

static Set read_set(const Node *node, int number) {
    const Read *read = &node->u.nest.reads[number];
    Set set = 0;
    for (int axis = 0; axis < node->args[read->arg]->type.shape.rank; axis++)
        set |= affine_set(read->axes[axis]);
    return set;
}

/* By expression of the body. */
static const Set *expr_sets(Arena *arena, const Node *node) {
    const Body *body = &node->u.nest.body;
    Set *sets = ARENA_ARRAY(arena, Set, body->exprs.count);
    for (int i = 0; i < body->exprs.count; i++) {
        const Expr *expr = &body->exprs.at[i];
        if (expr->kind == EXPR_READ) sets[i] = read_set(node, expr->u.read);
        if (expr->kind == EXPR_INDEX) sets[i] = (Set)1 << expr->u.index;
        for (int a = 0; a < expr_arity(expr); a++)
            sets[i] |= sets[expr_operand(expr, a)];
    }
    return sets;
}

static bool is_simple(const Body *body) {
    for (int i = 0; i < body->exprs.count; i++) {
        ExprKind kind = body->exprs.at[i].kind;
        if (kind == EXPR_DRAW || kind == EXPR_LOOKUP || kind == EXPR_TOTAL) return false;
    }
    return true;
}

/* False for nests that are no sums of a product of three factors or more over loops of their own. */
static bool sum_of(Arena *arena, const Node *node, Sum *sum) {
    const Nest *nest = &node->u.nest;
    if (nest->reduce != REDUCE_SUM || node->type.elem != ELEM_REAL || nest->index_count > INDEX_LIMIT) return false;
    if (nest_count(nest, INDEX_SOLVED) > 0 || nest_count(nest, INDEX_REDUCED) < 2 || !is_simple(&nest->body))
        return false;
    *sum = (Sum){.arena = arena, .node = node, .product = body_product(&nest->body)};
    if (sum->product.chosen) return false;
    const Set *sets = expr_sets(arena, node);
    for (int i = 0; i < sum->product.factors.count; i++)
        vec_push(arena, &sum->factors, sets[sum->product.factors.at[i]]);
    for (int i = 0; i < sum->product.inverses.count; i++)
        vec_push(arena, &sum->factors, sets[sum->product.inverses.at[i]]);
    for (int i = 0; i < sum->product.conditions.count; i++)
        vec_push(arena, &sum->factors, sets[sum->product.conditions.at[i]]);
    for (int i = 0; i < nest->index_count; i++) {
        sum->size[i] = (double)dim_high(nest->indices[i].size);
        *(nest->indices[i].kind == INDEX_FREE ? &sum->free : &sum->reduced) |= (Set)1 << i;
    }
    Set used = 0;
    for (int i = 0; i < sum->factors.count; i++)
        used |= sum->factors.at[i];
    return sum->factors.count > 2 && (sum->reduced & ~used) == 0; /* what nobody uses is for simplify */
}

/* ---- what an order costs ---- */

static double points(const Sum *sum, Set indices) {
    double count = 1;
    for (int i = 0; i < sum->node->u.nest.index_count; i++)
        if (indices >> i & 1) count *= sum->size[i];
    return count;
}

static int set_size(Set set) {
    int count = 0;
    for (; set != 0; set &= set - 1)
        count++;
    return count;
}

/* Replaces the factors that use the index by their sum over it; the cost of that. INFINITY: a tensor of too many axes.
 */
static double eliminate(const Sum *sum, Set *factors, int *count, int index) {
    Set all = 0, bit = (Set)1 << index;
    int kept = 0, used = 0;
    for (int i = 0; i < *count; i++) {
        bool uses = (factors[i] & bit) != 0;
        if (uses) all |= factors[i];
        used += uses;
        if (!uses) factors[kept++] = factors[i];
    }
    factors[kept++] = all & ~bit;
    *count = kept;
    return set_size(all & ~bit) > RANK_LIMIT ? INFINITY : points(sum, all) * used + NEST_COST;
}

typedef struct Order {
    const Sum *sum;
    int reduced[EXACT_LIMIT], count; /* the indices, by bit of the sets below */
    double *costs; /* by what has been eliminated: the cheapest way to eliminate the rest; 0: unknown */
    int *first;    /* by the same: with which index (by bit) it begins */
} Order;

static double cheapest(Order *order, unsigned gone, const Set *factors, int count) {
    const Sum *sum = order->sum;
    if (gone + 1 == 1u << order->count) return count > 1 ? points(sum, sum->free) * count : 0;
    if (order->costs[gone] > 0) return order->costs[gone];
    Set *left = ARENA_ARRAY(sum->arena, Set, count + 1);
    double best = INFINITY;
    for (int i = 0; i < order->count; i++) {
        if (gone >> i & 1) continue;
        int left_count = count;
        memcpy(left, factors, (size_t)count * sizeof *left);
        double cost = eliminate(sum, left, &left_count, order->reduced[i]);
        cost += cheapest(order, gone | 1u << i, left, left_count);
        if (cost < best) order->first[gone] = i;
        best = fmin(best, cost);
    }
    return order->costs[gone] = best;
}

/* The index to begin with, by exhaustive search; -1 where one nest is cheaper than any order. */
static int first_of_best(const Sum *sum) {
    Order order = {.sum = sum};
    for (int i = 0; i < sum->node->u.nest.index_count; i++)
        if (sum->reduced >> i & 1) order.reduced[order.count++] = i;
    order.costs = ARENA_ARRAY(sum->arena, double, 1 << order.count);
    order.first = ARENA_ARRAY(sum->arena, int, 1 << order.count);
    double whole = points(sum, sum->free | sum->reduced) * sum->factors.count + NEST_COST;
    double parts = cheapest(&order, 0, sum->factors.at, sum->factors.count);
    return parts < whole ? order.reduced[order.first[0]] : -1;
}

/* The index that is cheapest to eliminate. */
static int first_of_many(const Sum *sum) {
    Set *left = ARENA_ARRAY(sum->arena, Set, sum->factors.count + 1);
    double best = INFINITY;
    int first = -1;
    for (int i = 0; i < sum->node->u.nest.index_count; i++) {
        if (!(sum->reduced >> i & 1)) continue;
        int count = sum->factors.count;
        memcpy(left, sum->factors.at, (size_t)count * sizeof *left);
        double cost = eliminate(sum, left, &count, i);
        if (cost < best) first = i;
        best = fmin(best, cost);
    }
    return first;
}

/* ---- one step ---- */

typedef struct Indices {
    int at[INDEX_LIMIT], count;
} Indices;

typedef struct Split {
    Product group, rest; /* the factors that are multiplied now, and the others */
    Indices kept;        /* of the group, by factor: so x[n, i] * w[i, j] over i gives an [n, j] */
    Set summed;          /* by the group: no other factor uses them */
} Split;

static void append_indices(Indices *list, Set set) {
    for (int i = 0; i < INDEX_LIMIT; i++)
        if (set >> i & 1) list->at[list->count++] = i;
}

static bool is_empty(const Product *product) {
    return product->factors.count + product->inverses.count + product->conditions.count == 0;
}

/* The factors that use the index, and every index that only they use. */
static Split split_at(const Sum *sum, int index) {
    Split split = {0};
    Set others = 0, all = 0;
    int number = 0;
#define DEAL(list)                                                                                                     \
    for (int i = 0; i < sum->product.list.count; i++, number++) {                                                      \
        bool uses = sum->factors.at[number] >> index & 1;                                                              \
        *(uses ? &all : &others) |= sum->factors.at[number];                                                           \
        vec_push(sum->arena, uses ? &split.group.list : &split.rest.list, sum->product.list.at[i]);                    \
    }
    DEAL(factors)
    DEAL(inverses)
    DEAL(conditions)
#undef DEAL
    split.summed = all & sum->reduced & ~others;
    (is_empty(&split.rest) ? &split.group : &split.rest)->negative = sum->product.negative;
    Set kept = all & ~split.summed;
    for (int i = 0; i < sum->factors.count; i++) {
        if (!(sum->factors.at[i] >> index & 1)) continue;
        append_indices(&split.kept, kept & sum->factors.at[i]);
        kept &= ~sum->factors.at[i];
    }
    return split;
}

/* Appends indices of the nest; with[]: what each is in the new one. */
static void take_indices(NestBuilder *new, const Nest *nest, const Indices *taken, bool free, Affine *with) {
    for (int i = 0; i < taken->count; i++) {
        const Index *index = &nest->indices[taken->at[i]];
        int number = free ? nest_free(new, index->name, index->size) : nest_reduced(new, index->name, index->size);
        with[taken->at[i]] = affine_index(new->graph->arena, number);
    }
}

/* The product over the indices `free`, summed over `summed`; times `inner` at the indices `at`, unless NULL. */
static Node *product_nest(const Sum *sum, Graph *graph, const Product *product, const Indices *free, Set summed,
                          Node *inner, const Indices *at) {
    const Node *node = sum->node;
    Affine *with = ARENA_ARRAY(sum->arena, Affine, node->u.nest.index_count), axes[RANK_LIMIT];
    NestBuilder old = nest_resume(graph, node, node->args), new = nest_begin(graph, node->origin);
    Indices reduced = {0};
    append_indices(&reduced, summed);
    take_indices(&new, &node->u.nest, free, true, with);
    take_indices(&new, &node->u.nest, &reduced, false, with);
    Transfer transfer = {&new, &old.body, old.reads.at, old.args.at, with, NULL, false};
    int value = is_empty(product) ? -1 : transfer_expr(&transfer, product_expr(&old.body, product, node->type.elem));
    for (int i = 0; inner != NULL && i < at->count; i++)
        axes[i] = with[at->at[i]];
    int read = inner == NULL ? -1 : nest_read(&new, inner, axes);
    if (read >= 0) value = value < 0 ? read : nest_call2(&new, SCALAR_mul, read, value);
    return transfer.failed ? NULL : nest_end(&new, summed != 0 ? REDUCE_SUM : REDUCE_NONE, value);
}

/* The same sum, of which a part has been taken out; NULL where that gains nothing. */
static Node *contract_once(Graph *graph, const Node *node) {
    Sum sum;
    if (node->op != OP_nest || !sum_of(graph->arena, node, &sum)) return NULL;
    int index = set_size(sum.reduced) > EXACT_LIMIT ? first_of_many(&sum) : first_of_best(&sum);
    if (index < 0) return NULL;
    Split split = split_at(&sum, index);
    Set left = sum.reduced & ~split.summed;
    if (is_empty(&split.rest) && left == 0) return NULL;
    Indices free = {0};
    append_indices(&free, sum.free);
    Node *inner = product_nest(&sum, graph, &split.group, &split.kept, split.summed, NULL, NULL);
    return inner == NULL ? NULL : product_nest(&sum, graph, &split.rest, &free, left, inner, &split.kept);
}

static Node *contracted(Graph *graph, Node *node) {
    Node *better = node;
    for (Node *next = node; next != NULL; next = contract_once(graph, better))
        better = next;
    better->label = node->label;
    return better;
}

Graph *pass_contract(Graph *graph, Diagnostics *diagnostics) {
    Arena *arena = graph->arena;
    Graph *new = graph_new(arena);
    Node **map = ARENA_ARRAY(arena, Node *, graph->nodes.count);
    for (int i = 0; i < graph->nodes.count; i++) {
        const Node *node = graph->nodes.at[i];
        Node *copy = copy_node(new, node, mapped_args(arena, node, map));
        if (op_has_region(node->op))
            copy->u.region = region_copy(arena, node->u.region, pass_contract(node->u.region->body, diagnostics));
        map[i] = contracted(new, copy);
    }
    return new;
}
