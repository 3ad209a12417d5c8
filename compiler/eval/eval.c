#include "compiler/eval/eval.h"
#include "compiler/eval/philox.h"
#include "compiler/ops/op.h"
#include <math.h>
#include <string.h>

/* ---- tensors ---- */

Tensor tensor_new(Arena *arena, Elem elem, int rank, const int64_t *dims) {
    Tensor tensor = {.elem = elem, .rank = rank, .count = 1};
    tensor.dims = arena_copy(arena, dims, (size_t)rank * sizeof *dims);
    for (int i = 0; i < rank; i++)
        tensor.count *= dims[i] > 0 ? dims[i] : 0;
    tensor.values = ARENA_ARRAY(arena, double, tensor.count);
    return tensor;
}

Tensor tensor_of_type(const Evaluation *evaluation, Type type) {
    int64_t dims[RANK_LIMIT] = {0};
    for (int i = 0; i < type.shape.rank; i++)
        dims[i] = dim_value(type.shape.dims[i], evaluation->sizes);
    return tensor_new(evaluation->arena, type.elem, type.shape.rank, dims);
}

int64_t tensor_offset(const Tensor *tensor, const int64_t *position) {
    int64_t offset = 0;
    for (int i = 0; i < tensor->rank; i++) {
        if (position[i] < 0 || position[i] >= tensor->dims[i])
            internal_error("position %lld on axis %d of size %lld", (long long)position[i], i,
                           (long long)tensor->dims[i]);
        offset = offset * tensor->dims[i] + position[i];
    }
    return offset;
}

void tensor_next(const Tensor *tensor, int64_t *position) {
    for (int i = tensor->rank - 1; i >= 0; i--) {
        if (++position[i] < tensor->dims[i]) return;
        position[i] = 0;
    }
}

/* ---- bodies ---- */

/* One of the floats around a value that is none: what a function that errs by an ulp or so might return. */
static float shaken(float rounded, uint64_t shake) {
    uint32_t bits;
    memcpy(&bits, &rounded, sizeof bits);
    uint64_t mixed = (bits ^ shake) * UINT64_C(0x9E3779B97F4A7C15);
    mixed = (mixed ^ (mixed >> 32)) * UINT64_C(0xBF58476D1CE4E5B9);
    switch ((mixed >> 40) % 3) {
    case 0: return nextafterf(rounded, -INFINITY);
    case 1: return nextafterf(rounded, INFINITY);
    default: return rounded;
    }
}

double evaluate_round(const Evaluation *evaluation, Elem elem, double value) {
    if (elem != ELEM_REAL || evaluation->mode != EVAL_FLOAT) return value;
    float rounded = (float)value;
    bool exact = (double)rounded == value || !isfinite(rounded);
    return (double)(exact || !evaluation->shake ? rounded : shaken(rounded, evaluation->shake));
}

void evaluate_margin(Evaluation *evaluation, double a, double b) {
    double distance = fabs(a - b), scale = fmax(1, fmax(fabs(a), fabs(b)));
    if (distance > 0 && distance / scale < evaluation->margin) evaluation->margin = distance / scale;
}

double evaluate_draw(const Evaluation *evaluation, DrawKind kind, uint32_t site, int64_t element) {
    Stream stream = {evaluation->seed, evaluation->tick + (evaluation->loop << 32), site};
    if (kind == DRAW_UNIFORM) return philox_uniform(stream, (uint64_t)element);
    return philox_normal(stream, (uint64_t)element, evaluation->mode == EVAL_FLOAT);
}

/* What a small error of an argument could turn into another result. */
static void note_decision(Evaluation *evaluation, Scalar fn, const double *args) {
    double quotient;
    switch (fn) {
    case SCALAR_less:
    case SCALAR_less_equal:
    case SCALAR_equal: evaluate_margin(evaluation, args[0], args[1]); break;
    case SCALAR_sign: evaluate_margin(evaluation, args[0], 0); break;
    case SCALAR_floor:
    case SCALAR_to_int: evaluate_margin(evaluation, args[0], nearbyint(args[0])); break;
    case SCALAR_quotient:
    case SCALAR_modulo:
        quotient = args[0] / args[1];
        evaluate_margin(evaluation, quotient, nearbyint(quotient));
        break;
    default: break;
    }
}

