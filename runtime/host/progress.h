/* How training gets on, for the person in front of it. Part of the host half of gradc's runtime.
 *
 * On a terminal one line, redrawn at most 10 times a second:
 *
 *     epoch 3/10 ━━━━━━━━━━━━━───────────────── 42 %  2.1 M rows/s  1 m 05 s left  loss 0.0931  accuracy 0.971 (best
 * 0.974)
 *
 * Elsewhere (a file, a pipe, TERM unset or "dumb") the same without bar, as plain lines: one after each of the first
 * ten epochs, later ones at least a second apart, and one every 30 s within long epochs.
 *
 * The line is cut to the terminal's width, least important parts first. NO_COLOR turns colours off; the bar is drawn
 * with '=' unless the locale (LC_ALL, LC_CTYPE, LANG) is UTF-8. Failing to write is no reason to stop: after a closed
 * pipe or a full disk nothing more is shown. */
#ifndef GR_HOST_PROGRESS_H
#define GR_HOST_PROGRESS_H

#include "runtime/host/output.h"
#include <stdint.h>

enum gr_progress_style {
    GR_PROGRESS_AUTO, /* by what the file is, and the environment */
    GR_PROGRESS_LINE, /* one line, redrawn */
    GR_PROGRESS_PLAIN,
    GR_PROGRESS_OFF
};

/* Zero what is unknown; only `file` has no such value. */
typedef struct gr_progress_options {
    int file; /* 2: standard error */
    enum gr_progress_style style;
    int epochs;               /* to be done in all */
    uint64_t steps;           /* to be done in all, those before a resume included */
    uint64_t steps_per_epoch; /* of all entries together */
    uint64_t first_step;      /* steps done before this run was resumed */
    double time_limit;        /* seconds */
    const char *metric;       /* name of what is watched in validation; must live as long as the progress */
    /* For tests, or programs that know better. */
    int width;               /* columns; 0 asks the terminal, then COLUMNS, then takes 80 */
    double (*clock)(void *); /* seconds since any moment; NULL: the monotonic clock */
    void *clock_context;
} gr_progress_options;

/* Fields are private, except that `loss` may be read: the smoothed loss. */
typedef struct gr_progress {
    gr_progress_options options;
    bool unicode, colour, drawn; /* drawn: a line stands that has no newline yet */
    double started, last;        /* seconds by the clock; last: when something was shown */
    double next;                 /* when something is due */
    double looked;               /* when the clock was asked last */
    unsigned wait, stride;       /* steps until the clock is asked again, and between */
    uint64_t steps, rows;        /* of this run, without those before a resume */
    double loss, weight;         /* moving average over about 50 finite losses; weight: 1 - 0.98^count */
    double newest;               /* the last loss, which may be nan */
    int epochs_done;
    double rate, rate_time; /* rows a second, 0 until it was measured; when it was */
    uint64_t rate_rows;
    double metric, best; /* nan before the first evaluation */
    gr_text text;
} gr_progress;

/* Begins; the clock runs from here. The names and `clock_context` in options are borrowed. */
void gr_progress_start(gr_progress *progress, const gr_progress_options *options);

/* The slow half of gr_progress_step: asks the clock and shows what is due. */
void gr_progress_look(gr_progress *progress);

/* After each step: how many rows it took, and its loss, which may be nan. A few nanoseconds while nothing is due. */
static inline void gr_progress_step(gr_progress *progress, uint64_t rows, double loss) {
    progress->steps++;
    progress->rows += rows;
    progress->newest = loss;
    if (loss - loss == 0) { /* finite */
        progress->weight += 0.02 * (1 - progress->weight);
        progress->loss += 0.02 / progress->weight * (loss - progress->loss);
    }
    if (--progress->wait == 0) gr_progress_look(progress);
}

/* After an evaluation: the watched metric, and the best so far, this one included. */
void gr_progress_evaluated(gr_progress *progress, double metric, double best);

/* After an epoch and its evaluation: `epochs_done` in all. Shows a plain line where there are such. */
void gr_progress_epoch(gr_progress *progress, int epochs_done);

/* Takes the line off the terminal before something else is written there. The next step that is due draws it again. */
void gr_progress_clear(gr_progress *progress);

/* Shows the last state with a newline behind it, and gives back the memory. */
void gr_progress_finish(gr_progress *progress);

/* Columns of a terminal: what it says, else COLUMNS, else 80. */
int gr_terminal_width(int file);

#endif
