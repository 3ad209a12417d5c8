/* Elements, and the nests that are built from them: one for a statement, one for each reducer inside, over the outer
 * indices that it mentions. */
#include "frontend/element.h"

Element *element_new(Elaborator *e, ElementKind kind, Elem elem, Span span) {
    Element *element = ARENA_NEW(e->arena, Element);
    *element = (Element){.kind = kind, .elem = elem, .height = 1, .span = span};
    return element;
}

Element *element_of(Elaborator *e, Value value, Span span) {
    if (is_poison(value)) return NULL;
    if (value.kind == VALUE_SCALAR) return value.u.element;
    if (is_number(value)) {
        Elem elem = value.kind == VALUE_INT ? ELEM_INT : value.kind == VALUE_BOOL ? ELEM_BOOL : ELEM_REAL;
        Element *number = element_new(e, ELEMENT_NUMBER, elem, span);
        number->u.number = number_of(value);
        return number;
    }
    if (value.kind == VALUE_SIZE) {
        Element *size = element_new(e, ELEMENT_SIZE, ELEM_INT, span);
        size->u.size = value.u.size;
        return size;
    }
    Node *node = node_of(e, value, span);
    if (node == NULL) return NULL;
    if (node->type.shape.rank > 0) {
        Diagnostic *error = error_at(e, span, "%s stands beside indices: write its position on every axis",
                                     type_text(e->arena, node->type));
        note_origin(e, error, node);
        return NULL;
    }
    Element *read = element_new(e, ELEMENT_READ, node->type.elem, span);
    read->u.read.node = node;
    return read;
}

bool element_affine(Elaborator *e, const Element *element, Affine *out) {
    Affine a, b;
    switch (element->kind) {
    case ELEMENT_NUMBER:
        *out = affine_constant(dim_constant((int64_t)element->u.number));
        return element->elem == ELEM_INT;
    case ELEMENT_SIZE: *out = affine_constant(element->u.size); return true;
    case ELEMENT_INDEX: *out = affine_index(e->arena, element->u.index->id); return true;
    case ELEMENT_CALL: break;
    default: return false;
    }
    Scalar fn = element->u.call.fn;
    if (fn != SCALAR_neg && fn != SCALAR_add && fn != SCALAR_sub && fn != SCALAR_mul) return false;
    if (!element_affine(e, element->u.call.args[0], &a)) return false;
    if (fn == SCALAR_neg) return affine_scale(e->arena, a, -1, out);
    if (!element_affine(e, element->u.call.args[1], &b)) return false;
    if (fn == SCALAR_add) return affine_add(e->arena, a, b, out);
    if (fn == SCALAR_sub) return affine_scale(e->arena, b, -1, &b) && affine_add(e->arena, a, b, out);
    if (b.count == 0 && dim_is_constant(b.constant)) return affine_scale(e->arena, a, b.constant.constant, out);
    return a.count == 0 && dim_is_constant(a.constant) && affine_scale(e->arena, b, a.constant.constant, out);
}

/* ---- walks: each element once, however often it is shared ---- */

typedef struct Walk {
    unsigned number;
    bool skips_positions; /* of gathers: indices that hide outer names may stand there */
    void (*visit)(Elaborator *e, Element *element, void *context);
    void *context;
} Walk;

static void walk(Elaborator *e, const Walk *with, Element *element) {
    if (element->seen == with->number) return;
    element->seen = with->number;
    bool gathers = element->kind == ELEMENT_READ && element->u.read.positions != NULL && !with->skips_positions;
    for (int a = 0; gathers && a < element->u.read.node->type.shape.rank; a++)
        if (element->u.read.positions[a] != NULL) walk(e, with, element->u.read.positions[a]);
    if (element->kind == ELEMENT_CALL)
        for (int a = 0; a < scalar_table[element->u.call.fn].arity; a++)
            walk(e, with, element->u.call.args[a]);
    if (element->kind == ELEMENT_REDUCE) walk(e, with, element->u.reduce.operand);
    with->visit(e, element, with->context);
}

static void collect_indices(Elaborator *e, Element *element, void *context) {
    bool *occurs = context;
    if (element->kind == ELEMENT_INDEX) occurs[element->u.index->id] = true;
    if (element->kind == ELEMENT_READ)
        for (int a = 0; a < element->u.read.node->type.shape.rank; a++)
            for (int t = 0; t < element->u.read.axes[a].count; t++)
                occurs[element->u.read.axes[a].terms[t].index] = true;
    if (element->kind == ELEMENT_REDUCE) /* visited behind its operand */
        for (int v = 0; v < element->u.reduce.count; v++)
            occurs[element->u.reduce.vars[v]->id] = false;
    (void)e;
}

