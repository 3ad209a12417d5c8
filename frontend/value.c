/* Values and scopes. */
#include "frontend/elaborator.h"
#include <string.h>

const Value poison = {.kind = VALUE_POISON};

Value value_int(int64_t integer) {
    return (Value){VALUE_INT, {.integer = integer}};
}
Value value_real(double real) {
    return (Value){VALUE_REAL, {.real = real}};
}
Value value_bool(bool boolean) {
    return (Value){VALUE_BOOL, {.boolean = boolean}};
}
Value value_node(Node *node) {
    return node == NULL ? poison : (Value){VALUE_TENSOR, {.node = node}};
}

/* A bounded size stays one; a constant is an int. */
Value value_dim(Dim dim) {
    return dim_is_constant(dim) ? value_int(dim.constant) : (Value){VALUE_SIZE, {.size = dim}};
}

Value value_list(Elaborator *e, int count, const Value *items) {
    Value list = {.kind = VALUE_LIST};
    list.u.list = ARENA_NEW(e->arena, Values);
    for (int i = 0; i < count; i++)
        vec_push(e->arena, list.u.list, items[i]);
    return list;
}

bool is_poison(Value value) {
    return value.kind == VALUE_POISON;
}
bool is_number(Value value) {
    return value.kind == VALUE_INT || value.kind == VALUE_REAL || value.kind == VALUE_BOOL;
}
bool is_tensor(Value value) {
    return value.kind == VALUE_TENSOR || value.kind == VALUE_STORE;
}
bool is_indexed(Value value) {
    return value.kind == VALUE_SCALAR;
}

double number_of(Value value) {
    if (value.kind == VALUE_INT) return (double)value.u.integer;
    return value.kind == VALUE_REAL ? value.u.real : value.u.boolean;
}

bool value_as_dim(Value value, Dim *dim) {
    if (value.kind != VALUE_INT && value.kind != VALUE_SIZE) return false;
    *dim = value.kind == VALUE_SIZE ? value.u.size : dim_constant(value.u.integer);
    return true;
}

const char *no_size_hint(Value value) {
    return value.kind == VALUE_TENSOR && value.u.node->type.elem == ELEM_INT
               ? ": of a bounded size S only k + m*S is a size"
               : "";
}

const char *value_text(Elaborator *e, Value value) {
    switch (value.kind) {
    case VALUE_POISON: return "an error";
    case VALUE_INT: return arena_print(e->arena, "%lld", (long long)value.u.integer);
    case VALUE_REAL: return arena_print(e->arena, "%g", value.u.real);
    case VALUE_BOOL: return value.u.boolean ? "true" : "false";
    case VALUE_STRING: return arena_print(e->arena, "\"%s\"", value.u.string);
    case VALUE_SIZE: return arena_print(e->arena, "the size %s", dim_text(e->arena, value.u.size));
    case VALUE_LIST: return arena_print(e->arena, "a list of %d", value.u.list->count);
    case VALUE_TENSOR: return type_text(e->arena, value.u.node->type);
    case VALUE_STORE: return type_text(e->arena, value.u.store->type);
    case VALUE_SCALAR: return "an element";
    case VALUE_FUNCTION: return arena_print(e->arena, "the function %s", value.u.closure->name);
    case VALUE_BUILTIN: return arena_print(e->arena, "the function %s", value.u.builtin->name);
    case VALUE_MODULE: return arena_print(e->arena, "the module %s", value.u.module->stmt->u.module.name.name);
    case VALUE_OPTIMIZER:
        return arena_print(e->arena, "the optimizer %s", value.u.optimizer->def->stmt->u.module.name.name);
    case VALUE_INSTANCE:
        return arena_print(e->arena, "an instance of %s", value.u.instance->def->stmt->u.module.name.name);
    }
    return "a value";
}

/* ---- scopes ---- */

Scope *scope_new(Elaborator *e, ScopeKind kind, Scope *parent) {
    Scope *scope = ARENA_NEW(e->arena, Scope);
    scope->arena = e->arena;
    scope->kind = kind;
    scope->parent = parent;
    return scope;
}

static uint32_t name_slot(const Scope *scope, Name name) {
    return (uint32_t)((uintptr_t)name >> 3) * 2654435761u & (uint32_t)(scope->slot_count - 1);
}

static void fill_slot(Scope *scope, int b) {
    uint32_t slot = name_slot(scope, scope->bindings.at[b].name);
    while (scope->slots[slot] != 0)
        slot = (slot + 1) & (uint32_t)(scope->slot_count - 1);
    scope->slots[slot] = b + 1;
}

