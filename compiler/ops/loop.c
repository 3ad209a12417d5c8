/* Loops: a region that runs step after step. In each step its body sees the carries as the step before has left them,
 * its part of every input, and what is captured from around; it yields the carries' next contents, and what is stacked
 * along a new first axis. The gradient rule is in loop_gradient.c. */
#include "compiler/eval/eval.h"
#include "compiler/ops/region.h"
#include "compiler/ops/rules.h"
#include <string.h>

/* ---- regions ---- */

Node *region_formal(const Region *region, FormalKind kind, int number) {
    for (int i = 0; i < region->body->nodes.count; i++) {
        Node *node = region->body->nodes.at[i];
        if (node->op == OP_formal && node->u.formal.kind == kind && node->u.formal.number == number) return node;
    }
    return NULL;
}

Node *region_yield(const Region *region, int result) {
    for (int i = 0; i < region->body->roots.count; i++) {
        Node *root = region->body->roots.at[i];
        if (root->op == OP_yield && root->u.result == result) return root->args[0];
    }
    return NULL;
}

int region_argument(const Region *region, FormalKind kind, int number) {
    if (kind == FORMAL_CARRY) return number;
    return region->carries + (kind == FORMAL_INPUT ? 0 : region->inputs) + number;
}

Region *region_copy(Arena *arena, const Region *region, Graph *body) {
    Region *copy = ARENA_NEW(arena, Region);
    *copy = *region;
    copy->body = body;
    return copy;
}

static Graph *clone_graph(Arena *arena, const Graph *graph) {
    Graph *clone = graph_new(arena);
    Node **map = ARENA_ARRAY(arena, Node *, graph->nodes.count);
    for (int i = 0; i < graph->nodes.count; i++) {
        map[i] = clone_node(clone, graph->nodes.at[i], mapped_args(arena, graph->nodes.at[i], map));
    }
    return clone;
}

Node **mapped_args(Arena *arena, const Node *node, Node *const *map) {
    Node **args = ARENA_ARRAY(arena, Node *, node->arg_count);
    for (int i = 0; i < node->arg_count; i++) {
        args[i] = map[node->args[i]->id];
    }
    return args;
}

Node *clone_node(Graph *graph, const Node *node, Node *const *args) {
    Node *copy = copy_node(graph, node, args);
    if (op_has_region(node->op)) {
        const Region *region = node->u.region;
        copy->u.region = region_copy(graph->arena, region, clone_graph(graph->arena, region->body));
    }
    return copy;
}

/* ---- shape rules ---- */

const char *formal_check(Arena *arena, const Node *node) {
    (void)arena;
    if (node->arg_count != 0) return "a formal has arguments";
    return node->u.formal.number >= 0 ? NULL : "a formal of no number";
}

const char *yield_check(Arena *arena, const Node *node) {
    (void)arena;
    if (node->arg_count != 1) return "not one argument";
    return type_equal(node->type, node->args[0]->type) ? NULL : "another type than its argument's";
}

/* The type of a formal by that of the argument that it stands for. */
static bool formal_fits(const Region *region, FormalKind kind, Type formal, Type argument) {
    if (kind != FORMAL_INPUT) return type_equal(formal, argument);
    if (argument.shape.rank != formal.shape.rank + 1 || formal.elem != argument.elem) return false;
    Shape rest = {formal.shape.rank, argument.shape.dims + 1};
    return dim_equal(argument.shape.dims[0], region->length) && shape_equal(rest, formal.shape);
}

const char *region_check(const Region *region, int arg_count, Node *const *args) {
    int counts[] = {region->carries, region->inputs, region->captures};
    if (arg_count != region->carries + region->inputs + region->captures) return "not one argument for each formal";
    for (int i = 0; i < region->body->nodes.count; i++) {
        const Node *node = region->body->nodes.at[i];
        if (node->op != OP_formal) continue;
        FormalKind kind = node->u.formal.kind;
        int number = node->u.formal.number;
        if (number >= counts[kind]) return "a formal without an argument";
        if (region_formal(region, kind, number) != node) return "a formal stands twice";
        if (!formal_fits(region, kind, node->type, args[region_argument(region, kind, number)]->type)) {
            return "a formal has another type than its argument";
        }
    }
    if (region->body->roots.count != region->carries + region->outputs) return "not one yield for each result";
    for (int i = 0; i < region->carries + region->outputs; i++) {
        const Node *yield = region_yield(region, i);
        if (yield == NULL) return "a result is not yielded";
        if (i < region->carries && !type_equal(yield->type, args[i]->type)) return "a carry changes its type";
    }
    return NULL;
}

