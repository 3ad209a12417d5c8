#include "frontend/carried.h"

/* ---- which names are carried ---- */

static void add_assigned(LoopRun *run, Scope *scope, AstName name) {
    for (int n = 0; n < run->names.count; n++)
        if (run->names.at[n].name.name == name.name) return;
    for (Scope *at = scope; at != NULL; at = at->parent) {
        Binding *binding = scope_find_here(at, name.name);
        bool local = at->kind == SCOPE_FUNCTION || at->kind == SCOPE_ENTRY;
        if (binding != NULL && local) vec_push(run->e->arena, &run->names, ((CarriedName){name, at, binding->value}));
        if (binding != NULL || !at->is_body) return;
    }
}

static void find_assigned(LoopRun *run, Scope *scope, const AstBlock *block);

static void find_assigned_by(LoopRun *run, Scope *scope, const AstStmt *stmt) {
    switch (stmt->kind) {
    case AST_ASSIGN:
        for (int n = 0; n < stmt->u.assign.names.count; n++)
            add_assigned(run, scope, stmt->u.assign.names.at[n]);
        break;
    case AST_INDEXED: add_assigned(run, scope, stmt->u.indexed.name); break;
    case AST_SAMPLE: add_assigned(run, scope, stmt->u.sample.name); break;
    case AST_FOR: find_assigned(run, scope, &stmt->u.loop.block); break;
    case AST_IF:
        find_assigned(run, scope, &stmt->u.branch.then);
        if (stmt->u.branch.has_else) find_assigned(run, scope, &stmt->u.branch.otherwise);
        break;
    case AST_REPEAT: find_assigned(run, scope, &stmt->u.repeat.block); break;
    case AST_SCAN: find_assigned(run, scope, &stmt->u.scan.block); break;
    default: break;
    }
}

static void find_assigned(LoopRun *run, Scope *scope, const AstBlock *block) {
    for (int s = 0; s < block->stmts.count; s++)
        find_assigned_by(run, scope, block->stmts.at[s]);
}

/* A written `carry` says all names, and no others. */
static bool check_carry(LoopRun *run) {
    Elaborator *e = run->e;
    const AstNames *written = &run->stmt->u.scan.carry;
    if (run->stmt->kind != AST_SCAN || !run->stmt->u.scan.has_carry) return true;
    for (int n = 0; n < run->names.count; n++) {
        bool found = false;
        for (int w = 0; w < written->count; w++)
            found |= written->at[w].name == run->names.at[n].name.name;
        if (found) continue;
        Diagnostic *error = error_at(e, run->names.at[n].name.span,
                                     "`%s` is given a value in the loop, but is not among what `carry` names",
                                     run->names.at[n].name.name);
        if (error != NULL) diag_note(e->diagnostics, error, run->stmt->span, "the loop is here");
        return false;
    }
    for (int w = 0; w < written->count; w++) {
        bool found = false;
        for (int n = 0; n < run->names.count; n++)
            found |= written->at[w].name == run->names.at[n].name.name;
        if (found) continue;
        refuse(e, written->at[w].span, "`%s` is carried, but the loop gives it no value, or nothing stands before it",
               written->at[w].name);
        return false;
    }
    return true;
}

static bool is_carried_kind(Value value) {
    return is_tensor(value) || is_number(value) || value.kind == VALUE_SIZE || value.kind == VALUE_LIST ||
           value.kind == VALUE_INSTANCE;
}

static bool carries_are_values(LoopRun *run) {
    for (int n = 0; n < run->names.count; n++) {
        const CarriedName *carried = &run->names.at[n];
        if (is_poison(carried->initial)) return false;
        if (is_carried_kind(carried->initial)) continue;
        refuse(run->e, carried->name.span,
               "`%s` is %s before the loop: tensors, numbers, lists of them and instances are carried",
               carried->name.name, value_text(run->e, carried->initial));
        return false;
    }
    return true;
}

bool find_carried(LoopRun *run, Scope *scope) {
    find_assigned(run, scope, run->block);
    return check_carry(run) && carries_are_values(run);
}

/* ---- values and their leaves ---- */

