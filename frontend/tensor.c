/* Array notation: elementwise functions with broadcasting, reductions over axes, products, slices. */
#include "frontend/elaborator.h"
#include <math.h>
#include <string.h>

static const char *index_letter(Elaborator *e, int axis) {
    return axis < 6 ? (const char *[]){"i", "j", "k", "l", "m", "q"}[axis] : arena_print(e->arena, "i%d", axis);
}

/* ---- nodes of values ---- */

/* What the store holds now; one leaf per entry, and after an update the new value. */
Node *read_store(Elaborator *e, Store *store, Span span) {
    if (e->graph == NULL) {
        refuse(e, span, "%s can only be read in an entry", store->path);
        return NULL;
    }
    if (store->position >= e->current_count) {
        int count = store->position + 64;
        Node **current = ARENA_ARRAY(e->arena, Node *, count);
        if (e->current_count > 0) memcpy(current, e->current, sizeof *current * (size_t)e->current_count);
        e->current = current;
        e->current_count = count;
    }
    Node **now = &e->current[store->position];
    if (*now == NULL) {
        *now = build_store(e->graph, store, origin_at(e, store->span));
        const char *dot = strrchr(store->path, '.');
        (*now)->label = intern_text(e->names, dot != NULL ? dot + 1 : store->path);
    }
    return *now;
}

static bool graph_has_room(Elaborator *e, Span span) {
    if (e->graph == NULL) {
        refuse(e, span, "tensors exist only in entries: here values are known while compiling");
        return false;
    }
    if (e->graph->nodes.count < NODE_LIMIT) return true;
    if (e->graph->nodes.count == NODE_LIMIT) { /* said once */
        refuse(e, span, "the entry grows beyond %d operations", NODE_LIMIT);
        vec_push(e->arena, &e->graph->nodes, NULL);
    }
    return false;
}

static Node *size_node(Elaborator *e, Dim size, Span span) {
    NestBuilder nest = nest_begin(e->graph, origin_at(e, span));
    return nest_end(&nest, REDUCE_NONE, body_size(&nest.body, size));
}

/* Tensors of one shape, side by side on a new first axis. */
static Node *stack(Elaborator *e, const Values *list, Span span) {
    if (list->count == 0) {
        refuse(e, span, "an empty list is no tensor");
        return NULL;
    }
    Node **parts = ARENA_ARRAY(e->arena, Node *, list->count);
    Elem elem = ELEM_BOOL;
    for (int p = 0; p < list->count; p++) {
        parts[p] = node_of(e, list->at[p], span);
        if (parts[p] == NULL) return NULL;
        if (parts[p]->type.elem < elem) elem = parts[p]->type.elem;
        if (!shape_equal(parts[p]->type.shape, parts[0]->type.shape)) {
            Diagnostic *error =
                error_at(e, span, "a list is stacked where a tensor is needed, but its parts differ: %s and %s",
                         type_text(e->arena, parts[0]->type), type_text(e->arena, parts[p]->type));
            note_origin(e, error, parts[p]);
            return NULL;
        }
    }
    NestBuilder nest = nest_begin(e->graph, origin_at(e, span));
    int which = nest_free(&nest, "part", dim_constant(list->count)), rank = parts[0]->type.shape.rank;
    int *indices = ARENA_ARRAY(e->arena, int, rank + 1);
    for (int a = 0; a < rank; a++)
        indices[a] = nest_free(&nest, index_letter(e, a), parts[0]->type.shape.dims[a]);
    int value = -1;
    for (int p = list->count - 1; p >= 0; p--) {
        int part = body_cast(&nest.body, elem, nest_read_at(&nest, parts[p], indices));
        if (value < 0) {
            value = part;
            continue;
        }
        int here =
            nest_call2(&nest, SCALAR_equal, body_index(&nest.body, which), body_literal(&nest.body, ELEM_INT, p));
        value = nest_call3(&nest, SCALAR_select, here, part, value);
    }
    return nest_end(&nest, REDUCE_NONE, value);
}

