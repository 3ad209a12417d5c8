/* Expressions: what is known while compiling is computed, the rest becomes nodes. */
#include "frontend/elaborator.h"
#include <string.h>

/* ---- names ---- */

static bool can_be_applied(Value value) {
    switch (value.kind) {
    case VALUE_FUNCTION:
    case VALUE_BUILTIN:
    case VALUE_MODULE:
    case VALUE_OPTIMIZER:
    case VALUE_POISON: return true;
    case VALUE_INSTANCE: return value.u.instance->call != NULL;
    default: return false;
    }
}

static const Builtin *find_builtin(Name name) {
    for (int b = 0; b < builtin_count; b++)
        if (strcmp(builtin_table[b].name, name) == 0) return &builtin_table[b];
    return NULL;
}

/* sum[i] x[i] + w[i]: the reducer stops before the `+`, and with it the index. */
static const IndexVar *ended_index(const Elaborator *e, Name name, Span span) {
    for (int v = e->vars.count - 1; v >= 0; v--) {
        const Span before = e->vars.at[v]->span;
        if (e->vars.at[v]->name == name && before.source == span.source && before.begin < span.begin &&
            span_line(before) == span_line(span))
            return e->vars.at[v];
    }
    return NULL;
}

static Value unknown_name(Elaborator *e, Scope *scope, Name name, Span span) {
    const IndexVar *ended = ended_index(e, name, span);
    if (ended != NULL) {
        Diagnostic *error = error_at(e, span, "`%s` is not defined", name);
        if (error != NULL)
            diag_note(e->diagnostics, error, ended->span,
                      "a reducer takes the rest of its product: what it sums behind + or - stands in parentheses");
        return poison;
    }
    const char *near = scope_nearest(e, scope, name);
    if (near != NULL) return refuse(e, span, "`%s` is not defined; did you mean `%s`?", name, near);
    return refuse(e, span, "`%s` is not defined", name);
}

/* `training` and `step` mean the entry that is being elaborated, wherever they stand. */
static bool entry_name_value(Elaborator *e, Name name, Span span, Value *value) {
    if (strcmp(name, "training") == 0) {
        *value = value_bool(is_training(e));
        return true;
    }
    if (strcmp(name, "step") != 0) return false;
    if (e->entry == NULL)
        *value = refuse(e, span, "`step` counts the calls of an entry: it has a value only there");
    else
        *value = (Value){VALUE_STORE, {.store = entry_step(e)}};
    return true;
}

/* `self` is the instance in whose module the text stands, unless something else is called so. */
static bool self_value(Scope *scope, Name name, Value *value) {
    if (strcmp(name, "self") != 0) return false;
    while (scope != NULL && scope->instance == NULL)
        scope = scope->parent;
    if (scope != NULL) *value = (Value){VALUE_INSTANCE, {.instance = scope->instance}};
    return scope != NULL;
}

static Value eval_name(Elaborator *e, Scope *scope, Name name, Span span) {
    Value value;
    Binding *binding = scope_find(scope, name);
    if (binding != NULL) return binding->value;
    if (entry_name_value(e, name, span, &value) || self_value(scope, name, &value)) return value;
    const Builtin *builtin = find_builtin(name);
    if (builtin != NULL) return (Value){VALUE_BUILTIN, {.builtin = builtin}};
    if (strcmp(name, "pi") == 0) return value_real(3.14159265358979323846);
    return unknown_name(e, scope, name, span);
}

/* A name that is applied is sought among things that can be applied, so that `mean = mean(x)` works. */
Value find_callable(Elaborator *e, Scope *scope, const AstExpr *callee) {
    if (callee->kind != AST_NAME) return eval(e, scope, callee);
    Name name = callee->u.name;
    const Binding *hidden = NULL;
    for (Scope *at = scope; at != NULL; at = at->parent) {
        Binding *binding = scope_find_here(at, name);
        if (binding != NULL && can_be_applied(binding->value)) return binding->value;
        if (binding != NULL && hidden == NULL) hidden = binding;
    }
    const Builtin *builtin = find_builtin(name);
    if (builtin != NULL) return (Value){VALUE_BUILTIN, {.builtin = builtin}};
    Value self;
    if (hidden == NULL && self_value(scope, name, &self)) return self;
    if (hidden == NULL) return unknown_name(e, scope, name, callee->span);
    Diagnostic *error =
        error_at(e, callee->span, "`%s` is %s, and cannot be called", name, value_text(e, hidden->value));
    if (error != NULL) diag_note(e->diagnostics, error, hidden->span, "it is bound here");
    return poison;
}

/* ---- lists ---- */

bool splice_into(Elaborator *e, Values *list, Value value, Span span) {
    if (is_poison(value)) return false;
    if (value.kind != VALUE_LIST) {
        refuse(e, span, "`..` splices a list, not %s", value_text(e, value));
        return false;
    }
    if (!take_steps(e, value.u.list->count, span)) return false;
    if (list->count > LIST_LIMIT - value.u.list->count) {
        refuse(e, span, "a list of more than %d elements", LIST_LIMIT);
        return false;
    }
    for (int i = 0; i < value.u.list->count; i++)
        vec_push(e->arena, list, value.u.list->at[i]);
    return true;
}