const char *scan_check(Arena *arena, const Node *node) {
    (void)arena;
    if (node->type.elem != ELEM_REAL || node->type.shape.rank != 0) return "a loop stands for itself as a real scalar";
    if (node->u.region == NULL) return NULL; /* in the making */
    if (dim_low(node->u.region->length) < 0) return "a loop of negative length";
    return region_check(node->u.region, node->arg_count, node->args);
}

Type scan_part_type(Arena *arena, const Node *scan, int part) {
    const Region *region = scan->u.region;
    Type type = region_yield(region, part)->type;
    if (part < region->carries) return type;
    Dim dims[RANK_LIMIT];
    dims[0] = region->length;
    memcpy(dims + 1, type.shape.dims, (size_t)type.shape.rank * sizeof *dims);
    return (Type){type.elem, shape_of(arena, type.shape.rank + 1, dims)};
}

const char *part_check(Arena *arena, const Node *node) {
    if (node->arg_count != 1 || node->args[0]->op != OP_scan) return "not a part of a loop";
    const Region *region = node->args[0]->u.region;
    if (node->u.result < 0 || node->u.result >= region->carries + region->outputs) return "no such part";
    bool same = type_equal(node->type, scan_part_type(arena, node->args[0], node->u.result));
    return same ? NULL : "another type than the part's";
}

/* ---- building ---- */

LoopBuilder loop_begin(Graph *graph, Dim length, bool reversed, const Origin *origin) {
    LoopBuilder loop = {.graph = graph, .origin = origin, .length = length, .reversed = reversed};
    loop.body = graph_new(graph->arena);
    loop.body->around = graph;
    return loop;
}

static Node *add_formal(LoopBuilder *loop, FormalKind kind, int number, Type type, Name label) {
    Node *formal = graph_add(loop->body, OP_formal, type, 0, NULL, loop->origin);
    formal->u.formal.kind = kind;
    formal->u.formal.number = number;
    formal->label = label;
    return formal;
}

Node *loop_carry(LoopBuilder *loop, Node *initial) {
    Arena *arena = loop->graph->arena;
    vec_push(arena, &loop->initial, initial);
    Node *carry = add_formal(loop, FORMAL_CARRY, loop->carries.count, initial->type, initial->label);
    vec_push(arena, &loop->carries, carry);
    vec_push(arena, &loop->next, carry);
    return carry;
}

Node *loop_input(LoopBuilder *loop, Node *stacked) {
    Type type = stacked->type;
    type.shape = shape_of(loop->graph->arena, type.shape.rank - 1, type.shape.dims + 1);
    vec_push(loop->graph->arena, &loop->inputs, stacked);
    return add_formal(loop, FORMAL_INPUT, loop->inputs.count - 1, type, stacked->label);
}

void loop_next(LoopBuilder *loop, const Node *carry, Node *value) {
    for (int i = 0; i < loop->carries.count; i++) {
        if (loop->carries.at[i] == carry) loop->next.at[i] = value;
    }
}

int loop_emit(LoopBuilder *loop, Node *value) {
    vec_push(loop->graph->arena, &loop->emitted, value);
    return loop->emitted.count - 1;
}

static void add_yield(Graph *body, int result, Node *value, const Origin *origin) {
    Node *yield = graph_add(body, OP_yield, value->type, 1, &value, origin);
    yield->u.result = result;
}

static Region *seal(LoopBuilder *loop) {
    Region *region = ARENA_NEW(loop->graph->arena, Region);
    for (int i = 0; i < loop->next.count; i++) {
        add_yield(loop->body, i, loop->next.at[i], loop->origin);
    }
    for (int i = 0; i < loop->emitted.count; i++) {
        add_yield(loop->body, loop->next.count + i, loop->emitted.at[i], loop->origin);
    }
    *region = (Region){.body = loop->body, .length = loop->length, .reversed = loop->reversed};
    region->carries = loop->carries.count;
    region->inputs = loop->inputs.count;
    region->captures = loop->body->captures.count;
    region->outputs = loop->emitted.count;
    loop->body->around = NULL;
    return region;
}

