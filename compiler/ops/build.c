#include "compiler/ops/build.h"
#include "compiler/ops/op.h"
#include <string.h>

/* ---- nodes ---- */

/* graph_add has put roots among the roots. */
Node *node_checked(Graph *graph, Node *node) {
    const char *wrong = op_table[node->op].check(graph->arena, node);
    if (wrong != NULL) internal_error("mis-shaped %s: %s", op_table[node->op].name, wrong);
    return node;
}

Node *build_input(Graph *graph, Argument *argument, const Origin *origin) {
    Node *node = graph_add(graph, OP_input, argument->type, 0, NULL, origin);
    node->u.input = argument;
    node->label = argument->name;
    return node_checked(graph, node);
}

Node *build_store(Graph *graph, Store *store, const Origin *origin) {
    Node *node = graph_add(graph, OP_store, store->type, 0, NULL, origin);
    node->u.store = store;
    node->label = store->path;
    return node_checked(graph, node);
}

Node *build_random(Graph *graph, DrawKind kind, uint32_t site, Shape shape, const Origin *origin) {
    Node *node = graph_add(graph, OP_random, (Type){ELEM_REAL, shape}, 0, NULL, origin);
    node->u.random.kind = kind;
    node->u.random.site = site;
    return node_checked(graph, node);
}

Node *build_grad(Graph *graph, Node *of, Node *by, const Origin *origin) {
    return node_checked(graph, graph_add(graph, OP_grad, by->type, 2, (Node *[]){of, by}, origin));
}

Node *build_stop(Graph *graph, Node *node, const Origin *origin) {
    return node_checked(graph, graph_add(graph, OP_stop, node->type, 1, &node, origin));
}

void build_result(Graph *graph, Argument *output, Node *value, const Origin *origin) {
    Node *node = graph_add(graph, OP_result, value->type, 1, &value, origin);
    node->u.input = output;
    node_checked(graph, node);
}

void build_update(Graph *graph, Store *store, Node *value, const Origin *origin) {
    Node *node = graph_add(graph, OP_update, value->type, 1, &value, origin);
    node->u.store = store;
    node_checked(graph, node);
}

void build_loss(Graph *graph, Node *loss, const Origin *origin) {
    node_checked(graph, graph_add(graph, OP_loss, loss->type, 1, &loss, origin));
}

Node *copy_node(Graph *graph, const Node *node, Node *const *args) {
    Node *copy = graph_add(graph, node->op, node->type, node->arg_count, args, node->origin);
    copy->label = node->label;
    copy->u = node->u;
    return node_checked(graph, copy);
}

/* ---- nests ---- */

NestBuilder nest_begin(Graph *graph, const Origin *origin) {
    NestBuilder nest = {.graph = graph, .origin = origin};
    nest.body.arena = graph->arena;
    return nest;
}

/* The name, with a number behind it where the nest has that name already. */
static const char *unique_name(NestBuilder *nest, const char *name) {
    const char *unique = name;
    int number = 2;
    for (int i = 0; i < nest->indices.count; i++) {
        if (strcmp(nest->indices.at[i].name, unique) != 0) continue;
        unique = arena_print(nest->graph->arena, "%s%d", name, number++);
        i = -1;
    }
    return unique;
}

static int add_index(NestBuilder *nest, Index index) {
    index.name = unique_name(nest, index.name != NULL ? index.name : "i");
    if (nest->indices.count > 0 && nest->indices.at[nest->indices.count - 1].kind > index.kind) {
        internal_error("indices of a nest out of order: %s", index.name);
    }
    vec_push(nest->graph->arena, &nest->indices, index);
    return nest->indices.count - 1;
}

int nest_free(NestBuilder *nest, const char *name, Dim size) {
    return add_index(nest, (Index){.kind = INDEX_FREE, .name = name, .size = size});
}

int nest_reduced(NestBuilder *nest, const char *name, Dim size) {
    return add_index(nest, (Index){.kind = INDEX_REDUCED, .name = name, .size = size});
}

int nest_solved(NestBuilder *nest, const char *name, Dim size, Affine solution, int64_t divisor) {
    return add_index(nest, (Index){INDEX_SOLVED, name, size, solution, divisor});
}

