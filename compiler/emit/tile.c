/* The function that computes one register tile.
 *
 *     GR_INLINE void train_h_tile(const train_call *call, int n, int o, const int rows) {
 *         ... buffers ...
 *         gr_vec total[12][2];
 *         zero the totals
 *         for (int i = 0; i < 64; i++) {         the reduced indices
 *             what varies with nothing; with the vector; with the row; with both: then accumulate
 *         }
 *         the same four levels for what is computed from the totals, then the results are stored
 *     }
 *
 * Rows and vectors are constants where the tile is called, so the small loops over r and v are unrolled and the totals
 * stay in registers: measured as fast as named variables, and shorter to read. */
#include "compiler/emit/stage.h"
#include <string.h>

/* ---- results ---- */

static void store_value(StageText *text, const Buffer *buffer, const char *value) {
    const Affine *axes = axes_of_free(text);
    const char *at = position_code(text, buffer, axes), *name = text->buffers[buffer->position];
    int64_t stride = text->lane_free ? lane_stride_of(text, buffer, axes) : 0;
    const char *kind = memory_kind(buffer);
    if (!text->lane_free)
        write_line(text->out,
                   buffer->elem == ELEM_REAL  ? "%s[%s] = gr_lane_0(%s);"
                   : buffer->elem == ELEM_INT ? "%s[%s] = gr_ilane_0(%s);"
                                              : "%s[%s] = (uint8_t)(gr_ilane_0(%s) & 1);",
                   name, at, value);
    else if (stride != 1)
        write_line(text->out, "gr_%sstore_stride(&%s[%s], %s, %s, %s);", kind, name, at,
                   lane_stride_code(text, buffer, axes), value, lanes_code(text));
    else if (text->partial)
        write_line(text->out, "gr_%sstore_part(&%s[%s], %s, %s);", kind, name, at, value, lanes_code(text));
    else
        write_line(text->out, "gr_%sstore(&%s[%s], %s);", kind, name, at, value);
}

static void store_results(StageText *text) {
    for (int r = 0; r < text->stage->results.count; r++) {
        const StageResult *result = &text->stage->results.at[r];
        store_value(text, result->buffer, expr_code(text, result->value).text);
    }
}

static void emit_results(StageText *text) {
    Section section = section_new(text);
    for (int r = 0; r < text->stage->results.count; r++)
        section_need(text, &section, text->stage->results.at[r].value, full_level(text));
    emit_section(text, &section, store_results);
}

/* ---- solved indices ---- */

/* Declares one solved index and returns the test whether it is whole and inside. */
static const char *declare_solution(StageText *text, int i) {
    const Index *index = &text->stage->indices[i];
    const char *name = text->indices[i], *solution = affine_code(text, index->solution), *whole = "";
    if (index->divisor != 1) {
        write_line(text->out, "const int %s_times_%lld = %s;", name, (long long)index->divisor, solution);
        solution = arena_print(text->arena, "%s_times_%lld", name, (long long)index->divisor);
        whole = arena_print(text->arena, "%s %% %lld == 0 && ", solution, (long long)index->divisor);
        solution = arena_print(text->arena, "%s / %lld", solution, (long long)index->divisor);
    }
    write_line(text->out, "const int %s = %s;", name, solution);
    return arena_print(text->arena, "%s%s >= 0 && %s < %s", whole, name, name, dim_code(text, index->size));
}

/* Opens a block for the points where one of the chosen solved indices is not whole or outside; false: there are none.
 */
static bool open_outside(StageText *text, const bool *chosen) {
    const char *inside = NULL;
    for (int i = 0; i < text->stage->index_count; i++) {
        if (text->stage->indices[i].kind != INDEX_SOLVED || !chosen[i]) continue;
        const char *test = declare_solution(text, i);
        inside = inside == NULL ? test : arena_print(text->arena, "%s && %s", inside, test);
    }
    if (inside != NULL) write_line(text->out, "if (!(%s)) {", inside);
    return inside != NULL;
}

void skip_outside(StageText *text, const bool *chosen) {
    if (!open_outside(text, chosen)) return;
    write_line(text->out, "continue;");
    write_line(text->out, "}");
}

/* Where no index is reduced, the results outside are those of the stage. */
static void store_outside(StageText *text) {
    bool *all = ARENA_ARRAY(text->arena, bool, text->stage->index_count);
    for (int i = 0; i < text->stage->index_count; i++)
        all[i] = true;
    if (!open_outside(text, all)) return;
    Elem elem = body_elem(&text->stage->body, text->stage->results.at[0].value);
    for (int r = 0; r < text->stage->results.count; r++)
        store_value(text, text->stage->results.at[r].buffer, literal_code(text, elem, text->stage->otherwise));
    write_line(text->out, "return;");
    write_line(text->out, "}");
}

/* ---- the tile function ---- */