void element_free_vars(Elaborator *e, Element *element, IndexVars *vars) {
    bool *occurs = ARENA_ARRAY(e->arena, bool, e->vars.count + 1);
    walk(e, &(Walk){++e->stamp, false, collect_indices, occurs}, element);
    for (int v = 0; v < e->vars.count; v++)
        if (occurs[v]) vec_push(e->arena, vars, e->vars.at[v]);
}

typedef struct Found {
    Elements *reads, *reduces;
    const Element *hidden;
} Found;

static void find_reads(Elaborator *e, Element *element, void *context) {
    Found *found = context;
    if (element->kind == ELEMENT_READ) vec_push(e->arena, found->reads, element);
    if (element->kind == ELEMENT_REDUCE) vec_push(e->arena, found->reduces, element);
}

void element_reads(Elaborator *e, Element *element, Elements *reads, Elements *reduces) {
    Found found = {.reads = reads, .reduces = reduces};
    walk(e, &(Walk){++e->stamp, false, find_reads, &found}, element);
}

static void find_hidden(Elaborator *e, Element *element, void *context) {
    Found *found = context;
    bool hides = element->kind == ELEMENT_INDEX && element->u.index->hides;
    if (hides && found->hidden == NULL) found->hidden = element;
    (void)e;
}

const Element *element_hidden_use(Elaborator *e, Element *element) {
    Found found = {0};
    walk(e, &(Walk){++e->stamp, true, find_hidden, &found}, element);
    return found.hidden;
}

/* ---- nests ---- */

/* What a nest is built with; its number tells whether an element has its expression in it already. */
typedef struct Building {
    NestBuilder nest;
    unsigned number;
} Building;

static int build(Elaborator *e, Building *in, Element *element);

/* The affine positions of a read in the numbers that the indices have now. */
static const Affine *numbered_axes(Elaborator *e, const Element *element) {
    int rank = element->u.read.node->type.shape.rank;
    Affine *with = ARENA_ARRAY(e->arena, Affine, e->vars.count), *axes = ARENA_ARRAY(e->arena, Affine, rank);
    for (int v = 0; v < e->vars.count; v++)
        with[v] = e->vars.at[v]->number < 0 ? affine_constant(dim_constant(0))
                                            : affine_index(e->arena, e->vars.at[v]->number);
    for (int a = 0; a < rank && element->u.read.axes != NULL; a++)
        if (!affine_substitute(e->arena, element->u.read.axes[a], with, &axes[a]))
            internal_error("a proved position overflows");
    return axes;
}

/* ---- gathers: tensors over the indices that they mention ---- */

static int *take_numbers(Elaborator *e) {
    int *numbers = ARENA_ARRAY(e->arena, int, e->vars.count + 1);
    for (int v = 0; v < e->vars.count; v++) {
        numbers[v] = e->vars.at[v]->number;
        e->vars.at[v]->number = -1;
    }
    return numbers;
}

static void give_numbers(Elaborator *e, const int *numbers) {
    for (int v = 0; v < e->vars.count; v++)
        e->vars.at[v]->number = numbers[v];
}

/* A position as an int tensor, and where each point reads it. */
static Read position_read(Elaborator *e, Element *position, Node **ints, int *int_count) {
    bool plain = position->kind == ELEMENT_READ && position->u.read.positions == NULL;
    Read read = {.arg = ++*int_count};
    if (plain) {
        ints[read.arg - 1] = position->u.read.node;
        read.axes = numbered_axes(e, position);
        return read;
    }
    IndexVars vars = {0};
    element_free_vars(e, position, &vars);
    Affine *axes = ARENA_ARRAY(e->arena, Affine, vars.count);
    for (int v = 0; v < vars.count; v++)
        axes[v] = affine_index(e->arena, vars.at[v]->number);
    int *numbers = take_numbers(e);
    ints[read.arg - 1] = element_node(e, position, vars.at, vars.count, position->span);
    give_numbers(e, numbers);
    read.axes = axes;
    return read;
}

static Node *gather_node(Elaborator *e, Element *element, IndexVar *const *vars, int count) {
    int rank = element->u.read.node->type.shape.rank, ints_count = 0;
    Index *points = ARENA_ARRAY(e->arena, Index, count);
    Read *reads = ARENA_ARRAY(e->arena, Read, rank);
    Coordinate *axes = ARENA_ARRAY(e->arena, Coordinate, rank);
    Node **ints = ARENA_ARRAY(e->arena, Node *, rank);
    int *numbers = take_numbers(e);
    for (int v = 0; v < count; v++) {
        IndexVar *var = vars[v];
        points[v] = (Index){.kind = INDEX_FREE, .name = var->name, .size = var->size};
        var->number = v;
    }
    const Affine *affine = numbered_axes(e, element);
    bool ok = true;
    for (int a = 0; a < rank; a++) {
        Element *position = element->u.read.positions[a];
        axes[a] = (Coordinate){affine[a], NO_READ};
        if (position == NULL) continue;
        axes[a] = (Coordinate){affine_constant(dim_constant(0)), ints_count};
        reads[ints_count] = position_read(e, position, ints, &ints_count);
        ok = ok && ints[ints_count - 1] != NULL;
    }
    give_numbers(e, numbers);
    const Addressing addressing = {count, ints_count, points, reads, rank, axes};
    return ok ? build_gather(e->graph, element->u.read.node, &addressing, ints, origin_at(e, element->span)) : NULL;
}

