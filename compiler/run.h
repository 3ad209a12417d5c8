/* `gradc run`: compiles, builds with the user's C compiler, and hands the model to gr_main. */
#ifndef GRADC_RUN_H
#define GRADC_RUN_H

#include "compiler/command.h"

int run_run(Command *command);
void print_run_help(void);

#endif
