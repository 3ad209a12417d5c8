/* Everything that can be wrong is found here, before the first step. */
#include "runtime/host/training.h"
#include "runtime/host/shuffle.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static bool find_entries(Training *training) {
    const gr_options *options = training->options;
    training->turns = calloc((size_t)options->plan.count, sizeof *training->turns);
    if (training->turns == NULL) return gr_fail(training->error, "out of memory");
    for (int t = 0; t < options->plan.count; t++) {
        const gr_model *model = training->session->model;
        const gr_entry *entry = gr_find_entry(model, options->plan.at[t].name);
        Turn *turn = &training->turns[training->turn_count++];
        turn->steps = gr_plan_steps(options, t);
        if (!gr_feed_open(&turn->feed, model, entry, &training->data, options, false, training->error) ||
            !gr_metrics_open(&turn->metrics, &turn->feed, training->error))
            return false;
    }
    return true;
}

/* All turns take from the same rows. */
static bool count_rows(Training *training) {
    uint64_t all = 0;
    for (int t = 0; t < training->turn_count; t++) {
        const gr_feed *feed = &training->turns[t].feed;
        if (feed->rows == 0) continue;
        if (all > 0 && feed->rows != all)
            return gr_fail(training->error,
                           "%s has %" PRIu64 " rows and an entry before it %" PRIu64
                           ": entries that train in turn take the same rows",
                           feed->entry->name, feed->rows, all);
        all = feed->rows;
        if ((uint64_t)feed->least > training->least) training->least = (uint64_t)feed->least;
    }
    training->rows = all;
    if (training->options->valid_split > 0) {
        if (all == 0) return gr_fail(training->error, "--valid-split: there are no rows to take a share of");
        if (!gr_split(all, training->options->valid_split, &training->rows, training->error)) return false;
        training->first_valid = training->rows;
        training->valids = all - training->rows;
    }
    if (all > 0 && training->rows < training->least)
        return gr_fail(training->error, "%" PRIu64 " rows to train on, and a step takes %" PRIu64, training->rows,
                       training->least);
    if (all == 0 && training->options->steps == 0 && training->options->time == 0)
        return gr_fail(training->error, "without data there are no epochs: say --steps=N or --time=TIME");
    return true;
}

static const gr_entry *evaluation_entry(Training *training) {
    const gr_model *model = training->session->model;
    const gr_options *options = training->options;
    const gr_entry *entry = NULL;
    char name[300];
    snprintf(name, sizeof name, "%s_eval", options->plan.at[0].name);
    if (options->eval != NULL) snprintf(name, sizeof name, "%s", options->eval);
    entry = gr_find_entry(model, name);
    if (entry == NULL) {
        gr_fail(training->error, "the model has no entry %s to evaluate with", name);
    } else if (entry->updates) {
        gr_fail(training->error, "--eval=%s: this entry updates the model", name);
        entry = NULL;
    }
    return entry;
}

static bool choose_watched(Training *training) {
    const char *name = training->options->watch.name;
    if (training->eval_metrics.count == 0)
        return gr_fail(training->error, "%s has no output that is a number: nothing can be watched",
                       training->eval.entry->name);
    training->watch = name != NULL ? gr_metrics_find(&training->eval_metrics, name) : 0;
    return training->watch >= 0 || gr_fail(training->error, "--watch=%s: %s has no such output that is a number", name,
                                           training->eval.entry->name);
}

static bool set_up_evaluation(Training *training) {
    const gr_options *options = training->options;
    training->evaluates = options->valid.count > 0 || options->valid_split > 0;
    if (!training->evaluates && (options->eval != NULL || options->watch.name != NULL))
        return gr_fail(training->error, "%s needs data to evaluate on: --valid or --valid-split",
                       options->eval != NULL ? "--eval" : "--watch");
    if (!training->evaluates) return true;
    gr_datasets *sets = options->valid.count > 0 ? &training->valid : &training->data;
    const gr_entry *entry = evaluation_entry(training);
    if (entry == NULL ||
        !gr_feed_open(&training->eval, training->session->model, entry, sets, options, true, training->error) ||
        !gr_metrics_open(&training->eval_metrics, &training->eval, training->error))
        return false;
    if (options->valid.count > 0) training->valids = training->eval.rows;
    if (training->valids < (uint64_t)training->eval.least)
        return gr_fail(training->error, "%" PRIu64 " rows to evaluate on, and %s takes at least %d", training->valids,
                       entry->name, training->eval.least);
    return choose_watched(training);
}

