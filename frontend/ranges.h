/* Ranges of indices, and the proof that reads stay inside their tensors. Shared by index.c and ranges.c. */
#ifndef GRADC_FRONTEND_RANGES_H
#define GRADC_FRONTEND_RANGES_H

#include "frontend/elaborator.h"

/* x[i, 2*j + p, label[n]] */
typedef struct IndexRead {
    const AstExpr *expr;
    Node *node;
    bool *affine; /* by axis: the position is affine in the statement's variables */
    Affine *axes; /* by axis, in numbers of the statement's variables */
} IndexRead;

/* A tensor that is read, elaborated once. */
typedef struct IndexBase {
    const AstExpr *expr;
    Node *node;
} IndexBase;

typedef struct IndexReduce {
    const AstExpr *expr;
    int first; /* of its variables */
} IndexReduce;

typedef struct IndexStatement {
    VEC(IndexVar *) vars;    /* of the statement, then of its reducers as they stand */
    VEC(IndexVar *) visible; /* at the place being walked */
    VEC(IndexRead) reads;
    VEC(IndexBase) bases;
    VEC(IndexReduce) reduces;
    bool failed;
} IndexStatement;

int var_position(const IndexStatement *statement, const IndexVar *var);
/* Finds every size and proves every affine read; false after errors. */
bool infer_ranges(Elaborator *e, IndexStatement *statement);

int select_along(Elaborator *e, const IndexRead *read, const int *positions);
int *copy_body(Elaborator *e, const NestBuilder *from, NestBuilder *to);

#endif
