/* Index notation: y[n, o] = sum[i] x[n, i] * w[i, o].
 *
 * The right side is evaluated like any other expression, with its indices bound in a scope of their own; what meets an
 * index becomes an element (element.h). When the statement is complete, its ranges are found and proved, and nests are
 * built. A subexpression without indices keeps its array meaning. */
#include "frontend/element.h"
#include <string.h>

/* ---- elementwise, beside indices ---- */

/* As promoted_call in tensor.c will find it. */
static Elem result_elem(Scalar fn, int count, Element *const *args) {
    switch (scalar_table[fn].types) {
    case SCALAR_TYPES_REAL:
    case SCALAR_TYPES_TO_REAL: return ELEM_REAL;
    case SCALAR_TYPES_TO_INT: return ELEM_INT;
    case SCALAR_TYPES_COMPARE:
    case SCALAR_TYPES_LOGIC: return ELEM_BOOL;
    case SCALAR_TYPES_NUMBER:
    case SCALAR_TYPES_SELECT: break;
    }
    bool selects = scalar_table[fn].types == SCALAR_TYPES_SELECT;
    Elem elem = selects ? ELEM_BOOL : ELEM_INT;
    for (int a = selects ? 1 : 0; a < count; a++)
        if (args[a]->elem < elem) elem = args[a]->elem;
    return elem;
}

static Element *call_element(Elaborator *e, Scalar fn, int count, Element *const *args, Span span) {
    Element *call = element_new(e, ELEMENT_CALL, result_elem(fn, count, args), span);
    call->u.call.fn = fn;
    for (int a = 0; a < count; a++) {
        call->u.call.args[a] = args[a];
        if (args[a]->height >= call->height) call->height = args[a]->height + 1;
    }
    if (call->height <= ELEMENT_HEIGHT_LIMIT) return call;
    refuse(e, span, "an element of more than %d operations in each other", ELEMENT_HEIGHT_LIMIT);
    return NULL;
}

static Value value_element(Element *element) {
    return element == NULL ? poison : (Value){VALUE_SCALAR, {.element = element}};
}

Value scalar_elementwise(Elaborator *e, Scalar fn, int count, const Value *args, Span span) {
    Element *elements[3];
    for (int a = 0; a < count; a++) {
        elements[a] = element_of(e, args[a], span);
        if (elements[a] == NULL) return poison;
    }
    return value_element(call_element(e, fn, count, elements, span));
}

/* ---- indices ---- */

static IndexVar *new_var(Elaborator *e, const char *name, Span span) {
    IndexVar *var = ARENA_NEW(e->arena, IndexVar);
    *var = (IndexVar){.name = intern_text(e->names, name), .span = span, .id = e->vars.count, .number = -1};
    vec_push(e->arena, &e->vars, var);
    return var;
}

/* Only what could be meant by the name as a number is hidden from the reader. */
static bool hides_number(Scope *scope, Name name) {
    const Binding *binding = scope_find(scope, name);
    if (binding == NULL) return false;
    Value value = binding->value;
    return is_number(value) || is_tensor(value) || is_indexed(value) || value.kind == VALUE_SIZE;
}

static bool take_bound(Elaborator *e, Scope *scope, const AstExpr *expr, IndexVar *var) {
    Value bound = eval(e, scope, expr);
    if (is_poison(bound)) return false;
    var->known = var->written = value_as_dim(bound, &var->size) && dim_low(var->size) >= 0;
    if (!var->known)
        refuse(e, expr->span, "the range of `%s` is a size or a number that is known while compiling, not %s",
               var->name, value_text(e, bound));
    return var->known;
}

/* Binds the indices in a scope of their own; NULL after an error. */
static Scope *bind_indices(Elaborator *e, Scope *outer, const AstIndices *indices, IndexVar **vars) {
    Scope *scope = scope_new(e, SCOPE_FUNCTION, outer);
    bool ok = true;
    for (int i = 0; i < indices->count; i++) {
        AstName name = indices->at[i].name;
        if (scope_find_here(scope, name.name) != NULL) {
            refuse(e, name.span, "the index `%s` stands twice", name.name);
            return NULL;
        }
        vars[i] = new_var(e, name.name, name.span);
        vars[i]->hides = hides_number(outer, name.name);
        if (indices->at[i].bound != NULL) ok &= take_bound(e, outer, indices->at[i].bound, vars[i]);
        Element *index = element_new(e, ELEMENT_INDEX, ELEM_INT, name.span);
        index->u.index = vars[i];
        scope_bind(e, scope, name.name, value_element(index), name.span);
    }
    return ok ? scope : NULL;
}

