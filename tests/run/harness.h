/* Emitted C against the reference evaluator.
 *
 * A model (graph text, or a model file) goes two ways: its graphs behind autodiff are evaluated in double; what all
 * passes and the emitter make of them is compiled by the system's compiler into a shared object and called through the
 * thunks of NAME_model. Both start from the same contents and inputs. */
#ifndef GRADC_TESTS_RUN_HARNESS_H
#define GRADC_TESTS_RUN_HARNESS_H

#include "compiler/emit/emit.h"
#include "compiler/eval/eval.h"
#include "runtime/core/gr.h"

typedef struct Build {
    const char *compiler; /* "gcc", "clang" */
    const char *flags;    /* "-O3" */
    const char *target;   /* "native" */
    bool is_double;
} Build;

typedef struct Model {
    Arena *arena;
    const char *folder;      /* temporary: the emitted files */
    const Program *program;  /* its graphs are those behind autodiff: for the evaluator */
    const Program *lowered;  /* behind all passes: what was emitted */
    void *object;            /* of dlopen */
    const gr_model *emitted; /* NULL: this compiler or processor is not there, nothing to test */
} Model;

/* Reads tests/run/FILE and builds it. */
Model model_open(Arena *arena, const char *file, const Build *build);
void model_close(Model *model);

/* Memory of one instance and one call, each block exactly as large as it must be. */
typedef struct Instance {
    const Model *model;
    void *contents, *trainer;
    gr_work work;
    size_t shift; /* bytes from where the scratch ends to the guard page: other alignments of it */
} Instance;

Instance instance_new(const Model *model, uint64_t seed);
void instance_free(Instance *instance);

/* Arguments of one call, with values that `seed` decides. */
typedef struct Call {
    const gr_entry *entry;
    int sizes[8];
    void *arguments[32];
    size_t bytes[32]; /* of each argument */
} Call;

Call call_new(const Model *model, int entry, const int64_t *sizes, uint64_t seed); /* sizes by Size.position */
void call_free(Call *call);
int call_run(Call *call, Instance *instance);

/* All entries at small, odd and large sizes, several steps: asserts that both agree within 8 times what rounding every
 * intermediate to the real type changes, plus 8 units in the last place of the tensor's largest value. */
void compare_with_evaluator(const char *file, const Build *build);

#endif
