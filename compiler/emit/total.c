/* The totals of a stage: accumulators in registers, the reduced loops around them, and the combination of lanes. */
#include "compiler/emit/stage.h"
#include <math.h>
#include <string.h>

static bool finds_position(Reduce reduce) {
    return reduce == REDUCE_ARGMAX || reduce == REDUCE_ARGMIN;
}

static const char *total_place(const StageText *text, int total, const char *prefix) {
    return arena_print(text->arena, "%s%s%s%s", prefix, text->totals[total], text->has_rows ? "[r]" : "",
                       text->has_vectors ? "[v]" : "");
}

static const char *total_extent(const StageText *text) {
    const Tile *tile = &text->stage->tile;
    const char *rows = text->has_rows ? arena_print(text->arena, "[%d]", tile->rows) : "";
    const char *vectors = text->has_vectors ? arena_print(text->arena, "[%d]", most_vectors(text)) : "";
    return arena_print(text->arena, "%s%s", rows, vectors);
}

static Elem total_elem(const StageText *text, int total) {
    return body_elem(&text->stage->body, text->stage->totals.at[total].value);
}

/* What a reduction starts from. Integers have no infinity. */
static const char *identity_code(const StageText *text, int total) {
    Elem elem = total_elem(text, total);
    bool real = elem == ELEM_REAL;
    switch (text->stage->totals.at[total].reduce) {
    case REDUCE_PROD: return literal_code(text, elem, 1);
    case REDUCE_MAX:
    case REDUCE_ARGMAX: return real ? literal_code(text, elem, -INFINITY) : "gr_iall(INT32_MIN)";
    case REDUCE_MIN:
    case REDUCE_ARGMIN: return real ? literal_code(text, elem, INFINITY) : "gr_iall(INT32_MAX)";
    case REDUCE_NONE:
    case REDUCE_SUM: break;
    }
    return literal_code(text, elem, 0);
}

static void declare_totals(const StageText *text) {
    for (int t = 0; t < text->stage->totals.count; t++) {
        bool position = finds_position(text->stage->totals.at[t].reduce);
        write_line(text->out, "%s %s%s%s;", elem_vector(total_elem(text, t)), position ? "best_" : "", text->totals[t],
                   total_extent(text));
        if (position) write_line(text->out, "gr_ivec %s%s;", text->totals[t], total_extent(text));
    }
}

/* Positions are found over all chunks at once; everything else starts anew with each. */
static bool starts_with_chunk(const StageText *text, int total) {
    return !finds_position(text->stage->totals.at[total].reduce);
}

static void start_totals(StageText *text, bool chunked) {
    SmallLoop rows = open_rows(text), vectors = open_vectors(text);
    for (int t = 0; t < text->stage->totals.count; t++) {
        bool position = finds_position(text->stage->totals.at[t].reduce);
        if (chunked && !starts_with_chunk(text, t)) continue;
        write_line(text->out, "%s = %s;", total_place(text, t, position ? "best_" : ""), identity_code(text, t));
        if (position) write_line(text->out, "%s = gr_iall(0);", total_place(text, t, ""));
    }
    close_loop(text, &vectors);
    close_loop(text, &rows);
}

static const char *times_code(StageText *text, const char *code, Dim size) {
    if (strcmp(code, "1") == 0) return dim_code(text, size);
    bool sum = dim_is_constant(size) || size.constant == 0;
    return arena_print(text->arena, sum ? "%s * %s" : "%s * (%s)", code, dim_code(text, size));
}

/* The row-major position over the reduced indices on all lanes, at the sizes of the call. */
static const char *position_lanes(StageText *text) {
    const Stage *stage = text->stage;
    int first = stage->free_count;
    const char *position = text->indices[first];
    const char *step = first == stage->tile.lane ? "1" : NULL; /* from one lane to the next */
    for (int i = first + 1; i < first + stage->reduced_count; i++) {
        Dim size = stage->indices[i].size;
        if (i > first + 1) position = arena_print(text->arena, "(%s)", position);
        position = arena_print(text->arena, "%s + %s", times_code(text, position, size), text->indices[i]);
        if (step != NULL) step = times_code(text, step, size);
        if (i == stage->tile.lane) step = "1";
    }
    const char *base = arena_print(text->arena, "gr_iall(%s)", position);
    if (step == NULL) return base;
    return strcmp(step, "1") == 0 ? arena_print(text->arena, "%s + gr_iota()", base)
                                  : arena_print(text->arena, "%s + gr_iota() * gr_iall(%s)", base, step);
}

