/* The files that a compilation writes: the pair, the runtime's headers beside it, and what they depend on. */
#ifndef GRADC_OUTPUT_H
#define GRADC_OUTPUT_H

#include "compiler/compile.h"

/* Where NAME with this extension goes: "out/digits.h". */
const char *output_path(const Compilation *compilation, const char *extension);

/* The files that the model and its weights were read from, as the user would name them: what a change of makes the
 * output stale. The prelude is a part of gradc. */
typedef VEC(const char *) SourcePaths;
SourcePaths compilation_sources(const Compilation *compilation);

/* "out/digits.h out/digits.c: digits.grad", with the escapes that make and ninja understand. False with a message where
 * a path cannot be said there. */
bool depfile_text(const Compilation *compilation, const FileText *files, int count, const char **text,
                  const char **why);

#endif
