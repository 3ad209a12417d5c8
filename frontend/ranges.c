/* Ranges: a written one wins; an index that stands alone on an axis has that axis' size; one that never does extends as
 * far as its affine reads stay inside, if it is the only unknown there. Then every affine read is proved. */
#include "frontend/ranges.h"

int var_position(const IndexStatement *statement, const IndexVar *var) {
    for (int v = 0; v < statement->vars.count; v++)
        if (statement->vars.at[v] == var) return v;
    internal_error("the index %s is of no statement", var->name);
}

static const char *read_text(Elaborator *e, const IndexRead *read) {
    Span span = read->expr->span;
    return arena_print(e->arena, "%.*s", span.end - span.begin, span.source->text + span.begin);
}

/* ---- alone on an axis ---- */

static bool take_axis(Elaborator *e, IndexVar *var, const IndexRead *read, int axis) {
    Dim size = read->node->type.shape.dims[axis];
    if (var->written) return true;
    if (!var->known) {
        var->known = true;
        var->size = size;
        var->because = read_text(e, read);
        var->because_span = read->expr->span;
        return true;
    }
    if (dim_equal(var->size, size)) return true;
    Diagnostic *error =
        error_at(e, read->expr->span, "the index `%s` has size %s by axis %d of %s, but size %s by %s", var->name,
                 dim_text(e->arena, size), axis, read_text(e, read), dim_text(e->arena, var->size), var->because);
    note_origin(e, error, read->node);
    if (error != NULL) diag_note(e->diagnostics, error, var->because_span, "%s is here", var->because);
    return false;
}

static bool sizes_by_axes(Elaborator *e, IndexStatement *statement) {
    bool ok = true;
    for (int r = 0; r < statement->reads.count; r++) {
        const IndexRead *read = &statement->reads.at[r];
        for (int a = 0; a < read->node->type.shape.rank; a++) {
            int number;
            if (read->affine[a] && affine_is_index(read->axes[a], &number))
                ok &= take_axis(e, statement->vars.at[number], read, a);
        }
    }
    return ok;
}

/* ---- as far as reads stay inside ---- */

/* The least and the largest value of an affine expression whose indices are all known but `without`. */
static bool affine_bounds(Elaborator *e, const IndexStatement *statement, Affine affine, int without, Dim *low,
                          Dim *high) {
    *low = *high = affine.constant;
    for (int t = 0; t < affine.count; t++) {
        const IndexVar *var = statement->vars.at[affine.terms[t].index];
        if (affine.terms[t].index == without) continue;
        if (!var->known) return false;
        Dim last, span;
        if (!dim_add(var->size, dim_constant(-1), &last) || !dim_scale(last, affine.terms[t].factor, &span))
            return false;
        if (!dim_add(affine.terms[t].factor > 0 ? *high : *low, span, affine.terms[t].factor > 0 ? high : low))
            return false;
    }
    (void)e;
    return true;
}

static bool only_unknown(const IndexStatement *statement, Affine affine, int *unknown) {
    int count = 0;
    for (int t = 0; t < affine.count; t++)
        if (!statement->vars.at[affine.terms[t].index]->known) *unknown = affine.terms[t].index, count++;
    return count == 1;
}

/* How many values the index may take at one axis; only constants are divided. */
static bool room_at(Elaborator *e, const IndexStatement *statement, Affine axis, Dim size, int index, Dim *room) {
    Dim low, high, rest, negative;
    int64_t factor = affine_factor(axis, index);
    if (!affine_bounds(e, statement, axis, index, &low, &high)) return false;
    if (factor > 0) {
        if (!dim_scale(high, -1, &negative) || !dim_add(size, negative, &rest)) return false;
    } else {
        if (!dim_add(low, dim_constant(1), &rest)) return false;
    }
    int64_t step = factor > 0 ? factor : -factor;
    if (step != 1 && !dim_is_constant(rest)) return false;
    *room = step == 1 ? rest : dim_constant((rest.constant + step - 1) / step);
    return true;
}

