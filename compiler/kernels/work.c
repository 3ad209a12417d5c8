#include "compiler/kernels/work.h"
#include "compiler/kernels/kernels.h"

enum { COST_DIVISION = 6 }; /* of scalar.def */

/* What is measured, and where: `size` has the value, every other size its largest. */
typedef struct Measure {
    Arena *arena;
    const Kernel *kernel;
    bool is_double;
    const Size *size; /* or NULL */
    int64_t value;
} Measure;

static double extent(const Measure *measure, Dim dim) {
    if (dim_is_constant(dim) || dim.size != measure->size) return (double)dim_high(dim);
    return (double)(dim.constant + dim.factor * measure->value);
}

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

static double combinations(const Measure *measure, const Dependence *dependence, int expr) {
    double count = 1;
    for (int i = 0; i < dependence->stage->index_count; i++)
        if (row_of(dependence, expr)[i]) count *= extent(measure, dependence->stage->indices[i].size);
    return count;
}

static bool is_arithmetic(const Body *body, const Expr *expr) {
    if (expr->kind != EXPR_CALL || expr->u.call.fn == SCALAR_select) return false;
    if (scalar_table[expr->u.call.fn].types == SCALAR_TYPES_TO_REAL) return false;
    if (scalar_table[expr->u.call.fn].types == SCALAR_TYPES_TO_INT) return false;
    return body_elem(body, expr->u.call.args[0]) == ELEM_REAL;
}

static double points_of(const Measure *measure, const Stage *stage) {
    double points = 1;
    for (int i = 0; i < stage->free_count + stage->reduced_count; i++)
        points *= extent(measure, stage->indices[i].size);
    return points;
}

static void add_operations(const Measure *measure, const Stage *stage, Work *work) {
    const Dependence dependence = dependence_of(measure->arena, stage);
    for (int e = 0; e < stage->body.exprs.count; e++) {
        const Expr *expr = &stage->body.exprs.at[e];
        if (!dependence.needed[e]) continue;
        double times = combinations(measure, &dependence, e);
        if (expr->kind == EXPR_DRAW) work->draws += times;
        if (!is_arithmetic(&stage->body, expr)) continue;
        work->flops += times;
        if (scalar_table[expr->u.call.fn].cost > COST_DIVISION) work->functions += times;
    }
    for (int t = 0; t < stage->totals.count; t++)
        if (body_elem(&stage->body, stage->totals.at[t].value) == ELEM_REAL) work->flops += points_of(measure, stage);
    if (stage_is_contraction(stage)) work->products += 2 * points_of(measure, stage);
}

/* ---- bytes ---- */

/* No more elements than the positions of each axis allow, nor than the indices have combinations. */
static double elements_read(const Measure *measure, const Stage *stage, const StageRead *read) {
    double elements = 1, points = 1;
    bool *seen = ARENA_ARRAY(measure->arena, bool, stage->index_count);
    for (int a = 0; a < read->buffer->shape.rank; a++) {
        const Affine *axis = &read->axes[a];
        double positions = 1;
        for (int t = 0; t < axis->count; t++) {
            int index = axis->terms[t].index;
            double size = extent(measure, stage->indices[index].size);
            positions *= size;
            if (!seen[index]) points *= size;
            seen[index] = true;
        }
        double size = extent(measure, read->buffer->shape.dims[a]);
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

static double elements_of(const Measure *measure, const Buffer *buffer) {
    double elements = (double)buffer->elements;
    for (int a = 0; a < buffer->shape.rank; a++)
        elements = elements * extent(measure, buffer->shape.dims[a]) / (double)dim_high(buffer->shape.dims[a]);
    return elements;
}

/* Elements of each buffer that the first stages read: several reads of one may meet, and never exceed it. */
static void add_bytes_read(const Measure *measure, int stages, Work *work) {
    const Kernel *kernel = measure->kernel;
    VEC(const Buffer *) buffers = {0};
    VEC(double) elements = {0};
    for (int s = 0; s < stages; s++) {
        const Stage *stage = kernel->stages.at[s];
        for (int r = 0; r < stage->reads.count; r++) {
            const Buffer *buffer = stage->reads.at[r].buffer;
            if (!is_moved(buffer) || written_before(kernel, s, buffer)) continue;
            int at = 0;
            while (at < buffers.count && buffers.at[at] != buffer)
                at++;
            if (at == buffers.count) {
                vec_push(measure->arena, &buffers, buffer);
                vec_push(measure->arena, &elements, 0);
            }
            elements.at[at] += elements_read(measure, stage, &stage->reads.at[r]);
        }
    }
    for (int b = 0; b < buffers.count; b++) {
        double all = elements_of(measure, buffers.at[b]), some = elements.at[b];
        work->read += (some < all ? some : all) * (double)element_bytes(buffers.at[b], measure->is_double);
    }
}

static void add_bytes_written(const Measure *measure, int stages, Work *work) {
    for (int s = 0; s < stages; s++)
        for (int r = 0; r < measure->kernel->stages.at[s]->results.count; r++) {
            const Buffer *buffer = measure->kernel->stages.at[s]->results.at[r].buffer;
            if (is_moved(buffer))
                work->written += elements_of(measure, buffer) * (double)element_bytes(buffer, measure->is_double);
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

/* Of the kernel's first stages alone. */
static Work work_of_first(const Measure *measure, int stages) {
    Work work = {0};
    for (int s = 0; s < stages; s++)
        add_operations(measure, measure->kernel->stages.at[s], &work);
    add_bytes_read(measure, stages, &work);
    add_bytes_written(measure, stages, &work);
    for (const Loop *loop = measure->kernel->sequence->loop; loop != NULL; loop = loop->around)
        work_repeat(&work, extent(measure, loop->length));
    return work;
}

Work kernel_work(Arena *arena, const Kernel *kernel, bool is_double) {
    const Measure measure = {arena, kernel, is_double, NULL, 0};
    return work_of_first(&measure, kernel->stages.count);
}

Work stage_work(Arena *arena, const Kernel *kernel, int stage, bool is_double, const Size *size, int64_t value) {
    const Measure measure = {arena, kernel, is_double, size, value};
    const Work before = work_of_first(&measure, stage);
    Work work = work_of_first(&measure, stage + 1);
    work.flops -= before.flops;
    work.products -= before.products;
    work.functions -= before.functions;
    work.draws -= before.draws;
    work.read -= before.read;
    work.written -= before.written;
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