/* Numbers of indices begin anew with each statement that stands in no other. */
static void enter(Elaborator *e) {
    if (e->index_depth++ == 0) e->vars.count = 0;
}

static void leave(Elaborator *e) {
    e->index_depth--;
}

/* ---- reads ---- */

static Element *position_element(Elaborator *e, Value value, Span span) {
    Element *position = element_of(e, value, span);
    if (position == NULL || position->elem == ELEM_INT) return position;
    refuse(e, span, "a position is an int; reals become one by int(x)");
    return NULL;
}

static Value read_at(Elaborator *e, Node *node, const AstSubs *subs, const Value *values, Span span) {
    int rank = node->type.shape.rank;
    Affine *axes = ARENA_ARRAY(e->arena, Affine, rank + 1);
    Span *spans = ARENA_ARRAY(e->arena, Span, rank + 1);
    Element **gathered = ARENA_ARRAY(e->arena, Element *, rank + 1);
    bool gathers = false;
    for (int a = 0; a < rank; a++) {
        spans[a] = subs->at[a].span;
        Element *position = position_element(e, values[a], spans[a]);
        if (position == NULL) return poison;
        if (element_affine(e, position, &axes[a])) continue;
        axes[a] = affine_constant(dim_constant(0));
        gathers = true;
        gathered[a] = position;
        if (position->kind == ELEMENT_READ)
            limit_positions(e, position->u.read.node, node->type.shape.dims[a], spans[a]);
    }
    Element *read = element_new(e, ELEMENT_READ, node->type.elem, span);
    read->u.read.node = node;
    read->u.read.axes = axes;
    read->u.read.spans = spans;
    read->u.read.positions = gathers ? gathered : NULL;
    return value_element(read);
}

bool indexed_read(Elaborator *e, Scope *scope, const AstExpr *expr, Value *out) {
    const AstSubs *subs = &expr->u.subscript.subs;
    Value *values = ARENA_ARRAY(e->arena, Value, subs->count + 1);
    bool indexed = false, failed = false;
    if (e->index_depth == 0) return false;
    for (int s = 0; s < subs->count; s++) {
        values[s] = poison;
        if (subs->at[s].kind != AST_SUB_AT) continue;
        values[s] = eval(e, scope, subs->at[s].begin);
        indexed |= is_indexed(values[s]);
        failed |= is_poison(values[s]);
    }
    *out = poison;
    if (failed) return true;
    if (!indexed) return false;
    Value base = eval(e, scope, expr->u.subscript.base);
    Node *node = node_of(e, base, expr->u.subscript.base->span);
    if (node == NULL) return true;
    for (int s = 0; s < subs->count; s++)
        if (subs->at[s].kind != AST_SUB_AT) {
            refuse(e, subs->at[s].span,
                   "`:`, `None` and `..` belong to array notation; beside indices a position is one");
            return true;
        }
    if (subs->count == node->type.shape.rank) {
        *out = read_at(e, node, subs, values, expr->span);
        return true;
    }
    Diagnostic *error = error_at(e, expr->span, "%d position%s for %s: beside indices every axis has one", subs->count,
                                 subs->count == 1 ? "" : "s", type_text(e->arena, node->type));
    note_origin(e, error, node);
    return true;
}

/* ---- statements and reducers ---- */

static bool no_hidden_use(Elaborator *e, Element *element) {
    const Element *use = element_hidden_use(e, element);
    if (use == NULL) return true;
    refuse(e, use->u.index->span,
           "the index `%s` hides another `%s`, and is used as a number: give it a name of its own", use->u.index->name,
           use->u.index->name);
    return false;
}

static bool size_is_allowed(Elaborator *e, IndexVar *const *vars, int count, Span span) {
    Dim *dims = ARENA_ARRAY(e->arena, Dim, count);
    for (int v = 0; v < count; v++)
        dims[v] = vars[v]->size;
    Shape shape = {count, dims};
    int64_t elements;
    if (count > RANK_LIMIT) {
        refuse(e, span, "a tensor has at most %d axes, not %d", RANK_LIMIT, count);
        return false;
    }
    if (shape_elements(shape, &elements)) return true;
    refuse(e, span, "a tensor of shape %s has more than %lld elements", shape_text(e->arena, shape),
           (long long)ELEMENT_LIMIT);
    return false;
}