static bool list_has_room(Elaborator *e, const Values *list, Span span) {
    if (list->count < LIST_LIMIT) return true;
    refuse(e, span, "a list of more than %d elements", LIST_LIMIT);
    return false;
}

static Value eval_list(Elaborator *e, Scope *scope, const AstExpr *expr) {
    Value list = value_list(e, 0, NULL);
    bool ok = true;
    for (int i = 0; i < expr->u.list.count; i++) {
        const AstElement *element = &expr->u.list.at[i];
        Value value = eval(e, scope, element->value);
        if (is_poison(value)) ok = false;
        if (!list_has_room(e, list.u.list, element->span)) return poison;
        if (element->splice)
            ok &= splice_into(e, list.u.list, value, element->span);
        else
            vec_push(e->arena, list.u.list, value);
    }
    return ok ? list : poison;
}

bool iterate(Elaborator *e, Value value, Span span, Values *items) {
    if (is_poison(value)) return false;
    if (value.kind == VALUE_LIST) {
        *items = *value.u.list;
        return true;
    }
    refuse(e, span, "`for` runs over a list while compiling, not over %s%s", value_text(e, value),
           is_tensor(value) || value.kind == VALUE_SIZE ? "; at run time `scan` runs over the first axis of a tensor"
                                                        : "");
    return false;
}

/* One item for one name, or a list for several. */
void bind_names(Elaborator *e, Scope *scope, const AstNames *names, Value value, Span span) {
    if (names->count == 1) {
        scope_bind(e, scope, names->at[0].name, value, names->at[0].span);
        return;
    }
    bool fits = value.kind == VALUE_LIST && value.u.list->count == names->count;
    if (!fits && !is_poison(value)) {
        refuse(e, span, "%d names for %s", names->count, value_text(e, value));
        value = poison;
    }
    for (int n = 0; n < names->count; n++)
        scope_bind(e, scope, names->at[n].name, fits ? value.u.list->at[n] : poison, names->at[n].span);
}

void for_each(Elaborator *e, Scope *scope, const AstNames *names, const AstExprs *sources,
              void (*body)(Elaborator *e, Scope *scope, void *context), void *context) {
    Values *items = ARENA_ARRAY(e->arena, Values, sources->count);
    for (int s = 0; s < sources->count; s++) {
        if (!iterate(e, eval(e, scope, sources->at[s]), sources->at[s]->span, &items[s])) return;
        if (items[s].count != items[0].count) {
            refuse(e, sources->at[s]->span, "lists of %d and %d elements cannot be run over together", items[0].count,
                   items[s].count);
            return;
        }
    }
    for (int i = 0; i < items[0].count && take_steps(e, sources->count, sources->at[0]->span); i++) {
        if (sources->count == 1) {
            bind_names(e, scope, names, items[0].at[i], sources->at[0]->span);
        } else {
            Value tuple = value_list(e, 0, NULL);
            for (int s = 0; s < sources->count; s++)
                vec_push(e->arena, tuple.u.list, items[s].at[i]);
            bind_names(e, scope, names, tuple, sources->at[0]->span);
        }
        body(e, scope, context);
    }
}

typedef struct Comprehension {
    const AstExpr *expr;
    Value list;
    bool ok;
} Comprehension;

static void add_item(Elaborator *e, Scope *scope, void *context) {
    Comprehension *of = context;
    Value item = eval(e, scope, of->expr->u.comprehension.value);
    of->ok &= !is_poison(item);
    vec_push(e->arena, of->list.u.list, item);
}

static Value eval_comprehension(Elaborator *e, Scope *scope, const AstExpr *expr) {
    Comprehension of = {expr, value_list(e, 0, NULL), true};
    AstExprs sources = {0};
    vec_push(e->arena, &sources, expr->u.comprehension.source);
    int errors = e->diagnostics->errors;
    for_each(e, scope_new(e, SCOPE_FUNCTION, scope), &expr->u.comprehension.names, &sources, add_item, &of);
    return of.ok && e->diagnostics->errors == errors ? of.list : poison;
}

