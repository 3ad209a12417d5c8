/* Reads nodes: the statements of entries, first contents and regions. */
#include "compiler/ir/reader.h"
#include <string.h>

enum {
    NUMBER_LIMIT = 1000000, /* of %k */
    REGION_LIMIT = 100      /* regions in each other */
};

static const Origin *origin_at(Reader *reader, int begin) {
    Origin *origin = ARENA_NEW(reader->arena, Origin);
    origin->span = (Span){reader->source, begin, begin + 1};
    return origin;
}

/* As many nodes as follow. */
static void read_args(Reader *reader, Node *node) {
    VEC(Node *) args = {0};
    for (int i = 0; i < node->arg_count; i++)
        vec_push(reader->arena, &args, node->args[i]);
    while (reader->token == TOKEN_NODE && !reader->failed) {
        Node *arg = reader_node(reader);
        vec_push(reader->arena, &args, arg);
    }
    node->arg_count = args.count;
    node->args = args.at;
}

static int read_counted_args(Reader *reader, const char *word, Node *node) {
    int before = node->arg_count;
    if (reader_accept_word(reader, word)) read_args(reader, node);
    return node->arg_count - before;
}

/* `{ statements }` */
static Graph *read_body(Reader *reader) {
    Reader around = *reader;
    reader_expect(reader, '{');
    if (++reader->depth > REGION_LIMIT) reader_error(reader, reader_span(reader), "loops nest too deep");
    reader->numbered.at = NULL;
    reader->numbered.count = reader->numbered.capacity = 0;
    Graph *body = reader_graph(reader);
    reader_expect(reader, '}');
    reader->depth = around.depth;
    reader->graph = around.graph;
    reader->numbered.at = around.numbered.at;
    reader->numbered.count = around.numbered.count;
    reader->numbered.capacity = around.numbered.capacity;
    return body;
}

/* `5 reversed carries %1 %2 inputs %3 captures %4 { .. }` */
static void read_scan(Reader *reader, Node *node) {
    Region *region = ARENA_NEW(reader->arena, Region);
    region->length = reader_dim(reader);
    region->reversed = reader_accept_word(reader, "reversed");
    region->carries = read_counted_args(reader, "carries", node);
    region->inputs = read_counted_args(reader, "inputs", node);
    region->captures = read_counted_args(reader, "captures", node);
    region->body = read_body(reader);
    region->outputs = region->body->roots.count - region->carries;
    node->u.region = region;
}

/* `%value %arguments { .. }` */
static void read_custom(Reader *reader, Node *node) {
    Region *region = ARENA_NEW(reader->arena, Region);
    read_args(reader, node);
    region->captures = node->arg_count + 1;
    region->length = dim_constant(1);
    region->body = read_body(reader);
    region->outputs = region->body->roots.count;
    node->u.region = region;
}

static void read_along(Reader *reader, Node *node) {
    node->u.along.axis = (int)reader_whole(reader, "an axis");
    node->u.along.reversed = reader_accept_word(reader, "reversed");
    read_args(reader, node);
}

static void read_regroup(Reader *reader, Node *node) {
    node->u.regroup.axis = (int)reader_whole(reader, "an axis");
    node->u.regroup.from = (int)reader_whole(reader, "a number of axes");
    node->u.regroup.to = (int)reader_whole(reader, "a number of axes");
    read_args(reader, node);
}

static void read_formal(Reader *reader, Node *node) {
    for (int kind = 0; kind < 3; kind++) {
        if (!reader_accept_word(reader, formal_kind_names[kind])) continue;
        node->u.formal.kind = (FormalKind)kind;
        node->u.formal.number = (int)reader_whole(reader, "the number of a formal");
        return;
    }
    reader_error(reader, reader_span(reader), "expected carry, input or capture");
}

static void read_random(Reader *reader, Node *node) {
    node->u.random.kind = reader_accept_word(reader, "normal") ? DRAW_NORMAL : DRAW_UNIFORM;
    if (node->u.random.kind == DRAW_UNIFORM && !reader_accept_word(reader, "uniform"))
        reader_error(reader, reader_span(reader), "expected normal or uniform");
    node->u.random.site = (uint32_t)reader_whole(reader, "a site");
}