Node *node_of(Elaborator *e, Value value, Span span) {
    if (value.kind == VALUE_POISON || !graph_has_room(e, span)) return NULL;
    switch (value.kind) {
    case VALUE_INT: return build_fill(e->graph, ELEM_INT, (Shape){0}, (double)value.u.integer, origin_at(e, span));
    case VALUE_REAL: return build_fill(e->graph, ELEM_REAL, (Shape){0}, value.u.real, origin_at(e, span));
    case VALUE_BOOL: return build_fill(e->graph, ELEM_BOOL, (Shape){0}, value.u.boolean, origin_at(e, span));
    case VALUE_SIZE: return size_node(e, value.u.size, span);
    case VALUE_TENSOR: return value.u.node;
    case VALUE_STORE: return read_store(e, value.u.store, span);
    case VALUE_LIST: return stack(e, value.u.list, span);
    default: refuse(e, span, "a tensor is needed here, not %s", value_text(e, value)); return NULL;
    }
}

Node *real_node_of(Elaborator *e, Value value, Span span) {
    Value real = cast(e, ELEM_REAL, value, span);
    return node_of(e, real, span);
}

/* ---- elementwise ---- */

/* An operand: a number that is written into the body, or a tensor that is read. */
typedef struct Operand {
    Value value;
    Node *node; /* NULL: a number or size */
    Shape shape;
} Operand;

static bool operand_of(Elaborator *e, Value value, Span span, Operand *operand) {
    *operand = (Operand){.value = value};
    if (is_number(value) || value.kind == VALUE_SIZE) return true;
    operand->node = node_of(e, value, span);
    if (operand->node == NULL) return false;
    operand->shape = operand->node->type.shape;
    return true;
}

static bool dim_is_one(Dim dim) {
    return dim_is_constant(dim) && dim.constant == 1;
}

/* The common shape. With different ranks only the lower-rank operand may stretch. */
static bool broadcast_shapes(Elaborator *e, Shape a, Shape b, Shape *out, bool *mend_rank) {
    int rank = a.rank > b.rank ? a.rank : b.rank;
    Dim *dims = ARENA_ARRAY(e->arena, Dim, rank);
    for (int axis = 0; axis < rank; axis++) {
        int in_a = axis - (rank - a.rank), in_b = axis - (rank - b.rank);
        if (in_a < 0 || in_b < 0) {
            dims[axis] = in_a < 0 ? b.dims[in_b] : a.dims[in_a];
            continue;
        }
        Dim of_a = a.dims[in_a], of_b = b.dims[in_b];
        bool a_may = a.rank <= b.rank, b_may = b.rank <= a.rank;
        if (dim_equal(of_a, of_b))
            dims[axis] = of_a;
        else if (dim_is_one(of_a) && a_may)
            dims[axis] = of_b;
        else if (dim_is_one(of_b) && b_may)
            dims[axis] = of_a;
        else {
            *mend_rank = dim_is_one(of_a) || dim_is_one(of_b);
            return false;
        }
    }
    *out = (Shape){rank, dims};
    return true;
}

static int read_broadcast(Elaborator *e, NestBuilder *nest, const Operand *operand, Shape shape) {
    Body *body = &nest->body;
    if (operand->value.kind == VALUE_SIZE) return body_size(body, operand->value.u.size);
    if (operand->node == NULL) {
        Elem elem = operand->value.kind == VALUE_INT    ? ELEM_INT
                    : operand->value.kind == VALUE_BOOL ? ELEM_BOOL
                                                        : ELEM_REAL;
        return body_literal(body, elem, number_of(operand->value));
    }
    Affine *axes = ARENA_ARRAY(e->arena, Affine, operand->shape.rank);
    for (int a = 0; a < operand->shape.rank; a++) {
        int axis = a + shape.rank - operand->shape.rank;
        bool stretched = !dim_equal(operand->shape.dims[a], shape.dims[axis]);
        axes[a] = stretched ? affine_constant(dim_constant(0)) : affine_index(e->arena, axis);
    }
    return nest_read(nest, operand->node, axes);
}