/* Whether every lane meets the reduced positions in their order: the lane's loop is innermost, see plan_loops. */
static bool visits_in_order(const StageText *text) {
    const Stage *stage = text->stage;
    for (int i = stage->tile.lane + 1; text->lane_reduced && i < stage->free_count + stage->reduced_count; i++)
        if (dim_high(stage->indices[i].size) > 1) return false;
    return true;
}

/* Of equal values the one at the first position counts. */
static void accumulate_position(StageText *text, int total, const char *value) {
    bool real = total_elem(text, total) == ELEM_REAL, max = text->stage->totals.at[total].reduce == REDUCE_ARGMAX;
    const char *best = total_place(text, total, "best_"), *at = total_place(text, total, "");
    const char *i = real ? "" : "i";
    const char *better = arena_print(text->arena, "gr_%sless(%s, %s)", i, max ? best : value, max ? value : best);
    if (!visits_in_order(text))
        better = arena_print(text->arena, "%s | (gr_%sequal(%s, %s) & gr_iless(%s, %s))", better, i, value, best,
                             position_lanes(text), at);
    write_line(text->out, "const gr_ivec better_%d = %s;", total, better);
    write_line(text->out, "%s = gr_%sselect(better_%d, %s, %s);", best, i, total, value, best);
    write_line(text->out, "%s = gr_iselect(better_%d, %s, %s);", at, total, position_lanes(text), at);
}

/* Lanes beyond the end of a reduced axis must not count. */
static const char *kept_value(StageText *text, int total) {
    const char *value = expr_code(text, text->stage->totals.at[total].value).text;
    if (!text->lane_reduced || !text->partial) return value;
    return arena_print(text->arena, "gr_%sselect(gr_iless(gr_iota(), gr_iall(width)), %s, %s)",
                       total_elem(text, total) == ELEM_REAL ? "" : "i", value, identity_code(text, total));
}

/* A product that is accumulated in one expression becomes a fused multiply-add. */
static void accumulate(StageText *text) {
    for (int t = 0; t < text->stage->totals.count; t++) {
        const char *value = kept_value(text, t), *to = total_place(text, t, "");
        const char *i = total_elem(text, t) == ELEM_REAL ? "" : "i";
        switch (text->stage->totals.at[t].reduce) {
        case REDUCE_SUM: write_line(text->out, "%s += %s;", to, value); break;
        case REDUCE_PROD: write_line(text->out, "%s *= %s;", to, value); break;
        case REDUCE_MAX: write_line(text->out, "%s = gr_%smax(%s, %s);", to, i, to, value); break;
        case REDUCE_MIN: write_line(text->out, "%s = gr_%smin(%s, %s);", to, i, to, value); break;
        case REDUCE_ARGMAX:
        case REDUCE_ARGMIN: accumulate_position(text, t, value); break;
        case REDUCE_NONE: internal_error("a total without a reducer");
        }
    }
}

/* ---- reduced loops ---- */

enum { SUM_CHUNK = 1024 }; /* terms added in a row: a longer sum is cut, so that its rounding error stays small */

typedef struct ReducedLoops {
    int order[64]; /* index numbers, outermost first: those that solutions are made of; others; the lane */
    int count;
    int chunked;   /* position in order of the loop that is cut in chunks; -1: none */
    int64_t chunk; /* its trips in a chunk */
} ReducedLoops;

static int64_t loop_trips(const StageText *text, int index) {
    int64_t size = dim_high(text->stage->indices[index].size);
    return index == text->stage->tile.lane ? (size + lanes_of(text) - 1) / lanes_of(text) : size;
}

