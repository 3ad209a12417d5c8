/* Calls: functions are inlined, modules make instances, optimizers wait for a parameter and its gradient. */
#include "frontend/elaborator.h"
#include <string.h>

bool eval_args(Elaborator *e, Scope *scope, const AstArgs *list, CallArgs *args) {
    bool ok = true;
    for (int a = 0; a < list->count; a++) {
        const AstArg *arg = &list->at[a];
        Value value = eval(e, scope, arg->value);
        ok &= !is_poison(value);
        Values values = {0};
        if (!arg->splice) {
            vec_push(e->arena, args, (CallArg){arg->name.name, value, arg->span});
        } else if (splice_into(e, &values, value, arg->span)) {
            for (int v = 0; v < values.count; v++)
                vec_push(e->arena, args, (CallArg){NULL, values.at[v], arg->span});
        }
    }
    return ok;
}

/* ---- parameters ---- */

static bool pattern_error(Elaborator *e, const AstParam *param, Shape shape, Span span, const char *why) {
    refuse(e, span, "the argument `%s` has shape %s, but %s", param->name.name, shape_text(e->arena, shape), why);
    return false;
}

static bool match_name(Elaborator *e, Scope *scope, const AstParam *param, const AstPat *pat, Shape shape, int axis,
                       Span span) {
    Binding *bound = scope_find(scope, pat->name.name);
    Dim dim;
    if (bound != NULL && is_tensor(bound->value)) {
        refuse(e, pat->span, "`%s` in a pattern is a size, but here it is %s", pat->name.name,
               value_text(e, bound->value));
        return false;
    }
    if (bound == NULL || !value_as_dim(bound->value, &dim)) {
        scope_bind(e, scope, pat->name.name, value_dim(shape.dims[axis]), pat->span);
        return true;
    }
    if (dim_equal(dim, shape.dims[axis])) return true;
    return pattern_error(
        e, param, shape, span,
        arena_print(e->arena, "axis %d must be %s = %s", axis, pat->name.name, dim_text(e->arena, dim)));
}

static bool match_pattern(Elaborator *e, Scope *scope, const AstParam *param, Shape shape, Span span) {
    int count = param->pattern.count, rest = -1;
    for (int p = 0; p < count; p++)
        if (param->pattern.at[p].kind == AST_PAT_REST) rest = p;
    if (rest < 0 ? shape.rank != count : shape.rank < count - 1)
        return pattern_error(e, param, shape, span,
                             arena_print(e->arena, "%d ax%s%s expected", rest < 0 ? count : count - 1,
                                         (rest < 0 ? count : count - 1) == 1 ? "is is" : "es are",
                                         rest < 0 ? "" : " at least"));
    int axis = 0;
    for (int p = 0; p < count; p++) {
        const AstPat *pat = &param->pattern.at[p];
        if (pat->kind == AST_PAT_REST) {
            Value dims = value_list(e, 0, NULL);
            for (int r = 0; r < shape.rank - (count - 1); r++)
                vec_push(e->arena, dims.u.list, value_dim(shape.dims[axis++]));
            if (pat->name.name != NULL) scope_bind(e, scope, pat->name.name, dims, pat->span);
            continue;
        }
        if (pat->kind == AST_PAT_INT && !dim_equal(shape.dims[axis], dim_constant(pat->integer)))
            return pattern_error(e, param, shape, span,
                                 arena_print(e->arena, "axis %d must be %lld", axis, (long long)pat->integer));
        if (pat->kind == AST_PAT_NAME && !match_name(e, scope, param, pat, shape, axis, span)) return false;
        axis++;
    }
    return true;
}

static bool type_fits(Elaborator *e, const AstParam *param, Elem elem, Span span) {
    static const Elem wanted[] = {ELEM_REAL, ELEM_REAL, ELEM_INT, ELEM_BOOL, ELEM_INT};
    if (param->type == AST_TYPE_NONE || wanted[param->type] == elem) return true;
    if (param->type == AST_TYPE_REAL) return true; /* promoted where it is used */
    refuse(e, span, "the argument `%s` must be %s, not %s", param->name.name, ast_type_text(param->type),
           elem_name(elem));
    return false;
}

