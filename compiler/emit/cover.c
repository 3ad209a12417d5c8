/* The function that covers a stage's space with tiles. Only loops that can run are written: compilers warn of others.
 */
#include "compiler/emit/stage.h"

static void call_tile(const StageText *text, const char *rows, const char *vectors, const char *lanes) {
    const char *list =
        arena_print(text->arena, "call%s%s", text->local ? ", local" : "", stage_steps(text->arena, text->stage, ""));
    if (text->local) add_parameter(text, &list, text->first);
    for (int i = 0; i < text->stage->free_count; i++)
        add_parameter(text, &list, text->indices[i]);
    if (text->has_rows) add_parameter(text, &list, rows);
    if (text->has_vectors) add_parameter(text, &list, vectors);
    if (text->partial && text->lane_free) add_parameter(text, &list, lanes);
    write_line(text->out, "%s_tile(%s);", text->name, list);
}

/* Rows whose number is known only at run time? */
static bool rows_at_run_time(const StageText *text) {
    int row = text->stage->tile.row;
    if (row == NO_INDEX) return false;
    return (row == 0 && text->stage->kernel->banded) || !dim_is_constant(text->stage->indices[row].size);
}

static const char *first_row(const StageText *text) {
    return text->stage->tile.row == 0 && text->stage->kernel->banded ? text->first : "0";
}

static const char *last_row(const StageText *text) {
    int row = text->stage->tile.row;
    return row == 0 && text->stage->kernel->banded ? text->last : dim_code(text, text->stage->indices[row].size);
}

/* A row that is left alone has a loop of its own over wider groups of vectors: two of them would not hide the latency
 * of an addition. */
static bool has_single_row(const StageText *text) {
    return text->stage->tile.wide > text->stage->tile.vectors && rows_at_run_time(text);
}

/* The tallest tile as often as it fits, then lower ones at most once. */
static void cover_rows_at_run_time(const StageText *text, const char *vectors, const char *lanes) {
    const int *heights = text->emitter->options->target->rows;
    const char *row = text->indices[text->stage->tile.row], *to = last_row(text);
    bool tallest = true;
    write_line(text->out, "int %s = %s;", row, first_row(text));
    for (int h = 0; h < 6 && heights[h] > 0; h++) {
        if (heights[h] > text->stage->tile.rows || (heights[h] == 1 && has_single_row(text))) continue;
        bool last = h == 5 || heights[h + 1] == 0;
        if (tallest)
            write_line(text->out, "for (; %s + %d <= %s; %s += %d) {", row, heights[h], to, row, heights[h]);
        else if (last && heights[h] == 1)
            write_line(text->out, "if (%s < %s) {", row, to);
        else
            write_line(text->out, "if (%s + %d <= %s) {", row, heights[h], to);
        call_tile(text, arena_print(text->arena, "%d", heights[h]), vectors, lanes);
        if (!tallest && !last) write_line(text->out, "%s += %d;", row, heights[h]);
        write_line(text->out, "}");
        tallest = false;
    }
}

/* A known number of rows is cut in parts that differ by one row at most: no part is so low that it wastes registers. */
static void cover_known_rows(const StageText *text, int64_t count, const char *vectors, const char *lanes) {
    const char *row = text->indices[text->stage->tile.row];
    int64_t tiles = (count + text->stage->tile.rows - 1) / text->stage->tile.rows;
    int64_t tall = (count + tiles - 1) / tiles, tall_tiles = count - tiles * (tall - 1);
    write_line(text->out, "for (int %s = 0; %s < %lld; %s += %lld) {", row, row, (long long)(tall_tiles * tall), row,
               (long long)tall);
    call_tile(text, arena_print(text->arena, "%lld", (long long)tall), vectors, lanes);
    write_line(text->out, "}");
    if (tall_tiles == tiles) return;
    write_line(text->out, "for (int %s = %lld; %s < %lld; %s += %lld) {", row, (long long)(tall_tiles * tall), row,
               (long long)count, row, (long long)(tall - 1));
    call_tile(text, arena_print(text->arena, "%lld", (long long)(tall - 1)), vectors, lanes);
    write_line(text->out, "}");
}

static void cover_rows(const StageText *text, bool single, const char *vectors, const char *lanes) {
    if (single)
        call_tile(text, "1", vectors, lanes);
    else if (text->stage->tile.row == NO_INDEX)
        call_tile(text, "", vectors, lanes);
    else if (rows_at_run_time(text))
        cover_rows_at_run_time(text, vectors, lanes);
    else
        cover_known_rows(text, text->stage->indices[text->stage->tile.row].size.constant, vectors, lanes);
}

static const char *times_lanes(const StageText *text, int64_t vectors) {
    if (lanes_of(text) == 1) return arena_print(text->arena, "%lld", (long long)vectors);
    return vectors == 1 ? "GR_LANES" : arena_print(text->arena, "%lld * GR_LANES", (long long)vectors);
}

static void cover_known_lanes(const StageText *text, bool single, int64_t size) {
    int64_t lanes = lanes_of(text), vectors = single ? text->stage->tile.wide : text->stage->tile.vectors;
    int64_t width = vectors * lanes;
    int64_t full = size / width * width, rest = size - full, rest_vectors = (rest + lanes - 1) / lanes;
    const char *lane = text->indices[text->stage->tile.lane];
    if (full > 0) {
        write_line(text->out, "for (int %s = 0; %s < %lld; %s += %s) {", lane, lane, (long long)full, lane,
                   times_lanes(text, vectors));
        cover_rows(text, single, arena_print(text->arena, "%lld", (long long)vectors), "GR_LANES");
        write_line(text->out, "}");
    }
    if (rest == 0) return;
    write_line(text->out, "{");
    write_line(text->out, "const int %s = %lld;", lane, (long long)full);
    cover_rows(text, single, arena_print(text->arena, "%lld", (long long)rest_vectors),
               arena_print(text->arena, "%lld", (long long)(rest - (rest_vectors - 1) * lanes)));
    write_line(text->out, "}");
}

