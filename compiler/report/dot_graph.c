#include "compiler/report/dot.h"

static const char *op_name(Op op) {
    static const char *const names[] = {
#define OP(name, ...) #name,
#include "compiler/ir/ops.def"
#undef OP
    };
    return names[op];
}

/* "x[n, o] = sum[p] image[n, p] * w[p, o]", what it is, and the line that it was written in. */
static const char *label_of(Arena *arena, const Node *node) {
    const char *type = type_text(arena, node->type), *name = node_name(arena, node);
    switch (node->op) {
    case OP_input:
    case OP_store: return arena_print(arena, "%s\n%s", name, type);
    case OP_result: return arena_print(arena, "result %s", node->u.input ? node->u.input->name : "");
    case OP_update: return arena_print(arena, "%s <-", node->u.store->path);
    case OP_loss: return "loss: must be finite";
    case OP_yield: return arena_print(arena, "yield %d", node->u.result);
    case OP_part: return arena_print(arena, "%s = part %d\n%s", name, node->u.result, type);
    case OP_formal: {
        static const char *const kinds[] = {"carry", "input", "capture"};
        return arena_print(arena, "%s: %s\n%s", name, kinds[node->u.formal.kind], type);
    }
    case OP_nest: {
        const char **indices = index_notation(arena, node->u.nest.index_count, node->u.nest.indices), *axes = "";
        for (int i = 0; i < node->type.shape.rank; i++)
            axes = arena_print(arena, "%s%s%s", axes, i == 0 ? "" : ", ", indices[i]);
        return arena_print(arena, *axes ? "%s[%s] = %s\n%s" : "%s%s = %s\n%s", name, axes, node_notation(arena, node),
                           type);
    }
    default: return arena_print(arena, "%s = %s\n%s", name, op_name(node->op), type);
    }
}

static const char *style_of(const Node *node) {
    switch (node->op) {
    case OP_input: return "shape=oval, fillcolor=\"#d8e8f8\"";
    case OP_store: return "shape=oval, fillcolor=\"#f8e8c8\"";
    case OP_result: return "shape=oval, fillcolor=\"#d8f0d8\"";
    case OP_formal: return "shape=oval, fillcolor=white";
    case OP_update: return "shape=oval, fillcolor=\"#f8d8b8\"";
    case OP_loss: return "shape=diamond, fillcolor=\"#f8d0d0\"";
    case OP_nest: return node->u.nest.reduce == REDUCE_NONE ? "fillcolor=white" : "fillcolor=\"#eeeeee\"";
    default: return "fillcolor=\"#e8d8f8\"";
    }
}

static void write_nodes(Writer *writer, const Graph *graph, const char *prefix);

/* The argument that a formal stands for. */
static int formal_argument(const Region *region, const Node *formal) {
    int before = formal->u.formal.kind == FORMAL_CARRY   ? 0
                 : formal->u.formal.kind == FORMAL_INPUT ? region->carries
                                                         : region->carries + region->inputs;
    return before + formal->u.formal.number;
}

/* What a node does in every step stands in a cluster: arguments come in through formals, yields go to the node. */
static void write_region(Writer *writer, const Node *node, const char *prefix) {
    const Region *region = node->u.region;
    const char *inside = arena_print(writer->arena, "%s_%d", prefix, node->id);
    write_text(
        writer, "        subgraph cluster_%s {\n        label=%s; color=\"#808080\";\n", inside,
        dot_label(writer->arena, arena_print(writer->arena, "%s %s", op_name(node->op),
                                             node->op == OP_scan ? dim_text(writer->arena, region->length) : "")));
    write_nodes(writer, region->body, inside);
    write_text(writer, "        }\n");
    for (int n = 0; n < region->body->nodes.count; n++) {
        const Node *inner = region->body->nodes.at[n];
        if (inner->op == OP_formal && formal_argument(region, inner) < node->arg_count)
            write_text(writer, "        %s_%d -> %s_%d;\n", prefix, node->args[formal_argument(region, inner)]->id,
                       inside, inner->id);
        if (inner->op == OP_yield) write_text(writer, "        %s_%d -> %s_%d;\n", inside, inner->id, prefix, node->id);
    }
}

/* The nodes of one graph; `prefix` keeps their names apart from those of others. */
static void write_nodes(Writer *writer, const Graph *graph, const char *prefix) {
    for (int n = 0; n < graph->nodes.count; n++) {
        const Node *node = graph->nodes.at[n];
        bool has_region = op_has_region(node->op);
        write_text(writer, "        %s_%d [%s, label=%s];\n", prefix, node->id, style_of(node),
                   dot_label(writer->arena, label_of(writer->arena, node)));
        for (int a = 0; a < node->arg_count && !has_region; a++)
            write_text(writer, "        %s_%d -> %s_%d;\n", prefix, node->args[a]->id, prefix, node->id);
        if (has_region) write_region(writer, node, prefix);
    }
}

void write_graph_dot(Writer *writer, const Program *program, const char *title) {
    Arena *arena = writer->arena;
    write_text(writer,
               "digraph %s {\n    graph [fontname=\"monospace\", fontsize=11];\n    node [shape=box, style=filled, "
               "fontname=\"monospace\", fontsize=10];\n",
               dot_label(arena, title));
    for (int e = 0; e < program->entries.count; e++) {
        const Entry *entry = program->entries.at[e];
        write_text(writer, "    subgraph cluster_%d {\n        label=%s;\n", e,
                   dot_label(arena, arena_print(arena, "entry %s, %s", entry->name, title)));
        write_nodes(writer, entry->graph, arena_print(arena, "e%d", e));
        write_text(writer, "    }\n");
    }
    write_text(writer, "}\n");
}
