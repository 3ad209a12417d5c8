/* What a loop carries: the names that stand before it and are given a value in it, and the leaves of their values,
 * which are the carries of the graph's loop. Shared by loop.c and carried.c only. */
#ifndef GRADC_FRONTEND_CARRIED_H
#define GRADC_FRONTEND_CARRIED_H

#include "frontend/form.h"

/* One tensor of what is carried; a list has several. */
typedef struct Leaf {
    Node *initial, *formal;
} Leaf;

typedef struct CarriedName {
    AstName name;
    Scope *scope;  /* that it is bound in */
    Value initial; /* before the loop */
} CarriedName;

typedef struct CarriedStore {
    Store *store;
    const Origin *origin; /* of the last update */
} CarriedStore;

typedef struct Emitted {
    AstName name;
    int number;
} Emitted;

/* What runs along the loop: a name and its stacked values. */
typedef struct Along {
    AstName name;
    Node *stacked;
} Along;

typedef struct LoopRun {
    Elaborator *e;
    const AstStmt *stmt;
    const AstBlock *block;
    Dim length;
    LoopBuilder builder;
    Scope *body;
    VEC(CarriedName) names;
    VEC(CarriedStore) stores;
    VEC(Leaf) leaves;     /* of the names, then of the stores */
    VEC(Elem) promotions; /* by leaf: the type that it must have */
    VEC(Along) sources;
    VEC(Emitted) emitted;
} LoopRun;

/* Which names are carried, into run->names; false after an error. */
bool find_carried(LoopRun *run, Scope *scope);
/* A carry for a tensor or number, of the type that earlier attempts have found; and for all that a name holds. */
Value carry_leaf(LoopRun *run, Value initial, Name label, Span span);
Value carry_value(LoopRun *run, Value initial, Name label, Span span);
/* The next content of leaf `*leaf`, and of those of a name, which are counted on; false after an error. */
bool next_leaf(LoopRun *run, Value value, const char *what, Span span, int *leaf);
bool next_value(LoopRun *run, Value value, Value initial, const char *what, Span span, int *leaf);
/* What was carried, after the loop, whose parts these are. */
Value last_value(LoopRun *run, const CarriedName *carried, Node *const *parts, int *leaf);

#endif
