/* The training loop of gr_main. Part of the host half of gradc's runtime. */
#ifndef GR_HOST_TRAIN_H
#define GR_HOST_TRAIN_H

#include "runtime/host/interrupt.h"
#include "runtime/host/options.h"
#include "runtime/host/session.h"

/* Exit statuses, as the help of gradc has them. */
enum gr_exit {
    GR_EXIT_DONE = 0,
    GR_EXIT_COMMAND = 2,
    GR_EXIT_MACHINE = 3,
    GR_EXIT_TRAINING = 4,
    GR_EXIT_INTERRUPTED = 130
};

/* Trains the entries of options->plan, all of which update, and tells on standard error how it gets on. Returns the
 * exit status; not GR_EXIT_DONE: with a message, which is no failure where it was interrupted. The session is open and
 * holds the values to begin with. */
int gr_train(const gr_options *options, gr_session *session, const gr_interrupt *interrupt, gr_error *error);

#endif
