/* Pass unscan: what depends on no carry leaves its loop, with time as one more index. A contraction of inputs and
 * captures is computed for all steps at once, before the loop, which then has the result as an input: one long product
 * of many short ones, as the input product of a recurrent layer. One that is the same in every step becomes a capture.
 */
#include "compiler/ops/region.h"
#include "compiler/passes/pipeline.h"
#include <limits.h>

#define STACK_LIMIT (INT64_C(1) << 24) /* elements of what is made for all steps, at the largest sizes */

/* A value of the body outside of the loop: for all steps along axis 0, or, where it is the same in each, once. */
typedef struct Lifted {
    bool possible, stacked;
    Node *node; /* in the graph around the loop; NULL as long as nobody needs it */
} Lifted;

typedef VEC(Node *) Nodes;

typedef struct Unscan {
    Graph *new;
    const Region *region;
    Node *const *args; /* of the loop, in the new graph */
    Lifted *lifted;    /* by node of the body */
    int *stack;        /* by node of the body: which result stacks it, or -1 */
    int outputs;       /* with those that are stacked for sums */
    bool *collects;    /* by carry: it is summed behind the loop */
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

enum { WITHOUT_TIME = INT_MAX };

/* The same indices, with time as number `time`; returns where each stands. */
static Affine *add_indices(NestBuilder *out, const Nest *nest, int time, Dim steps) {
    Arena *arena = out->graph->arena;
    Affine *to = ARENA_ARRAY(arena, Affine, nest->index_count);
    for (int i = 0; i < nest->index_count; i++)
        to[i] = affine_index(arena, i + (i >= time));
    if (time == 0) nest_free(out, "t", steps);
    for (int i = 0; i < nest->index_count; i++) {
        if (i == time && i > 0) nest_reduced(out, "t", steps);
        const Index *index = &nest->indices[i];
        if (index->kind == INDEX_FREE) nest_free(out, index->name, index->size);
        if (index->kind == INDEX_REDUCED) nest_reduced(out, index->name, index->size);
        if (index->kind == INDEX_SOLVED)
            nest_solved(out, index->name, index->size, moved(arena, index->solution, to), index->divisor);
    }
    return to;
}

/* The element that a read of the body is, of the value outside. */
static int lifted_read(NestBuilder *out, const Read *read, const Lifted *from, const Affine *to, int time) {
    Arena *arena = out->graph->arena;
    Affine axes[RANK_LIMIT];
    int first = from->stacked ? 1 : 0;
    if (from->stacked) axes[0] = affine_index(arena, time);
    for (int a = first; a < from->node->type.shape.rank; a++)
        axes[a] = moved(arena, read->axes[a - first], to);
    return nest_read(out, from->node, axes);
}

static int lifted_expr(NestBuilder *out, const Expr *expr, const int *done, int time) {
    const int *args = expr->u.call.args;
    switch (expr->kind) {
    case EXPR_LITERAL: return body_literal(&out->body, expr->elem, expr->u.number);
    case EXPR_INDEX: return body_index(&out->body, expr->u.index + (expr->u.index >= time));
    case EXPR_SIZE: return body_size(&out->body, expr->u.size);
    case EXPR_CALL:
        return body_keep(&out->body, expr->u.call.fn, done[args[0]], args[1] < 0 ? -1 : done[args[1]],
                         args[2] < 0 ? -1 : done[args[2]]);
    default: internal_error("an expression of kind %d leaves a loop", (int)expr->kind);
    }
}

static Node *lift(Unscan *unscan, const Node *node);

/* The nest over lifted arguments, with time as index number `time`. */
static Node *lift_nest(Unscan *unscan, const Node *node, int time) {
    const Nest *nest = &node->u.nest;
    NestBuilder out = nest_begin(unscan->new, node->origin);
    Affine *to = add_indices(&out, nest, time, unscan->region->length);
    int *done = ARENA_ARRAY(unscan->new->arena, int, nest->body.exprs.count);
    for (int x = 0; x < nest->body.exprs.count; x++) {
        const Expr *expr = &nest->body.exprs.at[x];
        if (expr->kind != EXPR_READ) {
            done[x] = lifted_expr(&out, expr, done, time);
            continue;
        }
        const Read *read = &nest->reads[expr->u.read];
        lift(unscan, node->args[read->arg]);
        done[x] = lifted_read(&out, read, &unscan->lifted[node->args[read->arg]->id], to, time);
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
        lifted->node = lift_nest(unscan, node, lifted->stacked ? 0 : WITHOUT_TIME);
    else
        lifted->node = copy_node(unscan->new, node, NULL);
    return lifted->node;
}

/* ---- carries that collect ---- */

static int count_uses(const Graph *graph, const Node *node) {
    int uses = 0;
    for (int i = 0; i < graph->nodes.count; i++)
        for (int a = 0; a < graph->nodes.at[i]->arg_count; a++)
            uses += graph->nodes.at[i]->args[a] == node;
    return uses;
}

static bool reads_in_place(const Node *node, int expr, const Node *of) {
    const Expr *read = &node->u.nest.body.exprs.at[expr];
    if (read->kind != EXPR_READ || node->args[node->u.nest.reads[read->u.read].arg] != of) return false;
    for (int a = 0; a < of->type.shape.rank; a++) {
        int index;
        if (!affine_is_index(node->u.nest.reads[read->u.read].axes[a], &index) || index != a) return false;
    }
    return true;
}

/* What the carry collects: e, a sum, where its next content is carry + e, and nothing else is made of either. */
static const Node *collected_by(const Region *region, int carry) {
    const Node *formal = region_formal(region, FORMAL_CARRY, carry), *next = region_yield(region, carry);
    if (formal == NULL || next->op != OP_nest || next->u.nest.reduce != REDUCE_NONE || next->arg_count != 2)
        return NULL;
    if (next->u.nest.index_count != next->type.shape.rank) return NULL;
    const Body *body = &next->u.nest.body;
    const Expr *last = &body->exprs.at[body->exprs.count - 1];
    if (last->kind != EXPR_CALL || last->u.call.fn != SCALAR_add) return NULL;
    const Node *sum = next->args[next->args[0] == formal ? 1 : 0];
    const int *terms = last->u.call.args;
    bool fits = (reads_in_place(next, terms[0], formal) && reads_in_place(next, terms[1], sum)) ||
                (reads_in_place(next, terms[1], formal) && reads_in_place(next, terms[0], sum));
    fits = fits && is_plain_nest(sum) && sum->u.nest.reduce == REDUCE_SUM;
    return fits && count_uses(region->body, formal) == 1 && count_uses(region->body, next) == 1 ? sum : NULL;
}

/* At sizes of a usual call. */
static double usual_elements(Type type) {
    double elements = 1;
    for (int a = 0; a < type.shape.rank; a++) {
        int64_t high = dim_high(type.shape.dims[a]);
        elements *= (double)(dim_is_constant(type.shape.dims[a]) || high < 64 ? high : 64);
    }
    return elements;
}

static bool needs_stack(const Unscan *unscan, const Node *node) {
    return !unscan->lifted[node->id].possible && unscan->stack[node->id] < 0;
}

/* Stacks what the sum is made of, where that is worth it. */
static bool stack_operands(Unscan *unscan, const Node *sum) {
    double stacked = 0;
    bool fits = true, varies = false;
    for (int a = 0; a < sum->arg_count; a++) {
        const Node *arg = sum->args[a];
        varies |= !unscan->lifted[arg->id].possible || unscan->lifted[arg->id].stacked;
        if (!needs_stack(unscan, arg)) continue;
        stacked += usual_elements(arg->type);
        fits &= stack_fits(unscan->new->arena, unscan->region, arg->type);
    }
    if (!fits || !varies || stacked > usual_elements(sum->type)) return false;
    for (int a = 0; a < sum->arg_count; a++)
        if (needs_stack(unscan, sum->args[a]))
            unscan->stack[sum->args[a]->id] = unscan->region->carries + unscan->outputs++;
    return true;
}

/* A sum may need what another has stacked already: round after round. */
static void find_collecting(Unscan *unscan) {
    const Region *region = unscan->region;
    for (bool progress = true; progress;) {
        progress = false;
        for (int c = 0; c < region->carries; c++) {
            const Node *sum = unscan->collects[c] ? NULL : collected_by(region, c);
            if (sum == NULL || !stack_operands(unscan, sum)) continue;
            unscan->collects[c] = progress = true;
        }
    }
}

/* Time is the first of the indices that are reduced. */
static Node *sum_of_steps(Unscan *unscan, const Node *sum, Node *initial) {
    Node *total = lift_nest(unscan, sum, sum->type.shape.rank);
    return build_map2(unscan->new, SCALAR_add, initial, total, sum->origin);
}

/* By carry: its last content, where it is such a sum; else NULL. */
static Node **collect_sums(Unscan *unscan, Node *scan) {
    const Region *region = unscan->region;
    Node **sums = ARENA_ARRAY(unscan->new->arena, Node *, region->carries);
    for (int i = 0; i < region->body->nodes.count; i++)
        if (unscan->stack[i] >= 0)
            unscan->lifted[i] = (Lifted){true, true, build_part(unscan->new, scan, unscan->stack[i], scan->origin)};
    for (int c = 0; c < region->carries; c++)
        if (unscan->collects[c]) sums[c] = sum_of_steps(unscan, collected_by(region, c), unscan->args[c]);
    return sums;
}

/* ---- the loop without them ---- */

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
    copy->u.region->outputs = unscan->outputs;
    return node_checked(unscan->new, copy);
}

static Unscan unscan_begin(Graph *new, const Region *region, Node *const *args) {
    Arena *arena = new->arena;
    const int count = region->body->nodes.count;
    Unscan unscan = {.new = new, .region = region, .args = args, .outputs = region->outputs};
    unscan.lifted = ARENA_ARRAY(arena, Lifted, count);
    unscan.stack = ARENA_ARRAY(arena, int, count);
    unscan.collects = ARENA_ARRAY(arena, bool, region->carries);
    for (int i = 0; i < count; i++) {
        unscan.lifted[i] = lifted_of(&unscan, region->body->nodes.at[i]);
        unscan.stack[i] = -1;
    }
    find_collecting(&unscan);
    return unscan;
}

/* The body without what has left; a carry that is summed behind the loop stays as it is. */
static Graph *remaining_body(Unscan *unscan, Nodes *inputs, Nodes *captures) {
    const Graph *old = unscan->region->body;
    Arena *arena = old->arena;
    Graph *body = graph_new(arena);
    Node **map = ARENA_ARRAY(arena, Node *, old->nodes.count);
    for (int i = 0; i < old->nodes.count; i++) {
        const Node *node = old->nodes.at[i];
        Node **args = mapped_args(arena, node, map);
        bool settles = node->op == OP_yield && node->u.result < unscan->region->carries;
        if (settles && unscan->collects[node->u.result])
            args[0] = map[region_formal(unscan->region, FORMAL_CARRY, node->u.result)->id];
        bool leaves = unscan->lifted[i].possible && is_contraction(node);
        map[i] = leaves ? given(unscan, body, node, inputs, captures) : copy_node(body, node, args);
    }
    for (int i = 0; i < old->nodes.count; i++) {
        if (unscan->stack[i] < 0) continue;
        Node *yield = graph_add(body, OP_yield, map[i]->type, 1, &map[i], map[i]->origin);
        yield->u.result = unscan->stack[i];
    }
    return body;
}

/* What a loop has become: itself, and by carry the sum that has left it, or NULL. */
typedef struct Unscanned {
    Node *scan, **sums;
} Unscanned;

static Unscanned unscan_loop(Graph *new, const Node *scan, Node **args, Diagnostics *diagnostics) {
    const Region *region = region_copy(new->arena, scan->u.region, pass_unscan(scan->u.region->body, diagnostics));
    Unscan unscan = unscan_begin(new, region, args);
    Nodes inputs = {0}, captures = {0};
    Graph *body = remaining_body(&unscan, &inputs, &captures);
    Node *loop = loop_with(&unscan, scan, body, &inputs, &captures);
    return (Unscanned){loop, collect_sums(&unscan, loop)};
}

Graph *pass_unscan(Graph *graph, Diagnostics *diagnostics) {
    Arena *arena = graph->arena;
    Graph *new = graph_new(arena);
    Node **map = ARENA_ARRAY(arena, Node *, graph->nodes.count);
    Unscanned *loops = ARENA_ARRAY(arena, Unscanned, graph->nodes.count);
    for (int i = 0; i < graph->nodes.count; i++) {
        const Node *node = graph->nodes.at[i];
        Node **args = mapped_args(arena, node, map);
        if (node->op == OP_scan) {
            loops[i] = unscan_loop(new, node, args, diagnostics);
            map[i] = loops[i].scan;
            continue;
        }
        const Unscanned *loop = node->op == OP_part ? &loops[node->args[0]->id] : NULL;
        bool is_sum = loop != NULL && node->u.result < node->args[0]->u.region->carries && loop->sums[node->u.result];
        map[i] = is_sum ? loop->sums[node->u.result] : copy_node(new, node, args);
        if (is_sum && map[i]->label == NULL) map[i]->label = node->label;
    }
    return new;
}
