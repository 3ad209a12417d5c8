#include "runtime/host/progress.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define REDRAW_SECONDS  0.1
#define PLAIN_SECONDS   30.0
#define EPOCH_SECONDS   1.0   /* between plain lines of short epochs */
#define CALM_EPOCHS     10    /* which get a plain line however short they are */
#define RATE_SECONDS    2.0   /* over which the rate is measured */
#define LOOK_SECONDS    0.005 /* looks that are closer become fewer */
#define MAX_STRIDE      16u   /* steps without a look at the clock */
#define BAR_COLUMNS     30
#define MIN_BAR_COLUMNS 8
#define MAX_PIECES      8
#define MIN_TERMINAL    4
#define MAX_TERMINAL    1000

/* ---- the surroundings */

static double monotonic_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double seconds(const gr_progress *progress) {
    return progress->options.clock != NULL ? progress->options.clock(progress->options.clock_context)
                                           : monotonic_seconds();
}

static bool is_set(const char *name) {
    const char *const value = getenv(name);
    return value != NULL && value[0] != '\0';
}

/* What setlocale would find, without changing the program's locale. */
static bool locale_is_utf8(void) {
    const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (int i = 0; i < 3; i++) {
        if (!is_set(names[i])) continue;
        const char *const dot = strchr(getenv(names[i]), '.');
        return dot != NULL && (strncasecmp(dot, ".utf-8", 6) == 0 || strncasecmp(dot, ".utf8", 5) == 0);
    }
    return false;
}

static bool draws_lines(int file) {
    const char *const term = getenv("TERM");
    return isatty(file) && term != NULL && term[0] != '\0' && strcmp(term, "dumb") != 0;
}

