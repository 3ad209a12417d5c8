/* `gradc eval`: an entry by the reference evaluator, on data from files. */
#ifndef GRADC_EVALUATE_H
#define GRADC_EVALUATE_H

#include "compiler/command.h"

int run_eval(Command *command); /* the status to exit with */

#endif
