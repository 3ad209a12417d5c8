/* plot.svg: what is in it, whatever the points were. */
#define _XOPEN_SOURCE 700 /* setrlimit */
#include "runtime/host/plot.h"
#include "tests/host/watch.h"
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* The picture as text; free() it. */
static char *draw(const gr_plot *plot) {
    const char *path = watch_path("plot.svg");
    gr_error error;
    cr_assert(gr_plot_write(plot, path, &error), "%s", error.text);
    char *text = watch_read(path, NULL);
    cr_assert_not_null(text);
    return text;
}

static int count_of(const char *text, const char *part) {
    int count = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part))
        count++;
    return count;
}

static void check_sane(const char *text) {
    cr_assert(strncmp(text, "<svg ", 5) == 0 && strstr(text, "</svg>\n") != NULL);
    cr_assert_null(strstr(text, "nan"));
    cr_assert_null(strstr(text, "inf"));
}

Test(plot, keeps_means_and_ranges_of_many_points) {
    gr_plot plot;
    cr_assert(gr_plot_open(&plot, "title", "step"));
    const int series = gr_plot_series_of(&plot, "loss", "training");
    for (int i = 0; i < 100000; i++)
        gr_plot_add(&plot, series, i, i % 2 == 0 ? 1 : 3);
    const gr_plot_series *kept = &plot.series[series];
    uint64_t points = 0;
    cr_assert_leq(kept->count, GR_PLOT_BUCKETS);
    for (int b = 0; b < kept->count; b++) {
        cr_assert_eq(kept->buckets[b].low, 1);
        cr_assert_eq(kept->buckets[b].high, 3);
        cr_assert_eq(kept->buckets[b].sum, 2.0 * (double)kept->buckets[b].count);
        points += kept->buckets[b].points;
    }
    cr_assert_eq(points, 100000);
    cr_assert_float_eq(kept->buckets[0].x, ((double)kept->width - 1) / 2, 1e-9);
    char *text = draw(&plot);
    check_sane(text);
    cr_assert_eq(count_of(text, "class=\"band c0\""), 1);
    free(text);
    gr_plot_close(&plot);
}

Test(plot, has_a_panel_for_each_output_and_marks_the_best) {
    gr_plot plot;
    cr_assert(gr_plot_open(&plot, "a < b & c", "epoch"));
    const char *const panels[] = {"loss", "accuracy", "loss"}, *const names[] = {"training", "validation",
                                                                                 "validation"};
    for (int s = 0; s < 3; s++)
        for (int i = 0; i < 5; i++)
            gr_plot_add(&plot, gr_plot_series_of(&plot, panels[s], names[s]), i, (i - 3) * (i - 3));
    cr_assert_eq(plot.count, 3);
    plot.series[2].marks = true;
    plot.series[2].best = -1;
    char *text = draw(&plot);
    check_sane(text);
    cr_assert_eq(count_of(text, "<rect class=\"frame\""), 2);
    cr_assert_eq(count_of(text, "class=\"line"), 3);
    cr_assert_eq(count_of(text, "class=\"best c1\""), 1);
    cr_assert_not_null(strstr(text, "a &lt; b &amp; c"));
    free(text);
    gr_plot_close(&plot);
}

Test(plot, leaves_gaps_for_what_is_not_finite) {
    const double values[] = {NAN, 1, 2, INFINITY, 3, -INFINITY, NAN};
    gr_plot plot;
    cr_assert(gr_plot_open(&plot, "", ""));
    for (int i = 0; i < 7; i++)
        gr_plot_add(&plot, gr_plot_series_of(&plot, "loss", "x"), i, values[i]);
    char *text = draw(&plot);
    check_sane(text);
    const char *line = strstr(text, "class=\"line");
    cr_assert_eq(count_of(line, "M") - count_of(strchr(line, '\n'), "M"), 2); /* before the gap, behind it */
    free(text);
    gr_plot_close(&plot);
}

