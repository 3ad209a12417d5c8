/* A stage as two functions: one computes a register tile (tile.c, whose reductions are in total.c), one covers the
 * stage's space with tiles (cover.c). Here is what both know: names, and what varies with what. */
#include "compiler/emit/parts.h"
#include "compiler/emit/stage.h"
#include <string.h>

/* ---- what varies with what ---- */

static int varies_with_axes(const StageText *text, const Affine *axes, int rank) {
    const Tile *tile = &text->stage->tile;
    int varies = 0;
    for (int a = 0; a < rank; a++) {
        if (text->has_rows && affine_factor(axes[a], tile->row) != 0) varies |= VARIES_ROW;
        if (text->has_vectors && affine_factor(axes[a], tile->lane) != 0) varies |= VARIES_VECTOR;
    }
    return varies;
}

static int varies_of(const StageText *text, const Expr *expr) {
    int varies = 0, all = (text->has_rows ? VARIES_ROW : 0) | (text->has_vectors ? VARIES_VECTOR : 0);
    switch (expr->kind) {
    case EXPR_LITERAL:
    case EXPR_SIZE: return 0;
    case EXPR_TOTAL: return all;
    case EXPR_INDEX: {
        Affine index = affine_index(text->arena, expr->u.index);
        return varies_with_axes(text, &index, 1);
    }
    case EXPR_DRAW: return varies_with_axes(text, &expr->u.draw.element, 1);
    case EXPR_READ: {
        const StageRead *read = &text->stage->reads.at[expr->u.read];
        return varies_with_axes(text, read->axes, read->buffer->shape.rank);
    }
    case EXPR_LOOKUP: {
        const StageRead *read = &text->stage->reads.at[expr->u.lookup.read];
        varies = varies_with_axes(text, read->axes, read->buffer->shape.rank);
        break;
    }
    case EXPR_CALL: break;
    }
    for (int a = 0; a < expr_arity(expr); a++)
        varies |= text->varies[expr_operand(expr, a)];
    return varies;
}

/* ---- names ---- */

const char *loop_variable(Arena *arena, const Loop *loop) {
    int depth = loop_depth(loop);
    return depth == 0 ? "t" : arena_print(arena, "t%d", depth + 1);
}

static bool shows_step(const Buffer *buffer, const Loop *loop) {
    for (; buffer != NULL; buffer = buffer->view_of)
        if (buffer->at == loop) return true;
    return false;
}

static bool stage_knows_step(const Stage *stage, const Loop *loop) {
    for (int r = 0; r < stage->reads.count; r++)
        if (shows_step(stage->reads.at[r].buffer, loop)) return true;
    for (int r = 0; r < stage->results.count; r++)
        if (shows_step(stage->results.at[r].buffer, loop)) return true;
    for (int e = 0; e < stage->body.exprs.count; e++)
        if (stage->body.exprs.at[e].kind == EXPR_DRAW) return true;
    return false;
}

/* Of the loop and those around it, the steps that one of the stages must know. */
static const char *steps_known(Arena *arena, const Loop *loop, int count, Stage *const *stages, const char *type) {
    if (loop == NULL) return "";
    const char *around = steps_known(arena, loop->around, count, stages, type);
    for (int s = 0; s < count; s++)
        if (stage_knows_step(stages[s], loop))
            return arena_print(arena, "%s, %s%s", around, type, loop_variable(arena, loop));
    return around;
}

const char *stage_steps(Arena *arena, const Stage *stage, const char *type) {
    return steps_known(arena, stage->kernel->sequence->loop, 1, &(Stage *){(Stage *)stage}, type);
}

const char *kernel_steps(Arena *arena, const Kernel *kernel, const char *type) {
    return steps_known(arena, kernel->sequence->loop, kernel->stages.count, kernel->stages.at, type);
}

/* Of net.layers.0.w it is w, of the slot @train.m.net.layers.0.w m: the address beside it says which. */
static const char *store_short_name(const StageText *text, const char *path) {
    const char *dot = path[0] == '@' ? strchr(path, '.') : strrchr(path, '.');
    const char *name = dot != NULL ? dot + 1 : path + (path[0] == '@');
    return arena_print(text->arena, "%.*s", (int)strcspn(name, "."), name);
}

static const char *buffer_base_name(const StageText *text, const Buffer *buffer) {
    if (buffer->copy_of != NULL) return arena_print(text->arena, "%s_t", buffer_base_name(text, buffer->copy_of));
    if (buffer->argument != NULL) return buffer->argument->name;
    if (buffer->store != NULL) return store_short_name(text, buffer->store->path);
    if (buffer->name != NULL) return buffer->name;
    return arena_print(text->arena, "t%d", buffer->node != NULL ? buffer->node->id : buffer->position);
}

