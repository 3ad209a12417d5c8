/* Pass unscan: what depends on no carry leaves its loop, with time as one more index. A contraction of inputs and
 * captures is computed for all steps at once, before the loop, which then has the result as an input: one long product
 * of many short ones, as the input product of a recurrent layer. One that is the same in every step becomes a capture.
 */
#include "compiler/ops/region.h"
#include "compiler/passes/pipeline.h"

#define STACK_LIMIT (INT64_C(1) << 24) /* elements of what is made for all steps, at the largest sizes */

/* A value of the body outside of the loop: for all steps along axis 0, or, where it is the same in each, once. */
typedef struct Lifted {
    bool possible, stacked;
    Node *node; /* in the graph around the loop; NULL as long as nobody needs it */
} Lifted;

typedef struct Unscan {
    Graph *new;
    const Region *region;
    Node *const *args; /* of the loop, in the new graph */
    Lifted *lifted;    /* by node of the body */
} Unscan;

/* ---- what can leave ---- */

static bool stack_fits(Arena *arena, const Region *region, Type type) {
    Dim dims[RANK_LIMIT];
    int64_t elements;
    if (type.shape.rank == RANK_LIMIT) return false;
    dims[0] = region->length;
    for (int a = 0; a < type.shape.rank; a++)
        dims[a + 1] = type.shape.dims[a];
    return shape_elements(shape_of(arena, type.shape.rank + 1, dims), &elements) && elements <= STACK_LIMIT;
}

/* A draw depends on the round, and a lookup's tensor is addressed by computed positions. */
static bool is_plain_nest(const Node *node) {
    if (node->op != OP_nest) return false;
    for (int x = 0; x < node->u.nest.body.exprs.count; x++) {
        ExprKind kind = node->u.nest.body.exprs.at[x].kind;
        if (kind == EXPR_DRAW || kind == EXPR_LOOKUP) return false;
    }
    return true;
}

static bool is_contraction(const Node *node) {
    if (node->op != OP_nest || node->u.nest.reduce != REDUCE_SUM || node->u.nest.read_count < 2) return false;
    const Body *body = &node->u.nest.body;
    const Expr *last = &body->exprs.at[body->exprs.count - 1];
    return last->kind == EXPR_CALL && last->u.call.fn == SCALAR_mul;
}

static Lifted lifted_of(const Unscan *unscan, const Node *node) {
    Lifted lifted = {.possible = true};
    if (node->op == OP_store || node->op == OP_input) return lifted;
    if (node->op == OP_formal) {
        lifted.possible = node->u.formal.kind != FORMAL_CARRY;
        lifted.stacked = node->u.formal.kind == FORMAL_INPUT;
        return lifted;
    }
    lifted.possible = is_plain_nest(node);
    for (int a = 0; a < node->arg_count; a++) {
        const Lifted *arg = &unscan->lifted[node->args[a]->id];
        lifted.possible &= arg->possible;
        lifted.stacked |= arg->stacked;
    }
    if (lifted.stacked) lifted.possible &= stack_fits(unscan->new->arena, unscan->region, node->type);
    return lifted;
}

/* ---- nests with time as an index ---- */

static Affine moved(Arena *arena, Affine affine, const Affine *to) {
    Affine out;
    if (!affine_substitute(arena, affine, to, &out)) internal_error("a position overflows where time is an index");
    return out;
}

/* The same indices, behind time if there is such a one; returns where each stands. */
static Affine *add_indices(NestBuilder *out, const Nest *nest, const Dim *steps) {
    Arena *arena = out->graph->arena;
    Affine *to = ARENA_ARRAY(arena, Affine, nest->index_count);
    if (steps != NULL) nest_free(out, "t", *steps);
    for (int i = 0; i < nest->index_count; i++)
        to[i] = affine_index(arena, i + (steps != NULL));
    for (int i = 0; i < nest->index_count; i++) {
        const Index *index = &nest->indices[i];
        if (index->kind == INDEX_FREE) nest_free(out, index->name, index->size);
        if (index->kind == INDEX_REDUCED) nest_reduced(out, index->name, index->size);
        if (index->kind == INDEX_SOLVED)
            nest_solved(out, index->name, index->size, moved(arena, index->solution, to), index->divisor);
    }
    return to;
}

/* The element that a read of the body is, of the value outside. */
static int lifted_read(NestBuilder *out, const Read *read, const Lifted *from, const Affine *to) {
    Arena *arena = out->graph->arena;
    Affine axes[RANK_LIMIT];
    int first = from->stacked ? 1 : 0;
    if (from->stacked) axes[0] = affine_index(arena, 0);
    for (int a = first; a < from->node->type.shape.rank; a++)
        axes[a] = moved(arena, read->axes[a - first], to);
    return nest_read(out, from->node, axes);
}

static int lifted_expr(NestBuilder *out, const Expr *expr, const int *done, int shift) {
    const int *args = expr->u.call.args;
    switch (expr->kind) {
    case EXPR_LITERAL: return body_literal(&out->body, expr->elem, expr->u.number);
    case EXPR_INDEX: return body_index(&out->body, expr->u.index + shift);
    case EXPR_SIZE: return body_size(&out->body, expr->u.size);
    case EXPR_CALL:
        return body_keep(&out->body, expr->u.call.fn, done[args[0]], args[1] < 0 ? -1 : done[args[1]],
                         args[2] < 0 ? -1 : done[args[2]]);
    default: internal_error("an expression of kind %d leaves a loop", (int)expr->kind);
    }
}