/* bool -> int -> real: arguments of a function of numbers are promoted to the highest among them. */
static Elem common_elem(const Body *body, Scalar fn, int count, const int *args) {
    ScalarTypes types = scalar_table[fn].types;
    if (types == SCALAR_TYPES_REAL) return ELEM_REAL;
    if (types == SCALAR_TYPES_LOGIC) return ELEM_BOOL;
    Elem elem = types == SCALAR_TYPES_SELECT ? ELEM_BOOL : ELEM_INT;
    for (int a = types == SCALAR_TYPES_SELECT ? 1 : 0; a < count; a++)
        if (body_elem(body, args[a]) < elem) elem = body_elem(body, args[a]);
    return elem;
}

int promoted_call(Elaborator *e, Body *body, Scalar fn, int count, const int *args, Span span) {
    ScalarTypes types = scalar_table[fn].types;
    int cast_args[3] = {-1, -1, -1};
    Elem elem = common_elem(body, fn, count, args);
    for (int a = 0; a < count; a++) {
        bool condition = types == SCALAR_TYPES_SELECT && a == 0;
        bool keep =
            types == SCALAR_TYPES_TO_REAL || types == SCALAR_TYPES_TO_INT || condition || types == SCALAR_TYPES_LOGIC;
        if ((condition || types == SCALAR_TYPES_LOGIC) && body_elem(body, args[a]) != ELEM_BOOL) {
            refuse(e, span, "a condition is needed here (a bool), not %s", elem_name(body_elem(body, args[a])));
            return -1;
        }
        cast_args[a] = keep || elem == ELEM_BOOL ? args[a] : body_cast(body, elem, args[a]);
    }
    return body_call(body, fn, cast_args[0], cast_args[1], cast_args[2]);
}

static Value too_large(Elaborator *e, Shape shape, Span span) {
    return refuse(e, span, "a tensor of shape %s has more than %lld elements", shape_text(e->arena, shape),
                  (long long)ELEMENT_LIMIT);
}

Value elementwise(Elaborator *e, Scalar fn, int count, const Value *args, Span span) {
    bool indexed = false;
    for (int a = 0; a < count; a++) {
        if (is_poison(args[a])) return poison;
        indexed |= is_indexed(args[a]);
    }
    if (indexed) return scalar_elementwise(e, fn, count, args, span);
    Operand operands[3];
    Shape shape = {0};
    for (int a = 0; a < count; a++) {
        Shape common;
        bool mend_rank = false;
        if (!operand_of(e, args[a], span, &operands[a])) return poison;
        if (broadcast_shapes(e, shape, operands[a].shape, &common, &mend_rank)) {
            shape = common;
            continue;
        }
        Diagnostic *error =
            error_at(e, span, "the shapes %s and %s do not fit together%s", shape_text(e->arena, shape),
                     shape_text(e->arena, operands[a].shape),
                     mend_rank ? ": with different ranks only the lower one stretches; write [:, None]" : "");
        for (int b = 0; b <= a; b++)
            note_origin(e, error, operands[b].node);
        return poison;
    }
    int64_t elements;
    if (!shape_elements(shape, &elements)) return too_large(e, shape, span);
    if (!graph_has_room(e, span)) return poison;
    NestBuilder nest = nest_begin(e->graph, origin_at(e, span));
    for (int a = 0; a < shape.rank; a++)
        nest_free(&nest, index_letter(e, a), shape.dims[a]);
    int exprs[3];
    for (int a = 0; a < count; a++)
        exprs[a] = read_broadcast(e, &nest, &operands[a], shape);
    int result = promoted_call(e, &nest.body, fn, count, exprs, span);
    return result < 0 ? poison : value_node(nest_end(&nest, REDUCE_NONE, result));
}

