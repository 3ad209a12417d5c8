/* Array notation: x[1, -1, 0:4:2, None, ..], of tensors and of lists. */
#include "frontend/elaborator.h"

/* One axis of x[...]: what it becomes in the result, and where it is read. */
typedef struct Position {
    bool dropped; /* a single position */
    Dim size;     /* of the result's axis, where it is kept */
    Dim begin;
    int64_t step;
    Node *gather; /* a position that is a tensor; NULL: affine */
} Position;

/* A constant position or bound; negative ones count from the end. */
static bool constant_at(Elaborator *e, Scope *scope, const AstExpr *expr, Dim size, Dim *out) {
    Value value = eval(e, scope, expr);
    Dim dim;
    if (is_poison(value)) return false;
    if (!value_as_dim(value, &dim)) {
        refuse(e, expr->span, "a bound of a slice is an int that is known while compiling, not %s",
               value_text(e, value));
        return false;
    }
    *out = dim;
    if (!dim_is_constant(dim) || dim.constant >= 0) return true;
    if (dim.constant < -ELEMENT_LIMIT) dim.constant = -ELEMENT_LIMIT; /* before any axis */
    if (!dim_add(size, dim, out)) internal_error("a size less a position is none");
    return true;
}

static bool slice_step(Elaborator *e, Scope *scope, const AstSub *sub, int64_t *out) {
    *out = 1;
    if (sub->step == NULL) return true;
    Value step = eval(e, scope, sub->step);
    if (is_poison(step)) return false;
    if (step.kind == VALUE_INT && step.u.integer > 0) {
        *out = step.u.integer;
        return true;
    }
    refuse(e, sub->step->span, "the step of a slice is a positive int; flip(x, axis = ..) reverses");
    return false;
}

static void clamp(Dim *bound, Dim size) {
    if (!dim_is_constant(*bound) || !dim_is_constant(size)) return;
    bound->constant = bound->constant < 0 ? 0 : bound->constant > size.constant ? size.constant : bound->constant;
}

/* Bounds beyond the end are the end, where the size is constant. */
static bool slice_bounds(Elaborator *e, Scope *scope, const AstSub *sub, Dim size, Dim *begin, Dim *end) {
    *begin = dim_constant(0);
    *end = size;
    if (sub->begin != NULL && !constant_at(e, scope, sub->begin, size, begin)) return false;
    if (sub->end != NULL && !constant_at(e, scope, sub->end, size, end)) return false;
    clamp(begin, size);
    clamp(end, size);
    return true;
}

static bool dim_subtract(Dim a, Dim b, Dim *out) {
    Dim negative;
    return dim_scale(b, -1, &negative) && dim_add(a, negative, out);
}

static bool slice_stays_inside(Elaborator *e, const AstSub *sub, Dim size, Dim begin, Dim end, Dim length) {
    Dim beyond;
    bool leaves = dim_subtract(size, end, &beyond) && dim_low(beyond) < 0;
    if (!leaves && dim_low(length) >= 0 && dim_low(begin) >= 0) return true;
    refuse(e, sub->span, "the slice %s:%s can leave an axis of size %s", dim_text(e->arena, begin),
           dim_text(e->arena, end), dim_text(e->arena, size));
    return false;
}

static bool slice_position(Elaborator *e, Scope *scope, const AstSub *sub, Dim size, Position *out) {
    Dim begin, end, length;
    int64_t step;
    if (!slice_step(e, scope, sub, &step) || !slice_bounds(e, scope, sub, size, &begin, &end)) return false;
    if (!dim_subtract(end, begin, &length)) {
        refuse(e, sub->span, "a slice from %s to %s has no size k + m*S", dim_text(e->arena, begin),
               dim_text(e->arena, end));
        return false;
    }
    if (dim_is_constant(length) && length.constant < 0) length.constant = 0;
    if (!slice_stays_inside(e, sub, size, begin, end, length)) return false;
    if (step != 1 && !dim_is_constant(length)) {
        refuse(e, sub->span, "a slice with a step needs a constant length, not %s", dim_text(e->arena, length));
        return false;
    }
    if (step != 1) length = dim_constant(length.constant / step + (length.constant % step != 0));
    *out = (Position){.size = length, .begin = begin, .step = step};
    return true;
}

