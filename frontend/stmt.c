/* Statements and declarations. */
#include "frontend/form.h"
#include <string.h>

/* ---- assignment ---- */

/* `=` binds in the enclosing function, entry, module or file; on a visible parameter or state it is a mistake. */
static bool may_assign(Elaborator *e, Scope *scope, AstName name) {
    Binding *binding = scope_find_here(scope, name.name);
    bool hides = binding != NULL && scope->kind == SCOPE_FUNCTION; /* an argument or a name of its own */
    hides |= binding != NULL && scope->kind == SCOPE_ENTRY && binding->value.kind != VALUE_STORE;
    if (hides) return true;
    binding = scope_find(scope, name.name);
    if (binding == NULL || binding->value.kind != VALUE_STORE) return true;
    StoreKind kind = binding->value.u.store->kind;
    Diagnostic *error = kind == STORE_CONST
                            ? error_at(e, name.span, "`%s` is a constant: give the new value another name", name.name)
                            : error_at(e, name.span, "`%s` is a %s: write `%s <- ...` to give it a new value",
                                       name.name, kind == STORE_PARAM ? "parameter" : "state", name.name);
    if (error != NULL) diag_note(e->diagnostics, error, binding->span, "it is declared here");
    return false;
}

static void label_value(Value value, Name name) {
    if (value.kind == VALUE_TENSOR && value.u.node->label == NULL) value.u.node->label = name;
}

/* -D NAME=VALUE replaces a number of the main file where it is bound. */
static void apply_definition(Elaborator *e, Scope *scope, AstName name, Value *value) {
    if (scope != e->file || e->options->definitions == NULL) return;
    for (int d = 0; d < e->options->definitions->count; d++) {
        if (strcmp(e->options->definitions->at[d].name, name.name) != 0) continue;
        e->definition_used[d] = true;
        if (!is_number(*value)) {
            refuse(e, name.span, "-D %s: it replaces a size, a number or a boolean, and this is %s", name.name,
                   value_text(e, *value));
            return;
        }
        Value given = definition_value(e, d);
        if (!is_poison(given)) *value = given;
    }
}

void bind_name(Elaborator *e, Scope *scope, AstName name, Value value) {
    if (!may_assign(e, scope, name)) return;
    apply_definition(e, scope, name, &value);
    if (scope->kind == SCOPE_MODULE || scope->kind == SCOPE_FILE)
        name_instances(e, value, join_path(e, e->path, name.name));
    label_value(value, name.name);
    scope_bind(e, scope, name.name, value, name.span);
}

/* What a parameter or state holds now: a later `<-` does not change what was computed before it. */
static Value content_now(Elaborator *e, Value value, Span span) {
    return value.kind == VALUE_STORE && e->graph != NULL ? value_node(read_store(e, value.u.store, span)) : value;
}

/* Right sides are all computed before anything is bound or updated. */
static Value right_sides(Elaborator *e, Scope *scope, const AstExprs *values, Span span) {
    Value value = eval_values(e, scope, values);
    for (int v = 0; values->count > 1 && v < values->count; v++)
        value.u.list->at[v] = content_now(e, value.u.list->at[v], span);
    return content_now(e, value, span);
}

static void run_assign(Elaborator *e, Scope *scope, const AstStmt *stmt) {
    const AstNames *names = &stmt->u.assign.names;
    Value value = right_sides(e, scope, &stmt->u.assign.values, stmt->span);
    if (names->count == 1) {
        bind_name(e, scope, names->at[0], value);
        return;
    }
    bool fits = value.kind == VALUE_LIST && value.u.list->count == names->count;
    if (!fits && !is_poison(value)) refuse(e, stmt->span, "%d names for %s", names->count, value_text(e, value));
    for (int n = 0; n < names->count; n++)
        bind_name(e, scope, names->at[n], fits ? value.u.list->at[n] : poison);
}

static void run_indexed(Elaborator *e, Scope *scope, const AstStmt *stmt) {
    Value value = eval_indexed(e, scope, &stmt->u.indexed.indices, &stmt->u.indexed.values, stmt->span);
    bind_name(e, scope, stmt->u.indexed.name, value);
}