/* A pattern makes the argument a tensor and looks at its shape. */
static bool fit_argument(Elaborator *e, Scope *scope, const AstParam *param, Value *value, Span span) {
    if (!param->has_pattern || is_poison(*value)) return !is_poison(*value);
    if (is_indexed(*value)) return match_pattern(e, scope, param, (Shape){0}, span);
    Node *node = node_of(e, *value, span);
    if (node == NULL) return false;
    *value = value_node(node);
    return type_fits(e, param, node->type.elem, span) && match_pattern(e, scope, param, node->type.shape, span);
}

static int find_param(const AstParams *params, Name name) {
    for (int p = 0; p < params->count; p++)
        if (params->at[p].name.name == name) return p;
    return -1;
}

static bool place_args(Elaborator *e, const AstParams *params, const CallArgs *args, const CallArg **given,
                       const char *what, Span span) {
    int next = 0;
    for (int a = 0; a < args->count; a++) {
        const CallArg *arg = &args->at[a];
        int p = arg->name != NULL ? find_param(params, arg->name) : next++;
        if (arg->name != NULL && p < 0) {
            VEC(const char *) names = {0};
            for (int k = 0; k < params->count; k++)
                vec_push(e->arena, &names, params->at[k].name.name);
            const char *near = nearest_name(arg->name, names.at, names.count);
            refuse(e, arg->span, "%s has no argument `%s`%s", what, arg->name,
                   near != NULL ? arena_print(e->arena, "; did you mean `%s`?", near) : "");
            return false;
        }
        if (p >= params->count) {
            refuse(e, span, "%s takes %d argument%s, and %d are given", what, params->count,
                   params->count == 1 ? "" : "s", args->count);
            return false;
        }
        if (given[p] != NULL) {
            refuse(e, arg->span, "the argument `%s` of %s is given twice", params->at[p].name.name, what);
            return false;
        }
        given[p] = arg;
    }
    return true;
}

Scope *bind_params(Elaborator *e, const AstParams *params, const CallArgs *args, Scope *parent, ScopeKind kind,
                   const char *what, Span span) {
    const CallArg **given = ARENA_ARRAY(e->arena, const CallArg *, params->count);
    if (!place_args(e, params, args, given, what, span)) return NULL;
    Scope *scope = scope_new(e, kind, parent);
    for (int p = 0; p < params->count; p++) {
        const AstParam *param = &params->at[p];
        if (given[p] == NULL && param->fallback == NULL) {
            Diagnostic *error = error_at(e, span, "%s needs the argument `%s`", what, param->name.name);
            if (error != NULL) diag_note(e->diagnostics, error, param->span, "it is declared here");
            return NULL;
        }
        Value value = given[p] != NULL ? given[p]->value : eval(e, scope, param->fallback);
        if (!fit_argument(e, scope, param, &value, given[p] != NULL ? given[p]->span : span)) return NULL;
        if (scope_find_here(scope, param->name.name) != NULL) {
            refuse(e, param->span, "the argument `%s` stands twice", param->name.name);
            return NULL;
        }
        scope_bind(e, scope, param->name.name, value, param->name.span);
    }
    return scope;
}

/* ---- functions ---- */

Value run_body(Elaborator *e, Scope *scope, const AstBody *body, Span span, const char *name) {
    if (!body->is_block) return eval_values(e, scope, &body->values);
    Flow flow = {false, poison};
    int errors = e->diagnostics->errors;
    run_block(e, scope, &body->block, &flow);
    if (!flow.returned && e->diagnostics->errors == errors) return refuse(e, span, "%s returned nothing", name);
    return flow.returned ? flow.value : poison;
}

