/* The kernel form, between the graph and C text.
 *
 *     routine  steps[]: kernel | guard       what an entry does, in order
 *     kernel   band, stages[]                a loop over blocks of the outermost free index, the stages inside it
 *     stage    indices, reads, body, totals, results, tile
 *     buffer   where a value lies: border, storage, arena or local
 *
 * A stage is a nest with its surroundings fused in: its body is one expression graph over the same free indices, in
 * which EXPR_TOTAL stands for a finished reduction; what is computed from totals runs on registers behind the reduced
 * loops.
 *
 *     h[n, o] = max(0, sum[i] x[n, i] * w[i, o] + b[o])
 *       totals   sum of  mul(read 0, read 1)
 *       results  h <- max(0, add(total 0, read 2))
 */
#ifndef GRADC_IR_KERNEL_H
#define GRADC_IR_KERNEL_H

#include "compiler/ir/graph.h"

typedef enum BufferPlace {
    BUFFER_BORDER,  /* an argument of the entry: the caller's dense array */
    BUFFER_STORAGE, /* a store: in the model or the trainer */
    BUFFER_ARENA,   /* in the scratch, for all values of the band */
    BUFFER_LOCAL    /* in a thread's part of the scratch, for one block of the band */
} BufferPlace;

typedef struct Buffer {
    BufferPlace place;
    Elem elem;
    bool is_byte; /* BORDER: an int that the caller holds as bytes */
    Shape shape;
    const Dim *strides;     /* [rank], elements from one position of the axis to the next; constant but on the border */
    int64_t elements;       /* at the largest sizes */
    Argument *argument;     /* BUFFER_BORDER */
    Store *store;           /* BUFFER_STORAGE */
    const Node *node;       /* what it holds; NULL for copies */
    struct Buffer *copy_of; /* the same values in another order of axes */
    Name name;              /* what the model calls it, or what it goes into; NULL: nothing. Not unique */
    int position;           /* in Routine.buffers */
    int first, last;        /* ARENA, LOCAL: the steps that write it first and read it last */
    int64_t bytes, offset;  /* ARENA, LOCAL: place in the scratch */
} Buffer;

typedef struct StageRead {
    Buffer *buffer;
    const Affine *axes; /* [rank] in the stage's indices */
} StageRead;

typedef struct StageTotal {
    Reduce reduce;
    int value; /* the expression that is reduced */
} StageTotal;

typedef struct StageResult {
    Buffer *buffer; /* its axes are the free indices, in order */
    int value;      /* the expression stored */
} StageResult;

enum { NO_INDEX = -1 };

/* How a stage runs: the lane index is cut in vectors, the row index in rows; a tile of rows x vectors is held in
 * registers while the reduced indices run. */
typedef struct Tile {
    int lane; /* a free index, a reduced one (lanes are combined behind the loops), or NO_INDEX: one element at a time
               */
    int row;  /* a free index, or NO_INDEX */
    int rows, vectors;
    int wide; /* vectors of a row that is left alone; 0: as the others */
} Tile;

typedef struct Stage {
    int index_count;
    const Index *indices; /* free first, then reduced, then solved */
    int free_count, reduced_count, solved_count;
    double otherwise; /* stages without totals, with solved indices: the value where those take no part */
    VEC(StageRead) reads;
    Body body;
    VEC(StageTotal) totals; /* all over the same reduced indices */
    VEC(StageResult) results;
    VEC(const Node *) nodes; /* what was fused into it, in order: for comments */
    VEC(Name) labels;        /* by expression: what the model calls it, or NULL */
    Tile tile;
    struct Kernel *kernel;
    Name name; /* of the C function */
} Stage;

typedef struct Kernel {
    bool banded; /* free index 0 of every stage is the band; else there is one stage, and it has no free index */
    Dim band;    /* its size */
    int block;   /* how many positions of the band the stages share in a round */
    VEC(Stage *) stages;
    int position; /* among the steps */
    Name name;
} Kernel;

/* What an entry does, in order: kernels, and the places at which it ends if a loss is not finite. */
typedef struct Step {
    Kernel *kernel;     /* or */
    const Buffer *loss; /* a guard */
    bool barrier;       /* the threads wait for each other before it */
} Step;

/* A store's new content, and how many losses of the entry must be finite before it may be kept. */
typedef struct Update {
    Store *store;
    Buffer *value;
    int losses_before;
} Update;

typedef struct Routine {
    Arena *arena;
    const Entry *entry; /* NULL: the initial values of a store */
    const Graph *graph;
    VEC(Buffer *) buffers;
    VEC(Kernel *) kernels; /* as they were made; the order of execution is that of the steps */
    VEC(Update) updates;
    VEC(Buffer *) losses; /* in program order */
    VEC(Step) steps;
    int64_t arena_bytes, local_bytes; /* of the scratch: shared by all threads, and for each */
    int64_t live_bytes;               /* the lower bound: the largest sum of bytes alive at one step */
    double flops;                     /* at the largest sizes */
} Routine;

#endif