Value cast(Elaborator *e, Elem elem, Value a, Span span) {
    if (a.kind == VALUE_INT && elem == ELEM_REAL) return value_real((double)a.u.integer);
    if (a.kind == VALUE_REAL && elem == ELEM_INT) return value_int((int64_t)trunc(a.u.real));
    if (a.kind == VALUE_BOOL && elem == ELEM_REAL) return value_real(a.u.boolean);
    if (a.kind == VALUE_BOOL && elem == ELEM_INT) return value_int(a.u.boolean);
    if (is_number(a)) return a;
    if (a.kind == VALUE_TENSOR && a.u.node->type.elem == elem) return a;
    if (a.kind == VALUE_STORE && a.u.store->type.elem == elem) return a;
    return elementwise(e, elem == ELEM_REAL ? SCALAR_to_real : SCALAR_to_int, 1, &a, span);
}

/* ---- operators ---- */

static Value fold_int(Elaborator *e, AstBinary op, int64_t a, int64_t b, Span span) {
    int64_t result = 0;
    switch (op) {
    case AST_ADD:
        if (!__builtin_add_overflow(a, b, &result)) return value_int(result);
        break;
    case AST_SUBTRACT:
        if (!__builtin_sub_overflow(a, b, &result)) return value_int(result);
        break;
    case AST_MULTIPLY:
        if (!__builtin_mul_overflow(a, b, &result)) return value_int(result);
        break;
    case AST_DIVIDE:
        if (b == 0) return refuse(e, span, "division by zero");
        return value_real((double)a / (double)b);
    case AST_FLOOR_DIVIDE:
    case AST_MODULO: {
        if (b == 0) return refuse(e, span, "division by zero");
        if (b == -1) return op == AST_MODULO ? value_int(0) : fold_int(e, AST_SUBTRACT, 0, a, span);
        int64_t quotient = a / b - (a % b != 0 && (a < 0) != (b < 0));
        return value_int(op == AST_MODULO ? a - quotient * b : quotient);
    }
    case AST_POWER:
        if (b < 0) return value_real(pow((double)a, (double)b));
        result = 1;
        for (int64_t i = 0; i < b; i++) {
            if (__builtin_mul_overflow(result, a, &result)) break;
            if (i == b - 1 || result == 0 || a == 1) return value_int(a == 1 ? 1 : result);
        }
        if (b == 0) return value_int(1);
        break;
    default: break;
    }
    return refuse(e, span, "the number is too large: %lld %s %lld", (long long)a, ast_binary_text(op), (long long)b);
}

static Value fold_real(Elaborator *e, AstBinary op, double a, double b, Span span) {
    switch (op) {
    case AST_ADD: return value_real(a + b);
    case AST_SUBTRACT: return value_real(a - b);
    case AST_MULTIPLY: return value_real(a * b);
    case AST_DIVIDE: return b == 0 ? refuse(e, span, "division by zero") : value_real(a / b);
    case AST_FLOOR_DIVIDE: return b == 0 ? refuse(e, span, "division by zero") : value_real(floor(a / b));
    case AST_MODULO: return b == 0 ? refuse(e, span, "division by zero") : value_real(a - floor(a / b) * b);
    case AST_POWER: return value_real(pow(a, b));
    default: return poison;
    }
}

static Value fold_comparison(AstBinary op, double a, double b) {
    switch (op) {
    case AST_LESS: return value_bool(a < b);
    case AST_LESS_EQUAL: return value_bool(a <= b);
    case AST_GREATER: return value_bool(a > b);
    case AST_GREATER_EQUAL: return value_bool(a >= b);
    case AST_EQUAL: return value_bool(a == b);
    default: return value_bool(a != b);
    }
}

static bool is_comparison(AstBinary op) {
    return op >= AST_LESS && op <= AST_NOT_EQUAL;
}

