/* How training gets on: the progress, the log, the plot. */
#include "runtime/host/training.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOGS_AN_EPOCH = 100 }; /* lines of the log, at most */

#define PLOT_SECONDS 2.0 /* between pictures */

/* Steps of all entries in an epoch, rounded up. */
static uint64_t steps_an_epoch(const Training *training) {
    uint64_t all = 0, with_rows = 0, batch = 1;
    for (int t = 0; t < training->turn_count; t++) {
        const Turn *turn = &training->turns[t];
        all += (uint64_t)turn->steps;
        if (turn->feed.rows > 0) with_rows += (uint64_t)turn->steps;
        if (turn->feed.rows > 0) batch = (uint64_t)turn->feed.batch;
    }
    if (with_rows == 0) return 0;
    uint64_t calls = (training->rows + batch - 1) / batch;
    if (training->rows % batch > 0 && training->rows % batch < training->least) calls--;
    return (calls * all + with_rows - 1) / with_rows;
}

/* ---- the plot: a panel for each output, by epochs where there are such, else by steps */

static void plot_value(void *context, const gr_log_value *value) {
    Training *training = context;
    const char *entry = value->is_metric ? "validation" : "training";
    if (training->turn_count > 1 && !value->is_metric) entry = value->entry;
    const int number = gr_plot_series_of(&training->plot, value->name, entry);
    if (number >= 0 && value->is_metric) {
        gr_plot_series *series = &training->plot.series[number];
        const bool watched = strcmp(training->eval_metrics.values[training->watch].name, value->name) == 0;
        series->marks = true;
        series->best = !watched ? 0 : training->options->watch_max ? 1 : -1;
    }
    gr_plot_add(&training->plot, number, training->rows > 0 ? value->epoch : (double)value->step, value->value);
}

static void plot_values(Training *training, const gr_log_line *line, bool is_metric, const gr_named_value *values,
                        int count) {
    for (int v = 0; v < count; v++) {
        const gr_log_value value = {line->epoch, line->step, line->entry, values[v].name, is_metric, values[v].value};
        plot_value(training, &value);
    }
}

static void open_plot(Training *training) {
    char title[300];
    const char *entry = training->turn_count > 1 ? "training" : training->turns[0].feed.entry->name;
    snprintf(title, sizeof title, "%s: %s", training->session->model->name, entry);
    training->plots = gr_plot_open(&training->plot, title, training->rows > 0 ? "epoch" : "step");
    char *log = training->options->resume ? gr_folder_file(&training->folder, "log.jsonl") : NULL;
    if (log != NULL && training->plots) gr_log_read(log, plot_value, training);
    free(log);
}

void gr_watch_open(Training *training) {
    const gr_options *options = training->options;
    const uint64_t epoch = steps_an_epoch(training), asked = options->steps;
    const uint64_t span = epoch > 0 ? epoch : asked;
    training->log_every = span / LOGS_AN_EPOCH > 0 ? span / LOGS_AN_EPOCH : 1;
    if (training->evaluates)
        snprintf(training->watched, sizeof training->watched, "valid %s",
                 training->eval_metrics.values[training->watch].name);
    const gr_progress_options progress = {
        .file = 2,
        .style = options->quiet ? GR_PROGRESS_OFF : GR_PROGRESS_AUTO,
        .epochs = options->epochs,
        .steps = asked,
        .steps_per_epoch = epoch,
        .first_step = training->position.steps,
        .time_limit = options->time,
        .metric = training->evaluates ? training->watched : NULL,
    };
    gr_progress_start(&training->progress, &progress);
    training->shows = true;
    open_plot(training);
}

static void tell(Training *training, const gr_error *error) {
    if (training->shows) gr_progress_clear(&training->progress);
    fprintf(stderr, "warning: %s\n", error->text);
}

static double epochs_done(const Training *training) {
    const double part = training->rows > 0 ? (double)training->position.row / (double)training->rows : 0;
    return (double)training->position.epoch + part;
}

double gr_rate_scale(const Training *training) {
    const gr_tensor *scale = gr_find(training->session->model, "@lr_scale");
    float single = 1;
    double real = 1;
    if (scale == NULL) return 1;
    gr_read(scale, NULL, training->session->trainer, scale->type == GR_FLOAT ? (void *)&single : (void *)&real);
    return scale->type == GR_FLOAT ? (double)single : real;
}

static void write_log(Training *training, const gr_entry *entry, const gr_metrics *losses, const gr_metrics *metrics) {
    gr_error error;
    const double time = gr_clock();
    const gr_log_line line = {
        .time = time - training->started,
        .epoch = epochs_done(training),
        .step = training->position.steps,
        .entry = entry->name,
        .losses = losses ? losses->values : NULL,
        .loss_count = losses ? losses->count : 0,
        .metrics = metrics ? metrics->values : NULL,
        .metric_count = metrics ? metrics->count : 0,
        .rate_scale = gr_rate_scale(training),
        .seconds = time - training->logged,
    };
    training->logged = time;
    if (!gr_log_write(&training->log, &line, &error)) tell(training, &error);
    if (!training->plots) return;
    plot_values(training, &line, false, line.losses, line.loss_count);
    plot_values(training, &line, true, line.metrics, line.metric_count);
}

void gr_watch_steps(Training *training) {
    for (int t = 0; t < training->turn_count; t++) {
        Turn *turn = &training->turns[t];
        if (turn->metrics.rows == 0) continue;
        gr_metrics_average(&turn->metrics);
        write_log(training, turn->feed.entry, &turn->metrics, NULL);
        gr_metrics_clear(&turn->metrics);
    }
}

void gr_watch_evaluation(Training *training, double value) {
    const gr_position *position = &training->position;
    gr_progress_evaluated(&training->progress, value, position->has_best ? position->best : value);
    write_log(training, training->eval.entry, NULL, &training->eval_metrics);
}

void gr_watch_result(Training *training) {
    const gr_position *position = &training->position;
    char took[32], value[32], best[32];
    if (training->options->quiet) return;
    printf("%" PRIu64 " steps in %s", position->steps,
           gr_say_duration(gr_clock() - training->started, took, sizeof took));
    for (int m = 0; training->evaluates && training->eval_metrics.rows > 0 && m < training->eval_metrics.count; m++)
        printf(", valid %s %s", training->eval_metrics.values[m].name,
               gr_say_value(training->eval_metrics.values[m].value, value, sizeof value));
    if (training->evaluates && position->has_best)
        printf(" (best %s %s at step %" PRIu64 ")", training->eval_metrics.values[training->watch].name,
               gr_say_value(position->best, best, sizeof best), position->best_step);
    printf(": %s/%s\n", training->folder.path, position->has_best ? BEST : LAST);
}

void gr_watch_plot(Training *training, bool last) {
    gr_error error;
    if (!training->plots || (!last && gr_clock() - training->plotted < PLOT_SECONDS)) return;
    char *path = gr_folder_file(&training->folder, "plot.svg");
    training->plotted = gr_clock();
    training->plots = path != NULL && gr_plot_write(&training->plot, path, &error);
    if (path != NULL && !training->plots) tell(training, &error);
    free(path);
}

void gr_watch_close(Training *training) {
    if (training->shows) gr_progress_finish(&training->progress);
    gr_plot_close(&training->plot);
    gr_log_close(&training->log);
}