static void cover_lanes_at_run_time(const StageText *text, const char *from, const char *to) {
    const char *lane = text->indices[text->stage->tile.lane];
    const char *step = times_lanes(text, text->stage->tile.vectors);
    write_line(text->out, "int %s = %s;", lane, from);
    write_line(text->out, "for (; %s + %s <= %s; %s += %s) {", lane, step, to, lane, step);
    cover_rows(text, false, arena_print(text->arena, "%d", text->stage->tile.vectors), "GR_LANES");
    write_line(text->out, "}");
    if (step[0] == '1' && step[1] == 0) return;
    /* What is left is counted down: of a lane that counts up gcc says that it might overflow. */
    write_line(text->out, "for (int left = %s - %s; left > 0; left -= GR_LANES, %s += GR_LANES) {", to, lane, lane);
    cover_rows(text, false, "1", lanes_of(text) == 1 ? "1" : "gr_least(GR_LANES, left)");
    write_line(text->out, "}");
}

static void cover_lanes(const StageText *text) {
    if (!text->lane_free) {
        cover_rows(text, false, "", "");
        return;
    }
    if (lane_is_band(text))
        cover_lanes_at_run_time(text, text->first, text->last);
    else if (dim_is_constant(lane_size(text)))
        cover_known_lanes(text, false, lane_size(text).constant);
    else
        cover_lanes_at_run_time(text, "0", dim_code(text, lane_size(text)));
}

/* specifier: with a register tile GR_KERNEL, so that no neighbour's constants take its registers. */
static void open_function(const StageText *text, const char *specifier) {
    const char *list = arena_print(text->arena, "const %s *call", text->call_type);
    if (text->local) add_parameter(text, &list, "unsigned char *local");
    list = arena_print(text->arena, "%s%s", list, stage_steps(text->arena, text->stage, "int "));
    if (text->stage->kernel->banded)
        add_parameter(text, &list, arena_print(text->arena, "int %s, int %s", text->first, text->last));
    write_line(text->out, "%s void %s(%s) {", specifier, text->name, list);
}

/* Loops over the free indices that no tile covers; returns how many. */
static int open_free_loops(const StageText *text) {
    const Stage *stage = text->stage;
    int open = 0;
    for (int i = 0; i < stage->free_count; i++) {
        if (i == stage->tile.lane || i == stage->tile.row) continue;
        const char *name = text->indices[i];
        if (i == 0 && stage->kernel->banded)
            write_line(text->out, "for (int %s = %s; %s < %s; %s++) {", name, text->first, name, text->last, name);
        else
            write_line(text->out, "for (int %s = 0; %s < %s; %s++) {", name, name,
                       dim_code(text, stage->indices[i].size), name);
        open++;
    }
    return open;
}

static void close_function(const StageText *text, int open) {
    for (; open >= 0; open--)
        write_line(text->out, "}");
}

static void emit_cover_function(const StageText *text) {
    open_function(text, "GR_KERNEL");
    int open = open_free_loops(text);
    cover_lanes(text);
    if (has_single_row(text)) {
        const char *row = text->indices[text->stage->tile.row];
        write_line(text->out, "if ((%s - %s) %% 2 == 1) {", last_row(text), first_row(text));
        write_line(text->out, "const int %s = %s - 1;", row, last_row(text));
        cover_known_lanes(text, true, lane_size(text).constant);
        write_line(text->out, "}");
    }
    close_function(text, open);
}

/* ---- stages of single vectors ---- */

static bool is_flat(const StageText *text) {
    return !text->has_rows && !text->has_vectors && text->stage->solved_count == 0;
}

static void open_lane_loop(const StageText *text) {
    const char *lane = text->indices[text->stage->tile.lane];
    const char *from = lane_is_band(text) ? text->first : "0";
    const char *to = lane_is_band(text) ? text->last : dim_code(text, lane_size(text));
    write_line(text->out, "for (int %s = %s; %s < %s; %s += GR_LANES) {", lane, from, lane, to, lane);
    if (text->partial) write_line(text->out, "const int lanes = gr_least(GR_LANES, %s - %s);", to, lane);
}

/* Without a register tile the loops stand around the body itself; masked loads of the last lanes cost nothing more. */
static void emit_flat_function(StageText *text) {
    open_function(text, "static");
    Writer *function = open_body(text);
    declare_operands(text);
    int open = open_free_loops(text);
    if (text->lane_free) {
        open_lane_loop(text);
        open++;
    }
    emit_tile_body(text);
    close_function(text, open - 1);
    close_body(text, function);
    write_line(text->out, "}");
}

void emit_stage(Writer *out, const Emitter *emitter, const Routine *routine, const Stage *stage,
                const char *call_type) {
    StageText text = stage_text(out, emitter, routine, stage, call_type);
    if (is_flat(&text)) {
        emit_flat_function(&text);
        return;
    }
    emit_tile_function(&text);
    write_text(out, "\n");
    emit_cover_function(&text);
}
