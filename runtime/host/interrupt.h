/* Ctrl-C and its kin, without handlers: the signals are blocked and a thread waits for them. Part of the host half of
 * gradc's runtime. */
#ifndef GR_HOST_INTERRUPT_H
#define GR_HOST_INTERRUPT_H

#include <stdbool.h>

typedef struct gr_interrupt gr_interrupt;

/* From here on the first SIGINT, SIGTERM or SIGHUP is noted, and a second ends the process at once, with status 130.
 * To be called before other threads are made, which inherit the blocked signals. NULL where no thread can be had:
 * signals then do what they did. */
gr_interrupt *gr_interrupt_begin(void);
bool gr_interrupted(const gr_interrupt *interrupt); /* whether one has come; NULL: never */
void gr_interrupt_end(gr_interrupt *interrupt);     /* signals are what they were before; NULL is nothing */

#endif