Node *loop_end(LoopBuilder *loop) {
    Arena *arena = loop->graph->arena;
    Region *region = seal(loop);
    VEC(Node *) args = {0};
    for (int i = 0; i < region->carries; i++) {
        vec_push(arena, &args, loop->initial.at[i]);
    }
    for (int i = 0; i < region->inputs; i++) {
        vec_push(arena, &args, loop->inputs.at[i]);
    }
    for (int i = 0; i < region->captures; i++) {
        vec_push(arena, &args, loop->body->captures.at[i].outside);
    }
    Type type = {ELEM_REAL, {0, NULL}};
    Node *scan = graph_add(loop->graph, OP_scan, type, args.count, args.at, loop->origin);
    scan->u.region = region;
    return node_checked(loop->graph, scan);
}

int loop_stack(Node *scan, Node *value, const Origin *origin) {
    Region *region = scan->u.region;
    int part = region->carries + region->outputs++;
    add_yield(region->body, part, value, origin);
    return part;
}

Node *build_part(Graph *graph, Node *scan, int result, const Origin *origin) {
    Node *part = graph_add(graph, OP_part, scan_part_type(graph->arena, scan, result), 1, &scan, origin);
    part->u.result = result;
    part->label = region_yield(scan->u.region, result)->label;
    return node_checked(graph, part);
}

/* ---- evaluation ---- */

void formal_evaluate(Evaluation *evaluation, const Node *node) {
    evaluation->values[node->id] = evaluation->formals[node->u.formal.kind][node->u.formal.number];
}

void yield_evaluate(Evaluation *evaluation, const Node *node) {
    evaluation->values[node->id] = evaluation->values[node->args[0]->id];
    evaluation->yields[node->u.result] = evaluation->values[node->id];
}

void part_evaluate(Evaluation *evaluation, const Node *node) {
    evaluation->values[node->id] = evaluation->parts[node->args[0]->id][node->u.result];
}

/* Element t along the first axis, without a copy. */
static Tensor tensor_slice(const Tensor *tensor, int64_t t) {
    Tensor slice = {.elem = tensor->elem, .rank = tensor->rank - 1, .dims = tensor->dims + 1};
    slice.count = tensor->dims[0] > 0 ? tensor->count / tensor->dims[0] : 0;
    slice.values = tensor->values + t * slice.count;
    return slice;
}

/* One step: the carries are replaced, position t of the stacked parts is filled. */
static void evaluate_step(Evaluation *evaluation, const Node *node, int64_t t, int64_t length, Tensor *parts) {
    const Region *region = node->u.region;
    Evaluation step = *evaluation;
    step.loop = evaluation->loop * (uint64_t)length + (uint64_t)t + 1;
    step.formals[FORMAL_CARRY] = parts;
    step.formals[FORMAL_INPUT] = ARENA_ARRAY(evaluation->arena, Tensor, region->inputs);
    step.formals[FORMAL_CAPTURE] = ARENA_ARRAY(evaluation->arena, Tensor, region->captures);
    step.yields = ARENA_ARRAY(evaluation->arena, Tensor, region->carries + region->outputs);
    for (int i = 0; i < region->inputs; i++) {
        step.formals[FORMAL_INPUT][i] = tensor_slice(&evaluation->values[node->args[region->carries + i]->id], t);
    }
    for (int i = 0; i < region->captures; i++) {
        const Node *captured = node->args[region_argument(region, FORMAL_CAPTURE, i)];
        step.formals[FORMAL_CAPTURE][i] = evaluation->values[captured->id];
    }
    evaluate_graph(&step, region->body);
    evaluation->margin = step.margin;
    memcpy(parts, step.yields, (size_t)region->carries * sizeof *parts);
    for (int i = region->carries; i < region->carries + region->outputs; i++) {
        Tensor slice = tensor_slice(&parts[i], t);
        memcpy(slice.values, step.yields[i].values, (size_t)slice.count * sizeof *slice.values);
    }
}

void scan_evaluate(Evaluation *evaluation, const Node *node) {
    const Region *region = node->u.region;
    int64_t length = dim_value(region->length, evaluation->sizes);
    Tensor *parts = ARENA_ARRAY(evaluation->arena, Tensor, region->carries + region->outputs);
    for (int i = 0; i < region->carries; i++) {
        parts[i] = evaluation->values[node->args[i]->id];
    }
    for (int i = region->carries; i < region->carries + region->outputs; i++) {
        parts[i] = tensor_of_type(evaluation, scan_part_type(evaluation->arena, node, i));
    }
    for (int64_t s = 0; s < length; s++) {
        evaluate_step(evaluation, node, region->reversed ? length - 1 - s : s, length, parts);
    }
    evaluation->parts[node->id] = parts;
}
