/* Ranges: a written one wins; an index that stands alone on an axis has that axis' size; one that never does extends as
 * far as its affine reads stay inside, if it is the only unknown there. Then every affine read is proved. */
#include "frontend/element.h"

/* The indices of a statement, its reducers' included, and the elements that read. */
typedef struct Ranges {
    IndexVars vars;
    Elements reads;
} Ranges;

static const char *read_text(Elaborator *e, const Element *read) {
    Span span = read->span;
    return arena_print(e->arena, "%.*s", span.end - span.begin, span.source->text + span.begin);
}

/* ---- alone on an axis ---- */

static bool take_axis(Elaborator *e, IndexVar *var, const Element *read, int axis) {
    Dim size = read->u.read.node->type.shape.dims[axis];
    if (var->written) return true;
    if (!var->known) {
        var->known = true;
        var->size = size;
        var->because = read_text(e, read);
        var->because_span = read->span;
        return true;
    }
    if (dim_equal(var->size, size)) return true;
    Diagnostic *error =
        error_at(e, read->span, "the index `%s` has size %s by axis %d of %s, but size %s by %s", var->name,
                 dim_text(e->arena, size), axis, read_text(e, read), dim_text(e->arena, var->size), var->because);
    note_origin(e, error, read->u.read.node);
    if (error != NULL) diag_note(e->diagnostics, error, var->because_span, "%s is here", var->because);
    return false;
}

static bool sizes_by_axes(Elaborator *e, Ranges *statement) {
    bool ok = true;
    for (int r = 0; r < statement->reads.count; r++) {
        const Element *read = statement->reads.at[r];
        for (int a = 0; a < read->u.read.node->type.shape.rank; a++) {
            int number;
            if (affine_is_index(read->u.read.axes[a], &number)) ok &= take_axis(e, e->vars.at[number], read, a);
        }
    }
    return ok;
}

/* ---- as far as reads stay inside ---- */

/* The least and the largest value of an affine expression whose indices are all known but `without`. */
static bool affine_bounds(Elaborator *e, Affine affine, int without, Dim *low, Dim *high) {
    *low = *high = affine.constant;
    for (int t = 0; t < affine.count; t++) {
        const IndexVar *var = e->vars.at[affine.terms[t].index];
        if (affine.terms[t].index == without) continue;
        if (!var->known) return false;
        Dim last, span;
        if (!dim_add(var->size, dim_constant(-1), &last) || !dim_scale(last, affine.terms[t].factor, &span))
            return false;
        if (!dim_add(affine.terms[t].factor > 0 ? *high : *low, span, affine.terms[t].factor > 0 ? high : low))
            return false;
    }
    return true;
}

static bool only_unknown(const Elaborator *e, Affine affine, int *unknown) {
    int count = 0;
    for (int t = 0; t < affine.count; t++)
        if (!e->vars.at[affine.terms[t].index]->known) *unknown = affine.terms[t].index, count++;
    return count == 1;
}