static void name_buffer(StageText *text, const Buffer *buffer) {
    if (text->buffers[buffer->position] != NULL) return;
    text->buffers[buffer->position] = scope_name(&text->scope, buffer_base_name(text, buffer));
    text->local |= buffer_root(buffer)->place == BUFFER_LOCAL;
}

static void choose_local_names(StageText *text) {
    static const char *const taken[] = {"call", "local", "r", "v", "rows", "vectors", "lanes", "width", "left"};
    const Stage *stage = text->stage;
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        scope_name(&text->scope, taken[i]);
    for (const Loop *loop = stage->kernel->sequence->loop; loop != NULL; loop = loop->around)
        scope_name(&text->scope, loop_variable(text->arena, loop));
    for (int i = 0; i < stage->index_count; i++)
        text->indices[i] = scope_name(&text->scope, stage->indices[i].name);
    if (stage->kernel->banded) {
        text->first = scope_name(&text->scope, arena_print(text->arena, "first_%s", text->indices[0]));
        text->last = scope_name(&text->scope, arena_print(text->arena, "last_%s", text->indices[0]));
    }
    for (int r = 0; r < stage->reads.count; r++)
        name_buffer(text, stage->reads.at[r].buffer);
    for (int r = 0; r < stage->results.count; r++)
        name_buffer(text, stage->results.at[r].buffer);
    for (int t = 0; t < stage->totals.count; t++)
        text->totals[t] = scope_name(&text->scope, stage->totals.at[t].reduce == REDUCE_SUM ? "sum" : "total");
}

/* ---- size of the lane axis ---- */

Dim lane_size(const StageText *text) {
    return text->stage->indices[text->stage->tile.lane].size;
}

int most_vectors(const StageText *text) {
    const Tile *tile = &text->stage->tile;
    return tile->wide > tile->vectors ? tile->wide : tile->vectors;
}

bool lane_is_band(const StageText *text) {
    return text->stage->kernel->banded && text->stage->tile.lane == 0;
}

int lanes_of(const StageText *text) {
    return text->emitter->options->target->lanes;
}

static bool has_partial_vector(const StageText *text) {
    if (text->stage->tile.lane == NO_INDEX || lanes_of(text) == 1) return false;
    return lane_is_band(text) || !dim_is_constant(lane_size(text)) || lane_size(text).constant % lanes_of(text) != 0;
}

StageText stage_text(Writer *out, const Emitter *emitter, const Routine *routine, const Stage *stage,
                     const char *call_type) {
    Arena *arena = out->arena;
    StageText text = {.arena = arena,
                      .out = out,
                      .emitter = emitter,
                      .routine = routine,
                      .stage = stage,
                      .call_type = call_type,
                      .name = stage->name,
                      .scope = {.arena = arena, .outer = &emitter->names->file}};
    text.indices = ARENA_ARRAY(arena, const char *, stage->index_count);
    text.buffers = ARENA_ARRAY(arena, const char *, routine->buffers.count);
    text.totals = ARENA_ARRAY(arena, const char *, stage->totals.count);
    text.draws = ARENA_ARRAY(arena, const char *, stage->body.exprs.count);
    text.named = ARENA_ARRAY(arena, const char *, stage->body.exprs.count);
    text.varies = ARENA_ARRAY(arena, int, stage->body.exprs.count);
    const Tile *tile = &stage->tile;
    text.has_rows = tile->row != NO_INDEX;
    text.has_vectors = tile->vectors > 1 || tile->wide > 1;
    text.lane_free = tile->lane != NO_INDEX && stage->indices[tile->lane].kind == INDEX_FREE;
    text.lane_reduced = tile->lane != NO_INDEX && !text.lane_free;
    text.partial = has_partial_vector(&text);
    choose_local_names(&text);
    for (int e = 0; e < stage->body.exprs.count; e++)
        text.varies[e] = varies_of(&text, &stage->body.exprs.at[e]);
    return text;
}

const Affine *axes_of_free(const StageText *text) {
    Affine *axes = ARENA_ARRAY(text->arena, Affine, text->stage->free_count);
    for (int i = 0; i < text->stage->free_count; i++)
        axes[i] = affine_index(text->arena, i);
    return axes;
}

void add_parameter(const StageText *text, const char **list, const char *parameter) {
    *list = *list == NULL ? parameter : arena_print(text->arena, "%s, %s", *list, parameter);
}