static Node *lift(Unscan *unscan, const Node *node);

static Node *lift_nest(Unscan *unscan, const Node *node) {
    const Nest *nest = &node->u.nest;
    NestBuilder out = nest_begin(unscan->new, node->origin);
    bool stacked = unscan->lifted[node->id].stacked;
    Affine *to = add_indices(&out, nest, stacked ? &unscan->region->length : NULL);
    int *done = ARENA_ARRAY(unscan->new->arena, int, nest->body.exprs.count);
    for (int x = 0; x < nest->body.exprs.count; x++) {
        const Expr *expr = &nest->body.exprs.at[x];
        if (expr->kind != EXPR_READ) {
            done[x] = lifted_expr(&out, expr, done, stacked);
            continue;
        }
        const Read *read = &nest->reads[expr->u.read];
        lift(unscan, node->args[read->arg]);
        done[x] = lifted_read(&out, read, &unscan->lifted[node->args[read->arg]->id], to);
    }
    out.otherwise = nest->otherwise;
    Node *lifted = nest_end(&out, nest->reduce, done[nest->body.exprs.count - 1]);
    lifted->label = node->label;
    return lifted;
}

static Node *lift(Unscan *unscan, const Node *node) {
    Lifted *lifted = &unscan->lifted[node->id];
    if (lifted->node != NULL) return lifted->node;
    if (node->op == OP_formal)
        lifted->node = unscan->args[region_argument(unscan->region, node->u.formal.kind, node->u.formal.number)];
    else if (node->op == OP_nest)
        lifted->node = lift_nest(unscan, node);
    else
        lifted->node = copy_node(unscan->new, node, NULL);
    return lifted->node;
}

/* ---- the loop without them ---- */

typedef VEC(Node *) Nodes;

/* In place of a contraction that has left: what the loop is given. */
static Node *given(Unscan *unscan, Graph *body, const Node *node, Nodes *inputs, Nodes *captures) {
    bool stacked = unscan->lifted[node->id].stacked;
    Nodes *list = stacked ? inputs : captures;
    Node *formal = graph_add(body, OP_formal, node->type, 0, NULL, node->origin);
    formal->u.formal.kind = stacked ? FORMAL_INPUT : FORMAL_CAPTURE;
    formal->u.formal.number = (stacked ? unscan->region->inputs : unscan->region->captures) + list->count;
    formal->label = node->label;
    vec_push(body->arena, list, lift(unscan, node));
    return formal;
}

static Node *loop_with(Unscan *unscan, const Node *scan, Graph *body, const Nodes *inputs, const Nodes *captures) {
    Arena *arena = body->arena;
    const Region *region = unscan->region;
    Nodes args = {0};
    for (int a = 0; a < scan->arg_count + inputs->count; a++) {
        int behind = a - region->carries - region->inputs;
        bool is_new = behind >= 0 && behind < inputs->count;
        vec_push(arena, &args, is_new ? inputs->at[behind] : unscan->args[behind < 0 ? a : a - inputs->count]);
    }
    for (int c = 0; c < captures->count; c++)
        vec_push(arena, &args, captures->at[c]);
    Node *copy = graph_add(unscan->new, OP_scan, scan->type, args.count, args.at, scan->origin);
    copy->label = scan->label;
    copy->u.region = region_copy(arena, region, body);
    copy->u.region->inputs += inputs->count;
    copy->u.region->captures += captures->count;
    return node_checked(unscan->new, copy);
}

static Node *unscan_loop(Graph *new, const Node *scan, const Region *region, Node **args) {
    Arena *arena = new->arena;
    const Graph *old = region->body;
    Graph *body = graph_new(arena);
    Node **map = ARENA_ARRAY(arena, Node *, old->nodes.count);
    Nodes inputs = {0}, captures = {0};
    Unscan unscan = {.new = new, .region = region, .args = args};
    unscan.lifted = ARENA_ARRAY(arena, Lifted, old->nodes.count);
    for (int i = 0; i < old->nodes.count; i++) {
        const Node *node = old->nodes.at[i];
        unscan.lifted[i] = lifted_of(&unscan, node);
        bool leaves = unscan.lifted[i].possible && is_contraction(node);
        map[i] = leaves ? given(&unscan, body, node, &inputs, &captures)
                        : copy_node(body, node, mapped_args(arena, node, map));
    }
    return loop_with(&unscan, scan, body, &inputs, &captures);
}

Graph *pass_unscan(Graph *graph, Diagnostics *diagnostics) {
    Arena *arena = graph->arena;
    Graph *new = graph_new(arena);
    Node **map = ARENA_ARRAY(arena, Node *, graph->nodes.count);
    for (int i = 0; i < graph->nodes.count; i++) {
        const Node *node = graph->nodes.at[i];
        Node **args = mapped_args(arena, node, map);
        if (node->op != OP_scan) {
            map[i] = copy_node(new, node, args);
            continue;
        }
        const Region *region = region_copy(arena, node->u.region, pass_unscan(node->u.region->body, diagnostics));
        map[i] = unscan_loop(new, node, region, args);
    }
    return new;
}
