#include "compiler/kernels/stage.h"

bool axes_identity(const Affine *axes, int rank) {
    for (int a = 0; a < rank; a++) {
        int index;
        if (!affine_is_index(axes[a], &index) || index != a) return false;
    }
    return true;
}

const Affine *axes_of_indices(Arena *arena, int count) {
    Affine *axes = ARENA_ARRAY(arena, Affine, count);
    for (int i = 0; i < count; i++)
        axes[i] = affine_index(arena, i);
    return axes;
}

/* ---- what a nest reads ---- */

static void visit_reads(const Fusion *fusion, const Node *nest, const Affine *with, Accesses *out) {
    for (int r = 0; r < nest->u.nest.read_count; r++) {
        const Read *read = &nest->u.nest.reads[r];
        const Node *arg = nest->args[read->arg];
        int rank = arg->type.shape.rank;
        Affine *axes = ARENA_ARRAY(fusion->arena, Affine, rank);
        for (int a = 0; a < rank; a++)
            if (!affine_substitute(fusion->arena, read->axes[a], with, &axes[a])) internal_error("position overflows");
        if (fusion->values[arg->id].inlined)
            visit_reads(fusion, arg, axes, out);
        else
            vec_push(fusion->arena, out, (Access){arg, axes});
    }
}

void nest_accesses(const Fusion *fusion, const Node *nest, Accesses *out) {
    visit_reads(fusion, nest, axes_of_indices(fusion->arena, nest->u.nest.index_count), out);
}

/* ---- bodies ---- */

static void label_expr(Fusion *fusion, Stage *stage, int expr, Name label) {
    while (stage->labels.count < stage->body.exprs.count)
        vec_push(fusion->arena, &stage->labels, NULL);
    if (stage->labels.at[expr] == NULL) stage->labels.at[expr] = label;
}

static int stage_read(Fusion *fusion, Stage *stage, const Node *node, const Affine *axes) {
    Buffer *buffer = buffer_of(fusion, node);
    int rank = node->type.shape.rank;
    for (int r = 0; r < stage->reads.count; r++) {
        StageRead *read = &stage->reads.at[r];
        bool same = read->buffer == buffer;
        for (int a = 0; same && a < rank; a++)
            same = affine_equal(read->axes[a], axes[a]);
        if (same) return body_read(&stage->body, buffer->elem, r);
    }
    vec_push(fusion->arena, &stage->reads, (StageRead){buffer, axes});
    return body_read(&stage->body, buffer->elem, stage->reads.count - 1);
}

static int import_body(Fusion *fusion, Stage *stage, const Node *nest, const Affine *with);

static int import_read(Fusion *fusion, Stage *stage, const Node *node, const Affine *axes) {
    const Value *value = &fusion->values[node->id];
    if (value->inlined) return import_body(fusion, stage, node, axes);
    bool at_hand = value->stage == stage && axes_identity(axes, node->type.shape.rank);
    if (at_hand) return value->expr;
    return stage_read(fusion, stage, node, axes);
}

/* The value of an affine expression as an int expression of the body. */
static int import_affine(Stage *stage, Affine affine) {
    Body *body = &stage->body;
    int sum = -1;
    for (int t = 0; t < affine.count; t++) {
        int term = body_index(body, affine.terms[t].index);
        if (affine.terms[t].factor != 1)
            term = body_call(body, SCALAR_mul, term, body_literal(body, ELEM_INT, (double)affine.terms[t].factor), -1);
        sum = sum < 0 ? term : body_call(body, SCALAR_add, sum, term, -1);
    }
    Dim constant = affine.constant;
    if (sum >= 0 && dim_is_constant(constant) && constant.constant == 0) return sum;
    int rest =
        dim_is_constant(constant) ? body_literal(body, ELEM_INT, (double)constant.constant) : body_size(body, constant);
    return sum < 0 ? rest : body_call(body, SCALAR_add, sum, rest, -1);
}

static const Affine *import_axes(Fusion *fusion, const Read *read, const Affine *with, int rank) {
    Affine *axes = ARENA_ARRAY(fusion->arena, Affine, rank);
    for (int a = 0; a < rank; a++)
        if (!affine_substitute(fusion->arena, read->axes[a], with, &axes[a])) internal_error("position overflows");
    return axes;
}

