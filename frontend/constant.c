/* const: what is computed while compiling. Numbers, lists and strings are values like others; a tensor is evaluated
 * when the C is written, and stands there as an array, as does a list of numbers where a tensor is needed. */
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
static Store *constant_store(Elaborator *e, const char *path, Node *value, Graph *graph, Span span) {
    Store *store = ARENA_NEW(e->arena, Store);
    *store = (Store){.kind = STORE_CONST, .type = value->type, .span = span, .init = graph};
    store->path = intern_text(e->names, path);
    store->position = e->program->stores.count;
    vec_push(e->arena, &e->program->stores, store);
    return store;
}

static bool is_element(Value value) {
    if (value.kind == VALUE_INT) return value.u.integer >= INT32_MIN && value.u.integer <= INT32_MAX;
    return value.kind == VALUE_REAL || value.kind == VALUE_BOOL;
}

/* Numbers in lists that on each level are of one length, which the first ones give. */
static bool is_table(Value value, int level, int lengths[RANK_LIMIT + 1], bool first) {
    if (is_element(value)) return level > 0 && lengths[level] == 0;
    if (value.kind != VALUE_LIST || level == RANK_LIMIT) return false;
    const Values *list = value.u.list;
    if (first) lengths[level] = list->count;
    bool regular = list->count > 0 && list->count <= PARTS_LIMIT && list->count == lengths[level];
    for (int p = 0; regular && p < list->count; p++)
        regular = is_table(list->at[p], level + 1, lengths, first && p == 0);
    return regular;
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
    int lengths[RANK_LIMIT + 1] = {0};
    bool table = is_table(value, 0, lengths, true), tensor = is_tensor(value) || table;
    Node *node = tensor ? node_of(e, value, stmt->span) : NULL;
    if (node != NULL) build_result(e->graph, NULL, node, origin_at(e, stmt->span));
    Graph *graph = end_aside(e, &before, "a constant", stmt->span);
    if (tensor && (node == NULL || graph == NULL || !is_constant(e, graph, node->type, stmt->span)))
        value = poison;
    else if (tensor) {
        Store *store = constant_store(e, path, node, graph, name.span);
        if (table)
            vec_push(e->arena, &e->tables, ((Table){value.u.list, store}));
        else
            value = (Value){VALUE_STORE, {.store = store}};
    }
    bind_name(e, scope, name, value);
}