static bool single_position(Elaborator *e, Scope *scope, const AstSub *sub, Dim size, int axis, Position *out) {
    Value value = eval(e, scope, sub->begin);
    Dim dim, rest;
    *out = (Position){.dropped = true, .step = 1};
    if (is_poison(value)) return false;
    if (!value_as_dim(value, &dim)) {
        out->gather = node_of(e, value, sub->span);
        if (out->gather == NULL) return false;
        if (out->gather->type.elem == ELEM_INT) return true;
        refuse(e, sub->span, "a position is an int, not %s", type_text(e->arena, out->gather->type));
        return false;
    }
    bool from_end = dim_is_constant(dim) && dim.constant < 0, inside = true;
    if (from_end) inside = dim_add(size, dim, &dim);
    inside = inside && dim_low(dim) >= 0 && dim_subtract(size, dim, &rest) && dim_low(rest) >= 1;
    if (!inside) {
        refuse(e, sub->span, "position %s is outside axis %d, whose size is %s", value_text(e, value), axis,
               dim_text(e->arena, size));
        return false;
    }
    out->begin = dim;
    return true;
}

/* Positions for all axes, `..` filled; new axes are marked by axis_of = -1. */
static bool plan_subs(Elaborator *e, Scope *scope, const AstExpr *expr, Shape shape, Position *plan, int *axis_of,
                      int *count) {
    const AstSubs *subs = &expr->u.subscript.subs;
    int named = 0, rest = -1;
    for (int s = 0; s < subs->count; s++) {
        named += subs->at[s].kind == AST_SUB_AT || subs->at[s].kind == AST_SUB_SLICE;
        if (subs->at[s].kind == AST_SUB_REST) rest = s;
    }
    if (named > shape.rank) {
        refuse(e, expr->span, "%d positions for %s, which has %d ax%s", named, shape_text(e->arena, shape), shape.rank,
               shape.rank == 1 ? "is" : "es");
        return false;
    }
    int axis = 0, added = 0;
    for (int s = 0; s < subs->count; s++)
        added += subs->at[s].kind == AST_SUB_NONE;
    if (shape.rank + added > RANK_LIMIT) {
        refuse(e, expr->span, "a tensor has at most %d axes, not %d", RANK_LIMIT, shape.rank + added);
        return false;
    }
    *count = 0;
    for (int s = 0; s <= subs->count; s++) {
        bool fill = s == rest || (s == subs->count && rest < 0);
        for (int f = 0; fill && f < shape.rank - named; f++, axis++) {
            plan[*count] = (Position){.size = shape.dims[axis], .begin = dim_constant(0), .step = 1};
            axis_of[(*count)++] = axis;
        }
        if (s == subs->count || s == rest) continue;
        const AstSub *sub = &subs->at[s];
        if (sub->kind == AST_SUB_NONE) {
            plan[*count] = (Position){.size = dim_constant(1), .step = 1};
            axis_of[(*count)++] = -1;
            continue;
        }
        bool ok = sub->kind == AST_SUB_SLICE ? slice_position(e, scope, sub, shape.dims[axis], &plan[*count])
                                             : single_position(e, scope, sub, shape.dims[axis], axis, &plan[*count]);
        if (!ok) return false;
        axis_of[(*count)++] = axis++;
    }
    return true;
}

static Value read_positions(Elaborator *e, Node *node, const Position *plan, const int *axis_of, int count, Span span) {
    NestBuilder nest = nest_begin(e->graph, origin_at(e, span));
    Affine *axes = ARENA_ARRAY(e->arena, Affine, node->type.shape.rank);
    int letter = 0;
    for (int p = 0; p < count; p++) {
        Affine position = affine_constant(plan[p].begin), scaled;
        if (!plan[p].dropped) {
            int index = nest_free(&nest, index_letter(e, letter++), plan[p].size);
            affine_scale(e->arena, affine_index(e->arena, index), plan[p].step, &scaled);
            if (!affine_add(e->arena, position, scaled, &position)) return refuse(e, span, "the position is too large");
        }
        if (axis_of[p] >= 0) axes[axis_of[p]] = position;
    }
    return value_node(nest_end(&nest, REDUCE_NONE, nest_read(&nest, node, axes)));
}

