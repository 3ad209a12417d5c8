/* Stages, and how graph nodes are written into their bodies. Shared by the files of this room only. */
#ifndef GRADC_KERNELS_STAGE_H
#define GRADC_KERNELS_STAGE_H

#include "compiler/ir/kernel.h"

/* What became of a node. */
typedef struct Value {
    bool inlined;   /* its body is written into each of its readers */
    Name name;      /* its label, or that of a reader; NULL: none */
    int cost;       /* of one element, in additions, with all that is inlined */
    int dearest;    /* of the functions in it */
    Stage *stage;   /* where it is computed; NULL: a leaf, or inlined */
    int expr;       /* in that stage's body */
    Buffer *buffer; /* made when somebody reads it from elsewhere */
} Value;

typedef struct Fusion {
    Arena *arena;
    const Graph *graph;
    Routine *routine;
    Value *values; /* by Node.id */
} Fusion;

/* A read of a materialised node or leaf, in the indices of some nest. */
typedef struct Access {
    const Node *node;
    const Affine *axes;
} Access;
typedef VEC(Access) Accesses;

/* All that the nest reads, looking through what is inlined. */
void nest_accesses(const Fusion *fusion, const Node *nest, Accesses *out);

/* A new stage with the indices of a nest. */
Stage *stage_new(Fusion *fusion, const Node *nest);
/* Writes a nest into the stage: as a total where it reduces, else behind the totals. Its free indices are the stage's.
 */
void stage_take(Fusion *fusion, Stage *stage, const Node *nest);
/* A stage that copies one buffer into another of the same shape. */
Stage *stage_copying(Routine *routine, Buffer *from, Buffer *to);

/* A new kernel with one stage; and a further stage for it. */
Kernel *kernel_new(Routine *routine, Stage *stage);
void kernel_add(Routine *routine, Kernel *kernel, Stage *stage);

Buffer *buffer_new(Routine *routine, BufferPlace place, Elem elem, Shape shape);
/* The buffer that others read a node from; a computed node gets one, and its stage a result. */
Buffer *buffer_of(Fusion *fusion, const Node *node);

bool axes_identity(const Affine *axes, int rank);
const Affine *axes_of_indices(Arena *arena, int count); /* index 0, 1, ... */
const Dim *dense_strides(Arena *arena, Shape shape, bool at_bounds);

#endif
