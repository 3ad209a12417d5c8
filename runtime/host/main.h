/* The program behind `gradc run` and --emit-main. Part of the host half of gradc's runtime. */
#ifndef GR_HOST_MAIN_H
#define GR_HOST_MAIN_H

#include "runtime/core/gr.h"

/* Trains a model or applies one of its entries, as the arguments behind arguments[0] say; "--help" tells which there
 * are. Messages go to standard error. Returns the exit status: 0 done, 2 the command line or the data are wrong, 3 the
 * machine failed, 4 training failed, 130 interrupted. It takes over SIGINT, SIGTERM and SIGHUP meanwhile,
 * SIGBUS, SIGXFSZ and SIGPIPE for good. */
int gr_main(const gr_model *model, int count, char **arguments);

#endif