static bool reduces_something(Elaborator *e, Element *element) {
    Elements reads = {0}, reduces = {0};
    element_reads(e, element, &reads, &reduces);
    for (int r = 0; r < reduces.count; r++) {
        Reduce reduce = reduces.at[r]->u.reduce.reduce;
        if (reduce == REDUCE_SUM || reduce == REDUCE_PROD) continue;
        for (int v = 0; v < reduces.at[r]->u.reduce.count; v++)
            if (dim_low(reduces.at[r]->u.reduce.vars[v]->size) == 0) {
                refuse(e, reduces.at[r]->span, "a largest, smallest or their position over a range that may be empty");
                return false;
            }
    }
    return true;
}

/* A complete statement: the tensor over vars. */
static Value finish(Elaborator *e, Element *element, IndexVar *const *vars, int count, Span span) {
    if (!infer_ranges(e, element, vars, count) || !no_hidden_use(e, element) || !reduces_something(e, element) ||
        !size_is_allowed(e, vars, count, span))
        return poison;
    return value_node(element_node(e, element, vars, count, span));
}

static const IndexVar *foreign_var(Elaborator *e, Element *element, IndexVar *const *vars, int count) {
    IndexVars occurring = {0};
    element_free_vars(e, element, &occurring);
    for (int v = 0; v < occurring.count; v++) {
        bool own = false;
        for (int w = 0; w < count; w++)
            own |= vars[w] == occurring.at[v];
        if (!own) return occurring.at[v];
    }
    return NULL;
}

static Reduce reduce_of(AstReducer reducer) {
    static const Reduce reduces[] = {REDUCE_NONE, REDUCE_SUM,    REDUCE_PROD,  REDUCE_MAX,
                                     REDUCE_MIN,  REDUCE_ARGMAX, REDUCE_ARGMIN};
    return reduces[reducer];
}

static Element *reduce_element(Elaborator *e, Scope *scope, const AstExpr *expr) {
    const AstIndices *indices = &expr->u.reduce.indices;
    IndexVar **vars = ARENA_ARRAY(e->arena, IndexVar *, indices->count);
    Scope *inner = bind_indices(e, scope, indices, vars);
    if (inner == NULL) return NULL;
    Element *operand = element_of(e, eval(e, inner, expr->u.reduce.operand), expr->u.reduce.operand->span);
    if (operand == NULL) return NULL;
    Reduce reduce = reduce_of(expr->u.reduce.reducer);
    bool is_position = reduce == REDUCE_ARGMAX || reduce == REDUCE_ARGMIN, is_real = operand->elem == ELEM_REAL;
    Element *element = element_new(e, ELEMENT_REDUCE, is_real && !is_position ? ELEM_REAL : ELEM_INT, expr->span);
    element->height = operand->height + 1;
    element->u.reduce.reduce = reduce;
    element->u.reduce.count = indices->count;
    element->u.reduce.vars = vars;
    element->u.reduce.operand = operand;
    if (element->height <= ELEMENT_HEIGHT_LIMIT) return element;
    refuse(e, expr->span, "an element of more than %d operations in each other", ELEMENT_HEIGHT_LIMIT);
    return NULL;
}

static bool has_graph(Elaborator *e, Span span) {
    if (e->graph == NULL) refuse(e, span, "tensors exist only in entries: here values are known while compiling");
    return e->graph != NULL;
}

/* One that depends on no index around it is a tensor by itself. */
Value eval_reduce(Elaborator *e, Scope *scope, const AstExpr *expr) {
    if (!has_graph(e, expr->span)) return poison;
    enter(e);
    Element *element = reduce_element(e, scope, expr);
    Value value = value_element(element);
    if (element != NULL && foreign_var(e, element, NULL, 0) == NULL) value = finish(e, element, NULL, 0, expr->span);
    leave(e);
    return value;
}

Value eval_indexed(Elaborator *e, Scope *scope, const AstIndices *indices, const AstExprs *values, Span span) {
    if (values->count != 1) return refuse(e, span, "an index statement has one right side");
    if (!has_graph(e, span)) return poison;
    enter(e);
    IndexVar **vars = ARENA_ARRAY(e->arena, IndexVar *, indices->count);
    Scope *inner = bind_indices(e, scope, indices, vars);
    const AstExpr *expr = values->at[0];
    Element *element = inner == NULL ? NULL : element_of(e, eval(e, inner, expr), expr->span);
    const IndexVar *foreign = element == NULL ? NULL : foreign_var(e, element, vars, indices->count);
    Value value = poison;
    if (foreign != NULL)
        refuse(e, span, "a tensor is made here for each `%s`: a function that is called beside indices sees scalars",
               foreign->name);
    else if (element != NULL)
        value = finish(e, element, vars, indices->count, span);
    leave(e);
    return value;
}

/* ---- positions that are tensors ---- */