static bool is_solved_by(const Index *index, int other) {
    return index->kind == INDEX_SOLVED && affine_factor(index->solution, other) != 0;
}

/* Loops that solved indices follow from stand outside, so that the others are not even begun where one is not whole or
 * outside. Positions are found in the order in which they count. */
static bool comes_first(const Stage *stage, int reduced) {
    bool first = false;
    for (int i = 0; i < stage->index_count; i++)
        first |= is_solved_by(&stage->indices[i], reduced);
    for (int t = 0; t < stage->totals.count; t++)
        first &= !finds_position(stage->totals.at[t].reduce);
    return first;
}

static ReducedLoops plan_loops(const StageText *text) {
    const Stage *stage = text->stage;
    ReducedLoops loops = {.chunked = -1};
    if (stage->reduced_count > 63) internal_error("more than 63 reduced indices in one stage");
    for (int solved = 1; solved >= 0; solved--)
        for (int i = stage->free_count; i < stage->free_count + stage->reduced_count; i++)
            if (i != stage->tile.lane && comes_first(stage, i) == solved) loops.order[loops.count++] = i;
    if (text->lane_reduced) loops.order[loops.count++] = stage->tile.lane;
    bool sums = false;
    for (int t = 0; t < stage->totals.count; t++)
        sums |= stage->totals.at[t].reduce == REDUCE_SUM && total_elem(text, t) == ELEM_REAL;
    int64_t inner = 1;
    for (int l = loops.count - 1; sums && l >= 0 && loops.chunked < 0; l--) {
        int64_t trips = loop_trips(text, loops.order[l]);
        if (trips == 0) break; /* nothing is added */
        if (trips > SUM_CHUNK / inner) loops.chunked = l, loops.chunk = SUM_CHUNK / inner > 0 ? SUM_CHUNK / inner : 1;
        inner *= trips;
    }
    if (loops.chunked >= 0 && loops.order[loops.chunked] == stage->tile.lane) loops.chunk *= lanes_of(text);
    return loops;
}

/* Solved indices stand in the innermost loop that they follow from. */
static void skip_outside_of_loop(StageText *text, const ReducedLoops *loops, int l) {
    bool *chosen = ARENA_ARRAY(text->arena, bool, text->stage->index_count);
    for (int i = 0; i < text->stage->index_count; i++) {
        int innermost = 0;
        for (int at = 0; at < loops->count; at++)
            if (is_solved_by(&text->stage->indices[i], loops->order[at])) innermost = at;
        chosen[i] = innermost == l;
    }
    skip_outside(text, chosen);
}

static void open_reduced_loop(StageText *text, const ReducedLoops *loops, int l) {
    int index = loops->order[l];
    const char *name = text->indices[index], *size = dim_code(text, text->stage->indices[index].size);
    bool lane = index == text->stage->tile.lane;
    const char *step = lane && lanes_of(text) > 1 ? arena_print(text->arena, "%s += GR_LANES", name)
                                                  : arena_print(text->arena, "%s++", name);
    if (l == loops->chunked)
        write_line(text->out, "for (int %s = %s_chunk; %s < gr_least(%s_chunk + %lld, %s); %s) {", name, name, name,
                   name, (long long)loops->chunk, size, step);
    else
        write_line(text->out, "for (int %s = 0; %s < %s; %s) {", name, name, size, step);
    if (lane && text->partial) write_line(text->out, "const int width = gr_least(GR_LANES, %s - %s);", size, name);
    skip_outside_of_loop(text, loops, l);
}

static void add_chunk(StageText *text) {
    SmallLoop rows = open_rows(text), vectors = open_vectors(text);
    for (int t = 0; t < text->stage->totals.count; t++) {
        if (!starts_with_chunk(text, t)) continue;
        const char *all = total_place(text, t, "all_"), *chunk = total_place(text, t, "");
        const char *i = total_elem(text, t) == ELEM_REAL ? "" : "i";
        switch (text->stage->totals.at[t].reduce) {
        case REDUCE_SUM: write_line(text->out, "%s += %s;", all, chunk); break;
        case REDUCE_PROD: write_line(text->out, "%s *= %s;", all, chunk); break;
        case REDUCE_MAX: write_line(text->out, "%s = gr_%smax(%s, %s);", all, i, all, chunk); break;
        case REDUCE_MIN: write_line(text->out, "%s = gr_%smin(%s, %s);", all, i, all, chunk); break;
        default: internal_error("a reducer that is not cut in chunks");
        }
    }
    close_loop(text, &vectors);
    close_loop(text, &rows);
}

