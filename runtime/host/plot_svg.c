/* The picture of a plot: panels below each other, one for each output, with absolute coordinates and classes, so that
 * it follows the reader's dark or light scheme. */
#include "runtime/host/output.h"
#include "runtime/host/plot.h"
#include "runtime/host/replace.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    WIDTH = 760,
    TOP = 44, /* the title's */
    PANEL = 250,
    LEFT = 66,
    RIGHT = 20,
    HEAD = 30,
    FOOT = 34, /* of a panel, for legend and ticks */
    BOTTOM = 24,
    COLOURS = 4,
    MAX_TICKS = 12
};

static const char style[] = "<style>\n"
                            "svg { font: 13px system-ui, sans-serif } .paper { fill: #ffffff }\n"
                            "text { fill: #333333 }\n"
                            ".title { font-size: 16px; font-weight: 600 }\n"
                            ".tick { fill: #777777; font-size: 11px }\n"
                            ".grid { stroke: #e6e6e6; fill: none } .frame { stroke: #bbbbbb; fill: none }\n"
                            ".line { fill: none; stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round }\n"
                            ".band { opacity: 0.18 } .best { fill: none; stroke-width: 1.5 }\n"
                            ".line.c0, .best.c0 { stroke: #1f6fb4 } .band.c0, .dot.c0 { fill: #1f6fb4 }\n"
                            ".line.c1, .best.c1 { stroke: #d9541e } .band.c1, .dot.c1 { fill: #d9541e }\n"
                            ".line.c2, .best.c2 { stroke: #2a8f4f } .band.c2, .dot.c2 { fill: #2a8f4f }\n"
                            ".line.c3, .best.c3 { stroke: #8355b5 } .band.c3, .dot.c3 { fill: #8355b5 }\n"
                            "@media (prefers-color-scheme: dark) {\n"
                            ".paper { fill: #16181c } text { fill: #d8dade } .tick { fill: #9297a0 }\n"
                            ".grid { stroke: #2a2e35 } .frame { stroke: #4a505a }\n"
                            ".line.c0, .best.c0 { stroke: #5aa9e6 } .band.c0, .dot.c0 { fill: #5aa9e6 }\n"
                            ".line.c1, .best.c1 { stroke: #ff9161 } .band.c1, .dot.c1 { fill: #ff9161 }\n"
                            ".line.c2, .best.c2 { stroke: #5fc785 } .band.c2, .dot.c2 { fill: #5fc785 }\n"
                            ".line.c3, .best.c3 { stroke: #b795e0 } .band.c3, .dot.c3 { fill: #b795e0 }\n"
                            "}\n"
                            "</style>\n";

/* An axis: values from low to high, or their logarithms, on pixels from `at` to `at + length` (which may be negative).
 */
typedef struct Axis {
    double low, high;
    bool log;
    double at, length;
} Axis;

typedef struct Panel {
    const gr_plot *plot;
    const char *name;
    double top;
    Axis x, y;
    gr_text *text;
} Panel;

/* ---- text */

static void write_escaped(gr_text *text, const char *name) {
    char clean[120];
    for (const char *c = gr_clean_name(name, clean, sizeof clean); *c; c++) {
        const char *entity = *c == '&'   ? "&amp;"
                             : *c == '<' ? "&lt;"
                             : *c == '>' ? "&gt;"
                             : *c == '"' ? "&quot;"
                                         : NULL;
        if (entity != NULL)
            gr_text_write(text, "%s", entity);
        else
            gr_text_write(text, "%c", *c);
    }
}

/* A coordinate, to a tenth of a pixel. */
static void write_place(gr_text *text, const char *before, double place) {
    gr_text_write(text, "%s", before);
    gr_text_number(text, floor(place * 10 + 0.5) / 10, 6);
}

static void write_label(gr_text *text, double x, double y, const char *class, const char *anchor, const char *label) {
    write_place(text, "<text x=\"", x);
    write_place(text, "\" y=\"", y);
    gr_text_write(text, "\" class=\"%s\" text-anchor=\"%s\">", class, anchor);
    write_escaped(text, label);
    gr_text_write(text, "</text>\n");
}