/* Always from memory: what is looked up may be any element. */
static int import_lookup(Fusion *fusion, Stage *stage, const Node *nest, const Affine *with, const Expr *expr,
                         const int *made) {
    const Read *read = &nest->u.nest.reads[expr->u.lookup.read];
    const Node *arg = nest->args[read->arg];
    int element = stage_read(fusion, stage, arg, import_axes(fusion, read, with, arg->type.shape.rank));
    Expr new = expr_renumbered(fusion->arena, expr, made);
    return body_lookup(&stage->body, expr->elem, stage->body.exprs.at[element].u.read, new.u.lookup.count,
                       new.u.lookup.computed);
}

static int import_expr(Fusion *fusion, Stage *stage, const Node *nest, const Affine *with, const Expr *expr,
                       const int *made) {
    Body *body = &stage->body;
    switch (expr->kind) {
    case EXPR_LITERAL: return body_literal(body, expr->elem, expr->u.number);
    case EXPR_SIZE: return body_size(body, expr->u.size);
    case EXPR_INDEX: return import_affine(stage, with[expr->u.index]);
    case EXPR_READ: {
        const Read *read = &nest->u.nest.reads[expr->u.read];
        const Node *arg = nest->args[read->arg];
        return import_read(fusion, stage, arg, import_axes(fusion, read, with, arg->type.shape.rank));
    }
    case EXPR_DRAW: {
        Affine element;
        if (!affine_substitute(fusion->arena, expr->u.draw.element, with, &element))
            internal_error("position overflows");
        return body_draw(body, expr->u.draw.kind, expr->u.draw.site, element);
    }
    case EXPR_LOOKUP: return import_lookup(fusion, stage, nest, with, expr, made);
    case EXPR_CALL: {
        int args[3] = {-1, -1, -1};
        for (int a = 0; a < scalar_table[expr->u.call.fn].arity; a++)
            args[a] = made[expr->u.call.args[a]];
        return body_call(body, expr->u.call.fn, args[0], args[1], args[2]);
    }
    case EXPR_TOTAL: break;
    }
    internal_error("a finished reduction inside a nest");
}

/* Appends a nest's body, with its indices replaced, and returns its last expression. */
static int import_body(Fusion *fusion, Stage *stage, const Node *nest, const Affine *with) {
    const Body *from = &nest->u.nest.body;
    int *made = ARENA_ARRAY(fusion->arena, int, from->exprs.count);
    for (int e = 0; e < from->exprs.count; e++)
        made[e] = import_expr(fusion, stage, nest, with, &from->exprs.at[e], made);
    int result = made[from->exprs.count - 1];
    if (nest->u.nest.reduce == REDUCE_NONE) label_expr(fusion, stage, result, fusion->values[nest->id].name);
    return result;
}

/* ---- stages ---- */

static Stage *stage_with(Arena *arena, int index_count, const Index *indices) {
    Stage *stage = ARENA_NEW(arena, Stage);
    stage->index_count = index_count;
    stage->indices = indices;
    for (int i = 0; i < index_count; i++) {
        stage->free_count += indices[i].kind == INDEX_FREE;
        stage->reduced_count += indices[i].kind == INDEX_REDUCED;
        stage->solved_count += indices[i].kind == INDEX_SOLVED;
    }
    stage->body.arena = arena;
    stage->tile = (Tile){NO_INDEX, NO_INDEX, 1, 1, 0};
    return stage;
}

Stage *stage_new(Fusion *fusion, const Node *nest) {
    Stage *stage = stage_with(fusion->arena, nest->u.nest.index_count, nest->u.nest.indices);
    stage->otherwise = nest->u.nest.otherwise;
    return stage;
}

void stage_take(Fusion *fusion, Stage *stage, const Node *nest) {
    Value *value = &fusion->values[nest->id];
    const Affine *with = axes_of_indices(fusion->arena, nest->u.nest.index_count);
    int expr = import_body(fusion, stage, nest, with);
    if (nest->u.nest.reduce != REDUCE_NONE) {
        vec_push(fusion->arena, &stage->totals, (StageTotal){nest->u.nest.reduce, expr});
        expr = body_total(&stage->body, nest->type.elem, stage->totals.count - 1);
        label_expr(fusion, stage, expr, fusion->values[nest->id].name);
    }
    vec_push(fusion->arena, &stage->nodes, nest);
    value->stage = stage;
    value->expr = expr;
}

/* ---- what folding left over ---- */

