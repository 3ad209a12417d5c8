#define _POSIX_C_SOURCE 200809L
#include "runtime/host/progress.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static double by_hand(void *context) {
    return *(double *)context;
}

/* A progress that writes into a pipe, with a clock that is set by hand. */
typedef struct stage {
    gr_progress progress;
    int pipe[2];
    double now;
    char shown[4096];
    bool fresh;
} stage;

static void begin(stage *stage, gr_progress_options options) {
    cr_assert_eq(pipe(stage->pipe), 0);
    fcntl(stage->pipe[0], F_SETFL, O_NONBLOCK);
    stage->now = 1000;
    options.file = stage->pipe[1];
    options.clock = by_hand;
    options.clock_context = &stage->now;
    gr_progress_start(&stage->progress, &options);
}

/* Takes what was written out of the pipe, which holds only 64 KB. */
static void drain(stage *stage) {
    const ssize_t length = read(stage->pipe[0], stage->shown, sizeof stage->shown - 1);
    if (length <= 0) return;
    stage->shown[length] = '\0';
    stage->fresh = true;
}

/* What was written last, "" if nothing was since the call before. */
static const char *shown(stage *stage) {
    drain(stage);
    if (!stage->fresh) stage->shown[0] = '\0';
    stage->fresh = false;
    return stage->shown;
}

static void end(stage *stage) {
    gr_progress_finish(&stage->progress);
    close(stage->pipe[0]);
    close(stage->pipe[1]);
}

static void surroundings(const char *locale, const char *no_colour) {
    setenv("LC_ALL", locale, 1);
    setenv("NO_COLOR", no_colour, 1);
}

static const gr_progress_options ten_epochs = {.style = GR_PROGRESS_LINE,
                                               .epochs = 10,
                                               .steps_per_epoch = 100,
                                               .metric = "accuracy",
                                               .width = 130};

static void train(stage *stage, int steps, double each, double loss) {
    for (int i = 0; i < steps; i++) {
        stage->now += each;
        gr_progress_step(&stage->progress, 64, loss);
        drain(stage);
    }
}

Test(host_progress, line_in_ascii) {
    static stage stage;
    surroundings("C", "1");
    begin(&stage, ten_epochs);
    gr_progress_evaluated(&stage.progress, 0.5, 0.75);
    train(&stage, 1, 5, 2);
    cr_expect_str_eq(shown(&stage),
                     "\repoch 1/10 [                              ] 0 %  step 1  13 rows/s  1 h 23 m left  "
                     "loss 2  accuracy 0.5 (best 0.75)\033[K");
    train(&stage, 549, 1, 2);
    shown(&stage);
    train(&stage, 1, 1, 2);
    cr_expect_not_null(
        strstr(shown(&stage), "[================              ] 55 %  step 551  64 rows/s  7 m 32 s left"), "%s",
        stage.shown);
    end(&stage);
}

Test(host_progress, line_in_unicode_and_colour) {
    static stage stage;
    surroundings("de_DE.UTF-8", "");
    begin(&stage, (gr_progress_options){.style = GR_PROGRESS_LINE, .steps = 4, .width = 46});
    train(&stage, 2, 1, 0.25);
    shown(&stage);
    cr_expect_not_null(strstr(stage.shown, "━━━━\033[0;2m─────\033[0m"), "%s", stage.shown);
    cr_expect_not_null(strstr(stage.shown, "\033[1mloss 0.25\033[0m"), "%s", stage.shown);
    end(&stage);
}

static int columns_of(const char *line) {
    int columns = 0;
    for (; *line != '\0'; line++) {
        if (*line == '\033') {
            while (*line != 'm' && *line != 'K')
                line++;
        } else {
            columns += *line != '\r' && ((unsigned char)*line & 0xc0) != 0x80;
        }
    }
    return columns;
}

