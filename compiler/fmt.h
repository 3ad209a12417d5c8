/* `gradc fmt`: the model file in its standard layout. */
#ifndef GRADC_FMT_H
#define GRADC_FMT_H

#include "compiler/command.h"

/* Formats the file in place, the standard input to the standard output; with only_tell nothing is written,
 * and a model that is laid out differently is an error. The status to exit with. */
int run_fmt(Command *command);

#endif
