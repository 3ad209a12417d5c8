/* gr.h - what every model that gradc compiles to C has in common. Part of gradc's runtime.
 *
 * SPDX-License-Identifier: 0BSD
 * Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby
 * granted. THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE.
 *
 * An emitted model needs nothing but this header and gr_kernel.h. The functions under "tensors by name" are in
 * tensors.c, for programs that look into a model; an entry calls none of them. C11 or C++11. */
#ifndef GR_H
#define GR_H
#include <stddef.h>
#include <stdint.h>

#define GR_ABI 1 /* of the types below; NAME.h asks for the one that it was made for */

#ifdef __cplusplus
#define GR_C_BEGIN extern "C" {
#define GR_C_END   }
#else
#define GR_C_BEGIN
#define GR_C_END
#endif

#if defined(__GNUC__)
#define GR_ALIGNED __attribute__((aligned(64)))
#elif defined(__cplusplus)
#define GR_ALIGNED alignas(64)
#else
#define GR_ALIGNED _Alignas(64)
#endif
/* GR_ALIGNED before an object puts it at the start of a cache line: `GR_ALIGNED static digits model;` */

GR_C_BEGIN

/* ---- the result of every function that can fail */

enum gr_status {
    GR_OK,
    GR_NULL,      /* a pointer that is needed is NULL */
    GR_SIZE,      /* a size argument is out of its range */
    GR_INDEX,     /* an integer input that is used as an index is out of its range */
    GR_OVERLAP,   /* an output shares bytes with another argument, the model or work */
    GR_MEMORY,    /* work->scratch is too small */
    GR_NONFINITE, /* a loss is infinite or not a number; nothing was stored from there on */
    GR_TARGET     /* this processor lacks instructions that the code was compiled for */
};

/* Says a status in words. Never NULL. */
static inline const char *gr_message(int status) {
    switch (status) {
    case GR_OK: return "ok";
    case GR_NULL: return "a pointer is NULL";
    case GR_SIZE: return "a size is out of its range";
    case GR_INDEX: return "an index is out of its range";
    case GR_OVERLAP: return "an output overlaps another argument";
    case GR_MEMORY: return "the scratch memory is too small";
    case GR_NONFINITE: return "a loss is not finite";
    case GR_TARGET: return "this processor lacks what --target promised";
    default: return "unknown status";
    }
}

/* Where calls of one entry add their times, in models compiled with --profile. The caller owns it. */
typedef struct gr_tally {
    double seconds;
    uint64_t calls;
} gr_tally;

typedef struct gr_timer {
    double (*clock)(void); /* seconds since any moment, the same for all threads */
    gr_tally **tallies;    /* [threads] of [the entry's kernels + 1]; the last is waiting for other threads */
} gr_timer;

/* What a call of an entry works with: one thread's own, for all models. Set scratch and scratch_size, leave the rest
 * zero or set it; the caller owns the scratch, its content means nothing between calls. */
typedef struct gr_work {
    void *scratch;       /* at least NAME_ENTRY_SCRATCH(threads) bytes, any alignment; GR_ALIGNED is fastest */
    size_t scratch_size; /* bytes */
    uint64_t seed;       /* with draws: the random stream of entries that draw but do not update */
    uint64_t draws;      /* calls so far of such entries; each adds one */
    int threads;         /* at most that many; 0 means 1. More than 1 needs a model compiled with OpenMP */
    const char *fault;   /* out: the argument at which the last failed call found its fault, or NULL */
    int64_t fault_at;    /* out: the element of it in row-major order where one is at fault, or -1 */
    gr_timer *timer;     /* of the entry, or NULL; read only by models compiled with --profile */
} gr_work;

/* ---- a model as data: all const, in read-only memory, reachable from NAME_model */

/* A size of the model that is given at each call: low <= value <= high. */
typedef struct gr_size {
    const char *name;
    int low, high;
} gr_size;

enum gr_type { GR_FLOAT, GR_DOUBLE, GR_INT32, GR_BOOL, GR_BYTE, GR_UINT64 };

/* Bytes of one element: bools are bytes that hold 0 or 1. */
static inline size_t gr_type_size(int type) {
    return type == GR_DOUBLE || type == GR_UINT64 ? 8 : type == GR_BOOL || type == GR_BYTE ? 1 : 4;
}

enum gr_place { GR_MODEL, GR_TRAINER }; /* the struct that a tensor is in: NAME or NAME_trainer */

enum gr_kind {
    GR_PARAM,   /* is trained */
    GR_STATE,   /* persists otherwise */
    GR_SLOT,    /* an optimizer's memory */
    GR_COUNTER, /* an entry's completed steps */
    GR_SEED,    /* of training's random draws */
    GR_SCALE    /* multiplies learning rates */
};

/* One named tensor of the model or the trainer. Shape and order are the declared ones; the storage's are strides. */
typedef struct gr_tensor {
    const char
        *name; /* as in the model file: "net.layers.0.w"; the trainer's begin with '@': "@train.m.net.layers.0.w" */
    uint8_t place, kind, type, rank; /* enum gr_place, gr_kind, gr_type; 0 is a scalar */
    const int32_t *shape;            /* [rank] */
    const int32_t *strides;          /* [rank], in elements of the storage */
    size_t offset;                   /* bytes from the start of the struct to element 0 */
} gr_tensor;

