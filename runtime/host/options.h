/* What the user of gr_main asks for: the options of `gradc run --help`. Part of the host half of gradc's runtime. */
#ifndef GR_HOST_OPTIONS_H
#define GR_HOST_OPTIONS_H

#include "runtime/host/error.h"
#include <stddef.h>
#include <stdint.h>

/* "INPUT=FILE", "ENTRY:K" and "SIZE=ROWS", taken apart. */
typedef struct gr_pair {
    char *name;  /* own copy */
    char *value; /* the rest, or NULL without one; in the same memory */
} gr_pair;

typedef struct gr_pairs {
    gr_pair *at;
    int count;
} gr_pairs;

/* Zero or NULL is what was not given. Strings but the pairs' are the arguments themselves. */
typedef struct gr_options {
    gr_pairs plan; /* entries; values are how many steps each, or NULL */
    gr_pairs data, valid, out;
    double valid_split; /* share of the rows */
    bool no_shuffle;
    gr_pair batch; /* value: rows; name: the size that counts them, or NULL */
    int rows;      /* of `batch` */
    int epochs;
    uint64_t steps;
    double time; /* seconds */
    uint64_t seed;
    bool has_seed;
    int threads;
    const char *eval;
    gr_pair watch; /* name: the output */
    bool watch_max;
    int patience, halve;
    bool profile;
    const char *directory;
    bool resume;
    const char *weights;
    bool partial;
    double every; /* seconds between checkpoints */
    bool quiet, help;
} gr_options;

/* Takes the arguments apart: ENTRY[:K],... and options, in any order. False, with a message, where they are
 * wrong; gr_options_free either way. */
bool gr_options_read(gr_options *options, int count, char **arguments, gr_error *error);
void gr_options_free(gr_options *options);

/* How many steps in turn the entry at that place of the plan takes: its K, or 1. */
int gr_plan_steps(const gr_options *options, int entry);

/* Whether an option of that name ("--data", "--seed=7", "-oDIR") is among these, and whether its value is the next
 * argument. */
bool gr_is_option(const char *argument, bool *value_follows);

/* The options' part of a help page, a line each. */
extern const char gr_options_help[];

#endif
