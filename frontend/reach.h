/* From where derivatives reach a value, and whether they would have to pass through a discrete sample. */
#ifndef GRADC_FRONTEND_REACH_H
#define GRADC_FRONTEND_REACH_H

#include "frontend/elaborator.h"

/* By node of the graph that is being built: a derivative passes from it to `of`; or `of` depends on it so, or by ints; or
 * only through a discrete sample's argument. */
typedef struct Reach {
    const Node *of;
    const bool *plain, *reading, *sampled;
} Reach;

Reach reach_of(Elaborator *e, const Node *of);
bool reaches(const Reach *reach, const Node *from);
bool reaches_by_sample(const Reach *reach, const Node *from);
/* A gradient may not have to pass through a discrete sample's arguments: false after an error that says so. */
bool no_sample_between(Elaborator *e, const Reach *reach, const Node *by, Span span);
/* The discrete samples of a loop's body, as the graph around the loop sees them: from the arguments that they depend on
 * to the results that depend on them. `parts`: by result. */
void lift_barriers(Elaborator *e, const Node *scan, Node *const *parts);

#endif
