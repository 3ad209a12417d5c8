/* Pass lower: every operation becomes nests, by its own rule; leaves and roots stay. */
#include "compiler/ops/op.h"
#include "compiler/passes/pipeline.h"

Graph *pass_lower(Graph *graph, Diagnostics *diagnostics) {
    (void)diagnostics;
    Graph *new = graph_new(graph->arena);
    Node **map = ARENA_ARRAY(graph->arena, Node *, graph->nodes.count);
    for (int i = 0; i < graph->nodes.count; i++) {
        const Node *node = graph->nodes.at[i];
        Node **args = ARENA_ARRAY(graph->arena, Node *, node->arg_count);
        for (int a = 0; a < node->arg_count; a++) {
            args[a] = map[node->args[a]->id];
        }
        map[i] = op_table[node->op].lower(new, node, args);
    }
    return new;
}
