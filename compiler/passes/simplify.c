/* Pass simplify: value numbering and algebra on nests.
 *
 * Nodes are copied in order; each nest is rewritten by the rules below until none applies, then merged with an equal
 * node that stands already. What is left over along the way goes with pass dead. General fusion is not made here: only
 * what costs nothing where it is read goes into its readers. */
#include "compiler/passes/rules.h"
#include "compiler/ops/build.h"
#include "compiler/ops/region.h"
#include "compiler/passes/compose.h"
#include "compiler/passes/pipeline.h"

enum {
    BUCKETS = 4096,
    COST_FREE = 4 /* additions: what is computed from indices and sizes alone and costs no more is never stored */
};

typedef struct Numbered {
    Node *node;
    struct Numbered *next;
} Numbered;

struct Simplifier {
    Graph *graph;
    Numbered *buckets[BUCKETS];
};

Graph *simplifier_graph(Simplifier *simplifier) {
    return simplifier->graph;
}

/* ---- value numbering ---- */

static uint32_t node_hash(const Node *node) {
    uint32_t hash = (uint32_t)node->op;
    for (int i = 0; i < node->arg_count; i++) {
        hash = hash * 31 + (uint32_t)node->args[i]->id;
    }
    if (node->op != OP_nest) return hash * 31 + (uint32_t)node->type.shape.rank;
    hash = hash * 31 + (uint32_t)node->u.nest.body.exprs.count;
    return hash * 31 + (uint32_t)node->u.nest.index_count;
}

static bool same_value(const Node *a, const Node *b) {
    if (a->op != b->op || a->arg_count != b->arg_count || !type_equal(a->type, b->type)) return false;
    for (int i = 0; i < a->arg_count; i++) {
        if (a->args[i] != b->args[i]) return false;
    }
    switch (a->op) {
    case OP_input: return a->u.input == b->u.input;
    case OP_store: return a->u.store == b->u.store;
    case OP_random: return a->u.random.kind == b->u.random.kind && a->u.random.site == b->u.random.site;
    case OP_formal: return a->u.formal.kind == b->u.formal.kind && a->u.formal.number == b->u.formal.number;
    case OP_part: return a->u.result == b->u.result;
    case OP_nest: return nest_equal(a, b);
    default: return false; /* loops and what is dear are not sought twice; markers are told apart, roots are effects */
    }
}

/* The first node of the same value, which takes the label if it has none. */
static Node *numbered(Simplifier *simplifier, Node *node) {
    Numbered **bucket = &simplifier->buckets[node_hash(node) % BUCKETS];
    for (Numbered *n = *bucket; n != NULL; n = n->next) {
        if (!same_value(n->node, node)) continue;
        if (n->node->label == NULL) n->node->label = node->label;
        return n->node;
    }
    Numbered *new = ARENA_NEW(simplifier->graph->arena, Numbered);
    *new = (Numbered){node, *bucket};
    *bucket = new;
    return node;
}

/* ---- nests that are nothing, and nests that cost nothing ---- */

static bool reads_all(const Nest *nest, Shape shape) {
    int index;
    if (nest->index_count != shape.rank) return false;
    for (int axis = 0; axis < shape.rank; axis++) {
        bool plain = affine_is_index(nest->reads[0].axes[axis], &index) && index == axis;
        if (!plain || !dim_equal(nest->indices[axis].size, shape.dims[axis])) return false;
    }
    return true;
}

/* y[i] = x[i]  is  x */
Node *rule_identity(Simplifier *simplifier, Node *node) {
    (void)simplifier;
    const Nest *nest = &node->u.nest;
    if (nest->reduce != REDUCE_NONE || nest->body.exprs.count != 1 || nest->body.exprs.at[0].kind != EXPR_READ)
        return NULL;
    Node *arg = node->args[0];
    if (!reads_all(nest, arg->type.shape)) return NULL;
    if (arg->label == NULL) arg->label = node->label;
    return arg;
}

static int calls_cost(const Body *body) {
    int cost = 0;
    for (int i = 0; i < body->exprs.count; i++) {
        if (body->exprs.at[i].kind == EXPR_CALL) cost += scalar_table[body->exprs.at[i].u.call.fn].cost;
    }
    return cost;
}

