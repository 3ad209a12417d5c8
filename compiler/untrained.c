#include "compiler/untrained.h"

enum { NAMES_TOLD = 8 };

typedef VEC(const Store *) StoreList;

static bool is_updated(const Program *program, const Store *store) {
    for (int n = 0; n < program->entries.count; n++) {
        const Graph *graph = program->entries.at[n]->graph;
        for (int g = 0; g < graph->nodes.count; g++) {
            const Node *node = graph->nodes.at[g];
            if (node->op == OP_update && node->u.store == store) return true;
        }
    }
    return false;
}

/* The list of names, or their beginning. */
static const char *names_of(Arena *arena, const StoreList *stores) {
    const char *names = stores->at[0]->path;
    for (int s = 1; s < stores->count && s < NAMES_TOLD; s++)
        names = arena_print(arena, "%s, %s", names, stores->at[s]->path);
    if (stores->count <= NAMES_TOLD) return names;
    return arena_print(arena, "%s and %d more", names, stores->count - NAMES_TOLD);
}

void note_untrained(const Program *program, Diagnostics *diagnostics) {
    StoreList kept = {0};
    int updated = 0;
    for (int s = 0; s < program->stores.count + program->left_out.count; s++) {
        const Store *store =
            s < program->stores.count ? program->stores.at[s] : program->left_out.at[s - program->stores.count];
        if (store->kind != STORE_PARAM) continue;
        if (is_updated(program, store))
            updated++;
        else
            vec_push(diagnostics->arena, &kept, store);
    }
    if (updated == 0 || kept.count == 0) return;
    diag_remark(diagnostics, kept.at[0]->span, "no entry updates %s", names_of(diagnostics->arena, &kept));
}