/* Its element at the indices of the nest; made where that has not happened yet. */
static int build_made(Elaborator *e, Building *in, Element *element, Made *made,
                      Node *(*make)(Elaborator *e, Element *element, IndexVar *const *vars, int count)) {
    if (made->node == NULL) {
        IndexVars outer = {0};
        element_free_vars(e, element, &outer);
        *made = (Made){make(e, element, outer.at, outer.count), outer.count, outer.at};
        if (made->node == NULL) return -1;
    }
    int *at = ARENA_ARRAY(e->arena, int, made->count + 1);
    for (int v = 0; v < made->count; v++)
        at[v] = made->vars[v]->number;
    return nest_read_at(&in->nest, made->node, at);
}

static int build_read(Elaborator *e, Building *in, Element *element) {
    if (element->u.read.positions != NULL) return build_made(e, in, element, &element->u.read.made, gather_node);
    return nest_read(&in->nest, element->u.read.node, numbered_axes(e, element));
}

static int build_call(Elaborator *e, Building *in, const Element *element) {
    Scalar fn = element->u.call.fn;
    int args[3] = {-1, -1, -1};
    for (int a = 0; a < scalar_table[fn].arity; a++) {
        args[a] = build(e, in, element->u.call.args[a]);
        if (args[a] < 0) return -1;
    }
    if (fn == SCALAR_to_real || fn == SCALAR_to_int)
        return body_cast(&in->nest.body, fn == SCALAR_to_real ? ELEM_REAL : ELEM_INT, args[0]);
    return promoted_call(e, &in->nest.body, fn, scalar_table[fn].arity, args, element->span);
}

/* sum[i] sum[j] is sum[i, j], and so on. */
static bool merges(Reduce outer, const Element *inner) {
    bool associative = outer != REDUCE_ARGMAX && outer != REDUCE_ARGMIN;
    return associative && inner->kind == ELEMENT_REDUCE && inner->u.reduce.reduce == outer;
}

static Node *reduction_node(Elaborator *e, Element *element, IndexVar *const *outer, int outer_count) {
    Building in = {nest_begin(e->graph, origin_at(e, element->span)), ++e->stamp};
    int *numbers = take_numbers(e);
    for (int v = 0; v < outer_count; v++)
        outer[v]->number = nest_free(&in.nest, outer[v]->name, outer[v]->size);
    Reduce reduce = element->u.reduce.reduce;
    do {
        for (int v = 0; v < element->u.reduce.count; v++) {
            IndexVar *var = element->u.reduce.vars[v];
            var->number = nest_reduced(&in.nest, var->name, var->size);
        }
        element = element->u.reduce.operand;
    } while (merges(reduce, element));
    int body = build(e, &in, element);
    if (body >= 0 && body_elem(&in.nest.body, body) == ELEM_BOOL) body = body_cast(&in.nest.body, ELEM_INT, body);
    give_numbers(e, numbers);
    return body < 0 ? NULL : nest_end(&in.nest, reduce, body);
}

static int build(Elaborator *e, Building *in, Element *element) {
    if (element->nest == in->number) return element->expr;
    Body *body = &in->nest.body;
    int expr = -1;
    switch (element->kind) {
    case ELEMENT_NUMBER: expr = body_literal(body, element->elem, element->u.number); break;
    case ELEMENT_SIZE: expr = body_size(body, element->u.size); break;
    case ELEMENT_INDEX: expr = body_index(body, element->u.index->number); break;
    case ELEMENT_READ: expr = build_read(e, in, element); break;
    case ELEMENT_CALL: expr = build_call(e, in, element); break;
    case ELEMENT_REDUCE: expr = build_made(e, in, element, &element->u.reduce.made, reduction_node); break;
    }
    element->nest = in->number;
    element->expr = expr;
    return expr;
}

Node *element_node(Elaborator *e, Element *element, IndexVar *const *vars, int count, Span span) {
    if (element->kind == ELEMENT_REDUCE) return reduction_node(e, element, vars, count);
    Building in = {nest_begin(e->graph, origin_at(e, span)), ++e->stamp};
    for (int v = 0; v < count; v++)
        vars[v]->number = nest_free(&in.nest, vars[v]->name, vars[v]->size);
    int body = build(e, &in, element);
    return body < 0 ? NULL : nest_end(&in.nest, REDUCE_NONE, body);
}
