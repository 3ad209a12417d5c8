#include "compiler/ir/scalar.h"
#include <math.h>
#include <string.h>

const ScalarDef scalar_table[SCALAR_COUNT] = {
#define SCALAR(name, arity, types, da, db, dc, value, real_text, int_text, precedence, cost, ulp)                      \
    {#name, arity, SCALAR_TYPES_##types, real_text, int_text, precedence, cost, ulp},
#include "compiler/ir/scalar.def"
#undef SCALAR
};

/* Both without overflow, and exact where the argument is large. */
static double scalar_sigmoid(double a) {
    double e = exp(-fabs(a));
    return (a >= 0 ? 1 : e) / (1 + e);
}

static double scalar_softplus(double a) {
    return (a > 0 ? a : 0) + log1p(exp(-fabs(a)));
}

double scalar_value(Scalar fn, double a, double b, double c) {
    switch (fn) {
#define SCALAR(name, arity, types, da, db, dc, value, real_text, int_text, precedence, cost, ulp)                      \
    case SCALAR_##name:                                                                                                \
        return value;
#include "compiler/ir/scalar.def"
#undef SCALAR
    case SCALAR_COUNT: break;
    }
    internal_error("no such scalar function: %d", (int)fn);
}

bool scalar_find(const char *name, Scalar *fn) {
    for (int i = 0; i < SCALAR_COUNT; i++)
        if (strcmp(scalar_table[i].name, name) == 0) return *fn = (Scalar)i, true;
    return false;
}

static bool all_alike(const Elem *args, int count) {
    for (int i = 1; i < count; i++)
        if (args[i] != args[0]) return false;
    return true;
}

bool scalar_result(Scalar fn, const Elem *args, Elem *result) {
    const ScalarDef *def = &scalar_table[fn];
    switch (def->types) {
    case SCALAR_TYPES_REAL: return *result = ELEM_REAL, args[0] == ELEM_REAL && all_alike(args, def->arity);
    case SCALAR_TYPES_NUMBER: return *result = args[0], args[0] != ELEM_BOOL && all_alike(args, def->arity);
    case SCALAR_TYPES_COMPARE: return *result = ELEM_BOOL, args[0] != ELEM_BOOL && all_alike(args, def->arity);
    case SCALAR_TYPES_LOGIC: return *result = ELEM_BOOL, args[0] == ELEM_BOOL && all_alike(args, def->arity);
    case SCALAR_TYPES_SELECT: return *result = args[1], args[0] == ELEM_BOOL && args[1] == args[2];
    case SCALAR_TYPES_TO_REAL: return *result = ELEM_REAL, true;
    case SCALAR_TYPES_TO_INT: return *result = ELEM_INT, true;
    }
    internal_error("a scalar function without types: %s", def->name);
}