static const char *tile_parameters(const StageText *text) {
    const char *list = arena_print(text->arena, "const %s *call", text->call_type);
    if (text->local) add_parameter(text, &list, "unsigned char *local");
    list = arena_print(text->arena, "%s%s", list, stage_steps(text->arena, text->stage, "int "));
    if (text->local) add_parameter(text, &list, arena_print(text->arena, "int %s", text->first));
    for (int i = 0; i < text->stage->free_count; i++)
        add_parameter(text, &list, arena_print(text->arena, "int %s", text->indices[i]));
    if (text->has_rows) add_parameter(text, &list, "const int rows");
    if (text->has_vectors) add_parameter(text, &list, "const int vectors");
    if (text->partial && text->lane_free) add_parameter(text, &list, "const int lanes");
    return list;
}

/* "[N, 16, 5, 5]", and of what is not stored in this order: "[N, 16, 5, 5] as [N, 5, 5, 16]". */
static const char *layout_text(Arena *arena, const Buffer *buffer) {
    Dim stored[RANK_LIMIT];
    int64_t strides[RANK_LIMIT];
    bool moved = false;
    for (int axis = 0; axis < buffer->shape.rank; axis++) { /* by falling strides, equal ones as they are */
        int64_t stride = dim_high(buffer->strides[axis]);
        bool counts = dim_high(buffer->shape.dims[axis]) > 1;
        int at = axis;
        for (; at > 0 && counts && strides[at - 1] < stride; at--) {
            moved = moved || dim_high(stored[at - 1]) > 1;
            stored[at] = stored[at - 1];
            strides[at] = strides[at - 1];
        }
        stored[at] = buffer->shape.dims[axis];
        strides[at] = stride;
    }
    const char *declared = shape_text(arena, buffer->shape);
    Shape shape = {buffer->shape.rank, stored};
    return moved ? arena_print(arena, "%s as %s", declared, shape_text(arena, shape)) : declared;
}

static void declare_buffers(const StageText *text) {
    for (int b = 0; b < text->routine->buffers.count; b++) {
        const Buffer *buffer = text->routine->buffers.at[b];
        if (text->buffers[b] == NULL) continue;
        bool written = stage_writes(text->stage, buffer);
        write_line(text->out, "%s%s *const %s = %s; /* %s */", written ? "" : "const ", buffer_type(buffer),
                   text->buffers[b], buffer_address(text, buffer), layout_text(text->arena, buffer));
    }
}

/* The number of the round among those of all loops around, from 1; NULL: no loop. */
static const char *round_code(Arena *arena, const Loop *loop, const StageText *text) {
    if (loop == NULL) return NULL;
    const char *around = round_code(arena, loop->around, text), *step = loop_variable(arena, loop);
    if (around == NULL) return arena_print(arena, "(uint32_t)%s + 1", step);
    return arena_print(arena, "(%s) * (uint32_t)(%s) + (uint32_t)%s + 1", around, dim_code(text, loop->length), step);
}

static void declare_draws(StageText *text) {
    for (int e = 0; e < text->stage->body.exprs.count; e++) {
        const Expr *expr = &text->stage->body.exprs.at[e];
        if (expr->kind != EXPR_DRAW) continue;
        text->draws[e] = scope_name(&text->scope, "draw");
        const char *round = round_code(text->arena, text->stage->kernel->sequence->loop, text);
        if (round == NULL)
            write_line(text->out, "const gr_draw %s = gr_draw_at(&call->draw, 0x%08xu);", text->draws[e],
                       expr->u.draw.site);
        else
            write_line(text->out, "const gr_draw %s = gr_draw_in_round(&call->draw, 0x%08xu, %s);", text->draws[e],
                       expr->u.draw.site, round);
    }
}

void declare_operands(StageText *text) {
    declare_buffers(text);
    declare_draws(text);
}

/* The body of a function that has `call` is written aside: what touches only locals does not use it. */
Writer *open_body(StageText *text) {
    Writer *function = text->out;
    text->out = ARENA_NEW(text->arena, Writer);
    writer_open(text->out, text->arena);
    writer_indent(text->out, function->level);
    return function;
}

void close_body(StageText *text, Writer *function) {
    writer_indent(text->out, -function->level);
    const char *body = writer_text(text->out);
    text->out = function;
    if (strstr(body, "call->") == NULL) write_line(function, "(void)call;");
    write_raw(function, body, strlen(body));
}

void emit_tile_body(StageText *text) {
    if (text->stage->totals.count > 0) {
        emit_reduction(text);
        if (text->lane_reduced) combine_lanes(text);
    }
    const bool partial = text->partial;
    text->partial = partial && !text->lane_reduced; /* behind the loops the lanes are all alike */
    emit_results(text);
    text->partial = partial;
}

void emit_tile_function(StageText *text) {
    write_line(text->out, "GR_INLINE void %s_tile(%s) {", text->name, tile_parameters(text));
    Writer *function = open_body(text);
    declare_operands(text);
    if (text->stage->totals.count == 0) store_outside(text);
    emit_tile_body(text);
    close_body(text, function);
    write_line(text->out, "}");
}