/* Labels say what the model calls a value; inside a function its own names, at the call what it is bound to. */
static Value call_function(Elaborator *e, const Closure *closure, const CallArgs *args, Span span) {
    if (is_stopped(e) || !take_steps(e, CALL_STEPS, span)) return poison;
    if (e->depth >= CALL_DEPTH_LIMIT) {
        refuse(e, span, "%s is called %d calls deep: recursion without an end?", closure->name, CALL_DEPTH_LIMIT);
        e->stopped = true; /* each of the calls would have something to say now */
        return poison;
    }
    const char *what = arena_print(e->arena, "%s()", closure->name);
    const Origin *caller = e->origin;
    Origin *origin = ARENA_NEW(e->arena, Origin);
    *origin = (Origin){span, closure->name, caller};
    struct LoopRun *loop = e->loop; /* a function's statements are in no loop of its caller */
    e->origin = origin;
    e->loop = NULL;
    e->depth++;
    Scope *scope = bind_params(e, &closure->function->params, args, closure->scope, SCOPE_FUNCTION, what, span);
    bool backward = scope != NULL && closure->function->backward != NULL;
    Scope *called = backward ? scope_copy(e, scope) : NULL; /* the arguments, before the body changes them */
    Value value = scope == NULL ? poison : run_body(e, scope, &closure->function->body, span, what);
    if (backward) value = call_with_backward(e, closure, called, value, span);
    e->depth--;
    e->loop = loop;
    e->origin = caller;
    return value;
}

Value call_closure(Elaborator *e, const Closure *closure, const CallArgs *args, Span span) {
    Value value;
    Value callee = {VALUE_FUNCTION, {.closure = closure}};
    return call_replacement(e, callee, args, span, &value) ? value : call_function(e, closure, args, span);
}

Value call_value(Elaborator *e, Value callee, const CallArgs *args, Span span) {
    switch (callee.kind) {
    case VALUE_POISON: return poison;
    case VALUE_FUNCTION: return call_closure(e, callee.u.closure, args, span);
    case VALUE_BUILTIN: {
        Value value;
        return call_replacement(e, callee, args, span, &value) ? value : call_builtin(e, callee.u.builtin, args, span);
    }
    case VALUE_MODULE: return instantiate(e, callee.u.module, args, span);
    case VALUE_INSTANCE:
        if (callee.u.instance->path == NULL)
            return refuse(e, span, "%s is called before it is bound to a name, which its parameters are called after",
                          value_text(e, callee));
        if (callee.u.instance->call != NULL) return call_closure(e, callee.u.instance->call, args, span);
        break;
    default: break;
    }
    return refuse(e, span, "%s cannot be called", value_text(e, callee));
}

Value call_expr(Elaborator *e, Scope *scope, const AstExpr *expr) {
    Value callee = find_callable(e, scope, expr->u.call.callee);
    CallArgs args = {0};
    bool ok = eval_args(e, scope, &expr->u.call.args, &args);
    return ok && !is_poison(callee) ? call_value(e, callee, &args, expr->span) : poison;
}

/* ---- modules ---- */

const char *join_path(Elaborator *e, const char *path, const char *name) {
    return path == NULL || *path == 0 ? name : arena_print(e->arena, "%s.%s", path, name);
}

static bool is_optimizer(const ModuleDef *def) {
    return def->stmt->kind == AST_OPTIMIZER;
}

static void bind_unnamed_function(Elaborator *e, Instance *instance, const char *name) {
    const AstStmts *stmts = &instance->def->stmt->u.module.members.stmts;
    for (int s = 0; s < stmts->count; s++) {
        if (stmts->at[s]->kind != AST_FUNCTION || stmts->at[s]->u.function->name.name != NULL) continue;
        instance->call = ARENA_NEW(e->arena, Closure);
        *instance->call = (Closure){stmts->at[s]->u.function, instance->members, name, stmts->at[s]->span};
    }
}

static Value bind_optimizer(Elaborator *e, const ModuleDef *def, const CallArgs *args, Span span) {
    const AstStmt *stmt = def->stmt;
    const char *what = arena_print(e->arena, "%s()", stmt->u.module.name.name);
    Scope *arguments = bind_params(e, &stmt->u.module.params, args, def->scope, SCOPE_MODULE, what, span);
    if (arguments == NULL) return poison;
    BoundOptimizer *bound = ARENA_NEW(e->arena, BoundOptimizer);
    *bound = (BoundOptimizer){def, arguments, span};
    return (Value){VALUE_OPTIMIZER, {.optimizer = bound}};
}