static Value fold(Elaborator *e, AstBinary op, Value a, Value b, Span span) {
    if (op == AST_OR || op == AST_AND) {
        if (a.kind != VALUE_BOOL || b.kind != VALUE_BOOL)
            return refuse(e, span, "`%s` needs two conditions, not %s and %s", ast_binary_text(op), value_text(e, a),
                          value_text(e, b));
        return value_bool(op == AST_OR ? a.u.boolean || b.u.boolean : a.u.boolean && b.u.boolean);
    }
    if (is_comparison(op)) return fold_comparison(op, number_of(a), number_of(b));
    if (a.kind == VALUE_REAL || b.kind == VALUE_REAL) return fold_real(e, op, number_of(a), number_of(b), span);
    return fold_int(e, op, (int64_t)number_of(a), (int64_t)number_of(b), span);
}

/* Sums and multiples of a bounded size are sizes; anything else makes it a number at run time. */
static bool fold_size(AstBinary op, Dim a, Dim b, Value *out) {
    Dim result, negative;
    bool ok = false;
    if (op == AST_ADD) ok = dim_add(a, b, &result);
    if (op == AST_SUBTRACT) ok = dim_scale(b, -1, &negative) && dim_add(a, negative, &result);
    if (op == AST_MULTIPLY) ok = dim_multiply(a, b, &result);
    if (ok) *out = value_dim(result);
    return ok;
}

static Scalar operator_scalar(AstBinary op, bool *swapped) {
    *swapped = op == AST_GREATER || op == AST_GREATER_EQUAL;
    switch (op) {
    case AST_OR: return SCALAR_or;
    case AST_AND: return SCALAR_and;
    case AST_LESS:
    case AST_GREATER: return SCALAR_less;
    case AST_LESS_EQUAL:
    case AST_GREATER_EQUAL: return SCALAR_less_equal;
    case AST_ADD: return SCALAR_add;
    case AST_SUBTRACT: return SCALAR_sub;
    case AST_MULTIPLY: return SCALAR_mul;
    case AST_DIVIDE: return SCALAR_div;
    case AST_FLOOR_DIVIDE: return SCALAR_quotient;
    case AST_MODULO: return SCALAR_modulo;
    case AST_POWER: return SCALAR_power;
    default: return SCALAR_equal;
    }
}

static bool joins_lists(Value a, Value b) {
    bool strings = a.kind == VALUE_STRING && b.kind == VALUE_STRING;
    return strings;
}

Value binary(Elaborator *e, AstBinary op, Value a, Value b, Span span) {
    Dim dim_a, dim_b;
    Value result;
    if (is_poison(a) || is_poison(b)) return poison;
    if (op == AST_MATMUL) return matmul(e, a, b, span);
    if (joins_lists(a, b) && (op == AST_EQUAL || op == AST_NOT_EQUAL))
        return value_bool((strcmp(a.u.string, b.u.string) == 0) == (op == AST_EQUAL));
    if (is_number(a) && is_number(b)) return fold(e, op, a, b, span);
    if (value_as_dim(a, &dim_a) && value_as_dim(b, &dim_b)) {
        if (op == AST_EQUAL && dim_equal(dim_a, dim_b)) return value_bool(true);
        if (fold_size(op, dim_a, dim_b, &result)) return result;
    }
    bool swapped;
    Scalar fn = operator_scalar(op, &swapped);
    Value args[2] = {swapped ? b : a, swapped ? a : b};
    result = elementwise(e, fn, 2, args, span);
    if (op == AST_NOT_EQUAL) result = elementwise(e, SCALAR_not, 1, &result, span);
    return result;
}

Value negate(Elaborator *e, Value a, Span span) {
    Dim dim;
    if (is_poison(a)) return poison;
    if (a.kind == VALUE_INT) return fold_int(e, AST_SUBTRACT, 0, a.u.integer, span);
    if (a.kind == VALUE_REAL) return value_real(-a.u.real);
    if (a.kind == VALUE_SIZE && dim_scale(a.u.size, -1, &dim)) return value_dim(dim);
    return elementwise(e, SCALAR_neg, 1, &a, span);
}

/* ---- products ---- */

