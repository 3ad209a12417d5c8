/* Gradients and training: grad, minimize, optimizers applied to parameters. */
#include "frontend/form.h"
#include "frontend/reach.h"
#include <string.h>

static bool is_loss(Elaborator *e, const Node *node, Span span) {
    if (node->type.elem == ELEM_REAL && node->type.shape.rank == 0) return true;
    Diagnostic *error =
        error_at(e, span, "a gradient is taken of one real number; this is %s%s", type_text(e->arena, node->type),
                 node->type.shape.rank > 0 ? ": take its mean or sum" : "");
    note_origin(e, error, node);
    return false;
}

/* ---- grad(e, x) ---- */

typedef struct Gradient {
    Node *of;
    const Reach *reach;
    bool required; /* a path must lead from each; else, from any */
    bool any;
    Span span;
} Gradient;

/* Where a path from the value would go on, but for a stop. */
static void note_stop(Elaborator *e, Diagnostic *error, const Reach *reach, const Node *from) {
    for (int n = 0; error != NULL && n <= reach->of->id; n++) {
        const Node *node = e->graph->nodes.at[n];
        if (!reach->plain[n] || node->op != OP_stop) continue;
        const Reach behind = reach_of(e, node->args[0]);
        if (!reaches(&behind, from)) continue;
        diag_note(e->diagnostics, error, node->origin->span, "its path is cut here");
        return;
    }
}

static Value grad_by_leaf(Elaborator *e, const Value *leaves, int count, void *context) {
    Gradient *gradient = context;
    Node *node = node_of(e, leaves[0], gradient->span);
    (void)count;
    if (node == NULL) return poison;
    node = graph_use(e->graph, node);
    bool reached = node->type.elem == ELEM_REAL && reaches(gradient->reach, node);
    if (!no_sample_between(e, gradient->reach, node, gradient->span)) return poison;
    gradient->any |= reached;
    if (reached) return value_node(build_grad(e->graph, gradient->of, node, origin_at(e, gradient->span)));
    if (!gradient->required)
        return value_node(build_fill(e->graph, ELEM_REAL, node->type.shape, 0, origin_at(e, gradient->span)));
    Diagnostic *error = error_at(e, gradient->span, "no differentiable path leads from %s to what is differentiated",
                                 value_text(e, leaves[0]));
    note_stop(e, error, gradient->reach, node);
    note_origin(e, error, node);
    return poison;
}

Value grad_of(Elaborator *e, Value of, Value by, Span span) {
    Node *node = node_of(e, of, span);
    if (node == NULL || is_poison(by) || !is_loss(e, node, span)) return poison;
    const Reach reach = reach_of(e, node);
    Gradient gradient = {node, &reach, by.kind != VALUE_INSTANCE, false, span};
    Value value = map_form(e, &by, 1, grad_by_leaf, &gradient, span);
    if (is_poison(value) || gradient.any) return value;
    return refuse(e, span, "no differentiable path leads from %s to what is differentiated", value_text(e, by));
}

/* ---- stores below a value ---- */

static void add_store(Elaborator *e, Store *store, Stores *stores) {
    for (int s = 0; s < stores->count; s++)
        if (stores->at[s] == store) return;
    vec_push(e->arena, stores, store);
}

static void params_below(Elaborator *e, Value value, Stores *stores) {
    if (!take_steps(e, 1, (Span){0})) return;
    if (value.kind == VALUE_STORE && value.u.store->kind == STORE_PARAM) add_store(e, value.u.store, stores);
    for (int i = 0; value.kind == VALUE_LIST && i < value.u.list->count; i++)
        params_below(e, value.u.list->at[i], stores);
    if (value.kind != VALUE_INSTANCE) return;
    const Scope *members = value.u.instance->members;
    for (int b = 0; b < members->bindings.count; b++)
        params_below(e, members->bindings.at[b].value, stores);
}

