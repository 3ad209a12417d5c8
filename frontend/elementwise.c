/* Functions of elements, with broadcasting. */
#include "frontend/elaborator.h"
#include <math.h>

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
bool broadcast_shapes(Elaborator *e, Shape a, Shape b, Shape *out, bool *mend_rank) {
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

void broadcast_axes(Elaborator *e, Shape from, Shape to, Affine *axes) {
    for (int a = 0; a < from.rank; a++) {
        int axis = a + to.rank - from.rank;
        bool stretched = !dim_equal(from.dims[a], to.dims[axis]);
        axes[a] = stretched ? affine_constant(dim_constant(0)) : affine_index(e->arena, axis);
    }
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
    broadcast_axes(e, operand->shape, shape, axes);
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

static bool ints_fit(Elaborator *e, const Body *body, int count, const int *args, Span span) {
    for (int a = 0; a < count; a++) {
        const Expr *expr = &body->exprs.at[args[a]];
        if (expr->kind == EXPR_LITERAL && body_elem(body, args[a]) == ELEM_INT && !int_fits(e, expr->u.number, span))
            return false;
    }
    return true;
}

int promoted_call(Elaborator *e, Body *body, Scalar fn, int count, const int *args, Span span) {
    ScalarTypes types = scalar_table[fn].types;
    int cast_args[3] = {-1, -1, -1};
    Elem elem = common_elem(body, fn, count, args);
    if (elem == ELEM_INT && !ints_fit(e, body, count, args, span)) return -1;
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

static void say_misfit(Elaborator *e, const Operand *operands, int at, Shape shape, bool mend_rank, Span span) {
    Diagnostic *error =
        error_at(e, span, "the shapes %s and %s do not fit together%s", shape_text(e->arena, shape),
                 shape_text(e->arena, operands[at].shape),
                 mend_rank ? ": with different ranks only the lower one stretches; write [:, None]" : "");
    for (int a = 0; a <= at; a++)
        note_origin(e, error, operands[a].node);
}

/* The operands, and the shape that all of them stretch to. */
static bool fit_operands(Elaborator *e, int count, const Value *args, Operand *operands, Shape *shape, Span span) {
    int64_t elements;
    *shape = (Shape){0};
    for (int a = 0; a < count; a++) {
        Shape common;
        bool mend_rank = false;
        if (!operand_of(e, args[a], span, &operands[a])) return false;
        if (!broadcast_shapes(e, *shape, operands[a].shape, &common, &mend_rank)) {
            say_misfit(e, operands, a, *shape, mend_rank, span);
            return false;
        }
        *shape = common;
    }
    if (shape_elements(*shape, &elements)) return graph_has_room(e, span);
    too_large(e, *shape, span);
    return false;
}

Value elementwise(Elaborator *e, Scalar fn, int count, const Value *args, Span span) {
    Operand operands[3];
    Shape shape;
    bool indexed = false;
    for (int a = 0; a < count; a++) {
        if (is_poison(args[a])) return poison;
        indexed |= is_indexed(args[a]);
    }
    if (indexed) return scalar_elementwise(e, fn, count, args, span);
    if (!fit_operands(e, count, args, operands, &shape, span)) return poison;
    NestBuilder nest = nest_begin(e->graph, origin_at(e, span));
    for (int a = 0; a < shape.rank; a++)
        nest_free(&nest, index_letter(e, a), shape.dims[a]);
    int exprs[3];
    for (int a = 0; a < count; a++)
        exprs[a] = read_broadcast(e, &nest, &operands[a], shape);
    int result = promoted_call(e, &nest.body, fn, count, exprs, span);
    return result < 0 ? poison : value_node(nest_end(&nest, REDUCE_NONE, result));
}

/* Towards zero, of a number that is known while compiling. */
static Value int_of_real(Elaborator *e, double real, Span span) {
    if (fabs(real) < 0x1p63) return value_int((int64_t)trunc(real));
    if (real != real) return refuse(e, span, "an int of what is no number");
    return refuse(e, span, "the number %g is too large for an int", real);
}

Value cast(Elaborator *e, Elem elem, Value a, Span span) {
    if (a.kind == VALUE_INT && elem == ELEM_REAL) return value_real((double)a.u.integer);
    if (a.kind == VALUE_REAL && elem == ELEM_INT) return int_of_real(e, a.u.real, span);
    if (a.kind == VALUE_BOOL && elem == ELEM_REAL) return value_real(a.u.boolean);
    if (a.kind == VALUE_BOOL && elem == ELEM_INT) return value_int(a.u.boolean);
    if (is_number(a)) return a;
    if (a.kind == VALUE_TENSOR && a.u.node->type.elem == elem) return a;
    if (a.kind == VALUE_STORE && a.u.store->type.elem == elem) return a;
    return elementwise(e, elem == ELEM_REAL ? SCALAR_to_real : SCALAR_to_int, 1, &a, span);
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