static void run_sample(Elaborator *e, Scope *scope, const AstStmt *stmt) {
    Shape shape;
    Value value = poison;
    if (eval_dims(e, scope, &stmt->u.sample.shape.dims, &shape))
        value = sample(e, scope, shape, stmt->u.sample.call, stmt->u.sample.name.name);
    bind_name(e, scope, stmt->u.sample.name, value);
}

/* ---- updates ---- */

void assign_store(Elaborator *e, Store *store, Value value, Span span) {
    if (is_poison(value)) return;
    if (store->kind == STORE_CONST) {
        refuse(e, span, "%s is a constant: `<-` gives parameters and states a new value", store->path);
        return;
    }
    if (store->type.elem == ELEM_REAL) value = cast(e, ELEM_REAL, value, span);
    Node *given = node_of(e, value, span);
    if (given == NULL) return;
    if (!shape_stretches(e, given->type.shape, store->type.shape)) {
        Diagnostic *error = error_at(e, span, "%s holds %s, and the new value is %s", store->path,
                                     type_text(e->arena, store->type), type_text(e->arena, given->type));
        note_origin(e, error, given);
        return;
    }
    Value fitted = broadcast_to(e, value_node(given), store->type.shape, span);
    if (is_poison(fitted)) return;
    Node *node = fitted.u.node;
    if (node->type.elem != store->type.elem) {
        refuse(e, span, "%s holds %s, and the new value is %s", store->path, type_text(e->arena, store->type),
               type_text(e->arena, node->type));
        return;
    }
    read_store(e, store, span); /* makes room */
    e->current[store->position] = node;
    vec_push(e->arena, &e->events, (Event){EVENT_UPDATE, NULL, store, origin_at(e, span)});
}

static Value assign_leaf(Elaborator *e, const Value *leaves, int count, void *context) {
    const Span *span = context;
    (void)count;
    bool same =
        leaves[1].kind == VALUE_STORE && leaves[0].kind == VALUE_STORE && leaves[1].u.store == leaves[0].u.store;
    if (leaves[0].kind != VALUE_STORE)
        return refuse(e, *span, "`<-` gives a parameter or state a new value; this is %s", value_text(e, leaves[0]));
    if (!same) assign_store(e, leaves[0].u.store, leaves[1], *span);
    return leaves[0];
}

static void update_one(Elaborator *e, Scope *scope, const AstExpr *target, Value value) {
    Value to = eval(e, scope, target);
    if (is_poison(to) || is_poison(value)) return;
    if (to.kind == VALUE_STORE) {
        assign_store(e, to.u.store, value, target->span);
        return;
    }
    bool has_form = to.kind == VALUE_INSTANCE || (to.kind == VALUE_LIST && target->kind != AST_LIST);
    Span span = target->span;
    Value forms[] = {to, value};
    if (!has_form)
        refuse(e, span, "`<-` gives a parameter or state a new value; this is %s", value_text(e, to));
    else
        map_form(e, forms, 2, assign_leaf, &span, span);
}

static void run_update(Elaborator *e, Scope *scope, const AstStmt *stmt) {
    const AstExprs *targets = &stmt->u.update.targets;
    if (e->graph == NULL) {
        refuse(e, stmt->span, "`<-` stands in entries: outside, a state gets its first value where it is declared");
        return;
    }
    Value value = right_sides(e, scope, &stmt->u.update.values, stmt->span);
    if (targets->count == 1) {
        update_one(e, scope, targets->at[0], value);
        return;
    }
    bool fits = value.kind == VALUE_LIST && value.u.list->count == targets->count;
    if (!fits && !is_poison(value)) refuse(e, stmt->span, "%d targets for %s", targets->count, value_text(e, value));
    for (int t = 0; fits && t < targets->count; t++)
        update_one(e, scope, targets->at[t], value.u.list->at[t]);
}

/* ---- control while compiling ---- */

typedef struct LoopBody {
    const AstBlock *block;
    Flow *flow;
} LoopBody;

