/* --weights: the values that the model's parameters and state begin with. */
#ifndef GRADC_TRAINED_H
#define GRADC_TRAINED_H

#include "compiler/compile.h"

/* Reads options->weights into compilation->emit.trained. Every parameter and state of the program must be there with
 * its shape, and nothing else but names with '@', which belong to training, and what the entries at hand do not need.
 * Reals of any kind serve for reals, whole numbers for whole numbers where they fit. False with one message that lists
 * all that is amiss. */
bool load_trained(Compilation *compilation);

#endif
