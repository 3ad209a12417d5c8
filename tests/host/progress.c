#define _POSIX_C_SOURCE 200809L
#include "runtime/host/progress.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
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

static void begin(stage *scene, gr_progress_options options) {
    cr_assert_eq(pipe(scene->pipe), 0);
    fcntl(scene->pipe[0], F_SETFL, O_NONBLOCK);
    scene->now = 1000;
    options.file = scene->pipe[1];
    options.clock = by_hand;
    options.clock_context = &scene->now;
    gr_progress_start(&scene->progress, &options);
}

/* Takes what was written out of the pipe, which holds only 64 KB. */
static void drain(stage *scene) {
    const ssize_t length = read(scene->pipe[0], scene->shown, sizeof scene->shown - 1);
    if (length <= 0) return;
    scene->shown[length] = '\0';
    scene->fresh = true;
}

/* What was written last, "" if nothing was since the call before. */
static const char *shown(stage *scene) {
    drain(scene);
    if (!scene->fresh) scene->shown[0] = '\0';
    scene->fresh = false;
    return scene->shown;
}

static void end(stage *scene) {
    gr_progress_finish(&scene->progress);
    close(scene->pipe[0]);
    close(scene->pipe[1]);
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

static void train(stage *scene, int steps, double each, double loss) {
    for (int i = 0; i < steps; i++) {
        scene->now += each;
        gr_progress_step(&scene->progress, 64, loss);
        drain(scene);
    }
}

Test(host_progress, line_in_ascii) {
    static stage scene;
    surroundings("C", "1");
    begin(&scene, ten_epochs);
    gr_progress_evaluated(&scene.progress, 0.5, 0.75);
    train(&scene, 1, 5, 2);
    cr_expect_str_eq(shown(&scene),
                     "\repoch 1/10 [                              ] 0 %  step 1  13 rows/s  1 h 23 m left  "
                     "loss 2  accuracy 0.5 (best 0.75)\033[K");
    train(&scene, 549, 1, 2);
    shown(&scene);
    train(&scene, 1, 1, 2);
    cr_expect_not_null(
        strstr(shown(&scene), "[================              ] 55 %  step 551  64 rows/s  7 m 32 s left"), "%s",
        scene.shown);
    end(&scene);
}

Test(host_progress, line_in_unicode_and_colour) {
    static stage scene;
    surroundings("de_DE.UTF-8", "");
    begin(&scene, (gr_progress_options){.style = GR_PROGRESS_LINE, .steps = 4, .width = 46});
    train(&scene, 2, 1, 0.25);
    shown(&scene);
    cr_expect_not_null(strstr(scene.shown, "━━━━\033[0;2m─────\033[0m"), "%s", scene.shown);
    cr_expect_not_null(strstr(scene.shown, "\033[1mloss 0.25\033[0m"), "%s", scene.shown);
    end(&scene);
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
            static stage scene;
            gr_progress_options options = ten_epochs;
            options.width = width;
            begin(&scene, options);
            gr_progress_evaluated(&scene.progress, 0.5, 0.75);
            train(&scene, 5, 0.2, 0.125);
            const char *const last = strrchr(shown(&scene), '\r');
            cr_assert_not_null(last);
            cr_expect_lt(columns_of(last), width, "width %d: %s", width, last);
            if (width > 30) cr_expect_not_null(strstr(last, "loss 0.125"), "width %d: %s", width, last);
            if (width > 60) cr_expect_gt(columns_of(last), width > 120 ? 100 : width - 25, "width %d: %s", width, last);
            end(&scene);
        }
    }
}

Test(host_progress, ten_times_a_second) {
    static stage scene;
    surroundings("C", "1");
    begin(&scene, (gr_progress_options){.style = GR_PROGRESS_LINE, .width = 40});
    int drawn = 0;
    for (int i = 0; i < 10000; i++) {
        train(&scene, 1, 0.001, 1);
        drawn += shown(&scene)[0] != '\0';
    }
    cr_expect(drawn <= 100 && drawn >= 80, "%d in 10 s", drawn);
    end(&scene);
}

