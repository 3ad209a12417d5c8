#include "runtime/host/main.h"
#include "runtime/host/apply.h"
#include "runtime/host/data.h"
#include "runtime/host/folder.h"
#include "runtime/host/train.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* ---- help */

static void say_help(const gr_model *model, const char *program) {
    printf("usage: %s ENTRY[:K],... --data INPUT=FILE ... [OPTIONS]\n\n", program);
    printf("Entries that update are trained, in turn, K steps each; another entry is applied to the data once.\n\n");
    for (int e = 0; e < model->entry_count; e++)
        printf("          %-20s  %s\n", model->entries[e].name,
               model->entries[e].updates ? "is trained" : "is applied");
    printf("\n%s\nInterrupted: saves, exits 130. Loss not finite: keeps the last checkpoint, exits 4.\n",
           gr_options_help);
}

/* ---- what the entries say */

/* "train, predict" */
static const char *entry_names(const gr_model *model, char *text, size_t size) {
    size_t at = 0;
    text[0] = '\0';
    for (int e = 0; e < model->entry_count && at < size; e++)
        at += (size_t)snprintf(text + at, size - at, "%s%s", e > 0 ? ", " : "", model->entries[e].name);
    return text;
}

static bool check_plan(const gr_model *model, const gr_options *options, bool *trains, gr_error *error) {
    char names[512];
    if (options->plan.count == 0)
        return gr_fail(error, "which entry? %s has %s", model->name, entry_names(model, names, sizeof names));
    int updating = 0;
    for (int p = 0; p < options->plan.count; p++) {
        const gr_entry *entry = gr_find_entry(model, options->plan.at[p].name);
        if (entry == NULL)
            return gr_fail(error, "%s has no entry %s, but %s", model->name, options->plan.at[p].name,
                           entry_names(model, names, sizeof names));
        updating += entry->updates;
    }
    *trains = updating == options->plan.count;
    if (*trains || options->plan.count == 1) return true;
    return gr_fail(error, "entries that are trained in turn all update the model: one that does not is applied alone");
}

/* An option that would do nothing is a mistake. */
static bool check_use(const gr_options *options, bool trains, gr_error *error) {
    const struct {
        const char *name;
        bool given, of_training;
    } uses[] = {
        {"--valid", options->valid.count > 0, true},
        {"--valid-split", options->valid_split > 0, true},
        {"--no-shuffle", options->no_shuffle, true},
        {"--epochs", options->epochs > 0, true},
        {"--time", options->time > 0, true},
        {"--eval", options->eval != NULL, true},
        {"--watch", options->watch.name != NULL, true},
        {"--patience", options->patience > 0, true},
        {"--halve", options->halve > 0, true},
        {"--resume", options->resume, true},
        {"-o", options->directory != NULL, true},
        {"--out", options->out.count > 0, false},
    };
    for (size_t u = 0; u < sizeof uses / sizeof *uses; u++)
        if (uses[u].given && uses[u].of_training != trains)
            return gr_fail(error, "%s is for entries that %s, and %s %s", uses[u].name,
                           uses[u].of_training ? "are trained" : "are applied", options->plan.at[0].name,
                           trains ? "is trained" : "is applied: it does not update the model");
    return true;
}

/* ---- values to begin with */

static bool load_weights(const gr_options *options, gr_session *session, gr_error *error) {
    gr_load_report report;
    if (options->weights == NULL) return true;
    if (!gr_load(options->weights, session->model, session->state, NULL, options->partial, &report, error))
        return false;
    if (options->partial && report.missing + report.extra + report.misfits > 0)
        fprintf(stderr, "%s: took %d tensors\n%s", options->weights, report.loaded, report.text);
    else if (report.extra > 0 && !options->quiet)
        fprintf(stderr, "note: %s holds more than %s needs:\n%s\n", options->weights, session->model->name,
                report.text);
    return true;
}

static void note_untrained(const gr_options *options, const gr_model *model) {
    bool has_params = false;
    for (int t = 0; t < model->tensor_count; t++)
        has_params |= model->tensors[t].kind == GR_PARAM;
    if (has_params && options->weights == NULL && !options->quiet)
        fprintf(stderr, "note: %s has its initial values; --weights=FILE gives it trained ones\n", model->name);
}

/* Not onto standard output where a result went there. */
static void print_profile(const gr_options *options, const gr_session *session) {
    FILE *to = stdout;
    for (int o = 0; o < options->out.count; o++)
        if (strcmp(options->out.at[o].value, "-") == 0) to = stderr;
    gr_profiler_print(session->profiler, to);
}

static bool set_up_profile(const gr_options *options, gr_session *session, gr_error *error) {
    if (!options->profile) return true;
    session->profiler = gr_profiler_open(session->model, session->work.threads, error);
    return session->profiler != NULL;
}

static int run_model(const gr_model *model, gr_options *options, gr_error *error) {
    bool trains = false;
    gr_session session;
    if (!check_plan(model, options, &trains, error) || !check_use(options, trains, error)) return GR_EXIT_COMMAND;
    if (options->resume && !options->has_seed) {
        char folder[300];
        snprintf(folder, sizeof folder, "%s.run", model->name);
        if (!gr_folder_seed(options->directory ? options->directory : folder, &options->seed, error))
            return GR_EXIT_COMMAND;
    }
    gr_interrupt *interrupt = gr_interrupt_begin();
    int status = GR_EXIT_MACHINE;
    if (gr_session_open(&session, model, options->seed, gr_thread_count(options->threads), error)) {
        status = GR_EXIT_COMMAND;
        if (load_weights(options, &session, error) && set_up_profile(options, &session, error)) {
            if (!trains) note_untrained(options, model);
            status =
                trains ? gr_train(options, &session, interrupt, error) : gr_apply(options, &session, interrupt, error);
            print_profile(options, &session);
        }
    }
    gr_session_close(&session);
    gr_interrupt_end(interrupt);
    return status;
}

int gr_main(const gr_model *model, int count, char **arguments) {
    gr_options options;
    gr_error error = {""};
    const char *program = count > 0 ? arguments[0] : model->name;
    int status = GR_EXIT_COMMAND;
    gr_data_guard();
    signal(SIGXFSZ, SIG_IGN); /* a file beyond its limit is an error like a full disk, */
    signal(SIGPIPE, SIG_IGN); /* and so is a pipe that nobody reads */
    if (gr_options_read(&options, count > 0 ? count - 1 : 0, arguments + 1, &error)) {
        if (options.help) {
            say_help(model, program);
            status = GR_EXIT_DONE;
        } else {
            status = run_model(model, &options, &error);
        }
    }
    gr_options_free(&options);
    if (status != GR_EXIT_DONE) fprintf(stderr, "%s: %s\n", program, error.text);
    if (fflush(stdout) != 0 && status == GR_EXIT_DONE) {
        fprintf(stderr, "%s: cannot write to standard output\n", program);
        status = GR_EXIT_MACHINE;
    }
    return status;
}
