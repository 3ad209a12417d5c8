/* One entry applied to data once: predictions, samples, an evaluation. Part of the host half of gradc's runtime. */
#ifndef GR_HOST_APPLY_H
#define GR_HOST_APPLY_H

#include "runtime/host/interrupt.h"
#include "runtime/host/options.h"
#include "runtime/host/session.h"

/* Applies options->plan's only entry, which does not update, to all rows of the data in order, or options->steps times
 * (1) where nothing is fed by rows. Outputs go to the files of options->out, with the rows of all calls below each
 * other; outputs that are single numbers are averaged by rows and printed. Returns the exit status, see train.h; not
 * GR_EXIT_DONE: with a message. */
int gr_apply(const gr_options *options, gr_session *session, const gr_interrupt *interrupt, gr_error *error);

#endif