static double evaluate_call(Evaluation *evaluation, const Body *body, const Expr *expr, const double *values) {
    double args[3] = {0, 0, 0};
    Scalar fn = expr->u.call.fn;
    for (int i = 0; i < scalar_table[fn].arity; i++)
        args[i] = values[expr->u.call.args[i]];
    if (body_elem(body, expr->u.call.args[0]) == ELEM_REAL) note_decision(evaluation, fn, args);
    return scalar_value(fn, args[0], args[1], args[2]);
}

static double evaluate_expr(Evaluation *evaluation, const Body *body, const Expr *expr, const int64_t *indices,
                            const BodyReader *reader, const double *values) {
    switch (expr->kind) {
    case EXPR_LITERAL: return expr->u.number;
    case EXPR_READ:
    case EXPR_LOOKUP: return reader->read(reader, expr, values);
    case EXPR_INDEX: return (double)indices[expr->u.index];
    case EXPR_SIZE: return (double)dim_value(expr->u.size, evaluation->sizes);
    case EXPR_DRAW: {
        int64_t element = affine_value(expr->u.draw.element, indices, evaluation->sizes);
        return evaluate_draw(evaluation, expr->u.draw.kind, expr->u.draw.site, element);
    }
    case EXPR_CALL: return evaluate_call(evaluation, body, expr, values);
    case EXPR_TOTAL: break;
    }
    internal_error("an expression of kind %d in a nest", (int)expr->kind);
}

double evaluate_body(Evaluation *evaluation, const Body *body, const int64_t *indices, const BodyReader *reader,
                     double *values) {
    for (int i = 0; i < body->exprs.count; i++) {
        const Expr *expr = &body->exprs.at[i];
        double value = evaluate_expr(evaluation, body, expr, indices, reader, values);
        values[i] = evaluate_round(evaluation, expr->elem, value);
    }
    return values[body->exprs.count - 1];
}

/* ---- graphs ---- */

/* An init graph's result has no argument of an entry: its value is read by evaluate_initial. */
static bool is_init_result(const Node *node) {
    return node->op == OP_result && !node->u.input;
}

static void keep_updates(Evaluation *evaluation, const Graph *graph) {
    evaluation->finite = true;
    for (int i = 0; i < graph->roots.count; i++) {
        const Node *root = graph->roots.at[i];
        if (root->op == OP_loss && !isfinite(evaluation->values[root->args[0]->id].values[0]))
            evaluation->finite = false;
        if (root->op != OP_update || !evaluation->finite) continue;
        const Store *store = root->u.store;
        Tensor *to = store->kind == STORE_ARGUMENT ? &evaluation->inputs[store->argument->position]
                                                   : &evaluation->stores[store->position];
        *to = evaluation->values[root->args[0]->id];
    }
}

void evaluate_graph(Evaluation *evaluation, const Graph *graph) {
    evaluation->values = ARENA_ARRAY(evaluation->arena, Tensor, graph->nodes.count);
    evaluation->parts = ARENA_ARRAY(evaluation->arena, Tensor *, graph->nodes.count);
    for (int i = 0; i < graph->nodes.count; i++) {
        const Node *node = graph->nodes.at[i];
        if (!is_init_result(node)) op_table[node->op].evaluate(evaluation, node);
    }
    keep_updates(evaluation, graph);
}

static Tensor first_content(Evaluation *evaluation, const Store *store) {
    if (store->init) {
        evaluate_graph(evaluation, store->init);
        return evaluation->values[store->init->roots.at[0]->args[0]->id];
    }
    Tensor tensor = tensor_of_type(evaluation, store->type);
    for (int64_t i = 0; i < tensor.count; i++)
        tensor.values[i] = store->kind == STORE_RATE ? 1 : 0;
    return tensor;
}

Tensor evaluate_constant(const Evaluation *evaluation, const Store *store) {
    Evaluation alone = {.arena = evaluation->arena, .program = evaluation->program, .mode = evaluation->mode};
    alone.margin = INFINITY;
    evaluate_graph(&alone, store->init);
    return alone.values[store->init->roots.at[0]->args[0]->id];
}

void evaluate_initial(Evaluation *evaluation) {
    const Program *program = evaluation->program;
    uint64_t tick = evaluation->tick;
    if (!evaluation->stores) evaluation->stores = ARENA_ARRAY(evaluation->arena, Tensor, program->stores.count);
    evaluation->tick = 0;
    for (int i = 0; i < program->stores.count; i++)
        evaluation->stores[program->stores.at[i]->position] = first_content(evaluation, program->stores.at[i]);
    evaluation->tick = tick;
}
