/* Forms: lists and instances down to their tensors. */
#ifndef GRADC_FRONTEND_FORM_H
#define GRADC_FRONTEND_FORM_H

#include "frontend/elaborator.h"

/* What becomes of corresponding tensors of `count` forms. */
typedef Value FormLeaf(Elaborator *e, const Value *leaves, int count, void *context);

/* The form of the first with every tensor replaced; of instances those that are parameters, are computed from some, or
 * copy some, each once. Poison after an error: the forms differ. */
Value map_form(Elaborator *e, const Value *forms, int count, FormLeaf *leaf, void *context, Span span);
Values form_leaves(Elaborator *e, Value form, Span span); /* those that map_form would replace */
/* The same form of new states, which begin as what they copy does: `state avg = net`. */
Value copy_as_states(Elaborator *e, Value form, const char *path);

#endif