static bool has_kind(const Body *body, ExprKind kind) {
    for (int i = 0; i < body->exprs.count; i++) {
        if (body->exprs.at[i].kind == kind) return true;
    }
    return false;
}

/* One read, at most cast, negated, or scaled by one literal. */
static bool is_scaled_read(const Nest *nest) {
    const Body *body = &nest->body;
    int scalings = 0;
    if (nest->read_count != 1) return false;
    for (int i = 0; i < body->exprs.count; i++) {
        const Expr *expr = &body->exprs.at[i];
        if (expr->kind == EXPR_READ || expr->kind == EXPR_LITERAL) continue;
        if (expr->kind != EXPR_CALL) return false; /* a lookup is dear */
        Scalar fn = expr->u.call.fn;
        bool scales = fn == SCALAR_mul && body->exprs.at[expr->u.call.args[1]].kind == EXPR_LITERAL;
        if (!scales && fn != SCALAR_neg && fn != SCALAR_to_real) return false;
        scalings += fn != SCALAR_to_real;
    }
    return scalings <= 1;
}

bool is_free(const Node *node) {
    if (node->op != OP_nest || node->u.nest.reduce != REDUCE_NONE) return false;
    const Nest *nest = &node->u.nest;
    if (nest->read_count > 0) return is_scaled_read(nest);
    /* a division by a size is one division where it is read */
    bool constant = !has_kind(&nest->body, EXPR_INDEX) && !has_kind(&nest->body, EXPR_DRAW);
    return !has_kind(&nest->body, EXPR_DRAW) && (constant || calls_cost(&nest->body) <= COST_FREE);
}

/* y = g(f(x))  for an f that costs nothing; masks stay out of contractions, which they would hide. */
Node *rule_compose(Simplifier *simplifier, Node *node) {
    bool contraction = nest_is_contraction(&node->u.nest);
    for (int i = 0; i < node->arg_count; i++) {
        const Node *arg = node->args[i];
        if (!is_free(arg) || (contraction && has_kind(&arg->u.nest.body, EXPR_INDEX))) continue;
        Node *composed = nest_compose(simplifier->graph, node, i);
        if (composed != NULL) return composed;
    }
    return NULL;
}

/* ---- the pass ---- */

static Rule *const rules[] = {
    rule_identity,       /* y[i] = x[i]                          x                                        */
    rule_compose,        /* g(f(x)), f free                      one nest                                 */
    rule_selected_index, /* sum[k] (k == e ? f(k) : 0)           f(e)                                     */
    rule_unused_index,   /* sum[k < K] f                         K * f                                    */
    rule_broadcast,      /* y[i, j] = f(i), f not free            y[i, j] = t[i], t[i] = f(i)              */
    rule_factors,        /* sum[k] a * f(k)                      a * sum[k] f(k)                          */
};
enum { RULES = (int)(sizeof rules / sizeof *rules) };

Node *simplify_nest(Simplifier *simplifier, Node *node) {
    for (int i = 0; i < RULES && node->op == OP_nest; i++) {
        Node *better = rules[i](simplifier, node);
        if (better == NULL) continue;
        node = better;
        i = -1;
    }
    return numbered(simplifier, node);
}

Graph *pass_simplify(Graph *graph, Diagnostics *diagnostics) {
    Arena *arena = graph->arena;
    Simplifier *simplifier = ARENA_NEW(arena, Simplifier);
    simplifier->graph = graph_new(arena);
    Node **map = ARENA_ARRAY(arena, Node *, graph->nodes.count);
    for (int i = 0; i < graph->nodes.count; i++) {
        const Node *node = graph->nodes.at[i];
        Node *copy = copy_node(simplifier->graph, node, mapped_args(arena, node, map));
        if (op_has_region(node->op))
            copy->u.region = region_copy(arena, node->u.region, pass_simplify(node->u.region->body, diagnostics));
        map[i] = simplify_nest(simplifier, copy);
    }
    return simplifier->graph;
}
