/* Grows random programs and checks them: see random.sh for what can be asked.
 *
 * Whatever looks at a program does so in a process of its own, because what is looked for may end it. It reports
 * through memory that both share; a fault is then reduced, each try in a process as well. */
#define _DEFAULT_SOURCE
#include "compiler/kernels/target.h"
#include "tests/random/check.h"
#include "tests/random/coverage.h"
#include "tests/random/generate.h"
#include "tests/random/program.h"
#include "tests/random/reduce.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 50, TEXT = 1 << 18, REDUCE_TRIES = 1500 };

typedef struct Options {
    uint64_t seed; /* of the first program; the others follow */
    int count;
    bool emits, all_targets, shows, reduces;
    const char *file; /* check this text instead */
} Options;

/* What processes share. */
typedef struct Shared {
    Edited edited;
    Report *report; /* for BATCH verdicts */
    char *texts[BATCH];
    char *candidate;
    FILE *errors; /* where they say why they end */
} Shared;

/* ---- processes ---- */

static void *shared_memory(size_t size) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) internal_error("no memory to share");
    return memory;
}

static Shared *shared_new(void) {
    Shared *shared = shared_memory(sizeof *shared);
    shared->report = shared_memory(sizeof *shared->report + BATCH * sizeof *shared->report->verdicts);
    for (int t = 0; t < BATCH; t++)
        shared->texts[t] = shared_memory(TEXT);
    shared->candidate = shared_memory(TEXT);
    shared->errors = tmpfile();
    if (!shared->errors) internal_error("no file for errors");
    return shared;
}

typedef struct Job {
    Shared *shared;
    const Options *options;
    int first, count; /* programs of the batch */
    uint64_t seed;    /* of its first */
    const Checks *checks;
    int edit;
} Job;

typedef void Work(Arena *arena, const Job *job);