Test(host_progress, never_wider_than_the_terminal) {
    const char *const locales[] = {"C", "C.UTF-8"};
    for (int i = 0; i < 2; i++) {
        surroundings(locales[i], "");
        for (int width = 2; width < 200; width++) {
            static stage stage;
            gr_progress_options options = ten_epochs;
            options.width = width;
            begin(&stage, options);
            gr_progress_evaluated(&stage.progress, 0.5, 0.75);
            train(&stage, 5, 0.2, 0.125);
            const char *const last = strrchr(shown(&stage), '\r');
            cr_assert_not_null(last);
            cr_expect_lt(columns_of(last), width, "width %d: %s", width, last);
            if (width > 30) cr_expect_not_null(strstr(last, "loss 0.125"), "width %d: %s", width, last);
            if (width > 60) cr_expect_gt(columns_of(last), width > 120 ? 100 : width - 25, "width %d: %s", width, last);
            end(&stage);
        }
    }
}

Test(host_progress, ten_times_a_second) {
    static stage stage;
    surroundings("C", "1");
    begin(&stage, (gr_progress_options){.style = GR_PROGRESS_LINE, .width = 40});
    int drawn = 0;
    for (int i = 0; i < 10000; i++) {
        train(&stage, 1, 0.001, 1);
        drawn += shown(&stage)[0] != '\0';
    }
    cr_expect(drawn <= 100 && drawn >= 80, "%d in 10 s", drawn);
    end(&stage);
}

Test(host_progress, plain_lines) {
    static stage stage;
    surroundings("C", "1");
    gr_progress_options options = ten_epochs;
    options.style = GR_PROGRESS_AUTO; /* a pipe is no terminal */
    begin(&stage, options);
    train(&stage, 100, 0.01, 0.5);
    cr_expect_str_eq(shown(&stage), "");
    gr_progress_evaluated(&stage.progress, 0.875, 0.875);
    gr_progress_epoch(&stage.progress, 1);
    cr_expect_str_eq(shown(&stage),
                     "epoch 1/10  10 %  step 100  6.4 k rows/s  9.0 s left  loss 0.5  accuracy 0.875 (best 0.875)\n");
    train(&stage, 20, 2, 0.5);
    cr_expect_str_eq(shown(&stage),
                     "epoch 2/10  11 %  step 115  237 rows/s  3 m 59 s left  loss 0.5  accuracy 0.875 (best 0.875)\n");
    end(&stage);
}

Test(host_progress, many_short_epochs) {
    static stage stage;
    surroundings("C", "1");
    begin(&stage, (gr_progress_options){.style = GR_PROGRESS_PLAIN, .epochs = 5000, .steps_per_epoch = 1});
    int lines = 0;
    for (int epoch = 1; epoch <= 5000; epoch++) {
        train(&stage, 1, 0.001, 1);
        gr_progress_epoch(&stage.progress, epoch);
        lines += shown(&stage)[0] != '\0';
    }
    cr_expect(lines >= 14 && lines <= 17, "%d", lines); /* ten, one a second, the last */
    cr_expect_not_null(strstr(stage.shown, "epoch 5000/5000  100 %"), "%s", stage.shown);
    end(&stage);
}

Test(host_progress, hostile_values) {
    static stage stage;
    surroundings("C", "1");
    const double losses[] = {NAN, INFINITY, -INFINITY, 1e308, -1e308, 0};
    for (int i = 0; i < 6; i++) {
        begin(&stage, (gr_progress_options){.style = GR_PROGRESS_LINE,
                                            .width = 80,
                                            .steps = UINT64_MAX,
                                            .epochs = -1,
                                            .steps_per_epoch = UINT64_MAX,
                                            .metric = "a\033[31m\xff\n"});
        gr_progress_evaluated(&stage.progress, losses[i], NAN);
        train(&stage, 3, 1, losses[i]);
        char value[32], expected[48];
        snprintf(expected, sizeof expected, "loss %s", gr_say_value(losses[i], value, sizeof value));
        cr_expect_not_null(strstr(shown(&stage), expected), "%s", stage.shown);
        cr_expect_null(strstr(stage.shown, "31m\xff"));
        cr_expect_null(strstr(stage.shown, "\033[31m"));
        end(&stage);
    }
    begin(&stage, (gr_progress_options){.style = GR_PROGRESS_LINE}); /* finished before it began */
    end(&stage);
}