static void run_round(Elaborator *e, Scope *scope, void *context) {
    LoopBody *body = context;
    if (!body->flow->returned && !is_stopped(e)) run_block(e, scope, body->block, body->flow);
}

static void run_if(Elaborator *e, Scope *scope, const AstStmt *stmt, Flow *flow) {
    Value condition = eval(e, scope, stmt->u.branch.condition);
    if (is_poison(condition)) return;
    if (condition.kind != VALUE_BOOL) {
        bool run_time = is_tensor(condition) || is_indexed(condition);
        refuse(e, stmt->u.branch.condition->span, "the condition of `if` is known while compiling; this is %s%s",
               value_text(e, condition), run_time ? ": use where(c, a, b)" : "");
        return;
    }
    if (condition.u.boolean)
        run_block(e, scope, &stmt->u.branch.then, flow);
    else if (stmt->u.branch.has_else)
        run_block(e, scope, &stmt->u.branch.otherwise, flow);
}

static const char *message_text(Elaborator *e, Scope *scope, const AstPieces *pieces) {
    const char *text = "";
    for (int p = 0; p < pieces->count; p++) {
        const AstPiece *piece = &pieces->at[p];
        Value value = piece->text != NULL ? poison : eval(e, scope, piece->value);
        const char *part = piece->text != NULL          ? piece->text
                           : value.kind == VALUE_STRING ? value.u.string
                                                        : value_text(e, value);
        text = arena_print(e->arena, "%s%s", text, part);
    }
    return text;
}

/* What fails ends the function: nothing behind it can be relied upon. */
static void run_assert(Elaborator *e, Scope *scope, const AstStmt *stmt, Flow *flow) {
    Value condition = eval(e, scope, stmt->u.assertion.condition);
    if (condition.kind == VALUE_BOOL && condition.u.boolean) return;
    *flow = (Flow){true, poison};
    if (is_poison(condition)) return;
    if (condition.kind != VALUE_BOOL)
        refuse(e, stmt->span, "assert needs a condition that is known while compiling, not %s",
               value_text(e, condition));
    else {
        const char *message = message_text(e, scope, &stmt->u.assertion.message);
        if (!is_stopped(e)) refuse(e, stmt->span, "%s", message);
    }
}

/* ---- declarations ---- */

static const Elem elem_of_type[] = {ELEM_REAL, ELEM_REAL, ELEM_INT, ELEM_BOOL, ELEM_INT};

Aside begin_aside(Elaborator *e, const char *path) {
    Aside before = {e->graph, e->entry, e->site, e->draws, e->current_count, e->current, e->loop, e->first_contents};
    e->graph = graph_new(e->arena);
    e->graph->around = before.graph; /* so that what is used of it is noticed */
    e->entry = NULL;
    e->site = hash_bytes(path, strlen(path));
    e->draws = 0;
    e->current = NULL;
    e->current_count = 0;
    e->loop = NULL;
    e->first_contents = (FirstContents){0};
    return before;
}

Graph *end_aside(Elaborator *e, const Aside *before, const char *what, Span span) {
    Graph *graph = e->graph;
    graph->around = NULL;
    e->graph = before->graph;
    e->entry = before->entry;
    e->site = before->site;
    e->draws = before->draws;
    e->current = before->current;
    e->current_count = before->current_count;
    e->loop = before->loop;
    e->first_contents = before->first_contents;
    if (graph->captures.count == 0) return graph;
    Diagnostic *error = error_at(e, span, "%s cannot depend on what is known only in a call", what);
    note_origin(e, error, graph->captures.at[0].outside);
    return NULL;
}

/* The graph of a store's first content: elaborated where it is declared. */
static Graph *initial_graph(Elaborator *e, Scope *scope, const AstStmt *stmt, const Store *store) {
    const AstExpr *init = stmt->u.decl.init;
    const Aside before = begin_aside(e, store->path);
    Value value = stmt->u.decl.sampled ? sample(e, scope, store->type.shape, init, NULL) : eval(e, scope, init);
    if (store->type.elem == ELEM_REAL) value = cast(e, ELEM_REAL, value, init->span);
    value = broadcast_to(e, value, store->type.shape, init->span);
    if (!is_poison(value)) build_result(e->graph, NULL, value.u.node, origin_at(e, init->span));
    e->past_nodes += e->graph->nodes.count;
    Graph *graph = end_aside(e, &before, "a first value", init->span);
    return is_poison(value) ? NULL : graph;
}