/* NumPy's `@`: the last axis of a against the last but one of b; the axes before are broadcast. */
Value matmul(Elaborator *e, Value left, Value right, Span span) {
    Node *a = real_node_of(e, left, span), *b = real_node_of(e, right, span);
    if (a == NULL || b == NULL) return poison;
    Shape sa = a->type.shape, sb = b->type.shape;
    if (sa.rank == 0 || sb.rank == 0)
        return refuse(e, span, "`@` needs matrices or vectors; a number is multiplied by `*`");
    Dim inner_a = sa.dims[sa.rank - 1], inner_b = sb.dims[sb.rank >= 2 ? sb.rank - 2 : 0];
    if (!dim_equal(inner_a, inner_b)) {
        Diagnostic *error =
            error_at(e, span, "%s @ %s: the inner sizes %s and %s differ", shape_text(e->arena, sa),
                     shape_text(e->arena, sb), dim_text(e->arena, inner_a), dim_text(e->arena, inner_b));
        note_origin(e, error, a);
        note_origin(e, error, b);
        return poison;
    }
    Shape batch_a = {sa.rank >= 2 ? sa.rank - 2 : 0, sa.dims}, batch_b = {sb.rank >= 2 ? sb.rank - 2 : 0, sb.dims},
          batch;
    bool mend_rank;
    if (!broadcast_shapes(e, batch_a, batch_b, &batch, &mend_rank))
        return refuse(e, span, "%s @ %s: the leading axes do not fit together", shape_text(e->arena, sa),
                      shape_text(e->arena, sb));
    if (!graph_has_room(e, span)) return poison;
    NestBuilder nest = nest_begin(e->graph, origin_at(e, span));
    Affine *at_a = ARENA_ARRAY(e->arena, Affine, sa.rank), *at_b = ARENA_ARRAY(e->arena, Affine, sb.rank);
    for (int x = 0; x < batch.rank; x++)
        nest_free(&nest, index_letter(e, x), batch.dims[x]);
    int row = sa.rank >= 2 ? nest_free(&nest, "n", sa.dims[sa.rank - 2]) : -1;
    int column = sb.rank >= 2 ? nest_free(&nest, "o", sb.dims[sb.rank - 1]) : -1;
    int inner = nest_reduced(&nest, "p", inner_a);
    for (int x = 0; x < batch_a.rank; x++) {
        int axis = x + batch.rank - batch_a.rank;
        bool stretched = !dim_equal(sa.dims[x], batch.dims[axis]);
        at_a[x] = stretched ? affine_constant(dim_constant(0)) : affine_index(e->arena, axis);
    }
    for (int x = 0; x < batch_b.rank; x++) {
        int axis = x + batch.rank - batch_b.rank;
        bool stretched = !dim_equal(sb.dims[x], batch.dims[axis]);
        at_b[x] = stretched ? affine_constant(dim_constant(0)) : affine_index(e->arena, axis);
    }
    if (row >= 0) at_a[sa.rank - 2] = affine_index(e->arena, row);
    at_a[sa.rank - 1] = affine_index(e->arena, inner);
    at_b[sb.rank >= 2 ? sb.rank - 2 : 0] = affine_index(e->arena, inner);
    if (column >= 0) at_b[sb.rank - 1] = affine_index(e->arena, column);
    int product = nest_call2(&nest, SCALAR_mul, nest_read(&nest, a, at_a), nest_read(&nest, b, at_b));
    return value_node(nest_end(&nest, REDUCE_SUM, product));
}

Value swap_axes(Elaborator *e, Value value, Span span) {
    if (is_poison(value)) return poison;
    Node *node = node_of(e, value, span);
    if (node == NULL) return poison;
    Shape shape = node->type.shape;
    if (shape.rank < 2)
        return refuse(e, span, "x' swaps the last two axes; %s has %s", type_text(e->arena, node->type),
                      shape.rank == 0 ? "none" : "only one");
    NestBuilder nest = nest_begin(e->graph, origin_at(e, span));
    int *at = ARENA_ARRAY(e->arena, int, shape.rank);
    for (int a = 0; a < shape.rank; a++) {
        int axis = a < shape.rank - 2 ? a : a == shape.rank - 1 ? shape.rank - 2 : shape.rank - 1;
        at[axis] = nest_free(&nest, index_letter(e, a), shape.dims[axis]);
    }
    return value_node(nest_end(&nest, REDUCE_NONE, nest_read_at(&nest, node, at)));
}