static bool same_axes(const Affine *a, const Affine *b, int rank) {
    for (int axis = 0; axis < rank; axis++) {
        if (!affine_equal(a[axis], b[axis])) return false;
    }
    return true;
}

static int find_arg(NestBuilder *nest, Node *node) {
    for (int i = 0; i < nest->args.count; i++) {
        if (nest->args.at[i] == node) return i;
    }
    vec_push(nest->graph->arena, &nest->args, node);
    return nest->args.count - 1;
}

int nest_read(NestBuilder *nest, Node *node, const Affine *axes) {
    int arg = find_arg(nest, node), rank = node->type.shape.rank;
    for (int i = 0; i < nest->reads.count; i++) {
        const Read *read = &nest->reads.at[i];
        if (read->arg == arg && same_axes(read->axes, axes, rank)) return body_read(&nest->body, node->type.elem, i);
    }
    Arena *arena = nest->graph->arena;
    Read read = {arg, rank > 0 ? arena_copy(arena, axes, (size_t)rank * sizeof *axes) : NULL};
    vec_push(arena, &nest->reads, read);
    return body_read(&nest->body, node->type.elem, nest->reads.count - 1);
}

int nest_read_at(NestBuilder *nest, Node *node, const int *indices) {
    int rank = node->type.shape.rank;
    Affine axes[RANK_LIMIT];
    for (int axis = 0; axis < rank; axis++) {
        axes[axis] = affine_index(nest->graph->arena, indices[axis]);
    }
    return nest_read(nest, node, axes);
}

int nest_call1(NestBuilder *nest, Scalar fn, int a) {
    return body_call(&nest->body, fn, a, -1, -1);
}

int nest_call2(NestBuilder *nest, Scalar fn, int a, int b) {
    return body_call(&nest->body, fn, a, b, -1);
}

int nest_call3(NestBuilder *nest, Scalar fn, int a, int b, int c) {
    return body_call(&nest->body, fn, a, b, c);
}

int nest_real(NestBuilder *nest, double number) {
    return body_literal(&nest->body, ELEM_REAL, number);
}

/* Marks what `result` is made of. */
static bool *needed_exprs(Arena *arena, const Body *body, int result) {
    bool *needed = ARENA_ARRAY(arena, bool, result + 1);
    needed[result] = true;
    for (int i = result; i >= 0; i--) {
        const Expr *expr = &body->exprs.at[i];
        for (int a = 0; needed[i] && a < expr_arity(expr); a++) {
            needed[expr_operand(expr, a)] = true;
        }
    }
    return needed;
}

/* Reads and arguments numbered by their first use, so that nests that compute the same are equal. */
typedef struct Renumbering {
    NestBuilder *from;
    VEC(Read) reads;
    VEC(Node *) args;
    int *read_number, *arg_number; /* new number, or -1 */
} Renumbering;

static int *unnumbered(Arena *arena, int count) {
    int *numbers = ARENA_ARRAY(arena, int, count);
    for (int i = 0; i < count; i++) {
        numbers[i] = -1;
    }
    return numbers;
}

static int renumber_read(Renumbering *new, int number) {
    Arena *arena = new->from->graph->arena;
    if (new->read_number[number] >= 0) return new->read_number[number];
    Read read = new->from->reads.at[number];
    if (new->arg_number[read.arg] < 0) {
        new->arg_number[read.arg] = new->args.count;
        vec_push(arena, &new->args, new->from->args.at[read.arg]);
    }
    read.arg = new->arg_number[read.arg];
    new->read_number[number] = new->reads.count;
    vec_push(arena, &new->reads, read);
    return new->read_number[number];
}

static Body finished_body(Renumbering *new, int result) {
    NestBuilder *from = new->from;
    Arena *arena = from->graph->arena;
    const bool *needed = needed_exprs(arena, &from->body, result);
    int *number = unnumbered(arena, result + 1);
    Body body = {.arena = arena};
    for (int i = 0; i <= result; i++) {
        if (!needed[i]) continue;
        Expr expr = expr_renumbered(arena, &from->body.exprs.at[i], number);
        if (expr.kind == EXPR_READ) expr.u.read = renumber_read(new, expr.u.read);
        if (expr.kind == EXPR_LOOKUP) expr.u.lookup.read = renumber_read(new, expr.u.lookup.read);
        number[i] = body.exprs.count;
        vec_push(arena, &body.exprs, expr);
    }
    return body;
}

