/* e using relu = guided: while e is elaborated, every call that would reach one function reaches another, however it
 * was passed or stored; inside the other, the first is itself. And `training` may have another value. */
#include "frontend/elaborator.h"
#include <string.h>

typedef struct Replacement {
    const AstFunction *function; /* what is replaced: a function, or */
    const Builtin *builtin;      /* a built-in one; neither: `training` */
    Value by;
    bool used, asleep; /* asleep: its own function is running */
    struct Replacement *around;
} Replacement;

bool is_training(const Elaborator *e) {
    for (const Replacement *r = e->replacements; r != NULL; r = r->around)
        if (r->function == NULL && r->builtin == NULL) return r->by.u.boolean;
    return e->entry != NULL && e->entry->training;
}

static bool replaces(const Replacement *r, Value callee) {
    if (r->asleep) return false;
    if (callee.kind == VALUE_FUNCTION) return r->function == callee.u.closure->function;
    return callee.kind == VALUE_BUILTIN && r->builtin == callee.u.builtin;
}

bool call_replacement(Elaborator *e, Value callee, const CallArgs *args, Span span, Value *value) {
    for (Replacement *r = e->replacements; r != NULL; r = r->around) {
        if (!replaces(r, callee)) continue;
        r->used = r->asleep = true;
        *value = call_value(e, r->by, args, span);
        r->asleep = false;
        return true;
    }
    return false;
}

static bool replace_training(Elaborator *e, const AstBind *bind, Value by, Replacement *out) {
    out->by = by;
    out->used = true;
    if (by.kind == VALUE_BOOL) return true;
    refuse(e, bind->value->span, "`training` is true or false, not %s", value_text(e, by));
    return false;
}

static bool replace_function(Elaborator *e, Scope *scope, const AstBind *bind, Value by, Replacement *out) {
    AstExpr name = {.kind = AST_NAME, .span = bind->name.span};
    name.u.name = bind->name.name;
    Value old = find_callable(e, scope, &name);
    bool callable = by.kind == VALUE_FUNCTION || by.kind == VALUE_BUILTIN || by.kind == VALUE_INSTANCE;
    if (is_poison(old)) return false;
    if (!callable) {
        refuse(e, bind->value->span, "%s cannot stand in the place of a function", value_text(e, by));
        return false;
    }
    out->by = by;
    if (old.kind == VALUE_FUNCTION) out->function = old.u.closure->function;
    if (old.kind == VALUE_BUILTIN) out->builtin = old.u.builtin;
    if (out->function != NULL || out->builtin != NULL) return true;
    refuse(e, bind->name.span, "`%s` is %s: `using` puts one function in the place of another", bind->name.name,
           value_text(e, old));
    return false;
}

Value eval_using(Elaborator *e, Scope *scope, const AstExpr *expr) {
    Replacement *around = e->replacements;
    const int count = expr->u.using.binds.count;
    Replacement *all = ARENA_ARRAY(e->arena, Replacement, count);
    for (int b = 0; b < count; b++) { /* all right sides are meant as they are outside */
        const AstBind *bind = &expr->u.using.binds.at[b];
        Value by = eval(e, scope, bind->value);
        if (is_poison(by)) return poison;
        bool training = strcmp(bind->name.name, "training") == 0;
        bool good = training ? replace_training(e, bind, by, &all[b]) : replace_function(e, scope, bind, by, &all[b]);
        if (!good) return poison;
    }
    for (int b = 0; b < count; b++) {
        all[b].around = e->replacements;
        e->replacements = &all[b];
    }
    Value value = eval(e, scope, expr->u.using.value);
    e->replacements = around;
    for (int b = 0; b < count && !is_poison(value); b++)
        if (!all[b].used)
            return refuse(e, expr->u.using.binds.at[b].name.span,
                          "`%s` is called nowhere in this expression: nothing is replaced",
                          expr->u.using.binds.at[b].name.name);
    return value;
}