/* How many values the index may take at one axis; only constants are divided. */
static bool room_at(Elaborator *e, Affine axis, Dim size, int index, Dim *room) {
    Dim low, high, rest, negative;
    int64_t factor = affine_factor(axis, index);
    if (!affine_bounds(e, axis, index, &low, &high)) return false;
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

static bool is_nothing(Dim size) {
    return dim_is_constant(size) && size.constant == 0;
}

static bool size_by_room(Elaborator *e, Ranges *statement, int index) {
    IndexVar *var = e->vars.at[index];
    for (int r = 0; r < statement->reads.count; r++) {
        const Element *read = statement->reads.at[r];
        for (int a = 0; a < read->u.read.node->type.shape.rank; a++) {
            int unknown = -1;
            Dim room;
            if (affine_factor(read->u.read.axes[a], index) == 0) continue;
            if (!only_unknown(e, read->u.read.axes[a], &unknown) && !var->known) continue;
            if (!room_at(e, read->u.read.axes[a], read->u.read.node->type.shape.dims[a], index, &room)) continue;
            bool smaller = dim_is_constant(room) && dim_is_constant(var->size) && room.constant < var->size.constant;
            if (var->known && !smaller) continue;
            var->known = true;
            var->size = room;
            var->slides = !is_nothing(read->u.read.node->type.shape.dims[a]);
            var->because = read_text(e, read);
            var->because_span = read->span;
        }
    }
    return var->known;
}

/* A window may be larger than what it slides over: then there is no place for it. At the smallest value of a bounded
 * size there may be just none. */
static bool has_room(Elaborator *e, const IndexVar *var) {
    bool always = dim_is_constant(var->size);
    if (dim_low(var->size) >= (always && var->slides)) return true;
    Diagnostic *error = error_at(e, var->span, "`%s` has no range%s: %s would leave it %s values", var->name,
                                 always ? "" : " at the smallest sizes", var->because, dim_text(e->arena, var->size));
    if (error == NULL) return false;
    diag_note(e->diagnostics, error, var->because_span, "%s is here", var->because);
    diag_note(e->diagnostics, error, var->because_span,
              always ? "pad the axis, or take a smaller window"
                     : "give the size a larger least value, or pad the axis");
    return false;
}

/* Why no read gives the index a range. */
static const char *why_unknown(Elaborator *e, const Ranges *statement, const IndexVar *var) {
    for (int r = 0; r < statement->reads.count; r++) {
        const Element *read = statement->reads.at[r];
        const Shape shape = read->u.read.node->type.shape;
        for (int a = 0; a < shape.rank; a++) {
            const Affine axis = read->u.read.axes[a];
            int unknown;
            if (affine_factor(axis, var->id) == 0) continue;
            if (!only_unknown(e, axis, &unknown))
                return arena_print(e->arena, "in %s it is not the only unknown", read_text(e, read));
            return arena_print(e->arena, "%s takes strides along a bounded size, %s", read_text(e, read),
                               dim_text(e->arena, shape.dims[a]));
        }
    }
    return "it stands alone on no axis";
}

static bool sizes_by_room(Elaborator *e, Ranges *statement) {
    bool progress = true, ok = true;
    while (progress) {
        progress = false;
        for (int v = 0; v < statement->vars.count; v++)
            if (!statement->vars.at[v]->known && size_by_room(e, statement, statement->vars.at[v]->id)) progress = true;
    }
    for (int v = 0; v < statement->vars.count; v++) {
        const IndexVar *var = statement->vars.at[v];
        if (var->known) {
            ok &= has_room(e, var);
            continue;
        }
        refuse(e, var->span, "the range of `%s` cannot be inferred: %s; write `%s < ...`", var->name,
               why_unknown(e, statement, var), var->name);
        ok = false;
    }
    return ok;
}

/* ---- proof ---- */

static const char *affine_names(Elaborator *e, Affine affine) {
    const char **names = ARENA_ARRAY(e->arena, const char *, e->vars.count);
    for (int v = 0; v < e->vars.count; v++)
        names[v] = e->vars.at[v]->name;
    return affine_text(e->arena, affine, names);
}

static void say_outside(Elaborator *e, const Element *read, int axis, Dim at, bool below) {
    Affine position = read->u.read.axes[axis];
    Dim size = read->u.read.node->type.shape.dims[axis];
    Diagnostic *error =
        error_at(e, read->u.read.spans[axis], "%s reaches %s, %s axis %d of %s, whose size is %s",
                 affine_names(e, position), dim_text(e->arena, at), below ? "before the begin of" : "beyond the end of",
                 axis, type_text(e->arena, read->u.read.node->type), dim_text(e->arena, size));
    if (error == NULL) return;
    for (int t = 0; t < position.count; t++) {
        const IndexVar *var = e->vars.at[position.terms[t].index];
        diag_note(e->diagnostics, error, var->span, "%s < %s", var->name, dim_text(e->arena, var->size));
    }
    diag_note(e->diagnostics, error, read->span, "pad the axis, or write a shorter range");
}

static bool prove(Elaborator *e, const Element *read, int axis) {
    Dim low, high, negative, rest;
    if (read->u.read.positions != NULL && read->u.read.positions[axis] != NULL) return true; /* looked up */
    Dim size = read->u.read.node->type.shape.dims[axis];
    for (int t = 0; t < read->u.read.axes[axis].count; t++) /* nothing is read where a range is empty */
        if (dim_high(e->vars.at[read->u.read.axes[axis].terms[t].index]->size) == 0) return true;
    bool known = affine_bounds(e, read->u.read.axes[axis], -1, &low, &high);
    bool above = known && dim_scale(high, -1, &negative) && dim_add(size, negative, &rest) && dim_low(rest) >= 1;
    if (known && dim_low(low) >= 0 && above) return true;
    if (!known) low = high = size;
    say_outside(e, read, axis, known && dim_low(low) < 0 ? low : high, known && dim_low(low) < 0);
    return false;
}

bool infer_ranges(Elaborator *e, Element *element, IndexVar *const *vars, int count) {
    Ranges ranges = {0}, *statement = &ranges;
    Elements reduces = {0};
    bool ok = true;
    element_reads(e, element, &ranges.reads, &reduces);
    for (int v = 0; v < count; v++)
        vec_push(e->arena, &ranges.vars, vars[v]);
    for (int r = 0; r < reduces.count; r++)
        for (int v = 0; v < reduces.at[r]->u.reduce.count; v++)
            vec_push(e->arena, &ranges.vars, reduces.at[r]->u.reduce.vars[v]);
    if (!sizes_by_axes(e, statement) || !sizes_by_room(e, statement)) return false;
    for (int r = 0; r < ranges.reads.count; r++)
        for (int a = 0; a < ranges.reads.at[r]->u.read.node->type.shape.rank; a++)
            ok &= prove(e, ranges.reads.at[r], a);
    return ok;
}