static void write_rule(gr_text *text, double x1, double y1, double x2, double y2) {
    write_place(text, "<path class=\"grid\" d=\"M", x1);
    write_place(text, " ", y1);
    write_place(text, "L", x2);
    write_place(text, " ", y2);
    gr_text_write(text, "\"/>\n");
}

/* ---- axes */

static double place_on(const Axis *axis, double value) {
    const double low = axis->log ? log10(axis->low) : axis->low, high = axis->log ? log10(axis->high) : axis->high;
    const double own = axis->log ? log10(fmax(value, axis->low)) : value;
    return axis->at + axis->length * (own - low) / (high - low);
}

static void widen(Axis *axis, double value) {
    if (!isfinite(value)) return;
    axis->low = fmin(axis->low, value);
    axis->high = fmax(axis->high, value);
}

/* Room around what is drawn; a decade's worth of a logarithm is judged by factors. */
static void finish_axis(Axis *axis, bool may_be_log) {
    if (!(axis->low <= axis->high)) {
        axis->low = 0;
        axis->high = 1;
    }
    axis->log = may_be_log && axis->low > 0 && axis->high > 20 * axis->low;
    if (axis->log) {
        axis->low /= 1.15;
        axis->high *= 1.15;
        return;
    }
    double room = (axis->high - axis->low) * 0.05;
    const double size = fmax(fabs(axis->low), fabs(axis->high));
    if (room <= size * 1e-8) room = size > 0 ? size * 0.05 : 1; /* labels of 9 digits tell ticks apart */
    axis->low -= room;
    axis->high += room;
}

/* 1, 2 or 5 times a power of ten: about `wanted` steps fit. */
static double tick_step(double span, int wanted) {
    const double rough = span / wanted, power = pow(10, floor(log10(rough))), part = rough / power;
    return (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10) * power;
}

static int linear_ticks(const Axis *axis, int wanted, double *ticks) {
    const double step = tick_step(axis->high - axis->low, wanted);
    int count = 0;
    for (double k = ceil(axis->low / step); k * step <= axis->high && count < MAX_TICKS; k++)
        ticks[count++] = k * step;
    return count;
}

/* 1, 2 and 5 of each decade, or the decades alone where there are many. */
static int log_ticks(const Axis *axis, double *ticks) {
    static const double parts[] = {1, 2, 5};
    const int first = (int)floor(log10(axis->low)), last = (int)ceil(log10(axis->high));
    const int step = last - first <= 3 ? 1 : 3, decades = (last - first + MAX_TICKS - 1) / MAX_TICKS;
    int count = 0;
    for (int decade = first; decade <= last; decade += decades)
        for (int p = 0; p < 3; p += step) {
            const double tick = parts[p] * pow(10, decade);
            if (tick >= axis->low && tick <= axis->high && count < MAX_TICKS) ticks[count++] = tick;
        }
    return count;
}

static void write_number(char *out, size_t size, double value) {
    gr_text text = {0};
    gr_text_number(&text, fabs(value) < 1e-300 ? 0 : value, 9);
    gr_clean_name(text.bytes != NULL ? text.bytes : "", out, size);
    gr_text_free(&text);
}

