#include "compiler/report/work.h"
#include "compiler/kernels/kernels.h"

enum { COST_DIVISION = 6 }; /* of scalar.def */

/* ---- which indices a value depends on ---- */

/* One stage, and for every expression of it the indices on which its value depends. */
typedef struct Dependence {
    const Stage *stage;
    bool *on; /* [expressions][indices] */
    bool *needed;
} Dependence;

static bool *row_of(const Dependence *dependence, int expr) {
    return dependence->on + (size_t)expr * (size_t)dependence->stage->index_count;
}

/* A solved index depends on those of its solution. */
static void depend_on_index(const Stage *stage, bool *row, int index) {
    row[index] = stage->indices[index].kind != INDEX_SOLVED;
    const Affine *solution = &stage->indices[index].solution;
    for (int t = 0; !row[index] && t < solution->count; t++)
        row[solution->terms[t].index] = true;
}

static void depend_on_affine(const Stage *stage, bool *row, Affine affine) {
    for (int t = 0; t < affine.count; t++)
        depend_on_index(stage, row, affine.terms[t].index);
}

static void depend_on_args(const Dependence *dependence, bool *row, const Expr *call) {
    for (int a = 0; a < expr_arity(call); a++)
        for (int i = 0; i < dependence->stage->index_count; i++)
            row[i] |= row_of(dependence, expr_operand(call, a))[i];
}

static void find_dependence(const Dependence *dependence, int e) {
    const Stage *stage = dependence->stage;
    const Expr *expr = &stage->body.exprs.at[e];
    bool *row = row_of(dependence, e);
    switch (expr->kind) {
    case EXPR_READ:
    case EXPR_LOOKUP: {
        const StageRead *read = &stage->reads.at[expr->kind == EXPR_READ ? expr->u.read : expr->u.lookup.read];
        depend_on_args(dependence, row, expr);
        for (int a = 0; a < read->buffer->shape.rank; a++)
            depend_on_affine(stage, row, read->axes[a]);
        break;
    }
    case EXPR_INDEX: depend_on_index(stage, row, expr->u.index); break;
    case EXPR_DRAW: depend_on_affine(stage, row, expr->u.draw.element); break;
    case EXPR_TOTAL:
        for (int i = 0; i < stage->free_count; i++)
            row[i] = true;
        break;
    case EXPR_CALL: depend_on_args(dependence, row, expr); break;
    case EXPR_LITERAL:
    case EXPR_SIZE: break;
    }
}

static Dependence dependence_of(Arena *arena, const Stage *stage) {
    int count = stage->body.exprs.count;
    Dependence dependence = {stage, ARENA_ARRAY(arena, bool, (int64_t)count * stage->index_count),
                             ARENA_ARRAY(arena, bool, count)};
    for (int t = 0; t < stage->totals.count; t++)
        dependence.needed[stage->totals.at[t].value] = true;
    for (int r = 0; r < stage->results.count; r++)
        dependence.needed[stage->results.at[r].value] = true;
    for (int e = count - 1; e >= 0; e--) {
        const Expr *expr = &stage->body.exprs.at[e];
        for (int a = 0; dependence.needed[e] && a < expr_arity(expr); a++)
            dependence.needed[expr_operand(expr, a)] = true;
    }
    for (int e = 0; e < count; e++)
        find_dependence(&dependence, e);
    return dependence;
}

/* ---- operations ---- */

static double high(Dim dim) {
    return (double)dim_high(dim);
}

static double combinations(const Dependence *dependence, int expr) {
    double count = 1;
    for (int i = 0; i < dependence->stage->index_count; i++)
        if (row_of(dependence, expr)[i]) count *= high(dependence->stage->indices[i].size);
    return count;
}

static bool is_arithmetic(const Body *body, const Expr *expr) {
    if (expr->kind != EXPR_CALL || expr->u.call.fn == SCALAR_select) return false;
    if (scalar_table[expr->u.call.fn].types == SCALAR_TYPES_TO_REAL) return false;
    if (scalar_table[expr->u.call.fn].types == SCALAR_TYPES_TO_INT) return false;
    return body_elem(body, expr->u.call.args[0]) == ELEM_REAL;
}

static double points_of(const Stage *stage) {
    double points = 1;
    for (int i = 0; i < stage->free_count + stage->reduced_count; i++)
        points *= high(stage->indices[i].size);
    return points;
}

