#include "runtime/host/profile.h"
#include "runtime/host/progress.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The calls of one entry. */
typedef struct EntryTimes {
    gr_timer timer; /* its tallies are those of the threads, a cache line or more each */
    uint64_t calls; /* without error or with */
    double rows;    /* of all calls */
    double seconds; /* of all calls, from outside */
} EntryTimes;

/* What one thread can do in a second; 0: unknown. */
typedef struct Peak {
    double flops, bytes;
} Peak;

struct gr_profiler {
    const gr_model *model;
    int threads;
    EntryTimes *entries; /* [entry_count] */
    Peak peak;
    double opened, began, reading;
};

static double clock_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int stages_of(const gr_profile *profile, int entry) {
    return profile->first[entry + 1] - profile->first[entry];
}

/* ---- what the processor can */

/* The best of some tries, each shorter than what a scheduler gives at a time: others are at work too. */
static double peak_flops(const gr_profile *profile) {
    enum { TRIES = 100 };
    double best = 0;
    int64_t passes = 1000;
    for (int tries = 0; tries < TRIES;) {
        const double begin = clock_seconds();
        profile->compute(passes, 1);
        const double took = clock_seconds() - begin;
        best = fmax(best, took > 0 ? (double)passes * profile->pass_flops / took : 0);
        if (took < 0.5e-3)
            passes *= 2;
        else
            tries++;
    }
    return best;
}

static double peak_bytes(const gr_profile *profile) {
    const size_t bytes = (size_t)1 << 26; /* more than most caches hold */
    void *memory = aligned_alloc(64, bytes);
    double best = 0;
    if (memory == NULL) return 0;
    memset(memory, 0, bytes);
    for (int tries = 0; tries < 5; tries++) {
        const double begin = clock_seconds();
        profile->read(memory, bytes, 1);
        best = fmax(best, (double)bytes / (clock_seconds() - begin));
    }
    free(memory);
    return best;
}

/* Before the run and behind it: the best counts. */
static void measure_peak(const gr_profile *profile, Peak *peak) {
    peak->flops = fmax(peak->flops, peak_flops(profile));
    peak->bytes = fmax(peak->bytes, peak_bytes(profile));
}

/* ---- taking times */

static bool open_entry(EntryTimes *times, int stages, int threads) {
    enum { LINE = 64 };
    times->timer = (gr_timer){clock_seconds, calloc((size_t)threads, sizeof(gr_tally *))};
    const size_t bytes = (((size_t)stages + 1) * sizeof(gr_tally) + LINE - 1) / LINE * LINE;
    for (int t = 0; times->timer.tallies != NULL && t < threads; t++) {
        times->timer.tallies[t] = aligned_alloc(LINE, bytes);
        if (times->timer.tallies[t] == NULL) return false;
        memset(times->timer.tallies[t], 0, bytes);
    }
    return times->timer.tallies != NULL;
}

gr_profiler *gr_profiler_open(const gr_model *model, int threads, gr_error *error) {
    if (model->profile == NULL) {
        gr_fail(error,
                "%s was compiled without --profile: only `gradc compile --profile` makes kernels tell their times",
                model->name);
        return NULL;
    }
    gr_profiler *profiler = calloc(1, sizeof *profiler);
    bool good = profiler != NULL;
    if (good) {
        *profiler = (gr_profiler){.model = model, .threads = threads};
        profiler->entries = calloc((size_t)model->entry_count + 1, sizeof *profiler->entries);
        good = profiler->entries != NULL;
    }
    for (int e = 0; good && e < model->entry_count; e++)
        good = open_entry(&profiler->entries[e], stages_of(model->profile, e), threads);
    if (good) {
        measure_peak(model->profile, &profiler->peak);
        profiler->opened = clock_seconds();
        return profiler;
    }
    gr_fail(error, "out of memory");
    gr_profiler_close(profiler);
    return NULL;
}