static bool store_shape(Elaborator *e, Scope *scope, const AstStmt *stmt, Shape *shape) {
    *shape = stmt->kind == AST_SLOT && e->slot_for != NULL ? e->slot_for->type.shape : (Shape){0};
    bool written = stmt->u.decl.shape.written;
    if (written && !eval_dims(e, scope, &stmt->u.decl.shape.dims, shape)) return false;
    for (int a = 0; a < shape->rank; a++)
        if (!dim_is_constant(shape->dims[a])) {
            refuse(e, written ? stmt->u.decl.shape.span : stmt->span,
                   "a parameter or state has a constant shape; %s is given at each call",
                   dim_text(e->arena, shape->dims[a]));
            return false;
        }
    return true;
}

static const char *store_path(Elaborator *e, const AstStmt *stmt) {
    if (stmt->kind == AST_SLOT)
        return arena_print(e->arena, "%s.%s.%s", e->slot_prefix, stmt->u.decl.name.name, e->slot_for->path);
    return join_path(e, e->path, stmt->u.decl.name.name);
}

/* state avg = net: states of the form of an instance or list. False: it is one state. */
static bool declare_copy(Elaborator *e, Scope *scope, const AstStmt *stmt) {
    const AstExpr *init = stmt->u.decl.init;
    bool path = init->kind == AST_NAME || init->kind == AST_MEMBER || init->kind == AST_ELEMENT;
    if (stmt->u.decl.sampled || stmt->u.decl.shape.written || !path) return false;
    Value of = eval(e, scope, init);
    AstName name = stmt->u.decl.name;
    if (is_poison(of)) scope_bind(e, scope, name.name, poison, name.span);
    if (of.kind != VALUE_INSTANCE && of.kind != VALUE_LIST) return is_poison(of);
    scope_bind(e, scope, name.name, copy_as_states(e, of, join_path(e, e->path, name.name)), name.span);
    return true;
}

/* NULL: told what is wrong. The name is not known in the initial value, so that `param normal ~ normal(0, 1)` means the
 * distribution. */
static Store *new_store(Elaborator *e, Scope *scope, const AstStmt *stmt) {
    Shape shape;
    if (stmt->kind == AST_SLOT && e->slot_for == NULL) {
        refuse(e, stmt->span, "`slot` stands in an optimizer: it has the shape of the parameter that is trained");
        return NULL;
    }
    if (!store_shape(e, scope, stmt, &shape)) return NULL;
    Store *store = ARENA_NEW(e->arena, Store);
    store->kind = stmt->kind == AST_PARAM ? STORE_PARAM : stmt->kind == AST_STATE ? STORE_STATE : STORE_SLOT;
    store->path = intern_text(e->names, store_path(e, stmt));
    store->type = (Type){elem_of_type[stmt->u.decl.type], shape};
    store->span = stmt->u.decl.name.span;
    store->entry = stmt->kind == AST_SLOT ? e->entry : NULL;
    store->position = e->program->stores.count;
    vec_push(e->arena, &e->program->stores, store);
    store->init = initial_graph(e, scope, stmt, store);
    return store->init != NULL ? store : NULL;
}

void declare_store(Elaborator *e, Scope *scope, const AstStmt *stmt) {
    AstName name = stmt->u.decl.name;
    if (stmt->kind == AST_STATE && declare_copy(e, scope, stmt)) return;
    Store *store = new_store(e, scope, stmt);
    if (store == NULL && e->diagnostics->errors == 0) internal_error("%s has no initial value", name.name);
    scope_bind(e, scope, name.name, store != NULL ? (Value){VALUE_STORE, {.store = store}} : poison, name.span);
}

