/* An output of an applied entry on its way to a file. Part of the host half of gradc's runtime. */
#ifndef GR_HOST_RESULT_H
#define GR_HOST_RESULT_H

#include "runtime/host/feed.h"

typedef struct gr_result gr_result;

/* Begins the file for an output of the feed's entry: .npy, .csv, .png, .txt (ints as bytes), or "-", a .npy on standard
 * output. `calls` are to be made, with `rows` in all. NULL, with a message. */
gr_result *gr_result_begin(const char *file, const gr_feed *feed, int argument, uint64_t calls, uint64_t rows,
                           gr_error *error);
/* Adds what the last call with so many rows returned. */
bool gr_result_add(gr_result *result, int rows, gr_error *error);
/* Puts the file in its place, or removes what was begun; frees the result either way. */
bool gr_result_commit(gr_result *result, gr_error *error);
void gr_result_cancel(gr_result *result); /* NULL is nothing */

#endif