/* Positions that are tensors are looked up first; in the plan, the axes that they bring stand in place of theirs. */
static bool gather_positions(Elaborator *e, Node **node, Position **plan, int **axis_of, int *count, Span span) {
    int rank = (*node)->type.shape.rank, first = -1;
    Node **positions = ARENA_ARRAY(e->arena, Node *, rank);
    bool gap = false;
    for (int p = 0; p < *count; p++) {
        if ((*plan)[p].gather == NULL) continue;
        positions[(*axis_of)[p]] = (*plan)[p].gather;
        gap |= first >= 0 && positions[(*axis_of)[p] - 1] == NULL;
        if (first < 0) first = (*axis_of)[p];
    }
    if (first < 0) return true;
    if (gap) {
        refuse(e, span, "positions that are tensors stand side by side; else write index notation");
        return false;
    }
    Node *gathered = gather_axes(e, *node, positions, first, span);
    if (gathered == NULL) return false;
    int looked_up = 0;
    for (int a = 0; a < rank; a++)
        looked_up += positions[a] != NULL;
    int brought = gathered->type.shape.rank - (rank - looked_up), kept = 0;
    Position *new = ARENA_ARRAY(e->arena, Position, *count + brought);
    int *axes = ARENA_ARRAY(e->arena, int, *count + brought);
    for (int p = 0; p < *count; p++) {
        int axis = (*axis_of)[p];
        for (int b = 0; axis == first && (*plan)[p].gather != NULL && b < brought; b++) {
            new[kept] = (Position){.size = gathered->type.shape.dims[first + b], .begin = dim_constant(0), .step = 1};
            axes[kept++] = first + b;
        }
        if ((*plan)[p].gather != NULL) continue;
        new[kept] = (*plan)[p];
        axes[kept++] = axis < first ? axis : axis - looked_up + brought;
    }
    *plan = new, *axis_of = axes, *count = kept, *node = gathered;
    return true;
}

static Value list_item(Elaborator *e, Scope *scope, const Values *list, const AstExpr *expr) {
    const AstSubs *subs = &expr->u.subscript.subs;
    if (subs->at[0].kind == AST_SUB_SLICE) {
        Position slice;
        if (!slice_position(e, scope, &subs->at[0], dim_constant(list->count), &slice)) return poison;
        Value part = value_list(e, 0, NULL);
        for (int64_t i = 0; i < slice.size.constant; i++)
            vec_push(e->arena, part.u.list, list->at[slice.begin.constant + i * slice.step]);
        return part;
    }
    Value at = eval(e, scope, subs->at[0].begin);
    if (is_poison(at)) return poison;
    if (at.kind != VALUE_INT)
        return refuse(e, subs->at[0].span, "a position in a list is an int known while compiling, not %s",
                      value_text(e, at));
    int64_t position = at.u.integer < 0 ? at.u.integer + list->count : at.u.integer;
    if (position < 0 || position >= list->count)
        return refuse(e, subs->at[0].span, "position %lld is outside a list of %d", (long long)at.u.integer,
                      list->count);
    return list->at[position];
}

/* Several positions, or one that is a tensor, are those of the stacked list. */
static bool needs_tensor(Elaborator *e, Scope *scope, const AstExpr *expr) {
    const AstSubs *subs = &expr->u.subscript.subs;
    if (subs->count != 1 || subs->at[0].kind == AST_SUB_NONE || subs->at[0].kind == AST_SUB_REST) return true;
    if (subs->at[0].kind == AST_SUB_SLICE) return false;
    return is_tensor(eval(e, scope, subs->at[0].begin));
}

Value subscript(Elaborator *e, Scope *scope, const AstExpr *expr) {
    Value element;
    if (indexed_read(e, scope, expr, &element)) return element;
    Value base = eval(e, scope, expr->u.subscript.base);
    if (is_poison(base)) return poison;
    if (base.kind == VALUE_LIST && !needs_tensor(e, scope, expr)) return list_item(e, scope, base.u.list, expr);
    Node *node = node_of(e, base, expr->u.subscript.base->span);
    if (node == NULL) return poison;
    int most = node->type.shape.rank + expr->u.subscript.subs.count, count;
    Position *plan = ARENA_ARRAY(e->arena, Position, most);
    int *axis_of = ARENA_ARRAY(e->arena, int, most);
    if (!plan_subs(e, scope, expr, node->type.shape, plan, axis_of, &count)) return poison;
    if (!gather_positions(e, &node, &plan, &axis_of, &count, expr->span)) return poison;
    return read_positions(e, node, plan, axis_of, count, expr->span);
}

Value slice_axis(Elaborator *e, Node *node, int axis, int64_t begin, Dim size, int64_t step) {
    int rank = node->type.shape.rank;
    Position *plan = ARENA_ARRAY(e->arena, Position, rank);
    int *axis_of = ARENA_ARRAY(e->arena, int, rank);
    for (int a = 0; a < rank; a++) {
        plan[a] = (Position){.size = node->type.shape.dims[a], .begin = dim_constant(0), .step = 1};
        axis_of[a] = a;
    }
    plan[axis] = (Position){.size = size, .begin = dim_constant(begin), .step = step};
    return read_positions(e, node, plan, axis_of, rank, node->origin->span);
}