static Type nest_type(Arena *arena, const Nest *nest) {
    Dim dims[RANK_LIMIT];
    int rank = 0;
    for (int i = 0; i < nest->index_count; i++) {
        if (nest->indices[i].kind != INDEX_FREE) break;
        if (rank == RANK_LIMIT) limit_exceeded(arena->memory, "a tensor of more than 32 axes would be needed");
        dims[rank++] = nest->indices[i].size;
    }
    bool is_position = nest->reduce == REDUCE_ARGMAX || nest->reduce == REDUCE_ARGMIN;
    Elem elem = is_position ? ELEM_INT : body_elem(&nest->body, nest->body.exprs.count - 1);
    return (Type){elem, shape_of(arena, rank, dims)};
}

Node *nest_end(NestBuilder *builder, Reduce reduce, int result) {
    Arena *arena = builder->graph->arena;
    Renumbering new = {.from = builder,
                       .read_number = unnumbered(arena, builder->reads.count),
                       .arg_number = unnumbered(arena, builder->args.count)};
    Nest nest = {.index_count = builder->indices.count,
                 .indices = builder->indices.at,
                 .reduce = reduce,
                 .body = finished_body(&new, result),
                 .otherwise = builder->otherwise};
    nest.read_count = new.reads.count;
    nest.reads = new.reads.at;
    Node *node =
        graph_add(builder->graph, OP_nest, nest_type(arena, &nest), new.args.count, new.args.at, builder->origin);
    node->u.nest = nest;
    return node_checked(builder->graph, node);
}

/* ---- nests that are needed often ---- */

static const char *const axis_names[] = {"i", "j", "k", "l", "m", "n", "o", "p"};
enum { AXIS_NAMES = (int)(sizeof axis_names / sizeof *axis_names) };

static const char *axis_name(Arena *arena, int axis) {
    return axis < AXIS_NAMES ? axis_names[axis] : arena_print(arena, "i%d", axis);
}

/* The axes of a node as free indices, by the names that they have there. */
static void free_indices(NestBuilder *nest, Shape shape, const Node *like) {
    for (int axis = 0; axis < shape.rank; axis++) {
        const char *name = axis_name(nest->graph->arena, axis);
        if (like != NULL && like->op == OP_nest) name = like->u.nest.indices[axis].name;
        nest_free(nest, name, shape.dims[axis]);
    }
}

/* The element of a node of the nest's shape, or of rank 0. */
static int read_aligned(NestBuilder *nest, Node *node) {
    int indices[RANK_LIMIT];
    for (int axis = 0; axis < RANK_LIMIT; axis++) {
        indices[axis] = axis;
    }
    return nest_read_at(nest, node, indices);
}

Node *build_fill(Graph *graph, Elem elem, Shape shape, double value, const Origin *origin) {
    NestBuilder nest = nest_begin(graph, origin);
    free_indices(&nest, shape, NULL);
    return nest_end(&nest, REDUCE_NONE, body_literal(&nest.body, elem, value));
}

Node *build_map1(Graph *graph, Scalar fn, Node *a, const Origin *origin) {
    NestBuilder nest = nest_begin(graph, origin);
    free_indices(&nest, a->type.shape, a);
    return nest_end(&nest, REDUCE_NONE, nest_call1(&nest, fn, read_aligned(&nest, a)));
}

Node *build_map2(Graph *graph, Scalar fn, Node *a, Node *b, const Origin *origin) {
    NestBuilder nest = nest_begin(graph, origin);
    const Node *like = a->type.shape.rank > 0 ? a : b;
    free_indices(&nest, like->type.shape, like);
    int left = read_aligned(&nest, a), right = read_aligned(&nest, b);
    return nest_end(&nest, REDUCE_NONE, nest_call2(&nest, fn, left, right));
}
