/* Data bound to the arguments of an entry: which file feeds which input, how many rows there are, and how many a call
 * takes. Part of the host half of gradc's runtime.
 *
 * A size of the entry counts rows: the first axis of every input that is fed by rows. Where no size does, rows are
 * counted by the inputs' constant first axis, or each call takes one row whose shape is the input's. An input whose
 * file has exactly its own shape is given whole to every call. */
#ifndef GR_HOST_FEED_H
#define GR_HOST_FEED_H

#include "runtime/host/data.h"
#include "runtime/host/options.h"
#include "runtime/host/session.h"

/* Open files by the names of the inputs that they feed; several entries may share one. */
typedef struct gr_dataset {
    const char *input; /* of the options */
    gr_data *data;     /* NULL: a number */
    double number;
    bool used;
} gr_dataset;

typedef struct gr_datasets {
    gr_dataset *at;
    int count;
    const char *option; /* "--data", for messages */
} gr_datasets;

/* Opens what the options name. False, with a message; gr_datasets_close either way. */
bool gr_datasets_open(gr_datasets *sets, const gr_pairs *pairs, const char *option, gr_error *error);
void gr_datasets_close(gr_datasets *sets);

enum gr_feeding {
    GR_FEED_ROWS,       /* other rows in every call */
    GR_FEED_WHOLE,      /* the same file, or number, in every call */
    GR_FEED_STATE,      /* kept from call to call; begins with zeros, or the file */
    GR_FEED_RESULT,     /* an output */
    GR_FEED_RESULT_ROWS /* an output with a row for each row of the call */
};

typedef struct gr_argument_feed {
    enum gr_feeding feeding;
    const gr_data *data; /* ROWS */
    uint64_t group;      /* ROWS: rows of the file in one of the call's: 1, but for text */
    uint64_t row;        /* elements of one row, of ROWS and RESULT_ROWS; else of all */
    size_t bytes;        /* of one row, or of all */
} gr_argument_feed;

typedef struct gr_feed {
    const gr_model *model;
    const gr_entry *entry;
    int *sizes;                  /* [entry->size_count], of the next call */
    int rows_size;               /* position in sizes of the one that counts rows, or -1 */
    bool by_row;                 /* no axis counts rows: a call takes one */
    int batch;                   /* rows of a call, at most; of a call without sizes exactly */
    int least;                   /* rows that a call must have */
    uint64_t rows;               /* of the data; 0: nothing is fed by rows */
    gr_argument_feed *arguments; /* [entry->argument_count] */
    void **buffers;              /* [entry->argument_count], what gr_entry.run gets */
    uint64_t *spread;            /* rows of a file, for text */
} gr_feed;

/* Binds an entry. Says of the first file that does not fit both shapes. Sets that are used are marked. An entry that
 * `evaluates` what others train takes as many of the rows of --batch as it can. False, with a message; gr_feed_close
 * either way. */
bool gr_feed_open(gr_feed *feed, const gr_model *model, const gr_entry *entry, gr_datasets *sets,
                  const gr_options *options, bool evaluates, gr_error *error);
void gr_feed_close(gr_feed *feed);

/* Runs the entry on these rows of the data, `count` <= feed->batch of them. Without data by rows `rows` is not looked
 * at. False, with a message, where data do not fit; else *status is what the entry returned: GR_OK or GR_NONFINITE
 * (other statuses are failures with a message). */
bool gr_feed_run(gr_feed *feed, gr_session *session, const uint64_t *rows, int count, int *status, gr_error *error);

/* The value of an output of real, int or bool as a number: element `at`. */
double gr_feed_value(const gr_feed *feed, int argument, uint64_t at);

#endif
