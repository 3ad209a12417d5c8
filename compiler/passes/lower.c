/* Pass lower: every operation becomes nests, by its own rule; leaves, roots, loops and merged axes stay. */
#include "compiler/ops/op.h"
#include "compiler/ops/region.h"
#include "compiler/passes/pipeline.h"

Graph *pass_lower(Graph *graph, Diagnostics *diagnostics) {
    Graph *new = graph_new(graph->arena);
    Node **map = ARENA_ARRAY(graph->arena, Node *, graph->nodes.count);
    for (int i = 0; i < graph->nodes.count; i++) {
        const Node *node = graph->nodes.at[i];
        map[i] = op_table[node->op].lower(new, node, mapped_args(graph->arena, node, map));
        if (op_has_region(node->op))
            map[i]->u.region =
                region_copy(graph->arena, node->u.region, pass_lower(node->u.region->body, diagnostics));
    }
    return new;
}
