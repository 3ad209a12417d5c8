/* log.jsonl: what training measured, one JSON object a line, for programs to read. Part of the host half of gradc's
 * runtime.
 *
 *     {"time":1.52,"epoch":2,"step":938,"entry":"train","losses":{"loss":0.0931},"metrics":{"accuracy":0.971},
 *      "rate_scale":1,"seconds":0.76}
 *
 * (one line). Numbers have 9 significant digits, which give back every float bit for bit. JSON has no numbers that are
 * not finite: they are the strings "nan", "inf" and "-inf", which Python's float() and C's strtod() read. */
#ifndef GR_HOST_LOG_H
#define GR_HOST_LOG_H

#include "runtime/host/output.h"
#include <stdint.h>

typedef struct gr_named_value {
    const char *name;
    double value;
} gr_named_value;

typedef struct gr_log_line {
    double time;       /* seconds since training began */
    double epoch;      /* epochs done, with fraction */
    uint64_t step;     /* steps done */
    const char *entry; /* the entry that was trained or evaluated */
    const gr_named_value *losses;
    int loss_count;
    const gr_named_value *metrics;
    int metric_count;
    double rate_scale; /* factor on the learning rate: 1 until it was halved */
    double seconds;    /* what this line's steps took */
} gr_log_line;

typedef struct gr_log {
    int file;      /* -1: closed, or given up after a failure */
    char *path;    /* own copy */
    int64_t whole; /* bytes of whole lines in a regular file; -1 for pipes and devices */
    gr_text line;  /* kept between lines for its memory */
} gr_log;

/* Begins a new log; an older file of that name is emptied. False, with a message, if it cannot be opened. */
bool gr_log_create(gr_log *log, const char *path, gr_error *error);

/* Goes on with a log after `step` steps: drops a last line that was not written whole, and from the first line whose
 * step is beyond or that is none of ours, all lines. A missing file begins anew. */
bool gr_log_resume(gr_log *log, const char *path, uint64_t step, gr_error *error);

/* Adds one line by one write(2). When that fails (a full disk), what was written of the line is cut off again, the call
 * returns false with a message, and the log is given up: later calls return true and do nothing, so that training goes
 * on and the user reads one message. */
bool gr_log_write(gr_log *log, const gr_log_line *line, gr_error *error);

void gr_log_close(gr_log *log);

/* One number of a line, as gr_log_read gives it back. */
typedef struct gr_log_value {
    double epoch;
    uint64_t step;
    const char *entry, *name; /* as long as the call */
    bool is_metric;           /* of an evaluation, not of steps */
    double value;
} gr_log_value;

/* Gives every number of a log that gr_log_write wrote to `take`, in order. A line that is not ours ends it, and so does
 * a file that cannot be read: what was there is enough for a picture. */
void gr_log_read(const char *path, void (*take)(void *context, const gr_log_value *value), void *context);

#endif