Test(host_progress, loss_after_a_nan) {
    static stage stage;
    surroundings("C", "1");
    begin(&stage, (gr_progress_options){.style = GR_PROGRESS_LINE, .width = 80});
    train(&stage, 10, 1, 2);
    train(&stage, 1, 1, NAN);
    train(&stage, 10, 1, 2);
    cr_expect_float_eq(stage.progress.loss, 2, 1e-12);
    end(&stage);
}

Test(host_progress, resumed) {
    static stage stage;
    surroundings("C", "1");
    begin(&stage, (gr_progress_options){
                      .style = GR_PROGRESS_LINE, .epochs = 10, .steps_per_epoch = 10, .first_step = 50, .width = 120});
    train(&stage, 20, 1, 2);
    gr_progress_epoch(&stage.progress, 7);
    train(&stage, 5, 1, 2);
    const char *const last = strrchr(shown(&stage), '\r');
    cr_expect_not_null(strstr(last, "epoch 8/10"), "%s", last);
    cr_expect_not_null(strstr(last, "75 %  step 75"), "%s", last);
    cr_expect_not_null(strstr(last, "25 s left"), "%s", last); /* 25 steps to go, a second each */
    end(&stage);
}

Test(host_progress, goes_on_without_a_reader) {
    static stage stage;
    begin(&stage, (gr_progress_options){.style = GR_PROGRESS_LINE, .width = 80});
    close(stage.pipe[0]);
    train(&stage, 50, 1, 1); /* SIGPIPE would end this process */
    cr_expect_eq(stage.progress.options.style, GR_PROGRESS_OFF);
    end(&stage);
    const int full = open("/dev/full", O_WRONLY);
    gr_progress_start(&stage.progress, &(gr_progress_options){.file = full, .style = GR_PROGRESS_PLAIN});
    gr_progress_epoch(&stage.progress, 1);
    cr_expect_eq(stage.progress.options.style, GR_PROGRESS_OFF);
    gr_progress_finish(&stage.progress);
    close(full);
}

Test(host_progress, numbers_for_people) {
    static const struct {
        double value;
        const char *count, *duration;
    } cases[] = {{0, "0", "0.0 s"},
                 {0.25, "0.2", "0.2 s"},
                 {7.5, "7.5", "7.5 s"},
                 {59.6, "60", "1 m 00 s"},
                 {125, "125", "2 m 05 s"},
                 {3599.7, "3.6 k", "1 h 00 m"},
                 {1.2e6, "1.2 M", "13 d 21 h"},
                 {999600, "1.0 M", "11 d 13 h"},
                 {1e30, "999999 P", "?"},
                 {-1, "?", "?"},
                 {NAN, "?", "?"},
                 {INFINITY, "?", "?"}};
    char out[32];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect_str_eq(gr_say_count(cases[i].value, out, sizeof out), cases[i].count);
        cr_expect_str_eq(gr_say_duration(cases[i].value, out, sizeof out), cases[i].duration);
    }
}

Test(host_progress, names_are_cleaned) {
    char out[9];
    cr_expect_str_eq(gr_clean_name("abcdefgh", out, sizeof out), "abcdefgh");
    cr_expect_str_eq(gr_clean_name("abcdefghi", out, sizeof out), "abcde...");
    cr_expect_str_eq(gr_clean_name("ab\xcf\x80\xcf\x80\xcf\x80\xcf\x80", out, sizeof out), "ab\xcf\x80...");
    cr_expect_str_eq(gr_clean_name("\x1b\x7f\xc0\x80\xc2\x80\xcf", out, sizeof out), "???????");
}