static void add_operations(Arena *arena, const Stage *stage, Work *work) {
    const Dependence dependence = dependence_of(arena, stage);
    for (int e = 0; e < stage->body.exprs.count; e++) {
        const Expr *expr = &stage->body.exprs.at[e];
        if (!dependence.needed[e]) continue;
        double times = combinations(&dependence, e);
        if (expr->kind == EXPR_DRAW) work->draws += times;
        if (!is_arithmetic(&stage->body, expr)) continue;
        work->flops += times;
        if (scalar_table[expr->u.call.fn].cost > COST_DIVISION) work->functions += times;
    }
    for (int t = 0; t < stage->totals.count; t++)
        if (body_elem(&stage->body, stage->totals.at[t].value) == ELEM_REAL) work->flops += points_of(stage);
    if (stage_is_contraction(stage)) work->products += 2 * points_of(stage);
}

/* ---- bytes ---- */

/* No more elements than the positions of each axis allow, nor than the indices have combinations. */
static double elements_read(Arena *arena, const Stage *stage, const StageRead *read) {
    double elements = 1, points = 1;
    bool *seen = ARENA_ARRAY(arena, bool, stage->index_count);
    for (int a = 0; a < read->buffer->shape.rank; a++) {
        const Affine *axis = &read->axes[a];
        double positions = 1;
        for (int t = 0; t < axis->count; t++) {
            int index = axis->terms[t].index;
            double size = high(stage->indices[index].size);
            positions *= size;
            if (!seen[index]) points *= size;
            seen[index] = true;
        }
        double size = high(read->buffer->shape.dims[a]);
        elements *= positions < size ? positions : size;
    }
    return elements < points ? elements : points;
}

static bool is_moved(const Buffer *buffer) {
    return buffer_root(buffer)->place != BUFFER_LOCAL;
}

static bool written_before(const Kernel *kernel, int stage, const Buffer *buffer) {
    for (int s = 0; s < stage; s++)
        for (int r = 0; r < kernel->stages.at[s]->results.count; r++)
            if (buffer_root(kernel->stages.at[s]->results.at[r].buffer) == buffer_root(buffer)) return true;
    return false;
}

/* Elements of each buffer that the kernel reads: several reads of one may meet, and never exceed it. */
static void add_bytes_read(Arena *arena, const Kernel *kernel, bool is_double, Work *work) {
    VEC(const Buffer *) buffers = {0};
    VEC(double) elements = {0};
    for (int s = 0; s < kernel->stages.count; s++) {
        const Stage *stage = kernel->stages.at[s];
        for (int r = 0; r < stage->reads.count; r++) {
            const Buffer *buffer = stage->reads.at[r].buffer;
            if (!is_moved(buffer) || written_before(kernel, s, buffer)) continue;
            int at = 0;
            while (at < buffers.count && buffers.at[at] != buffer)
                at++;
            if (at == buffers.count) {
                vec_push(arena, &buffers, buffer);
                vec_push(arena, &elements, 0);
            }
            elements.at[at] += elements_read(arena, stage, &stage->reads.at[r]);
        }
    }
    for (int b = 0; b < buffers.count; b++) {
        double all = (double)buffers.at[b]->elements, some = elements.at[b];
        work->read += (some < all ? some : all) * (double)element_bytes(buffers.at[b], is_double);
    }
}

static void add_bytes_written(const Kernel *kernel, bool is_double, Work *work) {
    for (int s = 0; s < kernel->stages.count; s++)
        for (int r = 0; r < kernel->stages.at[s]->results.count; r++) {
            const Buffer *buffer = kernel->stages.at[s]->results.at[r].buffer;
            if (is_moved(buffer)) work->written += (double)(buffer->elements * element_bytes(buffer, is_double));
        }
}

static void work_repeat(Work *work, double rounds) {
    work->flops *= rounds;
    work->products *= rounds;
    work->functions *= rounds;
    work->draws *= rounds;
    work->read *= rounds;
    work->written *= rounds;
}

Work kernel_work(Arena *arena, const Kernel *kernel, bool is_double) {
    Work work = {0};
    for (int s = 0; s < kernel->stages.count; s++)
        add_operations(arena, kernel->stages.at[s], &work);
    add_bytes_read(arena, kernel, is_double, &work);
    add_bytes_written(kernel, is_double, &work);
    for (const Loop *loop = kernel->sequence->loop; loop != NULL; loop = loop->around)
        work_repeat(&work, high(loop->length));
    return work;
}

void work_add(Work *sum, const Work *work) {
    sum->flops += work->flops;
    sum->products += work->products;
    sum->functions += work->functions;
    sum->draws += work->draws;
    sum->read += work->read;
    sum->written += work->written;
}