Value carry_leaf(LoopRun *run, Value initial, Name label, Span span) {
    Elaborator *e = run->e;
    int number = run->leaves.count;
    Graph *body = e->graph;
    e->graph = run->builder.graph;
    Node *first = node_of(e, initial, span);
    if (first != NULL && number < run->promotions.count && run->promotions.at[number] != first->type.elem)
        first = node_of(e, cast(e, run->promotions.at[number], value_node(first), span), span);
    e->graph = body;
    if (first == NULL) return poison;
    if (number == run->promotions.count) vec_push(e->arena, &run->promotions, first->type.elem);
    Node *formal = loop_carry(&run->builder, first);
    formal->label = label;
    vec_push(e->arena, &run->leaves, ((Leaf){first, formal}));
    return value_node(formal);
}

/* A carried name, while its leaves are walked. */
typedef struct Carrying {
    LoopRun *run;
    const char *what;
    Span span;
    int leaf;
    Node *const *parts; /* after the loop */
} Carrying;

static Value carry_form_leaf(Elaborator *e, const Value *leaves, int count, void *context) {
    const Carrying *carrying = context;
    (void)e, (void)count;
    return carry_leaf(carrying->run, leaves[0], carrying->what, carrying->span);
}

Value carry_value(LoopRun *run, Value initial, Name label, Span span) {
    Carrying carrying = {.run = run, .what = label, .span = span};
    return map_form(run->e, &initial, 1, carry_form_leaf, &carrying, span);
}

bool next_leaf(LoopRun *run, Value value, const char *what, Span span, int *leaf) {
    Elaborator *e = run->e;
    int number = (*leaf)++;
    Node *formal = run->leaves.at[number].formal, *next = node_of(e, value, span);
    if (next == NULL) return false;
    Elem elem = next->type.elem < formal->type.elem ? next->type.elem : formal->type.elem;
    if (!shape_equal(next->type.shape, formal->type.shape)) {
        Diagnostic *error =
            error_at(e, span, "`%s` is %s before the loop and %s after a round: what is carried keeps its shape", what,
                     type_text(e->arena, formal->type), type_text(e->arena, next->type));
        note_origin(e, error, next);
        return false;
    }
    run->promotions.at[number] = elem;
    if (elem == formal->type.elem && elem != next->type.elem) next = node_of(e, cast(e, elem, value, span), span);
    if (next == NULL) return false;
    if (elem == formal->type.elem) loop_next(&run->builder, formal, next);
    return true;
}

static Value next_form_leaf(Elaborator *e, const Value *leaves, int count, void *context) {
    Carrying *carrying = context;
    (void)e, (void)count;
    bool good = next_leaf(carrying->run, leaves[1], carrying->what, carrying->span, &carrying->leaf);
    return good ? leaves[1] : poison;
}

bool next_value(LoopRun *run, Value value, Value initial, const char *what, Span span, int *leaf) {
    Elaborator *e = run->e;
    Carrying carrying = {.run = run, .what = what, .span = span, .leaf = *leaf};
    const Value forms[] = {initial, value};
    int errors = e->diagnostics->errors;
    if (is_poison(value)) return false;
    bool lists = initial.kind == VALUE_LIST && value.kind == VALUE_LIST;
    if (lists ? initial.u.list->count != value.u.list->count
              : (initial.kind == VALUE_LIST || initial.kind == VALUE_INSTANCE) && initial.kind != value.kind) {
        refuse(e, span, "`%s` is %s before the loop and %s after a round: what is carried keeps its form", what,
               value_text(e, initial), value_text(e, value));
        return false;
    }
    map_form(e, forms, 2, next_form_leaf, &carrying, span);
    *leaf = carrying.leaf;
    return e->diagnostics->errors == errors;
}

static Value last_form_leaf(Elaborator *e, const Value *leaves, int count, void *context) {
    Carrying *carrying = context;
    (void)e, (void)leaves, (void)count;
    return value_node(carrying->parts[carrying->leaf++]);
}

Value last_value(LoopRun *run, const CarriedName *carried, Node *const *parts, int *leaf) {
    Carrying carrying = {.run = run, .leaf = *leaf, .parts = parts};
    Value last = map_form(run->e, &carried->initial, 1, last_form_leaf, &carrying, carried->name.span);
    *leaf = carrying.leaf;
    return last;
}