int gr_terminal_width(int file) {
    struct winsize size;
    int width = ioctl(file, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
    if (width == 0 && is_set("COLUMNS")) width = atoi(getenv("COLUMNS"));
    if (width <= 0) width = 80;
    return width < MIN_TERMINAL ? MIN_TERMINAL : width > MAX_TERMINAL ? MAX_TERMINAL : width;
}

/* ---- what is known */

/* Share of the whole run that is done, 0 to 1, or -1 if its end is unknown. */
static double share_done(const gr_progress *progress, double now) {
    const gr_progress_options *const options = &progress->options;
    uint64_t total = options->steps;
    const uint64_t by_epochs = (uint64_t)(options->epochs > 0 ? options->epochs : 0) * options->steps_per_epoch;
    if (by_epochs > 0 && (total == 0 || by_epochs < total)) total = by_epochs;
    double share = -1;
    if (total > 0) share = (double)(options->first_step + progress->steps) / (double)total;
    if (options->time_limit > 0) share = fmax(share, (now - progress->started) / options->time_limit);
    return fmin(share, 1);
}

/* Seconds until the end, or -1. What was done before a resume took no time of this run. */
static double remaining(const gr_progress *progress, double now) {
    const double share = share_done(progress, now), passed = now - progress->started;
    gr_progress begin = *progress;
    begin.steps = 0;
    const double before = fmax(share_done(&begin, progress->started), 0);
    if (share < 0 || share <= before || passed <= 0) return -1;
    return passed * (1 - share) / (share - before);
}

/* Rows a second: over the last seconds, so that a slow start does not stay in it. */
static void measure_rate(gr_progress *progress, double now) {
    const double passed = now - progress->rate_time;
    if (passed < RATE_SECONDS) return;
    progress->rate = (double)(progress->rows - progress->rate_rows) / passed;
    progress->rate_rows = progress->rows;
    progress->rate_time = now;
}

static double shown_rate(const gr_progress *progress, double now) {
    if (progress->rate > 0) return progress->rate;
    const double passed = now - progress->started;
    return passed > 0 ? (double)progress->rows / passed : 0;
}

/* ---- the line */

/* A part of the line, without the blanks around it. Parts of high rank are left out first. */
typedef struct piece {
    char text[96];
    int columns; /* that it takes on the screen */
    int rank;
    bool bold;
} piece;

typedef struct pieces {
    piece list[MAX_PIECES];
    int count;
} pieces;

/* Columns of valid UTF-8, one a character. */
static int count_columns(const char *text) {
    int columns = 0;
    for (; *text != '\0'; text++)
        if (((unsigned char)*text & 0xc0) != 0x80) columns++;
    return columns;
}

static piece *add_piece(pieces *line, int rank, const char *text) {
    piece *const new = &line->list[line->count++];
    *new = (piece){.rank = rank};
    snprintf(new->text, sizeof new->text, "%s", text);
    new->columns = count_columns(new->text);
    return new;
}

static void add_metric(pieces *line, const gr_progress *progress) {
    char name[40], value[32], text[96];
    if (isnan(progress->best) && isnan(progress->metric)) return;
    gr_clean_name(progress->options.metric != NULL ? progress->options.metric : "validation", name, sizeof name);
    if (!progress->unicode)
        for (char *c = name; *c != '\0'; c++)
            if ((unsigned char)*c >= 0x80) *c = '?';
    snprintf(text, sizeof text, "%s %s", name, gr_say_value(progress->metric, value, sizeof value));
    add_piece(line, 2, text);
    snprintf(text, sizeof text, "(best %s)", gr_say_value(progress->best, value, sizeof value));
    add_piece(line, 4, text);
}

/* All parts but the bar, which stands behind the first. */
static void compose(pieces *line, const gr_progress *progress, double now) {
    char text[96], number[32];
    const gr_progress_options *const options = &progress->options;
    const bool within =
        progress->steps + options->first_step > (uint64_t)progress->epochs_done * options->steps_per_epoch;
    const int epoch = progress->epochs_done + (within || progress->epochs_done == 0 ? 1 : 0);
    if (options->epochs > 0)
        snprintf(text, sizeof text, "epoch %d/%d", epoch > options->epochs ? options->epochs : epoch, options->epochs);
    else
        snprintf(text, sizeof text, "epoch %d", epoch);
    add_piece(line, 0, text);
    const double share = share_done(progress, now), left = remaining(progress, now);
    if (share >= 0) {
        snprintf(text, sizeof text, "%d %%", (int)floor(100 * share));
        add_piece(line, 3, text);
    }
    snprintf(text, sizeof text, "step %llu", (unsigned long long)(options->first_step + progress->steps));
    add_piece(line, 7, text);
    snprintf(text, sizeof text, "%s rows/s", gr_say_count(shown_rate(progress, now), number, sizeof number));
    add_piece(line, 6, text);
    if (share >= 1 || left < 0)
        snprintf(text, sizeof text, "%s", gr_say_duration(now - progress->started, number, sizeof number));
    else
        snprintf(text, sizeof text, "%s left", gr_say_duration(left, number, sizeof number));
    add_piece(line, 5, text);
    const bool shows_newest = progress->weight == 0 || !isfinite(progress->newest);
    snprintf(text, sizeof text, "loss %s",
             gr_say_value(shows_newest ? progress->newest : progress->loss, number, sizeof number));
    if (progress->steps > 0) add_piece(line, 1, text)->bold = true;
    add_metric(line, progress);
}

static int line_columns(const pieces *line) {
    int columns = -2;
    for (int i = 0; i < line->count; i++)
        columns += line->list[i].columns + 2;
    return columns;
}

static void drop_until_fits(pieces *line, int width) {
    while (line->count > 1 && line_columns(line) > width) {
        int worst = 0;
        for (int i = 1; i < line->count; i++)
            if (line->list[i].rank > line->list[worst].rank) worst = i;
        memmove(&line->list[worst], &line->list[worst + 1], sizeof(piece) * (size_t)(line->count - worst - 1));
        line->count--;
    }
    if (line->count == 1 && line->list[0].columns > width) line->list[0].text[width] = '\0'; /* ASCII */
}

static void write_bar(gr_text *text, const gr_progress *progress, double share, int columns) {
    const int full = (int)floor(share * columns);
    const bool colour = progress->colour, unicode = progress->unicode;
    gr_text_write(text, unicode ? " " : " [");
    if (colour) gr_text_write(text, "\033[36m");
    for (int i = 0; i < full; i++)
        gr_text_write(text, unicode ? "━" : "=");
    if (colour) gr_text_write(text, "\033[0;2m");
    for (int i = full; i < columns; i++)
        gr_text_write(text, unicode ? "─" : " ");
    if (colour) gr_text_write(text, "\033[0m");
    gr_text_write(text, unicode ? " " : "] ");
}

/* One more column is left free, since some terminals wrap when the last one is written. */
static void write_line(gr_progress *progress, double now) {
    const gr_progress_options *const options = &progress->options;
    const int width = (options->width > 0 ? options->width : gr_terminal_width(options->file)) - 1;
    const double share = share_done(progress, now);
    pieces line = {.count = 0};
    compose(&line, progress, now);
    drop_until_fits(&line, width);
    const int frame = progress->unicode ? 0 : 2;
    int bar = width - line_columns(&line) - frame;
    if (bar > BAR_COLUMNS) bar = BAR_COLUMNS;
    gr_text_write(&progress->text, "\r");
    for (int i = 0; i < line.count; i++) {
        const bool bar_here = i == 1 && share >= 0 && bar >= MIN_BAR_COLUMNS;
        if (bar_here) write_bar(&progress->text, progress, share, bar);
        if (i > 0 && !bar_here) gr_text_write(&progress->text, line.list[i].text[0] == '(' ? " " : "  ");
        const bool bold = line.list[i].bold && progress->colour;
        gr_text_write(&progress->text, bold ? "\033[1m%s\033[0m" : "%s", line.list[i].text);
    }
    gr_text_write(&progress->text, "\033[K");
}

static void write_plain(gr_progress *progress, double now) {
    pieces line = {.count = 0};
    compose(&line, progress, now);
    for (int i = 0; i < line.count; i++)
        gr_text_write(&progress->text, "%s%s",
                      i == 0                        ? ""
                      : line.list[i].text[0] == '(' ? " "
                                                    : "  ",
                      line.list[i].text);
    gr_text_write(&progress->text, "\n");
}

/* ---- showing */

static void flush(gr_progress *progress) {
    gr_text *const text = &progress->text;
    if (text->length > 0 && !gr_write_fully(progress->options.file, text->bytes, text->length))
        progress->options.style = GR_PROGRESS_OFF;
    gr_text_clear(text);
}

static void show(gr_progress *progress, double now) {
    if (progress->options.style == GR_PROGRESS_OFF) return;
    measure_rate(progress, now);
    if (progress->options.style == GR_PROGRESS_LINE)
        write_line(progress, now);
    else
        write_plain(progress, now);
    progress->drawn = progress->options.style == GR_PROGRESS_LINE;
    progress->last = now;
    progress->next = now + (progress->drawn ? REDRAW_SECONDS : PLAIN_SECONDS);
    flush(progress);
}

void gr_progress_start(gr_progress *progress, const gr_progress_options *options) {
    *progress = (gr_progress){.options = *options, .wait = 1, .stride = 1, .metric = NAN, .best = NAN};
    if (options->style == GR_PROGRESS_AUTO)
        progress->options.style = draws_lines(options->file) ? GR_PROGRESS_LINE : GR_PROGRESS_PLAIN;
    progress->unicode = locale_is_utf8();
    progress->colour = progress->options.style == GR_PROGRESS_LINE && !is_set("NO_COLOR");
    progress->newest = NAN;
    if (options->steps_per_epoch > 0) progress->epochs_done = (int)(options->first_step / options->steps_per_epoch);
    progress->started = progress->last = progress->looked = progress->rate_time = seconds(progress);
    const bool line = progress->options.style == GR_PROGRESS_LINE;
    progress->next = progress->started + (line ? REDRAW_SECONDS : PLAIN_SECONDS);
}

/* The stride grows while looks follow each other closely, so that the clock costs next to nothing, and is short enough
 * that steps that suddenly take long do not make the line stand still. */
void gr_progress_look(gr_progress *progress) {
    const double now = seconds(progress);
    const bool close = now - progress->looked < LOOK_SECONDS;
    if (now >= progress->next) show(progress, now);
    if (!close)
        progress->stride = 1;
    else if (progress->stride < MAX_STRIDE)
        progress->stride *= 2;
    progress->looked = now;
    progress->wait = progress->stride;
}

void gr_progress_evaluated(gr_progress *progress, double metric, double best) {
    progress->metric = metric;
    progress->best = best;
}

void gr_progress_epoch(gr_progress *progress, int epochs_done) {
    progress->epochs_done = epochs_done;
    if (progress->options.style != GR_PROGRESS_PLAIN) return;
    const double now = seconds(progress);
    if (epochs_done <= CALM_EPOCHS || epochs_done == progress->options.epochs || now - progress->last >= EPOCH_SECONDS)
        show(progress, now);
}

void gr_progress_clear(gr_progress *progress) {
    if (!progress->drawn || progress->options.style == GR_PROGRESS_OFF) return;
    gr_text_write(&progress->text, "\r\033[K");
    flush(progress);
    progress->drawn = false;
}

void gr_progress_finish(gr_progress *progress) {
    if (progress->options.style == GR_PROGRESS_LINE && progress->steps > 0) {
        show(progress, seconds(progress));
        gr_text_write(&progress->text, "\n");
        flush(progress);
    }
    gr_text_free(&progress->text);
    progress->drawn = false;
    progress->options.style = GR_PROGRESS_OFF;
}