Test(plot, of_nothing_and_of_one_point) {
    gr_plot plot;
    cr_assert(gr_plot_open(&plot, "empty", "step"));
    char *text = draw(&plot);
    check_sane(text);
    free(text);
    gr_plot_add(&plot, gr_plot_series_of(&plot, "loss", "x"), 7, 0);
    text = draw(&plot);
    check_sane(text);
    cr_assert_eq(count_of(text, "<circle"), 2); /* of the legend, and the point */
    free(text);
    gr_plot_add(&plot, gr_plot_series_of(&plot, "loss", "none"), 7, NAN);
    text = draw(&plot);
    check_sane(text);
    free(text);
    gr_plot_close(&plot);
}

/* The picture of three values at x = from, from + step, ... */
static char *draw_three(const double *values, double from, double step) {
    gr_plot plot;
    cr_assert(gr_plot_open(&plot, "title", "step"));
    for (int i = 0; i < 3; i++)
        gr_plot_add(&plot, gr_plot_series_of(&plot, "loss", "x"), from + step * i, values[i]);
    char *text = draw(&plot);
    gr_plot_close(&plot);
    return text;
}

Test(plot, of_the_largest_and_smallest_numbers) {
    static const double values[][3] = {{DBL_MAX, -DBL_MAX, 1}, {DBL_MAX, DBL_MAX, DBL_MAX}, {5e-324, 1, DBL_MAX},
                                       {5e-324, 1e-323, 0},    {1e290, -1e290, 1e290},      {1e-290, 2e-290, 1e290}};
    for (int i = 0; i < 6; i++) {
        char *text = draw_three(values[i], 0, 1);
        check_sane(text);
        free(text);
    }
    static const double places[][2] = {{NAN, 1}, {INFINITY, 1}, {-DBL_MAX, DBL_MAX}, {1e290, 0}, {5e-324, 5e-324}};
    for (int i = 0; i < 5; i++) {
        char *text = draw_three((const double[]){1, 2, 3}, places[i][0], places[i][1]);
        check_sane(text);
        free(text);
    }
}

Test(plot, labels_of_ticks_differ) {
    char *text = draw_three((const double[]){1000000.1, 1000000.2, 1000000.4}, 0, 1);
    char last[40] = "", label[40];
    int count = 0;
    for (const char *at = strstr(text, "\"end\">"); at != NULL; at = strstr(at + 1, "\"end\">"), count++) {
        cr_assert_eq(sscanf(at, "\"end\">%39[^<]", label), 1);
        cr_assert_str_neq(label, last);
        strcpy(last, label);
    }
    cr_assert_geq(count, 3);
    free(text);
}

Test(plot, full_disk_leaves_the_older_picture) {
    gr_plot plot;
    gr_error error = {""};
    cr_assert(gr_plot_open(&plot, "older", "x"));
    char *older = draw(&plot);
    for (int i = 0; i < 300; i++)
        gr_plot_add(&plot, gr_plot_series_of(&plot, "loss", "x"), i, i % 7);
    struct rlimit old, full;
    getrlimit(RLIMIT_FSIZE, &old);
    full = (struct rlimit){100, old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &full);
    const bool written = gr_plot_write(&plot, watch_path("plot.svg"), &error);
    setrlimit(RLIMIT_FSIZE, &old);
    cr_assert_not(written);
    cr_assert_not_null(strstr(error.text, "plot.svg"), "%s", error.text);
    char *now = watch_read(watch_path("plot.svg"), NULL);
    cr_assert_str_eq(now, older);
    free(now);
    free(older);
    gr_plot_close(&plot);
}

Test(plot, says_where_it_cannot_write) {
    gr_plot plot;
    gr_error error;
    cr_assert(gr_plot_open(&plot, "t", "x"));
    cr_assert_not(gr_plot_write(&plot, "/nowhere/plot.svg", &error));
    cr_assert_not_null(strstr(error.text, "/nowhere/plot.svg"));
    gr_plot_close(&plot);
}
