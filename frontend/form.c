/* Forms: lists and instances down to their tensors. What is done to a form is done to each of its tensors, and gives
 * the same form with other values; in an instance, states go along unchanged. */
#include "frontend/form.h"
#include <string.h>

/* ---- leaves ---- */

/* In an instance it is the parameters that count, what was computed from them, and states that average them. */
static bool counts(Value leaf) {
    if (leaf.kind == VALUE_TENSOR) return true;
    return leaf.kind == VALUE_STORE && (leaf.u.store->kind == STORE_PARAM || leaf.u.store->copies_param);
}

static bool any_counts(const Value *leaves, int count) {
    for (int v = 0; v < count; v++)
        if (counts(leaves[v])) return true;
    return false;
}

static bool holds_tensors(Value value) {
    if (is_tensor(value)) return true;
    if (value.kind == VALUE_LIST)
        for (int i = 0; i < value.u.list->count; i++)
            if (holds_tensors(value.u.list->at[i])) return true;
    if (value.kind == VALUE_INSTANCE)
        for (int b = 0; b < value.u.instance->members->bindings.count; b++)
            if (holds_tensors(value.u.instance->members->bindings.at[b].value)) return true;
    return false;
}

/* ---- walking ---- */

/* What has been mapped already: a shared tensor or instance is one. */
typedef struct Seen {
    const void *what;
    Value value;
} Seen;

typedef struct Walk {
    Elaborator *e;
    FormLeaf *leaf;
    void *context;
    Span span;
    VEC(Seen) seen;
} Walk;

static const Seen *find_seen(const Walk *walk, const void *what) {
    for (int s = 0; s < walk->seen.count; s++)
        if (walk->seen.at[s].what == what) return &walk->seen.at[s];
    return NULL;
}

static Value walk_form(Walk *walk, const Value *forms, int count, bool in_instance);

static Value different_forms(Walk *walk, const Value *forms, int other) {
    return refuse(walk->e, walk->span, "%s and %s have different forms", value_text(walk->e, forms[0]),
                  value_text(walk->e, forms[other]));
}

static Value walk_list(Walk *walk, const Value *forms, int count, bool in_instance) {
    Value list = value_list(walk->e, 0, NULL);
    Value *items = ARENA_ARRAY(walk->e->arena, Value, count);
    for (int v = 1; v < count; v++)
        if (forms[v].kind != VALUE_LIST || forms[v].u.list->count != forms[0].u.list->count)
            return different_forms(walk, forms, v);
    for (int i = 0; i < forms[0].u.list->count; i++) {
        for (int v = 0; v < count; v++)
            items[v] = forms[v].u.list->at[i];
        Value value = walk_form(walk, items, count, in_instance);
        if (is_poison(value)) return poison;
        vec_push(walk->e->arena, list.u.list, value);
    }
    return list;
}

static const Closure *moved_closure(Elaborator *e, const Closure *closure, const Scope *from, Scope *to) {
    if (closure == NULL || closure->scope != from) return closure;
    Closure *moved = ARENA_NEW(e->arena, Closure);
    *moved = *closure;
    moved->scope = to;
    return moved;
}

/* The same module around other members, which its functions see. */
static Instance *instance_with(Elaborator *e, const Instance *of) {
    Instance *copy = ARENA_NEW(e->arena, Instance);
    *copy = *of;
    copy->members = scope_copy(e, of->members);
    copy->members->instance = copy;
    copy->call = (Closure *)moved_closure(e, of->call, of->members, copy->members);
    for (int b = 0; b < copy->members->bindings.count; b++) {
        Value *value = &copy->members->bindings.at[b].value;
        if (value->kind == VALUE_FUNCTION)
            value->u.closure = moved_closure(e, value->u.closure, of->members, copy->members);
    }
    return copy;
}

static Value walk_instance(Walk *walk, const Value *forms, int count) {
    const Instance *first = forms[0].u.instance;
    const Seen *seen = find_seen(walk, first);
    if (seen != NULL) return seen->value;
    for (int v = 1; v < count; v++)
        if (forms[v].kind != VALUE_INSTANCE || forms[v].u.instance->def != first->def)
            return different_forms(walk, forms, v);
    Instance *made = instance_with(walk->e, first);
    Value *members = ARENA_ARRAY(walk->e->arena, Value, count);
    for (int b = 0; b < first->members->bindings.count; b++) {
        const Binding *binding = &first->members->bindings.at[b];
        if (!holds_tensors(binding->value)) continue;
        members[0] = binding->value;
        for (int v = 1; v < count; v++) {
            const Binding *other = scope_find_here(forms[v].u.instance->members, binding->name);
            if (other == NULL) return different_forms(walk, forms, v);
            members[v] = other->value;
        }
        Value value = walk_form(walk, members, count, true);
        if (is_poison(value)) return poison;
        made->members->bindings.at[b].value = value;
    }
    Value value = {VALUE_INSTANCE, {.instance = made}};
    vec_push(walk->e->arena, &walk->seen, ((Seen){first, value}));
    return value;
}