static void declare(Elaborator *e, Scope *scope, const AstStmt *stmt) {
    AstName name = stmt->u.decl.name;
    Binding *other = scope_find_here(scope, name.name);
    if (other != NULL) {
        Diagnostic *error = error_at(e, name.span, "`%s` is declared twice", name.name);
        if (error != NULL) diag_note(e->diagnostics, error, other->span, "the first one is here");
        return;
    }
    if (scope->kind == SCOPE_FUNCTION || scope->kind == SCOPE_ENTRY) {
        refuse(e, stmt->span, "parameters and state are declared in the file or in a module: they outlive a call");
        return;
    }
    declare_store(e, scope, stmt);
}

Scope *scope_copy(Elaborator *e, const Scope *scope) {
    Scope *copy = scope_new(e, scope->kind, scope->parent);
    for (int b = 0; b < scope->bindings.count; b++)
        vec_push(e->arena, &copy->bindings, scope->bindings.at[b]);
    return copy;
}

Scope *captured_scope(Elaborator *e, Scope *scope) {
    if (scope->kind != SCOPE_FUNCTION && scope->kind != SCOPE_ENTRY) return scope;
    if (scope->bindings.count > 0) take_steps(e, scope->bindings.count / 8, scope->bindings.at[0].span);
    Scope *copy = scope_copy(e, scope);
    copy->parent = captured_scope(e, scope->parent);
    return copy;
}

static void bind_function(Elaborator *e, Scope *scope, const AstStmt *stmt) {
    const AstFunction *function = stmt->u.function;
    if (function->name.name == NULL) return; /* a module's own */
    Closure *closure = ARENA_NEW(e->arena, Closure);
    Scope *captured = captured_scope(e, scope);
    *closure = (Closure){function, captured, function->name.name, function->name.span};
    Value value = {VALUE_FUNCTION, {.closure = closure}};
    scope_bind(e, scope, function->name.name, value, function->name.span);
    scope_bind(e, captured, function->name.name, value, function->name.span); /* it may call itself */
}

/* ---- one statement ---- */

void run_stmt(Elaborator *e, Scope *scope, const AstStmt *stmt, Flow *flow) {
    LoopBody body;
    e->here = stmt->span;
    switch (stmt->kind) {
    case AST_ASSIGN: run_assign(e, scope, stmt); break;
    case AST_INDEXED: run_indexed(e, scope, stmt); break;
    case AST_SAMPLE: run_sample(e, scope, stmt); break;
    case AST_UPDATE: run_update(e, scope, stmt); break;
    case AST_FOR:
        body = (LoopBody){&stmt->u.loop.block, flow};
        for_each(e, scope, &stmt->u.loop.names, &stmt->u.loop.sources, run_round, &body);
        break;
    case AST_IF: run_if(e, scope, stmt, flow); break;
    case AST_TRAIN: run_train(e, scope, stmt); break;
    case AST_ASSERT: run_assert(e, scope, stmt, flow); break;
    case AST_RETURN:
        flow->returned = true;
        flow->value = eval_values(e, scope, &stmt->u.values);
        break;
    case AST_PARAM:
    case AST_STATE:
    case AST_SLOT: declare(e, scope, stmt); break;
    case AST_FUNCTION: bind_function(e, scope, stmt); break;
    case AST_REPEAT: run_repeat(e, scope, stmt); break;
    case AST_SCAN: run_scan(e, scope, stmt); break;
    case AST_EMIT: run_emit(e, scope, stmt); break;
    case AST_CONST: declare_constant(e, scope, stmt); break;
    case AST_IMPORT: import_file(e, scope, stmt); break;
    case AST_SIZE:
    case AST_MODULE:
    case AST_OPTIMIZER:
    case AST_ENTRY: break; /* elaborate.c: before and after all others */
    }
}

void run_block(Elaborator *e, Scope *scope, const AstBlock *block, Flow *flow) {
    enum { LEVELS = 2 };
    for (int s = 0; s < block->stmts.count && !flow->returned && !is_stopped(e); s++) {
        if (!go_deeper(e, LEVELS, block->stmts.at[s]->span)) return;
        run_stmt(e, scope, block->stmts.at[s], flow);
        e->nesting -= LEVELS;
    }
}
