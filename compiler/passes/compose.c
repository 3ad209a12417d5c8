#include "compiler/passes/compose.h"
#include "compiler/ops/transfer.h"

static bool has_solved(const Nest *nest) {
    return nest_count(nest, INDEX_SOLVED) > 0;
}

/* Is the expression 0 wherever the read is 0 (and nothing is infinite)? */
static bool follows_zero(const Body *body, int expr, int read) {
    const Expr *e = &body->exprs.at[expr];
    if (e->kind == EXPR_READ) return e->u.read == read;
    if (e->kind != EXPR_CALL) return false;
    switch (e->u.call.fn) {
    case SCALAR_neg:
    case SCALAR_to_real: return follows_zero(body, e->u.call.args[0], read);
    case SCALAR_mul: return follows_zero(body, e->u.call.args[0], read) || follows_zero(body, e->u.call.args[1], read);
    default: return false;
    }
}

static int reads_of(const Nest *nest, int arg, int *last) {
    int count = 0;
    for (int i = 0; i < nest->read_count; i++) {
        if (nest->reads[i].arg != arg) continue;
        *last = i;
        count++;
    }
    return count;
}

/* May the producer's domain become the consumer's: points outside of it then give the consumer's `otherwise`, which
 * becomes 0. */
static bool domain_passes(const Node *consumer, int arg, const Node *producer) {
    const Nest *nest = &consumer->u.nest;
    int read;
    if (reads_of(nest, arg, &read) != 1 || nest->reduce != REDUCE_NONE || has_solved(nest)) return false;
    const Body *body = &nest->body;
    bool is_read = body->exprs.at[body->exprs.count - 1].kind == EXPR_READ;
    return is_read || (producer->u.nest.otherwise == 0 && follows_zero(body, body->exprs.count - 1, read));
}

/* The producer's indices in the consumer's, where it is read at `axes`. Its solved indices join the consumer's. */
static bool producer_indices(NestBuilder *nest, const Nest *producer, const Affine *axes, Affine *with) {
    for (int i = 0; i < producer->index_count; i++) {
        const Index *index = &producer->indices[i];
        Affine solution;
        if (index->kind == INDEX_FREE) {
            with[i] = axes[i];
            continue;
        }
        if (!affine_substitute(nest->graph->arena, index->solution, with, &solution)) return false;
        int solved = nest_solved(nest, index->name, index->size, solution, index->divisor);
        with[i] = affine_index(nest->graph->arena, solved);
    }
    return true;
}

/* Are all reads inside by what can be proved, as the shape rule of nests wants it? */
static bool reads_inside(const NestBuilder *nest, int solved_begin) {
    for (int i = 0; i < nest->reads.count; i++) {
        const Read *read = &nest->reads.at[i];
        Shape shape = nest->args.at[read->arg]->type.shape;
        for (int axis = 0; axis < shape.rank; axis++) {
            Affine position = read->axes[axis];
            bool free = position.count == 0 || position.terms[position.count - 1].index < solved_begin;
            if (free && !affine_is_inside(position, nest->indices.at, shape.dims[axis])) return false;
        }
    }
    return true;
}

Node *nest_compose(Graph *graph, const Node *consumer, int arg) {
    Arena *arena = graph->arena;
    const Nest *nest = &consumer->u.nest;
    const Node *producer = consumer->args[arg];
    const Nest *inner = &producer->u.nest;
    if (inner->reduce != REDUCE_NONE || nest_looks_up(nest, arg)) return NULL;
    if (has_solved(inner) && !domain_passes(consumer, arg, producer)) return NULL;
    NestBuilder new = nest_begin(graph, consumer->origin);
    new.otherwise = has_solved(inner) ? inner->otherwise : nest->otherwise;
    Affine *same = ARENA_ARRAY(arena, Affine, nest->index_count);
    for (int i = 0; i < nest->index_count; i++) {
        vec_push(arena, &new.indices, nest->indices[i]);
        same[i] = affine_index(arena, i);
    }
    Affine *with = ARENA_ARRAY(arena, Affine, inner->index_count);
    int *replaced = ARENA_ARRAY(arena, int, nest->read_count);
    for (int i = 0; i < nest->read_count; i++) {
        replaced[i] = -1;
        if (nest->reads[i].arg != arg) continue;
        if (!producer_indices(&new, inner, nest->reads[i].axes, with)) return NULL;
        Transfer transfer = {&new, &inner->body, inner->reads, producer->args, with, NULL, false};
        replaced[i] = transfer_expr(&transfer, inner->body.exprs.count - 1);
        if (transfer.failed) return NULL;
    }
    Transfer transfer = {&new, &nest->body, nest->reads, consumer->args, same, replaced, false};
    int result = transfer_expr(&transfer, nest->body.exprs.count - 1);
    if (transfer.failed || !reads_inside(&new, nest_count(nest, INDEX_FREE) + nest_count(nest, INDEX_REDUCED))) {
        return NULL;
    }
    Node *node = nest_end(&new, nest->reduce, result);
    node->label = consumer->label;
    return node;
}
