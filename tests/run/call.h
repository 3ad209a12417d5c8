/* Calls of emitted models, and what the reference evaluator says about the same call.
 *
 * A model is a shared object that is called through the thunks of NAME_model, beside the program that it was made of,
 * with its graphs as they stand behind autodiff. Both begin with the same contents and inputs. Nothing here belongs to
 * a test framework: what must not happen is an internal_error. */
#ifndef GRADC_TESTS_RUN_CALL_H
#define GRADC_TESTS_RUN_CALL_H

#include "compiler/emit/emit.h"
#include "compiler/eval/eval.h"
#include "runtime/core/gr.h"

typedef struct Remote Remote; /* see remote.h */

typedef struct Model {
    Arena *arena;
    const char *folder;      /* temporary: the emitted files */
    const Program *program;  /* its graphs are those behind autodiff: for the evaluator */
    const Program *lowered;  /* behind all passes: what was emitted */
    void *object;            /* of dlopen */
    const gr_model *emitted; /* NULL: this compiler or processor is not there, nothing to test */
    Remote *remote;          /* where calls go, if not NULL: then `emitted` describes it, and is not called itself */
} Model;

/* Memory of one instance and one call, each block exactly as large as it must be: it is filled with NaNs, and ends
 * where nothing may be touched; what stands before it is looked at when it is given back. */
typedef struct Instance {
    const Model *model;
    void *contents, *trainer;
    gr_work work;
    size_t shift; /* bytes from where the scratch ends to the guard page: other alignments of it */
} Instance;

Instance instance_new(const Model *model, uint64_t seed);
void instance_free(Instance *instance);

enum { CALL_SIZES = 8, CALL_ARGUMENTS = 32 };

/* Arguments of one call, with values that `seed` decides. */
typedef struct Call {
    const gr_entry *entry;
    int sizes[CALL_SIZES];
    void *arguments[CALL_ARGUMENTS];
    size_t bytes[CALL_ARGUMENTS]; /* of each argument */
} Call;

Call call_new(const Model *model, int entry, const int64_t *sizes, uint64_t seed); /* sizes by Size.position */
void call_free(Call *call);
int call_run(Call *call, Instance *instance);

/* A number in 0 <= x < 1 from a small generator of its own, and the value of an input of that type that it gives: what
 * emitted models and graphs alone are called with. `is_byte` as in Argument; low <= high: a position. */
double draw_number(uint64_t *stream);
double draw_value(Elem elem, bool is_byte, int64_t low, int64_t high, uint64_t *stream);

/* ---- the evaluator's side ---- */

/* What the caller holds of an argument of the entry (a position among inputs, then outputs). */
Tensor tensor_of_argument(Arena *arena, const Argument *argument, const Call *call, int position);
Tensor tensor_of_store(const Evaluation *evaluation, const Instance *instance, const Store *store);
/* Computes what call_run would, in double or rounded to float, from what the instance and the call hold now. `shake` as
 * in Evaluation. */
Evaluation evaluate_call(const Instance *instance, const Call *call, const int64_t *sizes, EvalMode mode,
                         uint64_t shake);

/* How far what was computed in float (double: is_double) may lie from `exact`: 8 times what rounding every
 * intermediate changes, and 8 units in the last place of the largest value; ints and bools not at all. */
double tensor_tolerance(const Tensor *exact, const Tensor *rounded, bool is_double);
/* NULL, or which elements differ by more: "3 of 20 elements are wrong, first [4]: ..". */
const char *tensor_difference(Arena *arena, const Tensor *exact, const Tensor *got, double tolerance);

#endif