/* A dimension of an argument: constant + factor * sizes[size]. */
typedef struct gr_dim {
    int32_t constant, factor;
    int32_t size; /* position in the entry's sizes, or -1: constant alone */
} gr_dim;

enum gr_role { GR_INPUT, GR_OUTPUT, GR_STATE_ARGUMENT /* read, then written */ };

/* A tensor argument of an entry: dense, row-major, aligned like its elements. */
typedef struct gr_argument {
    const char *name;
    uint8_t role, type, rank; /* enum gr_role, gr_type */
    uint8_t by_value;         /* 1: the C function takes the scalar itself; gr_entry.run always a pointer to it */
    const gr_dim *shape;      /* [rank] */
    int32_t low, high;        /* an input that is used as an index lies in low..high; low > high: it is none */
} gr_argument;

/* Runs an entry through pointers alone: sizes[size_count] and arguments[argument_count] in the order of the C function.
 * What the entry does not need (the trainer of one that does not update, the model of one without) is ignored. An
 * entry that does not update only reads *model. */
typedef int gr_run(void *model, void *trainer, gr_work *work, const int *sizes, void *const *arguments);

typedef struct gr_entry {
    const char *name;
    uint8_t updates, draws; /* 1: changes model and trainer; 1: draws random numbers */
    uint8_t size_count;
    const uint8_t *sizes; /* [size_count], positions in gr_model.sizes, in the order of the C function's arguments */
    int argument_count;
    const gr_argument *arguments;       /* [argument_count], in the order of the C function */
    size_t scratch, scratch_per_thread; /* bytes needed: scratch + threads * scratch_per_thread, for all sizes */
    double flops_per_row;               /* at the largest sizes, for the first of them; a multiply-add counts 2 */
    gr_run *run;
} gr_entry;

/* A kernel of an entry. In a call with r rows (of the entry's first size, the others being largest) it does
 * flops + r * flops_per_row operations, and touches as many bytes likewise. */
typedef struct gr_stage {
    const char *name;   /* of its function in NAME.c */
    const char *source; /* "digits.grad:8: x @ w + b": where it comes from first; "" of what gradc adds */
    double flops, flops_per_row, bytes, bytes_per_row;
} gr_stage;

/* The kernels of all entries, and what the processor can do with the target's instructions. The probes run with so many
 * threads; their results mean nothing. */
typedef struct gr_profile {
    const int *first;       /* [entry_count + 1]: those of entry e are stages[first[e]] to stages[first[e + 1] - 1] */
    const gr_stage *stages; /* [first[entry_count]] */
    double pass_flops;
    double (*compute)(int64_t passes, int threads);                /* each thread: passes * pass_flops FLOPs */
    double (*read)(const void *memory, size_t bytes, int threads); /* all of it once */
} gr_profile;

typedef struct gr_model {
    int abi; /* GR_ABI */
    const char *name;
    uint32_t signature;              /* hash of names, shapes and types: files and callers compare it */
    size_t model_size, trainer_size; /* bytes; 0: there is none */
    int size_count, tensor_count, entry_count;
    const gr_size *sizes;     /* [size_count] */
    const gr_tensor *tensors; /* [tensor_count], the model's first, in the order of the structs */
    const gr_entry *entries;  /* [entry_count] */
    int (*init)(void *model, void *trainer, uint64_t seed); /* either may be NULL */
    const gr_profile *profile;                              /* NULL without --profile */
} gr_model;

/* The value of a dimension for the sizes of a call, in the entry's order. */
static inline int64_t gr_dim_value(const gr_dim *dim, const int *sizes) {
    return dim->constant + (dim->size < 0 ? 0 : (int64_t)dim->factor * sizes[dim->size]);
}

/* The number of elements of an argument for the sizes of a call; 1 for a scalar. */
static inline int64_t gr_argument_elements(const gr_argument *argument, const int *sizes) {
    int64_t elements = 1;
    for (int axis = 0; axis < argument->rank; axis++)
        elements *= gr_dim_value(&argument->shape[axis], sizes);
    return elements;
}

/* ---- tensors by name (tensors.c) */

/* The tensor or entry of that name, or NULL. The result belongs to the model's description. */
const gr_tensor *gr_find(const gr_model *description, const char *name);
const gr_entry *gr_find_entry(const gr_model *description, const char *name);

/* The number of elements of a tensor; 1 for a scalar. */
size_t gr_elements(const gr_tensor *tensor);

/* Copies a tensor out of, or into, its struct: `dense` holds gr_elements(tensor) elements of its type in declared
 * row-major order, whatever the order in storage. Of model and trainer only the one that the tensor is in is used; the
 * other may be NULL. GR_OK or GR_NULL; dense must not overlap the struct. */
int gr_read(const gr_tensor *tensor, const void *model, const void *trainer, void *dense);
int gr_write(const gr_tensor *tensor, void *model, void *trainer, const void *dense);

GR_C_END
#endif
