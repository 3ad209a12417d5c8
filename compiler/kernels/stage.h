/* Stages, and how graph nodes are written into their bodies. Shared by the files of this room only. */
#ifndef GRADC_KERNELS_STAGE_H
#define GRADC_KERNELS_STAGE_H

#include "compiler/ir/kernel.h"
#include "compiler/kernels/target.h"

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

/* One graph: an entry's, or the body of a loop, which is fused when the loop's place in the graph around it comes. */
/* Which kernels a walk has seen: those that hold its number. */
typedef struct Visits {
    int *seen; /* by Kernel.position */
    int capacity, walk;
} Visits;

typedef struct Fusion {
    Arena *arena;
    const Graph *graph;
    Routine *routine;
    Sequence *sequence; /* that its kernels go to */
    Value *values;      /* by Node.id */
    Visits *visits;
    struct Fusion *around;
    const Node *scan; /* the loop, in the graph around */
    Buffer **carries; /* of the loop: where they lie */
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
/* Takes out what no result needs, because calls were folded behind their arguments. Nothing is added afterwards. */
void stage_prune(Arena *arena, Stage *stage);
/* A stage that copies one buffer into another of the same shape. */
Stage *stage_copying(Routine *routine, Buffer *from, Buffer *to);

/* A new kernel with one stage; and a further stage for it. */
Kernel *kernel_new(Arena *arena, Sequence *sequence, Stage *stage);
void kernel_add(Arena *arena, Kernel *kernel, Stage *stage);

/* ---- fuse.c, loop.c ---- */

void fuse_nests(Fusion *fusion); /* all of the graph but its roots */
/* A loop becomes a kernel of the sequence; its parts get their buffers. */
void place_loop(Fusion *fusion, const Node *scan);
/* A buffer that this graph computes itself, and that nobody else claims: an update may be written there. */
Buffer *new_content(Fusion *fusion, const Node *node);

/* ---- buffer.c ---- */

/* `home`: where its bytes are needed; NULL on the border and in storage. */
Buffer *buffer_new(Routine *routine, Sequence *home, BufferPlace place, Elem elem, Shape shape);
/* The buffer that others read a node from; a computed node gets one, and its stage a result. */
Buffer *buffer_of(Fusion *fusion, const Node *node);
/* One more place for what a nest computes. */
Buffer *buffer_beside(Fusion *fusion, const Node *nest);
/* What lies at the loop's step on the first axis; and makes a buffer such a view. */
Buffer *buffer_at(Routine *routine, Buffer *stacked, const Loop *loop);
void buffer_becomes_view(Buffer *buffer, Buffer *of, const Loop *at);
/* Their strides, once it is settled where everything lies. */
void settle_views(Routine *routine);
/* The kernel that must run before a node can be read; NULL: none. */
Kernel *maker_of(const Fusion *fusion, const Node *node);
Stage *stage_of(const Fusion *fusion, const Node *node); /* that computes it, seen through merged axes; or NULL */

bool axes_identity(const Affine *axes, int rank);
const Affine *axes_of_indices(Arena *arena, int count); /* index 0, 1, ... */
const Dim *dense_strides(Arena *arena, Shape shape, bool at_bounds);
const Dim *storage_strides(Arena *arena, const Store *store); /* the caller's are dense at the sizes of the call */

/* What the stage costs along its best lane, in vector instructions, with the strides that its buffers have now. */
double least_stage_cost(Arena *arena, const Stage *stage, const Target *target);
/* Dense strides at the bounds, with that axis innermost and the others in their order. */
const Dim *strides_with_innermost(Arena *arena, Shape shape, int axis);
/* Before lanes are chosen: an order of axes for each buffer of the routine's own. */
void order_axes(Routine *routine, const Target *target);

#endif
