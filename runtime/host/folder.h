/* The folder of a run: checkpoints with all that exact resumption needs, the log and the plot. Part of the host half of
 * gradc's runtime. */
#ifndef GR_HOST_FOLDER_H
#define GR_HOST_FOLDER_H

#include "runtime/host/checkpoint.h"
#include "runtime/host/session.h"

/* How far training has come. With the trainer's tensors and the settings this decides all that follows. */
typedef struct gr_position {
    uint64_t epoch;     /* whole ones that are done */
    uint64_t row;       /* rows of this epoch that are done */
    uint64_t steps;     /* calls of entries */
    int turn;           /* whose turn it is, by the plan */
    int turn_steps;     /* that it has taken already */
    bool has_best;      /* an evaluation was done */
    double best;        /* its watched value */
    uint64_t best_step; /* after so many steps */
    int since_best;     /* evaluations since */
    int since_halved;   /* or since the learning rate was halved */
} gr_position;

typedef struct gr_folder {
    char *path;
    int lock; /* file descriptor, or -1 */
} gr_folder;

/* Makes the folder, which must not exist or be empty, or, to resume, finds the one that is there, and locks it. False,
 * with a message; gr_folder_close either way. */
bool gr_folder_open(gr_folder *folder, const char *path, bool resume, gr_error *error);
void gr_folder_close(gr_folder *folder);

/* "DIR/name"; free() it. NULL if memory is exhausted. */
char *gr_folder_file(const gr_folder *folder, const char *name);

/* Saves DIR/name. `settings`: what must be the same to resume, in words. */
bool gr_folder_save(const gr_folder *folder, const char *name, const gr_session *session, const gr_position *position,
                    const char *settings, gr_error *error);

/* Loads DIR/last.safetensors. False, with a message, if there is none, it is not this model's, or was made with other
 * settings. */
bool gr_folder_resume(const gr_folder *folder, gr_session *session, gr_position *position, const char *settings,
                      gr_error *error);

/* The seed that a run began with, out of DIR/last.safetensors. */
bool gr_folder_seed(const char *path, uint64_t *seed, gr_error *error);

#endif