/* Whether a nest gives each element of its argument, in whatever order of axes. */
static bool only_orders_axes(const Node *node) {
    if (node->op != OP_nest || node->u.nest.reduce != REDUCE_NONE || node->u.nest.read_count != 1) return false;
    const Read *read = &node->u.nest.reads[0];
    const Body *body = &node->u.nest.body;
    const Shape shape = node->args[read->arg]->type.shape;
    if (body->exprs.at[body->exprs.count - 1].kind != EXPR_READ || shape.rank != node->type.shape.rank) return false;
    bool met[RANK_LIMIT] = {false};
    for (int a = 0; a < shape.rank; a++) {
        int index;
        if (!affine_is_index(read->axes[a], &index) || index >= shape.rank || met[index]) return false;
        if (!dim_equal(node->u.nest.indices[index].size, shape.dims[a])) return false;
        met[index] = true;
    }
    return true;
}

/* The argument of the entry that a position is, with its axes in whatever order, or NULL */
static Argument *argument_as_position(const Node *position) {
    while (only_orders_axes(position))
        position = position->args[0];
    if (position->op == OP_input) return position->u.input;
    if (position->op == OP_store && position->u.store->kind == STORE_ARGUMENT) return position->u.store->argument;
    return NULL;
}

/* An argument that is a position itself is checked at the border of the entry: the least size that it meets counts. */
void limit_positions(Elaborator *e, const Node *position, Dim size, Span span) {
    (void)e, (void)span;
    Argument *argument = argument_as_position(position);
    if (argument == NULL) return;
    int64_t high = dim_low(size) - 1;
    if (argument->low > argument->high) {
        argument->low = 0;
        argument->high = high;
    } else if (high < argument->high) {
        argument->high = high;
    }
}

/* The shape that all positions are broadcast to; false after an error. */
static bool common_shape(Elaborator *e, Node *const *positions, int rank, Shape *shape, Span span) {
    bool mend;
    *shape = (Shape){0, NULL};
    for (int a = 0; a < rank; a++) {
        if (positions[a] == NULL || broadcast_shapes(e, *shape, positions[a]->type.shape, shape, &mend)) continue;
        refuse(e, span, "positions of shapes %s and %s do not stretch to a common one", shape_text(e->arena, *shape),
               shape_text(e->arena, positions[a]->type.shape));
        return false;
    }
    return true;
}

/* x[.., ids, ..] in array notation: the axes of the positions stand where the first of them stood. */
Node *gather_axes(Elaborator *e, Node *node, Node *const *positions, int first, Span span) {
    int rank = node->type.shape.rank, count = 0, ints_count = 0;
    Shape stretched;
    if (!common_shape(e, positions, rank, &stretched, span)) return NULL;
    Index *points = ARENA_ARRAY(e->arena, Index, rank + stretched.rank);
    Coordinate *axes = ARENA_ARRAY(e->arena, Coordinate, rank);
    Read *reads = ARENA_ARRAY(e->arena, Read, rank);
    Node **ints = ARENA_ARRAY(e->arena, Node *, rank);
    for (int a = 0; a < rank; a++) {
        for (int p = 0; a == first && p < stretched.rank; p++, count++)
            points[count] = (Index){.kind = INDEX_FREE, .name = index_letter(e, count), .size = stretched.dims[p]};
        if (positions[a] == NULL) {
            axes[a] = (Coordinate){affine_index(e->arena, count), NO_READ};
            points[count] =
                (Index){.kind = INDEX_FREE, .name = index_letter(e, count), .size = node->type.shape.dims[a]};
            count++;
            continue;
        }
        limit_positions(e, positions[a], node->type.shape.dims[a], span);
        Affine *at = ARENA_ARRAY(e->arena, Affine, positions[a]->type.shape.rank);
        broadcast_axes(e, positions[a]->type.shape, stretched, at);
        for (int p = 0; p < positions[a]->type.shape.rank; p++) /* the positions' axes begin at `first` */
            if (at[p].count > 0) at[p] = affine_index(e->arena, at[p].terms[0].index + first);
        axes[a] = (Coordinate){affine_constant(dim_constant(0)), ints_count};
        reads[ints_count] = (Read){ints_count + 1, at};
        ints[ints_count++] = positions[a];
    }
    if (count > RANK_LIMIT) {
        refuse(e, span, "a tensor has at most %d axes, not %d", RANK_LIMIT, count);
        return NULL;
    }
    const Addressing addressing = {count, ints_count, points, reads, rank, axes};
    return build_gather(e->graph, node, &addressing, ints, origin_at(e, span));
}
