/* Steps, epochs, evaluations, checkpoints. Read gr_train at the end first.
 *
 * What happens is a function of the data, the settings and the checkpoint alone: the clock decides when to stop and
 * when to save, never what is computed. */
#include "runtime/host/training.h"
#include "runtime/host/shuffle.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

double gr_clock(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* ---- checkpoints */

static bool save(Training *training, const char *name) {
    training->saved = gr_clock();
    if (strcmp(name, LAST) == 0) training->saved_step = training->position.steps;
    return gr_folder_save(&training->folder, name, training->session, &training->position, training->settings,
                          training->error);
}

/* The rate is halved; values and slots are the best ones again, while counted steps go on. */
static bool halve_rate(Training *training) {
    gr_session *session = training->session;
    const gr_model *model = session->model;
    const gr_tensor *scale = gr_find(model, "@lr_scale");
    if (scale == NULL) return gr_fail(training->error, "--halve: no learning rate of this model can be scaled");
    void *before = gr_allocate(model->trainer_size);
    char *best = gr_folder_file(&training->folder, BEST);
    bool done = before != NULL && best != NULL;
    if (!done) gr_fail(training->error, "out of memory");
    if (done) memcpy(before, session->trainer, model->trainer_size);
    const double halved = gr_rate_scale(training) / 2;
    done = done && gr_load(best, model, session->state, session->trainer, false, NULL, training->error);
    for (int t = 0; done && t < model->tensor_count; t++) {
        const gr_tensor *tensor = &model->tensors[t];
        if (tensor->kind == GR_COUNTER)
            memcpy((unsigned char *)session->trainer + tensor->offset, (unsigned char *)before + tensor->offset,
                   gr_type_size(tensor->type));
    }
    const float single = (float)halved;
    if (done)
        gr_write(scale, NULL, session->trainer,
                 scale->type == GR_FLOAT ? (const void *)&single : (const void *)&halved);
    free(before);
    free(best);
    return done;
}

/* The message is there. */
static bool bad_data(Training *training) {
    training->status = GR_EXIT_COMMAND;
    return false;
}

/* ---- evaluation */

static void visit_in_order(Training *training, uint64_t first, int count) {
    for (int r = 0; r < count; r++)
        training->visited[r] = first + (uint64_t)r;
}

static bool evaluate(Training *training) {
    gr_feed *feed = &training->eval;
    gr_work *work = &training->session->work;
    work->seed = training->options->seed; /* each evaluation draws the same */
    work->draws = 0;
    gr_metrics_clear(&training->eval_metrics);
    for (uint64_t row = 0; row < training->valids;) {
        const uint64_t left = training->valids - row;
        const int count = left < (uint64_t)feed->batch ? (int)left : feed->batch;
        int status;
        if (count < feed->least) break;
        visit_in_order(training, training->first_valid + row, count);
        if (!gr_feed_run(feed, training->session, training->visited, count, &status, training->error))
            return bad_data(training);
        gr_metrics_add(&training->eval_metrics, feed, count);
        row += (uint64_t)count;
        if (gr_interrupted(training->interrupt)) return true;
    }
    gr_metrics_average(&training->eval_metrics);
    return true;
}

static bool is_better(const Training *training, double value) {
    if (isnan(value)) return false;
    if (!training->position.has_best || isnan(training->position.best)) return true;
    return training->options->watch_max ? value > training->position.best : value < training->position.best;
}

/* Evaluates and notes which is best; the checkpoints are the caller's. */
static bool evaluate_and_note(Training *training, bool *is_best) {
    gr_position *position = &training->position;
    if (!evaluate(training)) return false;
    if (gr_interrupted(training->interrupt)) return true;
    const double value = training->eval_metrics.values[training->watch].value;
    *is_best = is_better(training, value);
    position->since_best = *is_best ? 0 : position->since_best + 1;
    position->since_halved = *is_best ? 0 : position->since_halved + 1;
    if (*is_best) {
        position->has_best = true;
        position->best = value;
        position->best_step = position->steps;
    }
    gr_watch_evaluation(training, value);
    return true;
}

/* ---- steps */

static bool non_finite(Training *training, const Turn *turn) {
    training->status = GR_EXIT_TRAINING;
    const char *loss = training->session->work.fault;
    return gr_fail(training->error,
                   "%s: %s is not finite at step %" PRIu64 " (epoch %" PRIu64 "): %s/" LAST " is from step %" PRIu64
                   "; a smaller learning rate or clipped gradients may help",
                   turn->feed.entry->name, loss != NULL ? loss : "a loss", training->position.steps + 1,
                   training->position.epoch + 1, training->folder.path, training->saved_step);
}

/* The rows of the next call, and how many. */
static const uint64_t *next_rows(Training *training, const Turn *turn, int *count) {
    *count = turn->feed.batch;
    if (turn->feed.rows == 0) return NULL;
    const uint64_t left = training->rows - training->position.row;
    if (left < (uint64_t)*count) *count = (int)left;
    if (!training->options->no_shuffle) return training->order + training->position.row;
    visit_in_order(training, training->position.row, *count);
    return training->visited;
}

static void take_turn(gr_position *position, const Training *training) {
    if (++position->turn_steps < training->turns[position->turn].steps) return;
    position->turn_steps = 0;
    position->turn = (position->turn + 1) % training->turn_count;
}

static bool take_step(Training *training) {
    gr_position *position = &training->position;
    Turn *turn = &training->turns[position->turn];
    int count, status;
    const uint64_t *rows = next_rows(training, turn, &count);
    if (!gr_feed_run(&turn->feed, training->session, rows, count, &status, training->error)) return bad_data(training);
    if (status == GR_NONFINITE) return non_finite(training, turn);
    gr_metrics_add(&turn->metrics, &turn->feed, count);
    const double loss = turn->metrics.count > 0 ? gr_feed_value(&turn->feed, turn->metrics.arguments[0], 0) : NAN;
    position->steps++;
    if (rows != NULL) position->row += (uint64_t)count;
    take_turn(position, training);
    if (training->shows) gr_progress_step(&training->progress, (uint64_t)count, loss);
    if (position->steps % training->log_every == 0) gr_watch_steps(training);
    return true;
}

static bool epoch_is_over(const Training *training) {
    return training->rows > 0 && training->rows - training->position.row < training->least;
}

/* Evaluation, checkpoints, halving. */
static bool end_epoch(Training *training) {
    gr_position *position = &training->position;
    const gr_options *options = training->options;
    bool is_best = false;
    position->epoch++;
    position->row = 0;
    gr_watch_steps(training);
    if (training->evaluates && !evaluate_and_note(training, &is_best)) return false;
    if (training->evaluates && gr_interrupted(training->interrupt)) { /* the epoch ends once more when resumed */
        position->epoch--;
        position->row = training->rows;
        return true;
    }
    if (is_best && !save(training, BEST)) return false;
    if (options->halve > 0 && position->since_halved >= options->halve) {
        position->since_halved = 0;
        if (!halve_rate(training)) return false;
    }
    gr_progress_epoch(&training->progress, (int)position->epoch);
    gr_watch_plot(training, false);
    return save(training, LAST);
}

static bool is_done(const Training *training) {
    const gr_options *options = training->options;
    const gr_position *position = &training->position;
    const int epochs = options->epochs > 0 ? options->epochs : options->steps > 0 || options->time > 0 ? 0 : 1;
    if (epochs > 0 && training->rows > 0 && position->epoch >= (uint64_t)epochs) return true;
    if (options->steps > 0 && position->steps >= options->steps) return true;
    if (options->patience > 0 && position->since_best >= options->patience) return true;
    return options->time > 0 && gr_clock() - training->started >= options->time;
}

static void begin_epoch(Training *training) {
    if (training->rows > 0 && !training->options->no_shuffle)
        gr_shuffle(training->options->seed, training->position.epoch, training->order, (size_t)training->rows);
}

static bool run(Training *training) {
    begin_epoch(training);
    for (;;) {
        if (epoch_is_over(training)) {
            if (!end_epoch(training)) return false;
            if (gr_interrupted(training->interrupt)) return true;
            begin_epoch(training);
        }
        if (is_done(training) || gr_interrupted(training->interrupt)) return true;
        if (!take_step(training)) return false;
        if (training->position.steps % training->log_every == 0) gr_watch_plot(training, false);
        if (gr_clock() - training->saved > training->options->every && !save(training, LAST)) return false;
    }
}

/* ---- the end */

/* In the middle of an epoch: first saved, so that a longer run goes on as if it had not stopped here; then evaluated.
 */
static bool finish(Training *training) {
    bool is_best = false;
    if (training->position.row > 0 || training->rows == 0) {
        gr_watch_steps(training);
        if (!save(training, LAST)) return false;
        if (training->evaluates && !evaluate_and_note(training, &is_best)) return false;
        if (is_best && !save(training, BEST)) return false;
    }
    gr_watch_plot(training, true);
    gr_progress_finish(&training->progress);
    training->shows = false;
    gr_watch_result(training);
    return true;
}

static bool stop_interrupted(Training *training) {
    gr_watch_steps(training);
    gr_watch_plot(training, true);
    if (!save(training, LAST)) return false;
    training->status = GR_EXIT_INTERRUPTED;
    return gr_fail(training->error, "interrupted after %" PRIu64 " steps; --resume goes on from %s/" LAST,
                   training->position.steps, training->folder.path);
}

int gr_train(const gr_options *options, gr_session *session, const gr_interrupt *interrupt, gr_error *error) {
    Training training = {.options = options,
                         .session = session,
                         .interrupt = interrupt,
                         .error = error,
                         .log = {.file = -1},
                         .folder = {.lock = -1}};
    bool good = gr_training_open(&training);
    if (good) {
        training.status = GR_EXIT_MACHINE;
        training.started = training.saved = training.logged = gr_clock();
        training.saved_step = training.position.steps;
        gr_watch_open(&training);
        good =
            options->resume || save(&training, LAST); /* a run that fails at once can be looked at, and gone on with */
        good = good && run(&training) && (gr_interrupted(interrupt) ? stop_interrupted(&training) : finish(&training));
    }
    gr_training_close(&training);
    return good ? GR_EXIT_DONE : training.status;
}
