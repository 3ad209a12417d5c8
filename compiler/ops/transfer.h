/* Carries the expressions of one nest into another that is being built, with its indices replaced by affine expressions
 * in the new one's. Gradients, composition and simplification are such changes of coordinates. */
#ifndef GRADC_OPS_TRANSFER_H
#define GRADC_OPS_TRANSFER_H

#include "compiler/ops/build.h"

/* A builder that holds what the node holds, over `args`, so that more can be added; the node is not touched. */
NestBuilder nest_resume(Graph *graph, const Node *node, Node *const *args);

typedef struct Transfer {
    NestBuilder *to;
    const Body *body;      /* where the expressions stand, and */
    const Read *reads;     /* its reads */
    Node *const *args;     /* by argument of the nest that it comes from: what it is now */
    const Affine *indices; /* by index of that nest: what it is in the new one */
    const int *replaced;   /* by read: the expression of `to` that stands for it, or -1; NULL: none is replaced */
    bool failed;           /* an affine expression cannot be written in the new indices (two bounded sizes meet) */
} Transfer;

/* The number in the new nest of expression `expr`; meaningless when `failed` is set. */
int transfer_expr(Transfer *transfer, int expr);

/* An affine expression as an expression of the body, an int. */
int body_affine(Body *body, Affine affine);

/* The bounds of an affine expression over the ranges of the indices, where both can be said for all sizes: provably
 * low <= affine <= high. False where two bounded sizes meet. Solved indices range over their size. */
bool affine_bounds(Affine affine, const Index *indices, Dim *low, Dim *high);
bool affine_is_inside(Affine affine, const Index *indices, Dim size); /* provably 0 <= affine < size */

#endif
