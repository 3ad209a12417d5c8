/* What the files of the training loop share: train.c (steps and epochs) reads best first, train_open.c sets up,
 * train_watch.c tells how it gets on. Private to them. */
#ifndef GR_HOST_TRAINING_H
#define GR_HOST_TRAINING_H

#include "runtime/host/folder.h"
#include "runtime/host/log.h"
#include "runtime/host/metrics.h"
#include "runtime/host/plot.h"
#include "runtime/host/progress.h"
#include "runtime/host/train.h"

#define LAST "last.safetensors"
#define BEST "best.safetensors"

/* An entry of the plan. */
typedef struct Turn {
    gr_feed feed;
    gr_metrics metrics; /* since the last line of the log */
    int steps;          /* in turn */
} Turn;

typedef struct Training {
    const gr_options *options;
    gr_session *session;
    const gr_interrupt *interrupt;
    gr_error *error;
    gr_datasets data, valid;
    Turn *turns;
    int turn_count;
    gr_feed eval;
    gr_metrics eval_metrics;
    bool evaluates;
    int watch;                    /* of eval_metrics */
    char watched[120];            /* it in words */
    uint64_t first_valid, valids; /* rows to evaluate on */
    uint64_t rows;                /* of an epoch; 0: there are none */
    uint64_t least;               /* rows that a step must have */
    uint64_t *order;
    uint64_t *visited; /* rows of the call, where they follow each other */
    gr_position position;
    char settings[768];
    gr_folder folder;
    gr_log log;
    uint64_t log_every; /* steps between lines */
    gr_plot plot;
    bool plots;     /* nothing has failed yet */
    double plotted; /* when, by the clock */
    gr_progress progress;
    bool shows;
    double started, saved, logged; /* seconds by the clock */
    uint64_t saved_step;           /* of LAST */
    int status;
} Training;

/* Seconds since any moment. */
double gr_clock(void);

/* ---- train_open.c */

/* Opens data, binds entries, makes or finds the folder. False, with a message; gr_training_close either way. */
bool gr_training_open(Training *training);
void gr_training_close(Training *training);

/* ---- train_watch.c */

void gr_watch_open(Training *training);
/* Means since the last line of the log, of every entry that has taken steps. */
void gr_watch_steps(Training *training);
void gr_watch_evaluation(Training *training, double value);
/* Writes plot.svg, but not more often than every few seconds unless it is the last. */
void gr_watch_plot(Training *training, bool last);
void gr_watch_close(Training *training);
void gr_watch_result(Training *training); /* the last words, on standard output */
/* The factor on the learning rates: the trainer's lr_scale, or 1 without one. */
double gr_rate_scale(const Training *training);

#endif