/* Bindings that came since the last search are entered now; the table stays at most half full. */
static void index_bindings(Scope *scope) {
    if (scope->slot_count < 2 * scope->bindings.count) {
        while (scope->slot_count < 4 * scope->bindings.count)
            scope->slot_count = scope->slot_count == 0 ? 64 : 2 * scope->slot_count;
        scope->slots = ARENA_ARRAY(scope->arena, int, scope->slot_count);
        scope->indexed = 0;
    }
    while (scope->indexed < scope->bindings.count)
        fill_slot(scope, scope->indexed++);
}

Binding *scope_find_here(Scope *scope, Name name) {
    enum { FEW = 16 };
    if (scope->bindings.count <= FEW) {
        for (int b = 0; b < scope->bindings.count; b++)
            if (scope->bindings.at[b].name == name) return &scope->bindings.at[b];
        return NULL;
    }
    index_bindings(scope);
    for (uint32_t slot = name_slot(scope, name); scope->slots[slot] != 0;
         slot = (slot + 1) & (uint32_t)(scope->slot_count - 1)) {
        Binding *binding = &scope->bindings.at[scope->slots[slot] - 1];
        if (binding->name == name) return binding;
    }
    return NULL;
}

Binding *scope_find(Scope *scope, Name name) {
    for (; scope != NULL; scope = scope->parent) {
        Binding *binding = scope_find_here(scope, name);
        if (binding != NULL) return binding;
    }
    return NULL;
}

void scope_bind(Elaborator *e, Scope *scope, Name name, Value value, Span span) {
    Binding *binding = scope_find_here(scope, name);
    if (binding != NULL)
        *binding = (Binding){name, value, span};
    else
        vec_push(e->arena, &scope->bindings, (Binding){name, value, span});
}

const char *scope_nearest(Elaborator *e, Scope *scope, Name name) {
    VEC(const char *) candidates = {0};
    for (; scope != NULL; scope = scope->parent)
        for (int b = 0; b < scope->bindings.count; b++)
            vec_push(e->arena, &candidates, scope->bindings.at[b].name);
    for (int b = 0; b < builtin_count; b++)
        vec_push(e->arena, &candidates, builtin_table[b].name);
    return nearest_name(name, candidates.at, candidates.count);
}

/* ---- messages ---- */

static void note_calls(Elaborator *e, Diagnostic *about) {
    enum { SHOWN = 4 };
    int shown = 0;
    for (const Origin *origin = e->origin; origin != NULL; origin = origin->caller) {
        if (origin->function == NULL) continue;
        if (shown++ == SHOWN) {
            diag_note(e->diagnostics, about, origin->span, "... and further calls");
            return;
        }
        diag_note(e->diagnostics, about, origin->span, "in the call of %s", origin->function);
    }
}

static Diagnostic *report(Elaborator *e, Span span, const char *format, va_list arguments) {
    const char *message = arena_print_list(e->arena, format, arguments);
    Diagnostic *diagnostic = diag_error(e->diagnostics, span, "%s", message);
    if (diagnostic != NULL) note_calls(e, diagnostic);
    return diagnostic;
}

Diagnostic *error_at(Elaborator *e, Span span, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    Diagnostic *diagnostic = report(e, span, format, arguments);
    va_end(arguments);
    return diagnostic;
}

bool go_deeper(Elaborator *e, int levels, Span span) {
    if (e->nesting + levels <= NESTING_LIMIT) {
        e->nesting += levels;
        return true;
    }
    refuse(e, span, "expressions %d deep in each other and in the functions that they call", NESTING_LIMIT);
    e->stopped = true;
    return false;
}

bool is_stopped(const Elaborator *e) {
    return e->stopped || e->diagnostics->full;
}

bool take_steps(Elaborator *e, int count, Span span) {
    if (e->stopped) return false;
    e->steps += count < STEP_LIMIT ? count : STEP_LIMIT;
    if (e->steps <= STEP_LIMIT) return true;
    e->steps = STEP_LIMIT; /* cannot wrap */
    refuse(e, span.source != NULL ? span : e->here,
           "more than %d steps are taken while compiling: definitions that double, or a `for` that should be a "
           "`repeat` or `scan`?",
           STEP_LIMIT);
    e->stopped = true;
    return false;
}

Value refuse(Elaborator *e, Span span, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    report(e, span, format, arguments);
    va_end(arguments);
    return poison;
}

void note_origin(Elaborator *e, Diagnostic *about, const Node *node) {
    if (about == NULL || node == NULL || node->origin == NULL) return;
    diag_note(e->diagnostics, about, node->origin->span, "%s comes from here", type_text(e->arena, node->type));
}

const Origin *origin_at(Elaborator *e, Span span) {
    Origin *origin = ARENA_NEW(e->arena, Origin);
    *origin = (Origin){.span = span, .caller = e->origin};
    return origin;
}

const char *ordinal_axis(Elaborator *e, int axis) {
    return arena_print(e->arena, "axis %d", axis);
}