bool eval_dims(Elaborator *e, Scope *scope, const AstElements *dims, Shape *shape) {
    VEC(Dim) all = {0};
    for (int d = 0; d < dims->count; d++) {
        Values values = {0};
        Value value = eval(e, scope, dims->at[d].value);
        if (is_poison(value)) return false;
        if (dims->at[d].splice) {
            if (!splice_into(e, &values, value, dims->at[d].span)) return false;
        } else {
            vec_push(e->arena, &values, value);
        }
        for (int v = 0; v < values.count; v++) {
            Dim dim;
            if (!value_as_dim(values.at[v], &dim)) {
                refuse(e, dims->at[d].span, "a dimension is a size or an int, not %s%s", value_text(e, values.at[v]),
                       no_size_hint(values.at[v]));
                return false;
            }
            if (dim_low(dim) < 0) {
                refuse(e, dims->at[d].span, "the dimension %s is negative", dim_text(e->arena, dim));
                return false;
            }
            vec_push(e->arena, &all, dim);
        }
    }
    if (all.count > RANK_LIMIT) {
        refuse(e, dims->at[0].span, "a tensor has at most %d axes, not %d", RANK_LIMIT, all.count);
        return false;
    }
    *shape = shape_of(e->arena, all.count, all.at);
    int64_t elements;
    if (shape_elements(*shape, &elements)) return true;
    refuse(e, dims->at[0].span, "a tensor of shape %s has more than %lld elements", shape_text(e->arena, *shape),
           (long long)ELEMENT_LIMIT);
    return false;
}

/* ---- the rest ---- */

static Value eval_lambda(Elaborator *e, Scope *scope, const AstExpr *expr) {
    Closure *closure = ARENA_NEW(e->arena, Closure);
    *closure = (Closure){expr->u.function, captured_scope(e, scope), "fn", expr->span};
    return (Value){VALUE_FUNCTION, {.closure = closure}};
}

static Value eval_element(Elaborator *e, Scope *scope, const AstExpr *expr) {
    Value base = eval(e, scope, expr->u.element.base);
    int64_t at = expr->u.element.position;
    if (is_poison(base)) return poison;
    if (base.kind != VALUE_LIST)
        return refuse(e, expr->span, "`.%lld` is for lists, not for %s", (long long)at, value_text(e, base));
    if (at < base.u.list->count) return base.u.list->at[at];
    return refuse(e, expr->span, "position %lld is outside a list of %d", (long long)at, base.u.list->count);
}

static Value eval_unary(Elaborator *e, Scope *scope, const AstExpr *expr) {
    Value operand = eval(e, scope, expr->u.unary.operand);
    if (is_poison(operand)) return poison;
    if (expr->u.unary.op == AST_NEGATE) return negate(e, operand, expr->span);
    if (operand.kind == VALUE_BOOL) return value_bool(!operand.u.boolean);
    if (is_number(operand)) return refuse(e, expr->span, "`not` needs a condition, not %s", value_text(e, operand));
    return elementwise(e, SCALAR_not, 1, &operand, expr->span);
}

Value eval_values(Elaborator *e, Scope *scope, const AstExprs *values) {
    if (values->count == 1) return eval(e, scope, values->at[0]);
    Value list = value_list(e, 0, NULL);
    for (int v = 0; v < values->count; v++)
        vec_push(e->arena, list.u.list, eval(e, scope, values->at[v]));
    return list;
}

static Value eval_kind(Elaborator *e, Scope *scope, const AstExpr *expr) {
    switch (expr->kind) {
    case AST_INT: return value_int(expr->u.integer);
    case AST_REAL: return value_real(expr->u.real);
    case AST_STRING: return (Value){VALUE_STRING, {.string = expr->u.string}};
    case AST_BOOL: return value_bool(expr->u.boolean);
    case AST_NAME: return eval_name(e, scope, expr->u.name, expr->span);
    case AST_LIST: return eval_list(e, scope, expr);
    case AST_COMPREHENSION: return eval_comprehension(e, scope, expr);
    case AST_LAMBDA: return eval_lambda(e, scope, expr);
    case AST_MEMBER:
        return member(e, eval(e, scope, expr->u.member.base), expr->u.member.name.name, expr->u.member.name.span);
    case AST_ELEMENT: return eval_element(e, scope, expr);
    case AST_SUBSCRIPT: return subscript(e, scope, expr);
    case AST_CALL: return call_expr(e, scope, expr);
    case AST_TRANSPOSE: return swap_axes(e, eval(e, scope, expr->u.operand), expr->span);
    case AST_UNARY: return eval_unary(e, scope, expr);
    case AST_BINARY: {
        Value left = eval(e, scope, expr->u.binary.left), right = eval(e, scope, expr->u.binary.right);
        return binary(e, expr->u.binary.op, left, right, expr->u.binary.op_span);
    }
    case AST_REDUCE: return eval_reduce(e, scope, expr);
    case AST_USING: return eval_using(e, scope, expr);
    case AST_ERROR: return poison;
    }
    return poison;
}

/* How much of the stack an expression takes beside what it is made of: tests/errors/recursion.sh watches that. */
static int levels_of(AstExprKind kind) {
    return kind == AST_COMPREHENSION || kind == AST_SUBSCRIPT || kind == AST_REDUCE ? 2 : 1;
}

Value eval(Elaborator *e, Scope *scope, const AstExpr *expr) {
    int levels = levels_of(expr->kind);
    if (is_stopped(e) || !take_steps(e, 1, expr->span) || !go_deeper(e, levels, expr->span)) return poison;
    Value value = eval_kind(e, scope, expr);
    e->nesting -= levels;
    return value;
}