/* Does the work in a process; false where it did not end well. */
static bool run_apart(Work *work, const Job *job, unsigned seconds) {
    rewind(job->shared->errors);
    if (ftruncate(fileno(job->shared->errors), 0) != 0) internal_error("cannot empty a file");
    fflush(stdout);
    pid_t process = fork();
    if (process == 0) {
        Memory memory = {.limit = (size_t)2 << 30};
        Arena arena;
        dup2(fileno(job->shared->errors), STDERR_FILENO);
        alarm(seconds);
        if (setjmp(memory.on_exhausted) != 0) internal_error("out of memory");
        arena_open(&arena, &memory);
        work(&arena, job);
        _exit(0);
    }
    int status = 1;
    if (process < 0 || waitpid(process, &status, 0) != process) internal_error("cannot start a process");
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The last process did not end well: that is what is said about the program that it looked at. */
static void note_crash(Shared *shared, int number) {
    char line[MESSAGE] = "it was ended by a signal";
    rewind(shared->errors);
    while (fgets(line, sizeof line, shared->errors) && !strstr(line, "rror"))
        ;
    line[strcspn(line, "\n")] = '\0';
    Verdict *verdict = &shared->report->verdicts[number];
    verdict->fault = FAULT_NONE;
    verdict->target = shared->report->target;
    verdict_set(verdict, FAULT_CRASH, "%.39s: %.400s", shared->report->stage, line);
}

/* ---- generating ---- */

static void write_shared(char *shared, const char *text) {
    if (strlen(text) >= TEXT) internal_error("a random program of %zu bytes", strlen(text));
    strcpy(shared, text);
}

/* While a program grows, its text so far stands where the whole will: what ends the process can be looked at. */
static void generate_work(Arena *arena, const Job *job) {
    for (int t = job->first; t < job->count; t++) {
        Interner names;
        Arena own;
        uint64_t seed = job->seed + (uint64_t)t;
        arena_open(&own, arena->memory);
        interner_open(&names, &own);
        job->shared->report->graph = t;
        snprintf(job->shared->report->stage, sizeof job->shared->report->stage, "generation");
        const char *name = arena_print(&own, "g%llu", (unsigned long long)seed);
        write_shared(job->shared->texts[t],
                     program_text(&own, generate(&own, &names, name, seed, job->shared->texts[t])));
        arena_close(&own);
    }
}

static void generate_batch(Job *job) {
    while (job->first < job->count && !run_apart(generate_work, job, 60)) {
        note_crash(job->shared, job->shared->report->graph);
        job->first = job->shared->report->graph + 1;
    }
    job->first = 0;
}

/* ---- checking ---- */

static void check_work(Arena *arena, const Job *job) {
    check_programs(arena, (const char *const *)job->shared->texts, job->count, job->checks, job->shared->report);
}

static void check_one_work(Arena *arena, const Job *job) {
    Report *report = job->shared->report;
    Verdict *kept = ARENA_ARRAY(arena, Verdict, BATCH);
    memcpy(kept, report->verdicts, BATCH * sizeof *kept);
    report->verdicts[0] = (Verdict){0};
    check_programs(arena, (const char *const *)&job->shared->texts[job->first], 1, job->checks, report);
    kept[job->first] = report->verdicts[0];
    memcpy(report->verdicts, kept, BATCH * sizeof *kept);
}

/* Where a whole batch fails as one, each program is looked at alone. */
static void check_singly(Job *job) {
    Report *report = job->shared->report;
    Job one = *job;
    for (one.first = 0; one.first < job->count; one.first++) {
        Verdict *verdict = &report->verdicts[one.first], first = report->verdicts[0];
        if (verdict->fault && verdict->fault != FAULT_BUILD) continue;
        *verdict = (Verdict){0};
        if (!run_apart(check_one_work, &one, 60)) {
            report->verdicts[0] = first;
            note_crash(job->shared, one.first);
        }
    }
}

static void check_batch(Job *job) {
    Report *report = job->shared->report;
    bool good = run_apart(check_work, job, 600);
    while (!good && report->graph >= 0) {
        note_crash(job->shared, report->graph);
        good = run_apart(check_work, job, 600);
    }
    bool whole = !good;
    for (int t = 0; t < job->count; t++)
        whole |= report->verdicts[t].fault == FAULT_BUILD;
    if (whole) check_singly(job);
}

/* ---- reducing ---- */

static void edit_work(Arena *arena, const Job *job) {
    const char *why;
    Shared *shared = job->shared;
    Program *program = program_parse(arena, shared->texts[0], &why);
    shared->edited = program ? edit_program(program, job->edit) : EDIT_END;
    if (shared->edited != EDIT_DONE) return;
    program_drop_dead(program);
    shared->edited = EDIT_USELESS;
    const char *text = program_text(arena, program);
    program = program_parse(arena, text, &why);
    if (!program || strcmp(text, shared->texts[0]) == 0 || program->entries.at[0]->graph->roots.count == 0) return;
    write_shared(shared->candidate, program_text(arena, program));
    shared->edited = EDIT_DONE;
    check_programs(arena, (const char *const *)&shared->candidate, 1, job->checks, shared->report);
}

/* The beginning of what was said, behind numbers of lines and targets. */
static const char *saying(const Verdict *verdict) {
    const char *error = strstr(verdict->message, "error: ");
    return error ? error : "";
}

static bool same_fault(const Verdict *a, const Verdict *b) {
    bool crash = a->fault == FAULT_CRASH;
    if (a->fault != b->fault || strncmp(saying(a), saying(b), 30) != 0) return false;
    return !crash || strncmp(a->message, b->message, 40) == 0;
}

/* Leaves the reduced text in texts[0]. */
static void reduce(Shared *shared, const Verdict *wanted) {
    Checks checks = {.only_passes = wanted->fault == FAULT_PASS || wanted->fault == FAULT_TEXT};
    checks.emits = wanted->fault >= FAULT_BUILD;
    checks.targets = 1U << wanted->target;
    checks.only_emission = wanted->fault == FAULT_CRASH && strncmp(wanted->message, "emission", 8) == 0;
    checks.emits &= strncmp(wanted->message, "generation", 10) != 0;
    Job job = {.shared = shared, .checks = &checks};
    bool progress = true;
    for (int tries = 0; progress && tries < REDUCE_TRIES;) {
        progress = false;
        for (job.edit = 0; tries < REDUCE_TRIES;) {
            memset(shared->report, 0, sizeof *shared->report + sizeof *shared->report->verdicts);
            tries++;
            if (!run_apart(edit_work, &job, 60) && shared->edited == EDIT_DONE) note_crash(shared, 0);
            if (shared->edited == EDIT_END) break;
            if (shared->edited == EDIT_DONE && same_fault(&shared->report->verdicts[0], wanted)) {
                strcpy(shared->texts[0], shared->candidate);
                progress = true;
            } else
                job.edit++;
        }
    }
}

static void report_fault(Shared *shared, const Options *options, int number, uint64_t seed) {
    const Verdict verdict = shared->report->verdicts[number];
    char *whole = strdup(shared->texts[number]);
    bool targeted = verdict.fault >= FAULT_BUILD && verdict.fault != FAULT_CRASH;
    strcpy(shared->texts[0], whole);
    if (options->reduces) reduce(shared, &verdict);
    printf("not ok random program %llu: %s%s%s: %s\n", (unsigned long long)seed, fault_names[verdict.fault],
           targeted ? ", " : "", targeted ? target_names()[verdict.target] : "", verdict.message);
    printf("# reduced from %zu to %zu bytes\n%s\n", strlen(whole), strlen(shared->texts[0]), shared->texts[0]);
    fflush(stdout);
    free(whole);
}

/* ---- the whole ---- */

typedef struct Totals {
    int good, rejected, faults;
    int64_t compared, skipped;
    Coverage coverage;
} Totals;

static void count_batch(Job *job, Totals *totals) {
    Verdict verdicts[BATCH];
    char *texts[BATCH];
    memcpy(verdicts, job->shared->report->verdicts, sizeof verdicts);
    totals->compared += job->shared->report->compared;
    totals->skipped += job->shared->report->skipped;
    for (int t = 0; t < job->count; t++) {
        Fault fault = verdicts[t].fault;
        texts[t] = strdup(job->shared->texts[t]);
        totals->good += fault == FAULT_NONE;
        totals->rejected += fault == FAULT_REJECTED;
        totals->faults += fault > FAULT_REJECTED;
        if (fault == FAULT_NONE) coverage_count(&totals->coverage, texts[t]);
    }
    for (int t = 0; t < job->count; t++) {
        if (verdicts[t].fault > FAULT_REJECTED) {
            strcpy(job->shared->texts[t], texts[t]);
            job->shared->report->verdicts[t] = verdicts[t];
            report_fault(job->shared, job->options, t, job->seed + (uint64_t)t);
        }
        free(texts[t]);
    }
}

static unsigned targets_of_batch(const Options *options, int batch) {
    int count = 0;
    while (target_names()[count])
        count++;
    return options->all_targets ? ~0U : 1U << (1 + batch % (count - 1));
}

/* Every `workers`-th batch, from number `worker` on. */
static void run_batches(const Options *options, int worker, int workers, Totals *totals) {
    Shared *shared = shared_new();
    for (int batch = worker; batch * BATCH < options->count; batch += workers) {
        int done = batch * BATCH, count = options->count - done < BATCH ? options->count - done : BATCH;
        Checks checks = {.emits = options->emits, .targets = targets_of_batch(options, batch)};
        Job job = {shared, options, 0, count, options->seed + (uint64_t)done, &checks, 0};
        memset(shared->report, 0, sizeof *shared->report + BATCH * sizeof *shared->report->verdicts);
        generate_batch(&job);
        for (int t = 0; t < count && options->shows; t++)
            printf("%s\n", shared->texts[t]);
        if (!options->shows) check_batch(&job);
        count_batch(&job, totals);
    }
}

static void add_totals(Totals *totals, const Totals *part) {
    totals->good += part->good;
    totals->rejected += part->rejected;
    totals->faults += part->faults;
    totals->compared += part->compared;
    totals->skipped += part->skipped;
    coverage_add(&totals->coverage, &part->coverage);
}

/* A process for every processor; gcc takes nine tenths of the time. Programs are shown in their order, by one. */
static void run_all(const Options *options, Totals *totals) {
    enum { MOST = 8 };
    long processors = options->shows ? 1 : sysconf(_SC_NPROCESSORS_ONLN);
    int batches = (options->count + BATCH - 1) / BATCH, workers = processors < MOST ? (int)processors : MOST;
    if (workers > batches) workers = batches;
    Totals *parts = shared_memory(MOST * sizeof *parts);
    for (int w = 0; w < workers; w++) {
        fflush(stdout);
        pid_t process = fork();
        if (process < 0) internal_error("cannot start a process");
        if (process > 0) continue;
        run_batches(options, w, workers, &parts[w]);
        exit(0);
    }
    for (int w = 0, status; w < workers; w++) {
        if (wait(&status) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
            internal_error("a process for random programs did not end well");
    }
    for (int w = 0; w < workers; w++)
        add_totals(totals, &parts[w]);
}

static bool read_text(const char *path, char *text) {
    FILE *in = fopen(path, "r");
    if (!in) return false;
    size_t length = fread(text, 1, TEXT - 1, in);
    text[length] = '\0';
    return fclose(in) == 0;
}

/* As it is printed: without comments, and numbered from 0. */
static void canonical_work(Arena *arena, const Job *job) {
    const char *why;
    const Program *program = program_parse(arena, job->shared->texts[0], &why);
    if (!program || program->entries.count != 1) internal_error("%s", why);
    write_shared(job->shared->texts[0], program_text(arena, program));
}

static void check_file(const Options *options, Totals *totals) {
    Shared *shared = shared_new();
    Checks checks = {.emits = options->emits, .targets = ~0U};
    Job job = {shared, options, 0, 1, 0, &checks, 0};
    if (!read_text(options->file, shared->texts[0])) internal_error("cannot read %s", options->file);
    if (!run_apart(canonical_work, &job, 60)) internal_error("%s is no program of one entry", options->file);
    check_batch(&job);
    count_batch(&job, totals);
}

static bool read_options(int count, char **arguments, Options *options) {
    *options = (Options){.seed = 1, .count = 200, .emits = true, .reduces = true};
    for (int i = 1; i < count; i++) {
        if (strcmp(arguments[i], "--long") == 0 && i + 2 < count) {
            options->seed = strtoull(arguments[++i], NULL, 10);
            options->count = atoi(arguments[++i]);
            options->all_targets = true;
        } else if (strcmp(arguments[i], "--count") == 0 && i + 1 < count)
            options->count = atoi(arguments[++i]);
        else if (strcmp(arguments[i], "--no-emit") == 0)
            options->emits = false;
        else if (strcmp(arguments[i], "--no-reduce") == 0)
            options->reduces = false;
        else if (strcmp(arguments[i], "--show") == 0)
            options->shows = true;
        else if (arguments[i][0] != '-')
            options->file = arguments[i];
        else
            return false;
    }
    return true;
}

int main(int count, char **arguments) {
    Options options;
    Totals totals = {0};
    if (!read_options(count, arguments, &options)) {
        fputs("usage: gradc_random [--long SEED COUNT] [--count COUNT] [--no-emit] [--no-reduce] [--show] [FILE]\n",
              stderr);
        return 2;
    }
    if (options.file)
        check_file(&options, &totals);
    else
        run_all(&options, &totals);
    if (options.shows) return 0;
    printf("# %d programs agree, %d are left out as not sane, %d have faults; %lld directions of gradients compared, "
           "%lld left out\n",
           totals.good, totals.rejected, totals.faults, (long long)totals.compared, (long long)totals.skipped);
    if (totals.faults == 0) puts("ok random programs");
    bool covered = options.file || options.count < 200 || coverage_print(&totals.coverage);
    return totals.faults > 0 || !covered;
}
