/* const: what is computed while compiling. Numbers, lists and strings are values like others; a tensor is evaluated
 * when the C is written, and stands there as an array. */
#include "frontend/elaborator.h"
#include <string.h>

static Value constant_value(Elaborator *e, Scope *scope, const AstStmt *stmt) {
    const AstExpr *value = stmt->u.constant.value;
    Shape shape;
    if (stmt->u.constant.sampled) {
        if (!eval_dims(e, scope, &stmt->u.constant.shape.dims, &shape)) return poison;
        return sample(e, scope, shape, value, NULL);
    }
    if (!stmt->u.constant.indexed) return eval(e, scope, value);
    AstExprs values = {0};
    vec_push(e->arena, &values, stmt->u.constant.value);
    return eval_indexed(e, scope, &stmt->u.constant.indices, &values, stmt->span);
}

/* Nothing in it may be known only at run time. */
static bool is_constant(Elaborator *e, const Graph *graph, Type type, Span span) {
    for (int a = 0; a < type.shape.rank; a++)
        if (!dim_is_constant(type.shape.dims[a])) {
            refuse(e, span, "a constant has a constant shape; %s is given at each call",
                   dim_text(e->arena, type.shape.dims[a]));
            return false;
        }
    for (int n = 0; n < graph->nodes.count; n++) {
        const Node *node = graph->nodes.at[n];
        if (node == NULL || node->op != OP_store || node->u.store->kind == STORE_CONST) continue;
        Diagnostic *error = error_at(e, span, "a constant cannot depend on %s, which changes", node->u.store->path);
        if (error != NULL) diag_note(e->diagnostics, error, node->u.store->span, "it is declared here");
        return false;
    }
    return true;
}

/* While the model is elaborated it has a number among the stores, as they all have. */
static Value constant_store(Elaborator *e, const char *path, Node *value, Graph *graph, Span span) {
    Store *store = ARENA_NEW(e->arena, Store);
    *store = (Store){.kind = STORE_CONST, .type = value->type, .span = span, .init = graph};
    store->path = intern_text(e->names, path);
    store->position = e->program->stores.count;
    vec_push(e->arena, &e->program->stores, store);
    return (Value){VALUE_STORE, {.store = store}};
}

static bool is_tensor_value(Value value) {
    return is_tensor(value) || value.kind == VALUE_POISON;
}

void declare_constant(Elaborator *e, Scope *scope, const AstStmt *stmt) {
    AstName name = stmt->u.constant.name;
    const Binding *other = scope_find_here(scope, name.name);
    if (other != NULL) {
        Diagnostic *error = error_at(e, name.span, "`%s` is declared twice", name.name);
        if (error != NULL) diag_note(e->diagnostics, error, other->span, "the first one is here");
        return;
    }
    const char *path = join_path(e, e->path, name.name);
    const Aside before = begin_aside(e, path);
    Value value = constant_value(e, scope, stmt);
    bool tensor = is_tensor_value(value) && !is_poison(value);
    Node *node = tensor ? node_of(e, value, stmt->span) : NULL;
    if (node != NULL) build_result(e->graph, NULL, node, origin_at(e, stmt->span));
    Graph *graph = end_aside(e, &before, "a constant", stmt->span);
    if (tensor && (node == NULL || graph == NULL || !is_constant(e, graph, node->type, stmt->span)))
        value = poison;
    else if (tensor)
        value = constant_store(e, path, node, graph, name.span);
    bind_name(e, scope, name, value);
}