static void draw_axes(const Panel *panel, bool last) {
    const Axis *x = &panel->x, *y = &panel->y;
    double ticks[MAX_TICKS];
    char label[40];
    int count = y->log ? log_ticks(y, ticks) : linear_ticks(y, 5, ticks);
    for (int t = 0; t < count; t++) {
        const double at = place_on(y, ticks[t]);
        write_rule(panel->text, x->at, at, x->at + x->length, at);
        write_number(label, sizeof label, ticks[t]);
        write_label(panel->text, x->at - 8, at + 4, "tick", "end", label);
    }
    count = linear_ticks(x, 8, ticks);
    for (int t = 0; t < count; t++) {
        const double at = place_on(x, ticks[t]);
        write_rule(panel->text, at, y->at, at, y->at + y->length);
        write_number(label, sizeof label, ticks[t]);
        write_label(panel->text, at, y->at + 16, "tick", "middle", label);
    }
    write_place(panel->text, "<rect class=\"frame\" x=\"", x->at);
    write_place(panel->text, "\" y=\"", y->at + y->length);
    write_place(panel->text, "\" width=\"", x->length);
    write_place(panel->text, "\" height=\"", -y->length);
    gr_text_write(panel->text, "\"/>\n");
    if (last) write_label(panel->text, x->at + x->length / 2, y->at + 33, "tick", "middle", panel->plot->x_title);
}

/* ---- curves */

static double mean_of(const gr_plot_bucket *bucket) {
    return bucket->count > 0 ? bucket->sum / (double)bucket->count : NAN;
}

static void write_point(const Panel *panel, char command, double x, double y) {
    gr_text_write(panel->text, "%c", command);
    write_place(panel->text, "", place_on(&panel->x, x));
    write_place(panel->text, " ", place_on(&panel->y, y));
}

static double clipped(const Panel *panel, double value) {
    return fmin(fmax(value, panel->y.low), panel->y.high);
}

/* The range of the buckets, over each run of them without a gap. */
static void draw_band(const Panel *panel, const gr_plot_series *series, int colour) {
    if (series->marks) return;
    for (int b = 0; b < series->count;) {
        int end = b;
        while (end < series->count && series->buckets[end].count > 0)
            end++;
        if (end > b + 1) {
            gr_text_write(panel->text, "<path class=\"band c%d\" d=\"", colour);
            for (int i = b; i < end; i++)
                write_point(panel, i == b ? 'M' : 'L', series->buckets[i].x, clipped(panel, series->buckets[i].high));
            for (int i = end - 1; i >= b; i--)
                write_point(panel, 'L', series->buckets[i].x, clipped(panel, series->buckets[i].low));
            gr_text_write(panel->text, "Z\"/>\n");
        }
        b = end + (end == b);
    }
}

static void draw_line(const Panel *panel, const gr_plot_series *series, int colour) {
    bool drawn = false, open = false;
    for (int b = 0; b < series->count; b++) {
        const double mean = mean_of(&series->buckets[b]);
        if (!isfinite(mean)) {
            open = false;
            continue;
        }
        if (!drawn) gr_text_write(panel->text, "<path class=\"line c%d\" d=\"", colour);
        write_point(panel, open ? 'L' : 'M', series->buckets[b].x, mean);
        drawn = open = true;
    }
    if (drawn) gr_text_write(panel->text, "\"/>\n");
}

static void draw_circle(const Panel *panel, const gr_plot_bucket *bucket, const char *class, int colour,
                        double radius) {
    write_place(panel->text, "<circle cx=\"", place_on(&panel->x, bucket->x));
    write_place(panel->text, "\" cy=\"", place_on(&panel->y, mean_of(bucket)));
    write_place(panel->text, "\" r=\"", radius);
    gr_text_write(panel->text, "\" class=\"%s c%d\"/>\n", class, colour);
}

static void draw_marks(const Panel *panel, const gr_plot_series *series, int colour) {
    const gr_plot_bucket *best = NULL;
    for (int b = 0; b < series->count; b++) {
        const gr_plot_bucket *bucket = &series->buckets[b];
        if (bucket->count == 0) continue;
        if ((series->marks && series->count <= 60) || series->count == 1)
            draw_circle(panel, bucket, "dot", colour, 2.6);
        if (best == NULL || (mean_of(bucket) - mean_of(best)) * series->best > 0) best = bucket;
    }
    if (series->best != 0 && best != NULL) draw_circle(panel, best, "best", colour, 6);
}

/* ---- panels */

static bool is_of(const gr_plot_series *series, const Panel *panel) {
    return strcmp(series->panel, panel->name) == 0;
}