bool collect_stores(Elaborator *e, Value value, Stores *stores, Span span) {
    if (is_poison(value)) return false;
    if (value.kind == VALUE_STORE) {
        add_store(e, value.u.store, stores);
    } else if (value.kind == VALUE_LIST) {
        for (int i = 0; i < value.u.list->count; i++)
            if (!collect_stores(e, value.u.list->at[i], stores, span)) return false;
    } else if (value.kind == VALUE_INSTANCE) {
        params_below(e, value, stores);
    } else {
        refuse(e, span, "parameters, instances and lists of them are meant here, not %s", value_text(e, value));
        return false;
    }
    return true;
}

/* ---- counters ---- */

static Store *new_counter(Elaborator *e, StoreKind kind, const char *path, Elem elem) {
    Store *store = ARENA_NEW(e->arena, Store);
    *store = (Store){.kind = kind, .path = intern_text(e->names, path), .type = {elem, {0}}, .entry = e->entry};
    store->span = e->entry->span;
    store->position = e->program->stores.count;
    vec_push(e->arena, &e->program->stores, store);
    return store;
}

/* The count of the entry, or of the one that it evaluates. */
Store *entry_step(Elaborator *e) {
    if (e->entry->evaluates != NULL) return e->entry->step = e->entry->evaluates->step;
    if (e->entry->step == NULL)
        e->entry->step = new_counter(e, STORE_STEP, arena_print(e->arena, "@%s.step", e->entry->name), ELEM_INT);
    return e->entry->step;
}

Store *learning_rate(Elaborator *e) {
    if (e->program->rate == NULL) {
        e->program->rate = new_counter(e, STORE_RATE, "@lr_scale", ELEM_REAL);
        e->program->rate->entry = NULL;
    }
    return e->program->rate;
}

/* ---- optimizers ---- */

/* The arguments once more, the one named `lr` multiplied by what the host may change. */
static Scope *optimizer_scope(Elaborator *e, const BoundOptimizer *optimizer) {
    Scope *scope = scope_new(e, SCOPE_MODULE, optimizer->def->scope);
    for (int b = 0; b < optimizer->arguments->bindings.count; b++) {
        Binding binding = optimizer->arguments->bindings.at[b];
        if (strcmp(binding.name, "lr") == 0) {
            Value scale = {VALUE_STORE, {.store = learning_rate(e)}};
            binding.value = binary(e, AST_MULTIPLY, binding.value, scale, optimizer->span);
        }
        scope_bind(e, scope, binding.name, binding.value, binding.span);
    }
    return scope;
}

static Value apply_optimizer(Elaborator *e, const BoundOptimizer *optimizer, Scope *arguments, Store *store,
                             const CallArgs *args) {
    const AstStmt *stmt = optimizer->def->stmt;
    const AstStmts *stmts = &stmt->u.module.members.stmts;
    if (e->entry->evaluates != NULL) return args->at[0].value; /* an evaluation does not train */
    if (e->graph->around != NULL)
        return refuse(e, optimizer->span,
                      "an optimizer is applied outside of loops: its slots are one set a parameter");
    Scope *scope = scope_new(e, SCOPE_MODULE, arguments);
    const Store *outer_for = e->slot_for;
    const char *outer_prefix = e->slot_prefix;
    const AstFunction *rule = NULL;
    Flow flow = {false, poison};
    e->slot_for = store;
    e->slot_prefix = arena_print(e->arena, "@%s", e->entry->name);
    for (int s = 0; s < stmts->count; s++) {
        if (stmts->at[s]->kind == AST_FUNCTION && stmts->at[s]->u.function->name.name == NULL)
            rule = stmts->at[s]->u.function;
        else
            run_stmt(e, scope, stmts->at[s], &flow);
    }
    e->slot_for = outer_for;
    e->slot_prefix = outer_prefix;
    if (rule == NULL)
        return refuse(e, optimizer->span, "the optimizer %s has no rule `fn (w, g) ...`", stmt->u.module.name.name);
    Closure closure = {rule, scope, stmt->u.module.name.name, stmt->span};
    return call_closure(e, &closure, args, optimizer->span);
}

/* ---- what is trained already ---- */

static bool trained_twice(Elaborator *e, const Store *store, Span span) {
    for (int m = 0; m < e->minimized.count; m++) {
        if (e->minimized.at[m].store != store) continue;
        Diagnostic *error = error_at(
            e, span, "%s is trained twice in this entry: say `over` which parameters each is for", store->path);
        diag_note(e->diagnostics, error, e->minimized.at[m].span, "it is trained here already");
        return true;
    }
    return false;
}