static bool all_used(Training *training, const gr_datasets *sets) {
    for (int s = 0; s < sets->count; s++)
        if (!sets->at[s].used)
            return gr_fail(training->error, "%s %s: no entry of this run has such an input", sets->option,
                           sets->at[s].input);
    return true;
}

/* What a resumed run must have in common with the one that it goes on with. */
static void describe_settings(Training *training) {
    const gr_options *options = training->options;
    size_t at = 0, size = sizeof training->settings;
    char *text = training->settings;
    for (int t = 0; t < training->turn_count && at < size; t++)
        at += (size_t)snprintf(text + at, size - at, "%s%s:%d", t > 0 ? "," : "", training->turns[t].feed.entry->name,
                               training->turns[t].steps);
    if (at < size)
        snprintf(text + at, size - at,
                 " batch=%d rows=%" PRIu64 " valid=%" PRIu64 " seed=%" PRIu64 "%s%s%s%s%s halve=%d",
                 training->turns[0].feed.batch, training->rows, training->valids, options->seed,
                 options->no_shuffle ? " no-shuffle" : "", options->eval ? " eval=" : "",
                 options->eval ? options->eval : "", training->evaluates ? " watch=" : "",
                 training->evaluates ? training->eval_metrics.values[training->watch].name : "", options->halve);
}

static bool set_up_folder(Training *training) {
    const gr_options *options = training->options;
    char by_name[300];
    snprintf(by_name, sizeof by_name, "%s.run", training->session->model->name);
    const char *path = options->directory != NULL ? options->directory : by_name;
    if (!gr_folder_open(&training->folder, path, options->resume, training->error)) return false;
    if (options->resume && !gr_folder_resume(&training->folder, training->session, &training->position,
                                             training->settings, training->error))
        return false;
    if (training->position.turn >= training->turn_count) training->position.turn = 0;
    char *log = gr_folder_file(&training->folder, "log.jsonl");
    const bool opened = log == NULL ? gr_fail(training->error, "out of memory")
                        : options->resume
                            ? gr_log_resume(&training->log, log, training->position.steps, training->error)
                            : gr_log_create(&training->log, log, training->error);
    free(log);
    return opened;
}

static bool set_up_order(Training *training) {
    if (training->rows == 0) return true;
    if (training->rows > SIZE_MAX / sizeof *training->order)
        return gr_fail(training->error, "too many rows to shuffle");
    training->order = malloc((size_t)training->rows * sizeof *training->order);
    return training->order != NULL ||
           gr_fail(training->error, "out of memory: the order of the rows takes 8 bytes a row");
}

bool gr_training_open(Training *training) {
    const gr_options *options = training->options;
    training->status = GR_EXIT_COMMAND;
    if (!gr_datasets_open(&training->data, &options->data, "--data", training->error) ||
        !gr_datasets_open(&training->valid, &options->valid, "--valid", training->error) || !find_entries(training) ||
        !count_rows(training) || !set_up_evaluation(training) || !all_used(training, &training->data) ||
        !all_used(training, &training->valid))
        return false;
    int most = training->eval.batch;
    for (int t = 0; t < training->turn_count; t++)
        if (training->turns[t].feed.batch > most) most = training->turns[t].feed.batch;
    training->visited = malloc(((size_t)most + 1) * sizeof *training->visited);
    if (training->visited == NULL) return gr_fail(training->error, "out of memory");
    describe_settings(training);
    return set_up_order(training) && set_up_folder(training);
}

void gr_training_close(Training *training) {
    gr_watch_close(training);
    for (int t = 0; t < training->turn_count; t++) {
        gr_feed_close(&training->turns[t].feed);
        gr_metrics_close(&training->turns[t].metrics);
    }
    free(training->turns);
    if (training->evaluates) {
        gr_feed_close(&training->eval);
        gr_metrics_close(&training->eval_metrics);
    }
    gr_datasets_close(&training->data);
    gr_datasets_close(&training->valid);
    gr_folder_close(&training->folder);
    free(training->order);
    free(training->visited);
}
