/* `gradc weights`: what a file of weights holds, and the same under other names or in the other format. */
#ifndef GRADC_WEIGHTS_H
#define GRADC_WEIGHTS_H

#include "compiler/command.h"

int run_weights(Command *command); /* the exit status */

#endif
