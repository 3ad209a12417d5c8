/* The limits of gradc: how much a model may hold, so that no input needs more than ten seconds, a gigabyte or the end
 * of the stack. docs/limits.md says what is told at each. They are far beyond what a model needs that a person or a
 * program writes with care: what would exceed them is a doubling definition, or a loop that should be a `repeat` or
 * `scan`. */
#ifndef GRADC_SUPPORT_LIMITS_H
#define GRADC_SUPPORT_LIMITS_H

#include <stdint.h>

/* Text. */
#define SOURCE_LIMIT (64 << 20) /* bytes of one file */

enum {
    TOKEN_LIMIT = 1000000,  /* words, numbers and signs of one file */
    BRACKET_LIMIT = 200,    /* brackets, blocks and prefix operators in each other */
    AST_HEIGHT_LIMIT = 1000 /* operations on top of each other in one expression */
};

/* Elaboration. */
enum {
    STEP_LIMIT = 4000000,        /* expressions evaluated, rounds of loops and elements of lists made while compiling */
    CALL_STEPS = 5,              /* what a call counts: its scope takes memory */
    INSTANCE_STEPS = 20,         /* and an instance */
    CALL_DEPTH_LIMIT = 1000,     /* calls in calls */
    NESTING_LIMIT = 6000,        /* expressions in expressions, through calls: they are evaluated by recursion */
    LIST_LIMIT = 1000000,        /* elements of a list */
    ELEMENT_HEIGHT_LIMIT = 2000, /* operations on top of each other in one element of index notation */
    PARTS_LIMIT = 512,           /* tensors of a list that are put together as one */
    OPERATION_LIMIT = 100000     /* operations on tensors, in all entries together */
};

/* Tensors. */
enum {
    RANK_LIMIT = 32,       /* axes */
    ENTRY_SIZE_LIMIT = 255 /* sizes that are given at each call of an entry: gr_entry counts them in a byte */
};
#define ELEMENT_LIMIT INT64_C(0x7fffffff) /* elements of one tensor: positions are int in the emitted C */

/* The compiler. */
enum {
    ERROR_LIMIT = 20,     /* errors that are told */
    GRAPH_LIMIT = 400000, /* operations of one graph, with those of its gradients */
    NEST_LIMIT = 1500     /* loop nests of one entry that are left when what can be is computed within others */
};
#define INITIAL_STACK_LIMIT (1 << 20)           /* bytes on the stack while a first content is computed */
#define MEMORY_LIMIT        ((size_t)900 << 20) /* bytes that a compilation may hold */

#endif