/* ---- reductions ---- */

Value reduce_axes(Elaborator *e, Reduce reduce, Node *node, const bool *axes, bool keep, Span span) {
    Shape shape = node->type.shape;
    NestBuilder nest = nest_begin(e->graph, origin_at(e, span));
    int *at = ARENA_ARRAY(e->arena, int, shape.rank + 1);
    bool selects = reduce != REDUCE_SUM && reduce != REDUCE_PROD;
    for (int a = 0; a < shape.rank; a++) {
        if (!axes[a])
            at[a] = nest_free(&nest, index_letter(e, a), shape.dims[a]);
        else if (keep)
            nest_free(&nest, "one", dim_constant(1));
    }
    for (int a = 0; a < shape.rank; a++) {
        if (!axes[a]) continue;
        if (selects && dim_low(shape.dims[a]) == 0)
            return refuse(e, span, "%s may be over nothing: axis %d of %s can be empty",
                          reduce == REDUCE_MAX || reduce == REDUCE_ARGMAX ? "a maximum" : "a minimum", a,
                          type_text(e->arena, node->type));
        at[a] = nest_reduced(&nest, index_letter(e, a), shape.dims[a]);
    }
    int value = nest_read_at(&nest, node, at);
    if (node->type.elem == ELEM_BOOL) value = body_cast(&nest.body, ELEM_INT, value); /* a sum of bool counts */
    return value_node(nest_end(&nest, reduce, value));
}

bool shape_stretches(Elaborator *e, Shape from, Shape to) {
    Shape common;
    bool mend_rank;
    return broadcast_shapes(e, from, to, &common, &mend_rank) && shape_equal(common, to);
}

Value broadcast_to(Elaborator *e, Value value, Shape shape, Span span) {
    Operand operand;
    if (is_poison(value) || !operand_of(e, value, span, &operand) || !graph_has_room(e, span)) return poison;
    if (operand.node != NULL && shape_equal(operand.shape, shape)) return value_node(operand.node);
    if (!shape_stretches(e, operand.shape, shape))
        return refuse(e, span, "%s does not fit the shape %s", value_text(e, value), shape_text(e->arena, shape));
    int64_t elements;
    if (!shape_elements(shape, &elements)) return too_large(e, shape, span);
    NestBuilder nest = nest_begin(e->graph, origin_at(e, span));
    for (int a = 0; a < shape.rank; a++)
        nest_free(&nest, index_letter(e, a), shape.dims[a]);
    return value_node(nest_end(&nest, REDUCE_NONE, read_broadcast(e, &nest, &operand, shape)));
}

/* ---- positions and slices ---- */

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
    if (dim_is_constant(dim) && dim.constant < 0) return dim_add(size, dim, out);
    *out = dim;
    return true;
}