static void find_ranges(Panel *panel) {
    panel->x.low = panel->y.low = INFINITY;
    panel->x.high = panel->y.high = -INFINITY;
    for (int s = 0; s < panel->plot->count; s++) {
        const gr_plot_series *series = &panel->plot->series[s];
        for (int b = 0; b < series->count; b++) {
            widen(&panel->x, series->buckets[b].x); /* all panels have the same */
            if (is_of(series, panel)) widen(&panel->y, mean_of(&series->buckets[b]));
        }
    }
    finish_axis(&panel->x, false);
    finish_axis(&panel->y, true);
}

/* "loss" in front, then each series' colour and name. */
static void draw_legend(const Panel *panel) {
    double at = panel->x.at;
    const double line = panel->top + HEAD - 11;
    int colour = 0;
    write_label(panel->text, at, line, "name", "start", panel->name);
    at += 14 + 7.5 * (double)strlen(panel->name);
    for (int s = 0; s < panel->plot->count; s++) {
        const gr_plot_series *series = &panel->plot->series[s];
        if (!is_of(series, panel)) continue;
        write_place(panel->text, "<circle r=\"4\" cx=\"", at + 5);
        write_place(panel->text, "\" cy=\"", line - 4);
        gr_text_write(panel->text, "\" class=\"dot c%d\"/>\n", colour++ % COLOURS);
        write_label(panel->text, at + 14, line, "tick", "start", series->name);
        at += 32 + 6.5 * (double)strlen(series->name);
    }
}

static void draw_panel(Panel *panel, bool last) {
    panel->x.at = LEFT;
    panel->x.length = WIDTH - LEFT - RIGHT;
    panel->y.at = panel->top + PANEL - FOOT;
    panel->y.length = -(PANEL - FOOT - HEAD);
    find_ranges(panel);
    draw_legend(panel);
    draw_axes(panel, last);
    void (*const layers[])(const Panel *, const gr_plot_series *, int) = {draw_band, draw_line, draw_marks};
    for (int l = 0; l < 3; l++)
        for (int s = 0, colour = 0; s < panel->plot->count; s++)
            if (is_of(&panel->plot->series[s], panel)) layers[l](panel, &panel->plot->series[s], colour++ % COLOURS);
}

static bool is_first_of_panel(const gr_plot *plot, int series) {
    for (int s = 0; s < series; s++)
        if (strcmp(plot->series[s].panel, plot->series[series].panel) == 0) return false;
    return true;
}

static void draw(const gr_plot *plot, gr_text *text) {
    int panels = 0, drawn = 0;
    for (int s = 0; s < plot->count; s++)
        panels += is_first_of_panel(plot, s);
    const int height = TOP + panels * PANEL + BOTTOM;
    gr_text_write(text,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">\n%s",
                  WIDTH, height, WIDTH, height, style);
    gr_text_write(text, "<rect class=\"paper\" width=\"%d\" height=\"%d\"/>\n", WIDTH, height);
    write_label(text, LEFT, 28, "title", "start", plot->title);
    for (int s = 0; s < plot->count; s++) {
        if (!is_first_of_panel(plot, s)) continue;
        Panel panel = {.plot = plot, .name = plot->series[s].panel, .top = TOP + drawn * PANEL, .text = text};
        draw_panel(&panel, ++drawn == panels);
    }
    gr_text_write(text, "</svg>\n");
}

bool gr_plot_write(const gr_plot *plot, const char *path, gr_error *error) {
    gr_text text = {0};
    draw(plot, &text);
    gr_replacement *file = text.failed ? NULL : gr_replace_begin(path, error);
    if (text.failed) gr_fail(error, "%s: out of memory", path);
    bool done = file != NULL && gr_replace_write(file, text.bytes, text.length, error);
    gr_text_free(&text);
    if (done) return gr_replace_commit(file, error);
    if (file != NULL) gr_replace_cancel(file);
    return false;
}