Test(host_progress, plain_lines) {
    static stage scene;
    surroundings("C", "1");
    gr_progress_options options = ten_epochs;
    options.style = GR_PROGRESS_AUTO; /* a pipe is no terminal */
    begin(&scene, options);
    train(&scene, 100, 0.01, 0.5);
    cr_expect_str_eq(shown(&scene), "");
    gr_progress_evaluated(&scene.progress, 0.875, 0.875);
    gr_progress_epoch(&scene.progress, 1);
    cr_expect_str_eq(shown(&scene),
                     "epoch 1/10  10 %  step 100  6.4 k rows/s  9.0 s left  loss 0.5  accuracy 0.875 (best 0.875)\n");
    train(&scene, 20, 2, 0.5);
    cr_expect_str_eq(shown(&scene),
                     "epoch 2/10  11 %  step 115  237 rows/s  3 m 59 s left  loss 0.5  accuracy 0.875 (best 0.875)\n");
    end(&scene);
}

Test(host_progress, many_short_epochs) {
    static stage scene;
    surroundings("C", "1");
    begin(&scene, (gr_progress_options){.style = GR_PROGRESS_PLAIN, .epochs = 5000, .steps_per_epoch = 1});
    int lines = 0;
    for (int epoch = 1; epoch <= 5000; epoch++) {
        train(&scene, 1, 0.001, 1);
        gr_progress_epoch(&scene.progress, epoch);
        lines += shown(&scene)[0] != '\0';
    }
    cr_expect(lines >= 14 && lines <= 17, "%d", lines); /* ten, one a second, the last */
    cr_expect_not_null(strstr(scene.shown, "epoch 5000/5000  100 %"), "%s", scene.shown);
    end(&scene);
}

Test(host_progress, hostile_values) {
    static stage scene;
    surroundings("C", "1");
    const double losses[] = {NAN, INFINITY, -INFINITY, 1e308, -1e308, 0};
    for (int i = 0; i < 6; i++) {
        begin(&scene, (gr_progress_options){.style = GR_PROGRESS_LINE,
                                            .width = 80,
                                            .steps = UINT64_MAX,
                                            .epochs = -1,
                                            .steps_per_epoch = UINT64_MAX,
                                            .metric = "a\033[31m\xff\n"});
        gr_progress_evaluated(&scene.progress, losses[i], NAN);
        train(&scene, 3, 1, losses[i]);
        char value[32], expected[48];
        snprintf(expected, sizeof expected, "loss %s", gr_say_value(losses[i], value, sizeof value));
        cr_expect_not_null(strstr(shown(&scene), expected), "%s", scene.shown);
        cr_expect_null(strstr(scene.shown, "31m\xff"));
        cr_expect_null(strstr(scene.shown, "\033[31m"));
        end(&scene);
    }
    begin(&scene, (gr_progress_options){.style = GR_PROGRESS_LINE}); /* finished before it began */
    end(&scene);
}

Test(host_progress, loss_after_a_nan) {
    static stage scene;
    surroundings("C", "1");
    begin(&scene, (gr_progress_options){.style = GR_PROGRESS_LINE, .width = 80});
    train(&scene, 10, 1, 2);
    train(&scene, 1, 1, NAN);
    train(&scene, 10, 1, 2);
    cr_expect_float_eq(scene.progress.loss, 2, 1e-12);
    end(&scene);
}

Test(host_progress, resumed) {
    static stage scene;
    surroundings("C", "1");
    begin(&scene, (gr_progress_options){
                      .style = GR_PROGRESS_LINE, .epochs = 10, .steps_per_epoch = 10, .first_step = 50, .width = 120});
    train(&scene, 20, 1, 2);
    gr_progress_epoch(&scene.progress, 7);
    train(&scene, 5, 1, 2);
    const char *const last = strrchr(shown(&scene), '\r');
    cr_expect_not_null(strstr(last, "epoch 8/10"), "%s", last);
    cr_expect_not_null(strstr(last, "75 %  step 75"), "%s", last);
    cr_expect_not_null(strstr(last, "25 s left"), "%s", last); /* 25 steps to go, a second each */
    end(&scene);
}

Test(host_progress, goes_on_without_a_reader) {
    static stage scene;
    begin(&scene, (gr_progress_options){.style = GR_PROGRESS_LINE, .width = 80});
    close(scene.pipe[0]);
    train(&scene, 50, 1, 1); /* SIGPIPE would end this process */
    cr_expect_eq(scene.progress.options.style, GR_PROGRESS_OFF);
    end(&scene);
    const int full = open("/dev/full", O_WRONLY);
    gr_progress_start(&scene.progress, &(gr_progress_options){.file = full, .style = GR_PROGRESS_PLAIN});
    gr_progress_epoch(&scene.progress, 1);
    cr_expect_eq(scene.progress.options.style, GR_PROGRESS_OFF);
    gr_progress_finish(&scene.progress);
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