/* Nothing is left that reaches the loss: an earlier minimize may have taken it all. */
static bool said_trained_twice(Elaborator *e, const Reach *reach, Span span) {
    for (int n = 0; n < e->graph->nodes.count; n++) {
        const Node *node = e->graph->nodes.at[n];
        bool is_param = node->op == OP_store && node->u.store->kind == STORE_PARAM;
        if (is_param && reaches(reach, node) && trained_twice(e, node->u.store, span)) return true;
    }
    return false;
}

/* ---- map ---- */

static Value train_by_map(Elaborator *e, const BoundOptimizer *optimizer, Scope *arguments, const CallArgs *args,
                          Span span) {
    Value first = args->at[0].value;
    bool is_store = first.kind == VALUE_STORE;
    if (first.kind == VALUE_TENSOR && first.u.node->op == OP_store) is_store = true;
    if (!is_store || args->count != 2)
        return refuse(e, span, "an optimizer is mapped over parameters and their gradients: map(%s(..), net, grad(..))",
                      optimizer->def->stmt->u.module.name.name);
    Store *store = first.kind == VALUE_STORE ? first.u.store : first.u.node->u.store;
    if (trained_twice(e, store, span)) return poison;
    vec_push(e->arena, &e->minimized, (Trained){store, span});
    return apply_optimizer(e, optimizer, arguments, store, args);
}

typedef struct Mapping {
    Value function;
    Scope *arguments; /* of an optimizer */
    Span span;
} Mapping;

static Value map_leaf(Elaborator *e, const Value *leaves, int count, void *context) {
    const Mapping *mapping = context;
    CallArgs call = {0};
    for (int v = 0; v < count; v++)
        vec_push(e->arena, &call, ((CallArg){NULL, leaves[v], mapping->span}));
    if (mapping->arguments == NULL) return call_value(e, mapping->function, &call, mapping->span);
    return train_by_map(e, mapping->function.u.optimizer, mapping->arguments, &call, mapping->span);
}

/* map(f, a, b): over tensors, lists and instances of the same form, down to their tensors. */
Value map_value(Elaborator *e, const Value *args, int count, Span span) {
    if (count < 2) return refuse(e, span, "map(f, a, ...) needs a function and something to map over");
    if (!is_tensor(args[1]) && args[1].kind != VALUE_LIST && args[1].kind != VALUE_INSTANCE)
        return refuse(e, span, "map needs a list, an instance or a tensor, not %s", value_text(e, args[1]));
    Mapping mapping = {.function = args[0], .span = span};
    if (args[0].kind == VALUE_OPTIMIZER) mapping.arguments = optimizer_scope(e, args[0].u.optimizer);
    return map_form(e, args + 1, count - 1, map_leaf, &mapping, span);
}

/* ---- minimize ---- */

/* Without `over`: every parameter whose current value the loss was computed from. */
static bool default_targets(Elaborator *e, const Reach *reach, Stores *stores, Span span) {
    for (int s = 0; s < e->program->stores.count; s++) {
        Store *store = e->program->stores.at[s];
        Node *now = store->kind == STORE_PARAM ? store_now(e, store) : NULL;
        if (now == NULL) continue;
        if (reaches(reach, now)) vec_push(e->arena, stores, store);
        if (!no_sample_between(e, reach, now, span)) return false;
    }
    if (stores->count > 0) return true;
    if (said_trained_twice(e, reach, span)) return false;
    refuse(e, span, "no parameter reaches what is minimized by a gradient");
    return false;
}

static void note_last_update(Elaborator *e, Diagnostic *error, const Store *store) {
    for (int v = e->events.count - 1; v >= 0; v--) {
        const Event *event = &e->events.at[v];
        if (event->kind != EVENT_UPDATE || event->store != store) continue;
        diag_note(e->diagnostics, error, event->origin->span,
                  "it is updated here, and means its new value from here on");
        return;
    }
}

