/* Parameters that keep their first values. */
#ifndef GRADC_UNTRAINED_H
#define GRADC_UNTRAINED_H

#include "compiler/ir/graph.h"
#include "compiler/support/diag.h"

/* Notes once which parameters no entry updates, if others are updated: it may be meant (a part is frozen), or
 * forgotten. */
void note_untrained(const Program *program, Diagnostics *diagnostics);

#endif
