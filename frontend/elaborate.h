/* From syntax tree to program: the staged evaluator of the language. */
#ifndef GRADC_FRONTEND_ELABORATE_H
#define GRADC_FRONTEND_ELABORATE_H

#include "compiler/ir/graph.h"
#include "frontend/ast.h"

/* -D NAME=VALUE */
typedef struct Definition {
    const char *name, *value;
} Definition;

typedef VEC(Definition) Definitions;

typedef struct ElaborateOptions {
    const Definitions *definitions; /* NULL: none */
    const char *entries;            /* "train,predict"; NULL: all */
    bool evaluations;               /* ENTRY_eval as well for each ENTRY that updates */
} ElaborateOptions;

/* NULL after errors, which are in the diagnostics. Everything lives in the arena. */
Program *elaborate(Arena *arena, Interner *names, Diagnostics *diagnostics, const AstFile *file,
                   const ElaborateOptions *options);

#endif