/* The instance's stores get their paths when it is bound to a name: until then its members are kept unelaborated. */
Value instantiate(Elaborator *e, const ModuleDef *def, const CallArgs *args, Span span) {
    const AstStmt *stmt = def->stmt;
    const char *name = stmt->u.module.name.name;
    if (is_optimizer(def)) return bind_optimizer(e, def, args, span);
    if (e->graph != NULL)
        return refuse(
            e, span,
            "an instance of %s is made in the file or in a module, not in an entry: its parameters outlive a call",
            name);
    if (!take_steps(e, INSTANCE_STEPS, span)) return poison;
    if (e->depth >= CALL_DEPTH_LIMIT) {
        refuse(e, span, "%s is instantiated %d deep: recursion without an end?", name, CALL_DEPTH_LIMIT);
        e->stopped = true;
        return poison;
    }
    e->depth++; /* the fallback of an argument may be an instance as well */
    Scope *members = bind_params(e, &stmt->u.module.params, args, def->scope, SCOPE_MODULE,
                                 arena_print(e->arena, "%s()", name), span);
    e->depth--;
    if (members == NULL) return poison;
    Instance *instance = ARENA_NEW(e->arena, Instance);
    *instance = (Instance){.def = def, .members = members};
    members->instance = instance;
    bind_unnamed_function(e, instance, name);
    return (Value){VALUE_INSTANCE, {.instance = instance}};
}

/* Elaborates the members of an instance under its path. */
static void open_instance(Elaborator *e, Instance *instance, const char *path) {
    const char *outer = e->path;
    const Origin *caller = e->origin;
    instance->path = intern_text(e->names, path);
    e->path = instance->path;
    e->depth++;
    const AstStmts *stmts = &instance->def->stmt->u.module.members.stmts;
    Flow flow = {false, poison};
    for (int b = 0; b < instance->members->bindings.count; b++) { /* arguments are members */
        const Binding *argument = &instance->members->bindings.at[b];
        name_instances(e, argument->value, join_path(e, path, argument->name));
    }
    for (int s = 0; s < stmts->count; s++)
        if (stmts->at[s]->kind == AST_FUNCTION && stmts->at[s]->u.function->name.name != NULL)
            run_stmt(e, instance->members, stmts->at[s], &flow);
    for (int s = 0; s < stmts->count; s++)
        if (stmts->at[s]->kind != AST_FUNCTION) run_stmt(e, instance->members, stmts->at[s], &flow);
    e->depth--;
    e->origin = caller;
    e->path = outer;
}

void name_instances(Elaborator *e, Value value, const char *path) {
    if (value.kind != VALUE_INSTANCE && value.kind != VALUE_LIST) return;
    if (!take_steps(e, 1, (Span){0}) || !go_deeper(e, 1, e->here)) return;
    if (value.kind == VALUE_INSTANCE && value.u.instance->path == NULL) open_instance(e, value.u.instance, path);
    for (int i = 0; value.kind == VALUE_LIST && i < value.u.list->count && !e->stopped; i++)
        name_instances(e, value.u.list->at[i], arena_print(e->arena, "%s.%d", path, i));
    e->nesting--;
}

Value member(Elaborator *e, Value base, Name name, Span span) {
    if (is_poison(base)) return poison;
    if (base.kind != VALUE_INSTANCE)
        return refuse(e, span, "`.%s` is for instances of modules, not for %s", name, value_text(e, base));
    Binding *binding = scope_find_here(base.u.instance->members, name);
    if (binding != NULL) return binding->value;
    VEC(const char *) names = {0};
    for (int b = 0; b < base.u.instance->members->bindings.count; b++)
        vec_push(e->arena, &names, base.u.instance->members->bindings.at[b].name);
    const char *near = nearest_name(name, names.at, names.count);
    return refuse(e, span, "%s has no member `%s`%s", value_text(e, base), name,
                  near != NULL ? arena_print(e->arena, "; did you mean `%s`?", near) : "");
}