static bool slice_position(Elaborator *e, Scope *scope, const AstSub *sub, Dim size, Position *out) {
    Dim begin = dim_constant(0), end = size, negative, length;
    *out = (Position){.step = 1};
    if (sub->step != NULL) {
        Value step = eval(e, scope, sub->step);
        if (step.kind != VALUE_INT || step.u.integer <= 0) {
            if (!is_poison(step))
                refuse(e, sub->step->span, "the step of a slice is a positive int; flip(x, axis = ..) reverses");
            return false;
        }
        out->step = step.u.integer;
    }
    if (sub->begin != NULL && !constant_at(e, scope, sub->begin, size, &begin)) return false;
    if (sub->end != NULL && !constant_at(e, scope, sub->end, size, &end)) return false;
    if (dim_is_constant(size)) { /* bounds beyond the end are the end */
        int64_t limit = size.constant;
        if (dim_is_constant(begin))
            begin.constant = begin.constant < 0 ? 0 : begin.constant > limit ? limit : begin.constant;
        if (dim_is_constant(end)) end.constant = end.constant < 0 ? 0 : end.constant > limit ? limit : end.constant;
    }
    if (!dim_scale(begin, -1, &negative) || !dim_add(end, negative, &length)) {
        refuse(e, sub->span, "a slice from %s to %s has no size k + m*S", dim_text(e->arena, begin),
               dim_text(e->arena, end));
        return false;
    }
    if (out->step != 1 && !dim_is_constant(length)) {
        refuse(e, sub->span, "a slice with a step needs a constant length, not %s", dim_text(e->arena, length));
        return false;
    }
    if (out->step != 1) length = dim_constant((length.constant + out->step - 1) / out->step);
    if (dim_is_constant(length) && length.constant < 0) length.constant = 0;
    Dim beyond, rest;
    if (dim_low(length) < 0 ||
        (dim_scale(end, -1, &negative) && dim_add(size, negative, &beyond) && dim_low(beyond) < 0) ||
        !dim_scale(begin, 1, &rest) || dim_low(begin) < 0) {
        refuse(e, sub->span, "the slice %s:%s can leave an axis of size %s", dim_text(e->arena, begin),
               dim_text(e->arena, end), dim_text(e->arena, size));
        return false;
    }
    out->begin = begin;
    out->size = length;
    return true;
}

static bool single_position(Elaborator *e, Scope *scope, const AstSub *sub, Dim size, int axis, Position *out) {
    Value value = eval(e, scope, sub->begin);
    Dim dim, rest, negative;
    *out = (Position){.dropped = true, .step = 1};
    if (is_poison(value)) return false;
    if (!value_as_dim(value, &dim)) {
        out->gather = node_of(e, value, sub->span);
        if (out->gather == NULL) return false;
        if (out->gather->type.elem == ELEM_INT) return true;
        refuse(e, sub->span, "a position is an int, not %s", type_text(e->arena, out->gather->type));
        return false;
    }
    if (dim_is_constant(dim) && dim.constant < 0 && !dim_add(size, dim, &dim)) return false;
    bool inside =
        dim_low(dim) >= 0 && dim_scale(dim, -1, &negative) && dim_add(size, negative, &rest) && dim_low(rest) >= 1;
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
    int axis = 0;
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

static Value list_item(Elaborator *e, Scope *scope, const Values *list, const AstExpr *expr) {
    const AstSubs *subs = &expr->u.subscript.subs;
    if (subs->count != 1 || subs->at[0].kind == AST_SUB_NONE || subs->at[0].kind == AST_SUB_REST)
        return refuse(e, expr->span, "a list has one position");
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

Value subscript(Elaborator *e, Scope *scope, const AstExpr *expr) {
    Value element;
    if (indexed_read(e, scope, expr, &element)) return element;
    Value base = eval(e, scope, expr->u.subscript.base);
    if (is_poison(base)) return poison;
    if (base.kind == VALUE_LIST) return list_item(e, scope, base.u.list, expr);
    Node *node = node_of(e, base, expr->u.subscript.base->span);
    if (node == NULL) return poison;
    int most = node->type.shape.rank + expr->u.subscript.subs.count, count;
    Position *plan = ARENA_ARRAY(e->arena, Position, most);
    int *axis_of = ARENA_ARRAY(e->arena, int, most);
    if (!plan_subs(e, scope, expr, node->type.shape, plan, axis_of, &count)) return poison;
    for (int p = 0; p < count; p++) { /* an axis at a time: later numbers of axes stay as they are */
        if (plan[p].gather == NULL) continue;
        node = gather_axis(e, node, axis_of[p], plan[p].gather, expr->span);
        if (node == NULL) return poison;
        plan[p] = (Position){.dropped = true, .begin = dim_constant(0), .step = 1};
    }
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
