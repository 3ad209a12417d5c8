/* Where gradc's runtime lies: beside the program, installed or as it was built. */
#ifndef GRADC_PLACES_H
#define GRADC_PLACES_H

#include "compiler/support/arena.h"

/* The directory of gr.h, and the linker's flags for the host layer. NULL, with a message in *why, where nothing is
 * found. */
const char *runtime_include(Arena *arena, const char **why);
const char *runtime_libs(Arena *arena, const char **why);

#endif