/* A long sum: the totals of chunks are added to those of all. */
static void declare_all_totals(StageText *text) {
    for (int t = 0; t < text->stage->totals.count; t++)
        if (starts_with_chunk(text, t))
            write_line(text->out, "%s all_%s%s;", elem_vector(total_elem(text, t)), text->totals[t],
                       total_extent(text));
    SmallLoop rows = open_rows(text), vectors = open_vectors(text);
    for (int t = 0; t < text->stage->totals.count; t++) {
        const bool chunked = starts_with_chunk(text, t);
        write_line(text->out, "%s = %s;", total_place(text, t, chunked ? "all_" : "best_"), identity_code(text, t));
        if (!chunked) write_line(text->out, "%s = gr_iall(0);", total_place(text, t, ""));
    }
    close_loop(text, &vectors);
    close_loop(text, &rows);
}

void emit_reduction(StageText *text) {
    const Stage *stage = text->stage;
    ReducedLoops loops = plan_loops(text);
    Section section = section_new(text);
    for (int t = 0; t < stage->totals.count; t++)
        section_need(text, &section, stage->totals.at[t].value, full_level(text));
    declare_totals(text);
    if (loops.chunked >= 0) declare_all_totals(text);
    for (int l = 0; l < loops.chunked; l++)
        open_reduced_loop(text, &loops, l);
    if (loops.chunked >= 0) {
        const char *name = text->indices[loops.order[loops.chunked]];
        write_line(text->out, "for (int %s_chunk = 0; %s_chunk < %s; %s_chunk += %lld) {", name, name,
                   dim_code(text, stage->indices[loops.order[loops.chunked]].size), name, (long long)loops.chunk);
    }
    start_totals(text, loops.chunked >= 0);
    int first = loops.chunked > 0 ? loops.chunked : 0;
    for (int l = first; l < loops.count; l++)
        open_reduced_loop(text, &loops, l);
    emit_section(text, &section, accumulate);
    for (int l = first; l < loops.count; l++)
        write_line(text->out, "}");
    if (loops.chunked >= 0) {
        add_chunk(text);
        write_line(text->out, "}");
    }
    for (int l = 0; l < loops.chunked; l++)
        write_line(text->out, "}");
    for (int t = 0; loops.chunked >= 0 && t < stage->totals.count; t++)
        if (starts_with_chunk(text, t)) text->totals[t] = arena_print(text->arena, "all_%s", text->totals[t]);
}

/* ---- reduced lanes ---- */

static const char *combine_name(Reduce reduce) {
    switch (reduce) {
    case REDUCE_PROD: return "prod";
    case REDUCE_MAX: return "max";
    case REDUCE_MIN: return "min";
    default: return "sum";
    }
}

/* Lanes that were reduced are combined, in a fixed order, into one number on all lanes. */
void combine_lanes(StageText *text) {
    SmallLoop rows = open_rows(text);
    for (int t = 0; t < text->stage->totals.count; t++) {
        const char *to = total_place(text, t, "");
        bool real = total_elem(text, t) == ELEM_REAL;
        Reduce reduce = text->stage->totals.at[t].reduce;
        if (finds_position(reduce))
            write_line(text->out, "%s = gr_iall(gr_lane_%s%s(%s, %s));", to, real ? "" : "i",
                       reduce == REDUCE_ARGMAX ? "argmax" : "argmin", total_place(text, t, "best_"), to);
        else
            write_line(text->out, "%s = gr_%sall(gr_lane_%s%s(%s));", to, real ? "" : "i", real ? "" : "i",
                       combine_name(reduce), to);
    }
    close_loop(text, &rows);
}