static void read_payload(Reader *reader, Node *node) {
    switch (node->op) {
    case OP_nest: node->u.nest = reader_nest(reader, &node->arg_count, &node->args); break;
    case OP_input:
        node->u.input = reader_argument(reader, ARGUMENT_INPUT);
        if (node->u.input) node->label = node->u.input->name;
        break;
    case OP_store:
        node->u.store = reader_store(reader);
        if (node->u.store) node->label = node->u.store->path;
        break;
    case OP_random: read_random(reader, node); break;
    case OP_formal: read_formal(reader, node); break;
    case OP_gather:
    case OP_scatter_add: node->u.addressing = reader_addressing(reader, &node->arg_count, &node->args); break;
    case OP_regroup: read_regroup(reader, node); break;
    case OP_concat:
    case OP_cumsum:
    case OP_argsort: read_along(reader, node); break;
    case OP_scan: read_scan(reader, node); break;
    case OP_custom: read_custom(reader, node); break;
    case OP_part: node->u.result = (int)reader_whole(reader, "the number of a result"); /* fall through */
    default: read_args(reader, node); break;
    }
}

/* The operation between `=` and `:`, as a node that is not yet in the graph. */
static Node read_operation(Reader *reader) {
    static const char *const names[] = {
#define OP(name, ...) #name,
#include "compiler/ir/ops.def"
#undef OP
    };
    Node node = {.op = OP_nest};
    for (int op = 0; op < OP_COUNT; op++) {
        if (op_is_root((Op)op) || !reader_accept_word(reader, names[op])) continue;
        node.op = (Op)op;
        read_payload(reader, &node);
        return node;
    }
    reader_error(reader, reader_span(reader), "there is no such operation");
    return node;
}

static void number_node(Reader *reader, Span span, int64_t number, Node *node) {
    if (number < 0 || number > NUMBER_LIMIT) {
        reader_error(reader, span, "the number of a node is from 0 to %d", (int)NUMBER_LIMIT);
        return;
    }
    while (reader->numbered.count <= number)
        vec_push(reader->arena, &reader->numbered, NULL);
    if (reader->numbered.at[number]) reader_error(reader, span, "%%%lld stands twice", (long long)number);
    reader->numbered.at[number] = node;
}

/* `%3 "z" = operation : type` */
static void read_node(Reader *reader) {
    Span span = reader_span(reader);
    int64_t number = reader->whole;
    Name label = NULL;
    reader_next(reader);
    if (reader->token == TOKEN_STRING) {
        const char *text = reader->source->text + reader->begin + 1;
        int length = reader->end - reader->begin - 2;
        label = intern(reader->names, text, length > 0 ? (size_t)length : 0);
        reader_next(reader);
    }
    reader_expect(reader, '=');
    Node read = read_operation(reader);
    reader_expect(reader, ':');
    Type type = reader_type(reader, NULL);
    if (reader->failed) return;
    const Origin *origin = origin_at(reader, span.begin);
    Node *node = graph_add(reader->graph, read.op, type, read.arg_count, read.args, origin);
    node->label = label ? label : read.label;
    node->u = read.u;
    number_node(reader, span, number, node);
}

static void read_root(Reader *reader) {
    Node root = {.op = OP_loss};
    int begin = reader->begin;
    if (reader_accept_word(reader, "result")) {
        root.op = OP_result;
        if (reader->entry) root.u.input = reader_argument(reader, ARGUMENT_OUTPUT);
    } else if (reader_accept_word(reader, "update")) {
        root.op = OP_update;
        root.u.store = reader_store(reader);
    } else if (reader_accept_word(reader, "yield")) {
        root.op = OP_yield;
        root.u.result = (int)reader_whole(reader, "the number of a result");
    } else
        reader_next(reader);
    Node *value = reader_node(reader);
    if (reader->failed) return;
    graph_add(reader->graph, root.op, value->type, 1, &value, origin_at(reader, begin))->u = root.u;
}

static bool at_root(const Reader *reader) {
    return reader_at_word(reader, "result") || reader_at_word(reader, "update") || reader_at_word(reader, "loss") ||
           reader_at_word(reader, "yield");
}

Graph *reader_graph(Reader *reader) {
    reader->graph = graph_new(reader->arena);
    reader->numbered.count = 0;
    while (!reader->failed && (reader->token == TOKEN_NODE || at_root(reader))) {
        if (reader->token == TOKEN_NODE)
            read_node(reader);
        else
            read_root(reader);
        if (reader->failed) reader_skip_line(reader);
    }
    return reader->graph;
}