void gr_profiler_close(gr_profiler *profiler) {
    if (profiler == NULL) return;
    for (int e = 0; profiler->entries != NULL && e < profiler->model->entry_count; e++) {
        gr_tally **tallies = profiler->entries[e].timer.tallies;
        for (int t = 0; tallies != NULL && t < profiler->threads; t++)
            free(tallies[t]);
        free(tallies);
    }
    free(profiler->entries);
    free(profiler);
}

void gr_profiler_read_begins(gr_profiler *profiler) {
    if (profiler != NULL) profiler->began = clock_seconds();
}

void gr_profiler_call_begins(gr_profiler *profiler, const gr_entry *entry, gr_work *work) {
    if (profiler == NULL) return;
    const double now = clock_seconds();
    profiler->reading += now - profiler->began;
    profiler->began = now;
    work->timer = &profiler->entries[entry - profiler->model->entries].timer;
}

void gr_profiler_call_ends(gr_profiler *profiler, const gr_entry *entry, gr_work *work, int rows) {
    if (profiler == NULL) return;
    EntryTimes *times = &profiler->entries[entry - profiler->model->entries];
    times->seconds += clock_seconds() - profiler->began;
    times->calls++;
    times->rows += rows;
    work->timer = NULL;
}

/* ---- tables */

typedef struct Row {
    const char *name, *source;
    double seconds, flops, bytes; /* of all threads */
    uint64_t calls;
} Row;

static int by_time(const void *first, const void *second) {
    const Row *a = first, *b = second;
    return a->seconds < b->seconds ? 1 : a->seconds > b->seconds ? -1 : strcmp(a->name, b->name);
}

/* A model that was built without OpenMP has one thread, whatever it is asked for. */
static int threads_used(const gr_profiler *profiler, int entry) {
    const int stages = stages_of(profiler->model->profile, entry);
    int used = 1;
    for (int t = 0; t < profiler->threads; t++)
        for (int s = 0; s <= stages; s++)
            if (profiler->entries[entry].timer.tallies[t][s].calls > 0) used = t + 1;
    return used;
}

/* The entry's kernels, waiting, and the rest of the threads' time: what lies between the caller and the kernels. */
static Row *make_rows(const gr_profiler *profiler, int entry, int threads) {
    const EntryTimes *times = &profiler->entries[entry];
    const gr_profile *profile = profiler->model->profile;
    const int stages = stages_of(profile, entry);
    Row *rows = calloc((size_t)stages + 2, sizeof *rows);
    if (rows == NULL) return NULL;
    double rest = threads * times->seconds;
    for (int s = 0; s <= stages; s++) {
        Row *row = &rows[s];
        for (int t = 0; t < threads; t++) {
            row->seconds += times->timer.tallies[t][s].seconds;
            row->calls += times->timer.tallies[t][s].calls;
        }
        rest -= row->seconds;
        if (s == stages) continue;
        const gr_stage *stage = &profile->stages[profile->first[entry] + s];
        row->name = stage->name;
        row->source = stage->source;
        row->flops = (double)times->calls * stage->flops + times->rows * stage->flops_per_row;
        row->bytes = (double)times->calls * stage->bytes + times->rows * stage->bytes_per_row;
    }
    rows[stages].name = "(waiting for other threads)";
    rows[stages + 1] = (Row){"(checks, starting threads)", "", fmax(rest, 0), 0, 0, times->calls};
    rows[stages].source = "";
    qsort(rows, (size_t)stages + 2, sizeof *rows, by_time);
    return rows;
}

/* "12.3", or "-" without work */
static const char *rate(double amount, double seconds, char *text, size_t size) {
    snprintf(text, size, amount > 0 && seconds > 0 ? "%.1f" : "-", amount / 1e9 / seconds);
    return text;
}

/* Columns of UTF-8 from the start that fit. */
static size_t fitting_bytes(const char *text, int columns) {
    size_t at = 0;
    for (int c = 0; text[at] != '\0'; at++) {
        const bool begins = ((unsigned char)text[at] & 0xC0) != 0x80;
        if (begins && c++ == columns) break;
    }
    return at;
}

