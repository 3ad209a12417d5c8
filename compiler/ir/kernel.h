/* The kernel form, between the graph and C text.
 *
 *     routine  steps[]: kernel | guard | loop    what an entry does, in order; a loop has steps of its own
 *     kernel   band, stages[]                a loop over blocks of the outermost free index, the stages inside it
 *     stage    indices, reads, body, totals, results, tile
 *     buffer   where a value lies: border, storage, arena or local; or a view of another buffer
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
    struct Buffer *view_of; /* the same bytes with other axes; NULL: bytes of its own */
    const struct Loop *at;  /* of a view: what lies at this loop's step on the first axis of view_of; NULL: all of it */
    int axis, merged;       /* of a view: `merged` axes of view_of from `axis` on are one; 0: all as they are */
    bool is_carry;          /* of a loop: written before it and in every round */
    struct Kernel *maker;   /* that writes it; NULL: what it is a view of, or nobody */
    struct Sequence *home;  /* in a step of which its bytes are needed */
    Name name;              /* what the model calls it, or what it goes into; NULL: nothing. Not unique */
    int position;           /* in Routine.buffers */
    int first, last;        /* ARENA, LOCAL: the steps (all in one row) that write it first and read it last */
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

/* A kernel that is no loop nest: steps of its own, one round for every position. */
typedef struct Kernel {
    struct Loop *loop; /* NULL: stages, as follows */
    bool banded;       /* free index 0 of every stage is the band; else there is one stage, and it has no free index */
    Dim band;          /* its size */
    int block;         /* how many positions of the band the stages share in a round */
    VEC(Stage *) stages;
    int position; /* among the kernels of its sequence, then among the steps */
    struct Sequence *sequence;
    Name name;
} Kernel;

/* What an entry does, in order: kernels and loops, and the places at which it ends if a loss is not finite. */
typedef struct Step {
    Kernel *kernel;     /* or */
    const Buffer *loss; /* a guard */
    bool barrier;       /* the threads wait for each other before it */
} Step;

/* A store's or carry's new content, and how many losses of the entry must be finite before it may be kept. */
typedef struct Update {
    Store *store; /* or */
    Buffer *carry;
    Buffer *value;
    int losses_before;
} Update;

/* Steps in order: of the whole entry, or of one round of a loop. */
typedef struct Sequence {
    VEC(Kernel *) kernels; /* as they were made; the order of execution is that of the steps */
    VEC(Update) updates;
    VEC(Step) steps;
    struct Loop *loop; /* NULL: of the entry */
} Sequence;

typedef struct Loop {
    Dim length;
    bool reversed;
    struct Loop *around; /* NULL: none */
    Sequence body;
    int first, last; /* steps of its body, all in one row; first > last: none */
} Loop;

typedef struct Routine {
    Arena *arena;
    const Entry *entry; /* NULL: the initial values of a store */
    const Graph *graph;
    VEC(Buffer *) buffers;
    VEC(Buffer *) losses; /* in program order */
    Sequence top;
    VEC(Step *) row; /* all steps but those that are loops, with those of the loops, as they stand in the text */
    int64_t arena_bytes, local_bytes; /* of the scratch: shared by all threads, and for each */
    int64_t live_bytes;               /* the lower bound: the largest sum of bytes alive at one step */
    double flops;                     /* at the largest sizes */
} Routine;

/* The buffer whose bytes it has: itself, or what it is a view of. */
Buffer *buffer_root(const Buffer *buffer);
Kernel *buffer_maker(const Buffer *buffer); /* who writes what it shows; NULL: nobody in the routine */
/* The same if it is a kernel of that sequence, else NULL. */
Kernel *maker_around(const Buffer *buffer, const Sequence *sequence);
int loop_depth(const Loop *loop); /* how many loops stand around it */

/* All stages of a kernel, those of a loop's kernels included, in the order in which they were made. */
typedef VEC(Stage *) Stages;
void kernel_stages(Arena *arena, const Kernel *kernel, Stages *out);
void sequence_stages(Arena *arena, const Sequence *sequence, Stages *out);
bool stage_writes(const Stage *stage, const Buffer *buffer);
bool stage_reads(const Stage *stage, const Buffer *root);      /* that or a view of the same bytes */
bool kernel_reads(const Kernel *kernel, const Buffer *buffer); /* or a view of the same bytes */

#endif
