/* What is asked of a random program: that its text can be read back, that passes leave its values alone, that gradients
 * are those which differences show, and that the emitted C computes what the evaluator does. */
#ifndef GRADC_TESTS_RANDOM_CHECK_H
#define GRADC_TESTS_RANDOM_CHECK_H

#include "compiler/eval/eval.h"
#include <stdbool.h>

typedef enum Fault {
    FAULT_NONE,
    FAULT_REJECTED, /* not sane: nothing can be said about it */
    FAULT_TEXT,     /* read back, it is another program */
    FAULT_PASS,     /* a pass changes a value */
    FAULT_GRADIENT, /* differences say otherwise */
    FAULT_BUILD,    /* the emitted C does not compile, or libclang objects */
    FAULT_VALUE,    /* the emitted C computes something else */
    FAULT_THREADS,  /* three threads make other bits than one */
    FAULT_CRASH     /* an internal error, a signal, or no end */
} Fault;

extern const char *const fault_names[]; /* by Fault */

enum { MESSAGE = 500 };

typedef struct Verdict {
    Fault fault;
    int target; /* FAULT_BUILD and behind it: position in target_names() */
    char message[MESSAGE];
} Verdict;

/* What a process that checks tells the one that watches it. */
typedef struct Report {
    int graph;      /* that is being looked at, or -1: all */
    char stage[40]; /* and how, and for which target */
    int target;
    int64_t compared, skipped; /* directions in which gradients were compared, and left out because of kinks */
    Verdict verdicts[];
} Report;

typedef struct Checks {
    bool emits;       /* compile and run what is emitted; else only what the compiler does itself is checked */
    unsigned targets; /* bit t: for target t of target_names(), if this machine has it */
    bool only_passes, only_emission; /* while reducing: no gradients; no compilation of what is emitted */
} Checks;

/* Checks `count` programs of one entry each; emitted, they are one. Verdicts stand in the report, by program. */
void check_programs(Arena *arena, const char *const *texts, int count, const Checks *checks, Report *report);

/* ---- parts of it ---- */

__attribute__((format(printf, 3, 4))) void verdict_set(Verdict *verdict, Fault fault, const char *format, ...);

enum { SIZE_CHOICES = 4 };
/* The k-th choice of sizes of a call: the least, the largest, odd ones. */
void choose_sizes(const Program *program, int k, int64_t *sizes);
/* An evaluation of the first entry, with inputs and stores that depend on their names and `seed` alone. */
Evaluation evaluation_new(Arena *arena, const Program *program, const int64_t *sizes, uint64_t seed, EvalMode mode);
/* All outputs and stores are finite numbers of the size that float holds, and all ints fit 32 bits. */
bool is_sane(const Program *program, const Entry *entry, const Evaluation *evaluation);

void check_passes(Arena *arena, const char *text, Verdict *verdict);                    /* values.c */
void check_gradients(Arena *arena, const char *text, Report *report, Verdict *verdict); /* differences.c */
void check_emitted(Arena *arena, const char *const *texts, int count, int target, bool compiles,
                   Report *report); /* emitted.c */

/* Smallest margin of a decision at which values are compared: rounding to float must not turn it. */
#define MARGIN 1e-5

#endif