/* The columns of numbers are 55 wide; `width` 0: nothing is cut. */
static void print_row(const Row *row, double all, const Peak *peak, int name_width, int width, FILE *file) {
    char flops[32], bytes[32], share[32] = "-", line[1024];
    if (row->flops > 0 && row->seconds > 0 && peak->flops > 0)
        snprintf(share, sizeof share, "%.0f %%", 100 * row->flops / row->seconds / peak->flops);
    snprintf(line, sizeof line, "%7.1f %% %9.3f %9llu %8s %7s %7s  %-*s  %s", all > 0 ? 100 * row->seconds / all : 0,
             row->seconds, (unsigned long long)row->calls, rate(row->flops, row->seconds, flops, sizeof flops), share,
             rate(row->bytes, row->seconds, bytes, sizeof bytes), name_width, row->name, row->source);
    size_t length = width > 0 ? fitting_bytes(line, width) : strlen(line);
    while (length > 0 && line[length - 1] == ' ')
        length--;
    fprintf(file, "%.*s\n", (int)length, line);
}

static void print_entry(const gr_profiler *profiler, int entry, int threads, FILE *file) {
    const EntryTimes *times = &profiler->entries[entry];
    const int count = stages_of(profiler->model->profile, entry) + 2;
    const int width = isatty(fileno(file)) ? gr_terminal_width(fileno(file)) : 0;
    Row *rows = make_rows(profiler, entry, threads), all = {.name = "all", .source = "", .calls = times->calls};
    int name_width = 0;
    if (rows == NULL) return;
    for (int r = 0; r < count; r++) {
        const int length = (int)strlen(rows[r].name);
        if (length > name_width) name_width = length;
        all.seconds += rows[r].seconds;
        all.flops += rows[r].flops;
        all.bytes += rows[r].bytes;
    }
    fprintf(file, "\n%s: %llu calls of %.4g rows in %.3f s on %d thread%s, %.4g GFLOP, %.4g GB\n",
            profiler->model->entries[entry].name, (unsigned long long)times->calls, times->rows / (double)times->calls,
            times->seconds, threads, threads == 1 ? "" : "s", all.flops / 1e9, all.bytes / 1e9);
    fprintf(file, "     time   seconds     calls  GFLOP/s of peak    GB/s  kernel\n");
    for (int r = 0; r < count; r++)
        print_row(&rows[r], all.seconds, &profiler->peak, name_width, width, file);
    print_row(&all, all.seconds, &profiler->peak, name_width, width, file);
    free(rows);
}

void gr_profiler_print(gr_profiler *profiler, FILE *file) {
    double calling = 0;
    int threads = 0;
    if (profiler == NULL) return;
    const double passed = clock_seconds() - profiler->opened;
    for (int e = 0; e < profiler->model->entry_count; e++) {
        if (profiler->entries[e].calls == 0) continue;
        const int used = threads_used(profiler, e);
        if (used > threads) threads = used;
        calling += profiler->entries[e].seconds;
    }
    if (threads == 0) return; /* nothing was called */
    fprintf(file, "\nprofile: %.3f s in all, %.3f in entries, %.3f reading data, %.3f beside\n", passed, calling,
            profiler->reading, fmax(passed - calling - profiler->reading, 0));
    measure_peak(profiler->model->profile, &profiler->peak);
    fprintf(file, "peak of one thread: %.1f GFLOP/s, and %.1f GB/s from memory\n", profiler->peak.flops / 1e9,
            profiler->peak.bytes / 1e9);
    fprintf(file, "seconds are added up over threads, rates are those of one\n");
    for (int e = 0; e < profiler->model->entry_count; e++)
        if (profiler->entries[e].calls > 0) print_entry(profiler, e, threads_used(profiler, e), file);
}
