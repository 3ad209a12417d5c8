/* Pass dead: drops what no root needs. */
#include "compiler/ops/build.h"
#include "compiler/ops/op.h"
#include "compiler/passes/pipeline.h"

Graph *pass_dead(Graph *graph, Diagnostics *diagnostics) {
    (void)diagnostics;
    Arena *arena = graph->arena;
    bool *needed = ARENA_ARRAY(arena, bool, graph->nodes.count);
    Node **map = ARENA_ARRAY(arena, Node *, graph->nodes.count);
    for (int i = graph->nodes.count - 1; i >= 0; i--) {
        const Node *node = graph->nodes.at[i];
        needed[i] = needed[i] || op_table[node->op].root;
        for (int a = 0; needed[i] && a < node->arg_count; a++) {
            needed[node->args[a]->id] = true;
        }
    }
    Graph *new = graph_new(arena);
    for (int i = 0; i < graph->nodes.count; i++) {
        const Node *node = graph->nodes.at[i];
        if (!needed[i]) continue;
        Node **args = ARENA_ARRAY(arena, Node *, node->arg_count);
        for (int a = 0; a < node->arg_count; a++) {
            args[a] = map[node->args[a]->id];
        }
        map[i] = copy_node(new, node, args);
    }
    return new;
}
