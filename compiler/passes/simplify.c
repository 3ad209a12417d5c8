#include "compiler/passes/pipeline.h"
Graph *pass_simplify(Graph *graph, Diagnostics *diagnostics) {
    (void)diagnostics;
    return graph;
}