static bool *needed_exprs(Arena *arena, const Stage *stage) {
    const Expr *exprs = stage->body.exprs.at;
    bool *needed = ARENA_ARRAY(arena, bool, stage->body.exprs.count);
    for (int t = 0; t < stage->totals.count; t++)
        needed[stage->totals.at[t].value] = true;
    for (int r = 0; r < stage->results.count; r++)
        needed[stage->results.at[r].value] = true;
    for (int e = stage->body.exprs.count - 1; e >= 0; e--)
        for (int a = 0; needed[e] && a < expr_arity(&exprs[e]); a++)
            needed[expr_operand(&exprs[e], a)] = true;
    return needed;
}

/* Expressions that nothing needs are taken out; `number` becomes what is left of each. */
static void drop_exprs(Arena *arena, Stage *stage, const bool *needed, int *number) {
    int kept = 0;
    for (int e = 0; e < stage->body.exprs.count; e++) {
        if (!needed[e]) continue;
        if (e < stage->labels.count) stage->labels.at[kept] = stage->labels.at[e];
        stage->body.exprs.at[kept] = expr_renumbered(arena, &stage->body.exprs.at[e], number);
        number[e] = kept++;
    }
    stage->body.exprs.count = kept;
    if (stage->labels.count > kept) stage->labels.count = kept;
}

/* The number of the read that an expression names, or NULL. */
static int *read_of(Expr *expr) {
    return expr->kind == EXPR_READ ? &expr->u.read : expr->kind == EXPR_LOOKUP ? &expr->u.lookup.read : NULL;
}

static void drop_reads(Arena *arena, Stage *stage) {
    int *number = ARENA_ARRAY(arena, int, stage->reads.count), kept = 0;
    for (int e = 0; e < stage->body.exprs.count; e++)
        if (read_of(&stage->body.exprs.at[e])) number[*read_of(&stage->body.exprs.at[e])] = 1;
    for (int r = 0; r < stage->reads.count; r++) {
        if (!number[r]) continue;
        stage->reads.at[kept] = stage->reads.at[r];
        number[r] = kept++;
    }
    stage->reads.count = kept;
    for (int e = 0; e < stage->body.exprs.count; e++) {
        int *read = read_of(&stage->body.exprs.at[e]);
        if (read) *read = number[*read];
    }
}

void stage_prune(Arena *arena, Stage *stage) {
    int *number = ARENA_ARRAY(arena, int, stage->body.exprs.count);
    drop_exprs(arena, stage, needed_exprs(arena, stage), number);
    for (int t = 0; t < stage->totals.count; t++)
        stage->totals.at[t].value = number[stage->totals.at[t].value];
    for (int r = 0; r < stage->results.count; r++)
        stage->results.at[r].value = number[stage->results.at[r].value];
    drop_reads(arena, stage);
}

/* ---- copies ---- */

static Name copy_index_name(Arena *arena, int axis) {
    return axis < 3 ? (const char *[]){"i", "j", "k"}[axis] : arena_print(arena, "i%d", axis);
}

Stage *stage_copying(Routine *routine, Buffer *from, Buffer *to) {
    Arena *arena = routine->arena;
    int rank = from->shape.rank;
    Index *indices = ARENA_ARRAY(arena, Index, rank);
    for (int a = 0; a < rank; a++)
        indices[a] = (Index){.kind = INDEX_FREE, .name = copy_index_name(arena, a), .size = from->shape.dims[a]};
    Stage *stage = stage_with(arena, rank, indices);
    vec_push(arena, &stage->reads, (StageRead){from, axes_of_indices(arena, rank)});
    int value = body_read(&stage->body, from->elem, 0);
    vec_push(arena, &stage->labels, NULL);
    vec_push(arena, &stage->results, (StageResult){to, value});
    return stage;
}

/* ---- kernels ---- */

enum { BLOCK_ROWS = 48 }; /* positions of the band that stages share in a round: four tall register tiles */

Kernel *kernel_new(Arena *arena, Sequence *sequence, Stage *stage) {
    Kernel *kernel = ARENA_NEW(arena, Kernel);
    kernel->sequence = sequence;
    kernel->position = sequence->kernels.count;
    kernel->block = BLOCK_ROWS;
    if (stage->free_count > 0) {
        kernel->banded = true;
        kernel->band = stage->indices[0].size;
    }
    vec_push(arena, &sequence->kernels, kernel);
    kernel_add(arena, kernel, stage);
    return kernel;
}

void kernel_add(Arena *arena, Kernel *kernel, Stage *stage) {
    stage->kernel = kernel;
    vec_push(arena, &kernel->stages, stage);
    for (int r = 0; r < stage->results.count; r++)
        stage->results.at[r].buffer->maker = kernel;
}
