#include "compiler/ops/transfer.h"

NestBuilder nest_resume(Graph *graph, const Node *node, Node *const *args) {
    NestBuilder nest = nest_begin(graph, node->origin);
    const Nest *old = &node->u.nest;
    for (int i = 0; i < old->index_count; i++) {
        vec_push(graph->arena, &nest.indices, old->indices[i]);
    }
    for (int i = 0; i < old->read_count; i++) {
        vec_push(graph->arena, &nest.reads, old->reads[i]);
    }
    for (int i = 0; i < node->arg_count; i++) {
        vec_push(graph->arena, &nest.args, args[i]);
    }
    nest.otherwise = old->otherwise;
    nest.body = old->body;
    nest.body.exprs.capacity = nest.body.exprs.count; /* what is added goes to a new array */
    return nest;
}

int body_affine(Body *body, Affine affine) {
    int sum = body_size(body, affine.constant);
    for (int i = 0; i < affine.count; i++) {
        int index = body_index(body, affine.terms[i].index);
        int factor = body_literal(body, ELEM_INT, (double)affine.terms[i].factor);
        sum = body_call(body, SCALAR_add, sum, body_call(body, SCALAR_mul, index, factor, -1), -1);
    }
    return sum;
}

static int transfer_read(Transfer *transfer, const Read *read) {
    Node *arg = transfer->args[read->arg];
    Affine axes[RANK_LIMIT];
    for (int axis = 0; axis < arg->type.shape.rank; axis++) {
        if (!affine_substitute(transfer->to->graph->arena, read->axes[axis], transfer->indices, &axes[axis])) {
            transfer->failed = true;
            return nest_real(transfer->to, 0);
        }
    }
    return nest_read(transfer->to, arg, axes);
}

static int transfer_draw(Transfer *transfer, const Expr *expr) {
    Affine element;
    Arena *arena = transfer->to->graph->arena;
    if (!affine_substitute(arena, expr->u.draw.element, transfer->indices, &element)) {
        transfer->failed = true;
        element = affine_constant(dim_constant(0));
    }
    return body_draw(&transfer->to->body, expr->u.draw.kind, expr->u.draw.site, element);
}

/* The element that is looked up, in the read's new coordinates. */
static int transfer_lookup(Transfer *transfer, const Expr *expr, const int *done) {
    Body *body = &transfer->to->body;
    int element = transfer_read(transfer, &transfer->reads[expr->u.lookup.read]);
    if (transfer->failed) return element;
    Expr new = expr_renumbered(body->arena, expr, done);
    return body_lookup(body, expr->elem, body->exprs.at[element].u.read, new.u.lookup.count, new.u.lookup.computed);
}

/* One expression whose arguments are done. */
static int transfer_one(Transfer *transfer, const Expr *expr, const int *done) {
    Body *body = &transfer->to->body;
    switch (expr->kind) {
    case EXPR_LITERAL: return body_literal(body, expr->elem, expr->u.number);
    case EXPR_READ:
        if (transfer->replaced != NULL && transfer->replaced[expr->u.read] >= 0) {
            return transfer->replaced[expr->u.read];
        }
        return transfer_read(transfer, &transfer->reads[expr->u.read]);
    case EXPR_INDEX: return body_affine(body, transfer->indices[expr->u.index]);
    case EXPR_SIZE: return body_size(body, expr->u.size);
    case EXPR_DRAW: return transfer_draw(transfer, expr);
    case EXPR_LOOKUP: return transfer_lookup(transfer, expr, done);
    case EXPR_CALL: {
        int args[3] = {-1, -1, -1};
        for (int a = 0; a < scalar_table[expr->u.call.fn].arity; a++) {
            args[a] = done[expr->u.call.args[a]];
        }
        return body_call(body, expr->u.call.fn, args[0], args[1], args[2]);
    }
    case EXPR_TOTAL: break;
    }
    internal_error("a total stands outside of kernels");
}

int transfer_expr(Transfer *transfer, int result) {
    Arena *arena = transfer->to->graph->arena;
    const Expr *exprs = transfer->body->exprs.at;
    bool *needed = ARENA_ARRAY(arena, bool, result + 1);
    int *done = ARENA_ARRAY(arena, int, result + 1);
    needed[result] = true;
    for (int i = result; i >= 0; i--) {
        for (int a = 0; needed[i] && a < expr_arity(&exprs[i]); a++) {
            needed[expr_operand(&exprs[i], a)] = true;
        }
    }
    for (int i = 0; i <= result; i++) {
        if (needed[i]) done[i] = transfer_one(transfer, &exprs[i], done);
    }
    return done[result];
}

bool affine_bounds(Affine affine, const Index *indices, Dim *low, Dim *high) {
    *low = *high = affine.constant;
    for (int i = 0; i < affine.count; i++) {
        Dim reach;
        Dim *end = affine.terms[i].factor > 0 ? high : low;
        if (!dim_add(indices[affine.terms[i].index].size, dim_constant(-1), &reach)) return false;
        if (!dim_scale(reach, affine.terms[i].factor, &reach) || !dim_add(*end, reach, end)) return false;
    }
    return true;
}

bool affine_is_inside(Affine affine, const Index *indices, Dim size) {
    Dim low, high, room;
    if (!affine_bounds(affine, indices, &low, &high)) return false;
    if (dim_low(low) < 0 || !dim_scale(high, -1, &room) || !dim_add(size, room, &room)) return false;
    return dim_low(room) >= 1;
}
