/* A file that is replaced whole or not at all. It is written beside its place, synced, renamed over it, and the
 * directory is synced: whenever the power fails, the old file or the new one is there. */
#ifndef GR_HOST_REPLACE_H
#define GR_HOST_REPLACE_H

#include "runtime/host/error.h"
#include <stddef.h>

typedef struct gr_replacement gr_replacement;

/* Begins. A link is followed, so that its target is replaced; what is no regular file is refused. NULL with a message.
 * The temporary file is PATH.PROCESS.tmp; nobody reads it, and a killed process leaves it. */
gr_replacement *gr_replace_begin(const char *path, gr_error *error);

/* Writes on. After a failure only gr_replace_cancel may follow. */
bool gr_replace_write(gr_replacement *replacement, const void *bytes, size_t size, gr_error *error);

/* Puts the new file in its place, or, with a message, removes it. The replacement is freed either way. */
bool gr_replace_commit(gr_replacement *replacement, gr_error *error);
void gr_replace_cancel(gr_replacement *replacement);

#endif