static Value walk_leaf(Walk *walk, const Value *leaves, int count, bool in_instance) {
    const void *identity = leaves[0].kind == VALUE_STORE ? (const void *)leaves[0].u.store : NULL;
    const Seen *seen = identity != NULL ? find_seen(walk, identity) : NULL;
    if (in_instance && !any_counts(leaves, count)) return leaves[0];
    if (seen != NULL) return seen->value;
    for (int v = 1; v < count; v++)
        if (leaves[v].kind == VALUE_LIST || leaves[v].kind == VALUE_INSTANCE) return different_forms(walk, leaves, v);
    Value value = walk->leaf(walk->e, leaves, count, walk->context);
    if (identity != NULL) vec_push(walk->e->arena, &walk->seen, ((Seen){identity, value}));
    return value;
}

static Value walk_form(Walk *walk, const Value *forms, int count, bool in_instance) {
    Value value = poison;
    if (!go_deeper(walk->e, 1, walk->span)) return poison;
    switch (forms[0].kind) {
    case VALUE_POISON: break;
    case VALUE_LIST: value = walk_list(walk, forms, count, in_instance); break;
    case VALUE_INSTANCE: value = walk_instance(walk, forms, count); break;
    default: value = walk_leaf(walk, forms, count, in_instance); break;
    }
    walk->e->nesting--;
    return value;
}

Value map_form(Elaborator *e, const Value *forms, int count, FormLeaf *leaf, void *context, Span span) {
    Walk walk = {.e = e, .leaf = leaf, .context = context, .span = span};
    return walk_form(&walk, forms, count, false);
}

/* ---- the leaves of a form ---- */

static Value add_leaf(Elaborator *e, const Value *leaves, int count, void *context) {
    (void)count;
    vec_push(e->arena, (Values *)context, leaves[0]);
    return leaves[0];
}

Values form_leaves(Elaborator *e, Value form, Span span) {
    Values leaves = {0};
    map_form(e, &form, 1, add_leaf, &leaves, span);
    return leaves;
}

/* ---- state avg = net ---- */

typedef struct Copying {
    const char *path; /* of the new one */
    const char *from; /* of the instance that is copied */
} Copying;

static Value copy_store(Elaborator *e, Value value, const Copying *copying) {
    const Store *of = value.u.store;
    size_t length = copying->from != NULL ? strlen(copying->from) : 0;
    bool below = length > 0 && strncmp(of->path, copying->from, length) == 0 && of->path[length] == '.';
    Store *store = ARENA_NEW(e->arena, Store);
    *store = *of;
    store->kind = STORE_STATE;
    store->copies_param = of->kind == STORE_PARAM || of->copies_param;
    store->path = intern_text(e->names, join_path(e, copying->path, below ? of->path + length + 1 : of->path));
    store->position = e->program->stores.count;
    vec_push(e->arena, &e->program->stores, store);
    return (Value){VALUE_STORE, {.store = store}};
}

/* Every store below, states too. */
static Value copy_below(Elaborator *e, Value value, const Copying *copying) {
    if (value.kind == VALUE_STORE) return copy_store(e, value, copying);
    if (value.kind == VALUE_LIST) {
        Value list = value_list(e, 0, NULL);
        for (int i = 0; i < value.u.list->count; i++)
            vec_push(e->arena, list.u.list, copy_below(e, value.u.list->at[i], copying));
        return list;
    }
    if (value.kind != VALUE_INSTANCE || !holds_tensors(value)) return value;
    Instance *made = instance_with(e, value.u.instance);
    for (int b = 0; b < made->members->bindings.count; b++) {
        Binding *binding = &made->members->bindings.at[b];
        binding->value = copy_below(e, binding->value, copying);
    }
    return (Value){VALUE_INSTANCE, {.instance = made}};
}

Value copy_as_states(Elaborator *e, Value form, const char *path) {
    const Copying copying = {path, form.kind == VALUE_INSTANCE ? form.u.instance->path : NULL};
    Value copy = copy_below(e, form, &copying);
    if (copy.kind == VALUE_INSTANCE) copy.u.instance->path = intern_text(e->names, path);
    return copy;
}