static bool size_by_room(Elaborator *e, IndexStatement *statement, int index) {
    IndexVar *var = statement->vars.at[index];
    for (int r = 0; r < statement->reads.count; r++) {
        const IndexRead *read = &statement->reads.at[r];
        for (int a = 0; a < read->node->type.shape.rank; a++) {
            int unknown = -1;
            Dim room;
            if (!read->affine[a] || affine_factor(read->axes[a], index) == 0) continue;
            if (!only_unknown(statement, read->axes[a], &unknown) && !var->known) continue;
            if (!room_at(e, statement, read->axes[a], read->node->type.shape.dims[a], index, &room)) continue;
            bool smaller = dim_is_constant(room) && dim_is_constant(var->size) && room.constant < var->size.constant;
            if (var->known && !smaller) continue;
            var->known = true;
            var->size = room;
            var->because = read_text(e, read);
            var->because_span = read->expr->span;
        }
    }
    return var->known;
}

static bool sizes_by_room(Elaborator *e, IndexStatement *statement) {
    bool progress = true, ok = true;
    while (progress) {
        progress = false;
        for (int v = 0; v < statement->vars.count; v++)
            if (!statement->vars.at[v]->known && size_by_room(e, statement, v)) progress = true;
    }
    for (int v = 0; v < statement->vars.count; v++) {
        const IndexVar *var = statement->vars.at[v];
        if (var->known) continue;
        refuse(e, var->span, "the range of `%s` cannot be inferred: it stands alone on no axis; write `%s < ...`",
               var->name, var->name);
        ok = false;
    }
    return ok;
}

/* ---- proof ---- */

static const char *affine_names(Elaborator *e, const IndexStatement *statement, Affine affine) {
    const char **names = ARENA_ARRAY(e->arena, const char *, statement->vars.count);
    for (int v = 0; v < statement->vars.count; v++)
        names[v] = statement->vars.at[v]->name;
    return affine_text(e->arena, affine, names);
}

static void say_outside(Elaborator *e, const IndexStatement *statement, const IndexRead *read, int axis, Dim at,
                        bool below) {
    Affine position = read->axes[axis];
    Dim size = read->node->type.shape.dims[axis];
    Diagnostic *error =
        error_at(e, read->expr->u.subscript.subs.at[axis].span, "%s reaches %s, %s axis %d of %s, whose size is %s",
                 affine_names(e, statement, position), dim_text(e->arena, at),
                 below ? "before the begin of" : "beyond the end of", axis, type_text(e->arena, read->node->type),
                 dim_text(e->arena, size));
    if (error == NULL) return;
    for (int t = 0; t < position.count; t++) {
        const IndexVar *var = statement->vars.at[position.terms[t].index];
        diag_note(e->diagnostics, error, var->span, "%s < %s", var->name, dim_text(e->arena, var->size));
    }
    diag_note(e->diagnostics, error, read->expr->span, "pad the axis, or write a shorter range");
}

static bool prove(Elaborator *e, const IndexStatement *statement, const IndexRead *read, int axis) {
    Dim low, high, negative, rest;
    Dim size = read->node->type.shape.dims[axis];
    for (int t = 0; t < read->axes[axis].count; t++) /* nothing is read where a range is empty */
        if (dim_high(statement->vars.at[read->axes[axis].terms[t].index]->size) == 0) return true;
    bool known = affine_bounds(e, statement, read->axes[axis], -1, &low, &high);
    bool above = known && dim_scale(high, -1, &negative) && dim_add(size, negative, &rest) && dim_low(rest) >= 1;
    if (known && dim_low(low) >= 0 && above) return true;
    if (!known) low = high = size;
    say_outside(e, statement, read, axis, known && dim_low(low) < 0 ? low : high, known && dim_low(low) < 0);
    return false;
}

bool infer_ranges(Elaborator *e, IndexStatement *statement) {
    if (!sizes_by_axes(e, statement) || !sizes_by_room(e, statement)) return false;
    bool ok = true;
    for (int r = 0; r < statement->reads.count; r++)
        for (int a = 0; a < statement->reads.at[r].node->type.shape.rank; a++)
            if (statement->reads.at[r].affine[a]) ok &= prove(e, statement, &statement->reads.at[r], a);
    return ok;
}