static bool named_targets(Elaborator *e, Scope *scope, const AstStmt *stmt, const Reach *reach, Stores *stores) {
    bool ok = true;
    for (int o = 0; o < stmt->u.train.over.count; o++) {
        const AstExpr *over = stmt->u.train.over.at[o];
        Stores named = {0};
        if (!collect_stores(e, eval(e, scope, over), &named, over->span)) return false;
        for (int s = 0; s < named.count; s++) {
            Node *now = read_store(e, named.at[s], over->span);
            if (trained_twice(e, named.at[s], over->span)) return false;
            if (reaches(reach, now) || reaches_by_sample(reach, now)) { /* by a sample: train_one says so */
                add_store(e, named.at[s], stores);
                continue;
            }
            Diagnostic *error =
                error_at(e, over->span, "%s is to be trained, but no differentiable path leads from it to the loss",
                         named.at[s]->path);
            note_stop(e, error, reach, now);
            if (error != NULL) diag_note(e->diagnostics, error, named.at[s]->span, "it is declared here");
            if (error != NULL) note_last_update(e, error, named.at[s]);
            ok = false;
        }
    }
    if (!ok || stores->count > 0) return ok;
    refuse(e, stmt->span, "there is no parameter in what `over` names");
    return false;
}

static void train_one(Elaborator *e, Value optimizer, Scope *arguments, Node *loss, const Reach *reach, Store *store,
                      Span span) {
    if (trained_twice(e, store, span)) return;
    vec_push(e->arena, &e->minimized, (Trained){store, span});
    Node *now = read_store(e, store, span);
    if (!no_sample_between(e, reach, now, span)) return;
    Value gradient = value_node(build_grad(e->graph, loss, now, origin_at(e, span)));
    CallArgs args = {0};
    vec_push(e->arena, &args, (CallArg){NULL, (Value){VALUE_STORE, {.store = store}}, span});
    vec_push(e->arena, &args, (CallArg){NULL, gradient, span});
    Value updated = optimizer.kind == VALUE_OPTIMIZER
                        ? apply_optimizer(e, optimizer.u.optimizer, arguments, store, &args)
                        : call_value(e, optimizer, &args, span);
    assign_store(e, store, updated, span);
}

static Value find_optimizer(Elaborator *e, Scope *scope, const AstExpr *expr) {
    Value optimizer = eval(e, scope, expr);
    bool fits = optimizer.kind == VALUE_OPTIMIZER || optimizer.kind == VALUE_FUNCTION || is_poison(optimizer);
    if (fits) return optimizer;
    const char *mend = optimizer.kind == VALUE_MODULE ? ": apply it, as in adam(lr = 1e-3)" : "";
    return refuse(e, expr->span, "`with` needs an optimizer, not %s%s", value_text(e, optimizer), mend);
}

void run_train(Elaborator *e, Scope *scope, const AstStmt *stmt) {
    Span span = stmt->span;
    if (e->entry != NULL && e->entry->evaluates != NULL) return;
    if (e->entry == NULL || scope->kind != SCOPE_ENTRY) {
        refuse(e, span, "minimize and maximize stand in an entry's own text, outside of functions and loops");
        return;
    }
    Value objective = eval(e, scope, stmt->u.train.objective);
    Node *loss = node_of(e, objective, stmt->u.train.objective->span);
    Value optimizer = find_optimizer(e, scope, stmt->u.train.optimizer);
    if (loss == NULL || is_poison(optimizer) || !is_loss(e, loss, stmt->u.train.objective->span)) return;
    vec_push(e->arena, &e->events, (Event){EVENT_LOSS, loss, NULL, origin_at(e, span)});
    Node *down = stmt->u.train.maximize ? node_of(e, negate(e, value_node(loss), span), span) : loss;
    Stores stores = {0};
    if (down == NULL) return;
    const Reach reach = reach_of(e, down);
    bool named = stmt->u.train.over.count > 0;
    if (!(named ? named_targets(e, scope, stmt, &reach, &stores) : default_targets(e, &reach, &stores, span))) return;
    Scope *arguments = optimizer.kind == VALUE_OPTIMIZER ? optimizer_scope(e, optimizer.u.optimizer) : NULL;
    for (int s = 0; s < stores.count; s++)
        train_one(e, optimizer, arguments, down, &reach, stores.at[s], span);
}
