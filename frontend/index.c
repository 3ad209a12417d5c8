/* Index notation: y[n, o] = sum[i] x[n, i] * w[i, o].
 *
 * A statement is walked twice. The first walk collects its indices and the reads they stand in, and infers every range
 * (ranges.c); the second builds nests: one for the statement, one for each reducer inside, over the outer indices that
 * it mentions. A subexpression without indices keeps its array meaning and is elaborated once. */
#include "frontend/ranges.h"
#include <string.h>

/* ---- scopes of indices ---- */

static IndexVar *find_var(const IndexStatement *statement, Name name) {
    for (int v = statement->visible.count - 1; v >= 0; v--)
        if (statement->visible.at[v]->name == name) return statement->visible.at[v];
    return NULL;
}

static bool mentions_index(const IndexStatement *statement, const AstExpr *expr);

static bool any_mentions(const IndexStatement *statement, const AstArgs *args) {
    for (int a = 0; a < args->count; a++)
        if (mentions_index(statement, args->at[a].value)) return true;
    return false;
}

static bool subs_mention(const IndexStatement *statement, const AstSubs *subs) {
    for (int s = 0; s < subs->count; s++) {
        const AstSub *sub = &subs->at[s];
        const AstExpr *parts[] = {sub->begin, sub->end, sub->step};
        for (int p = 0; p < 3; p++)
            if (parts[p] != NULL && mentions_index(statement, parts[p])) return true;
    }
    return false;
}

static bool mentions_index(const IndexStatement *statement, const AstExpr *expr) {
    switch (expr->kind) {
    case AST_NAME: return find_var(statement, expr->u.name) != NULL;
    case AST_SUBSCRIPT:
        return mentions_index(statement, expr->u.subscript.base) || subs_mention(statement, &expr->u.subscript.subs);
    case AST_CALL: return any_mentions(statement, &expr->u.call.args);
    case AST_TRANSPOSE: return mentions_index(statement, expr->u.operand);
    case AST_UNARY: return mentions_index(statement, expr->u.unary.operand);
    case AST_BINARY:
        return mentions_index(statement, expr->u.binary.left) || mentions_index(statement, expr->u.binary.right);
    case AST_REDUCE: return mentions_index(statement, expr->u.reduce.operand);
    case AST_LIST:
        for (int i = 0; i < expr->u.list.count; i++)
            if (mentions_index(statement, expr->u.list.at[i].value)) return true;
        return false;
    default: return false;
    }
}

bool subscript_is_indexed(Elaborator *e, Scope *scope, const AstExpr *expr) {
    (void)scope;
    return subs_mention(e->indices, &expr->u.subscript.subs);
}

/* ---- affine positions ---- */

/* The position as an affine expression of the statement's indices, by IndexVar.number_in_statement; false: it is not.
 */
static bool position_affine(Elaborator *e, Scope *scope, const AstExpr *expr, Affine *out) {
    if (expr->kind == AST_NAME) {
        IndexVar *var = find_var(e->indices, expr->u.name);
        if (var != NULL) {
            *out = affine_index(e->arena, var_position(e->indices, var));
            return true;
        }
    }
    if (!mentions_index(e->indices, expr)) {
        Dim dim;
        Value value = eval(e, scope, expr);
        if (!value_as_dim(value, &dim)) return false;
        *out = affine_constant(dim);
        return true;
    }
    Affine a, b;
    if (expr->kind == AST_UNARY && expr->u.unary.op == AST_NEGATE)
        return position_affine(e, scope, expr->u.unary.operand, &a) && affine_scale(e->arena, a, -1, out);
    if (expr->kind != AST_BINARY) return false;
    AstBinary op = expr->u.binary.op;
    if (op != AST_ADD && op != AST_SUBTRACT && op != AST_MULTIPLY) return false;
    if (!position_affine(e, scope, expr->u.binary.left, &a) || !position_affine(e, scope, expr->u.binary.right, &b))
        return false;
    if (op == AST_ADD) return affine_add(e->arena, a, b, out);
    if (op == AST_SUBTRACT) return affine_scale(e->arena, b, -1, &b) && affine_add(e->arena, a, b, out);
    if (b.count == 0 && dim_is_constant(b.constant)) return affine_scale(e->arena, a, b.constant.constant, out);
    return a.count == 0 && dim_is_constant(a.constant) && affine_scale(e->arena, b, a.constant.constant, out);
}

/* ---- the first walk: reads and indices ---- */

static Node *base_node(Elaborator *e, Scope *scope, const AstExpr *base) {
    IndexStatement *statement = e->indices;
    for (int b = 0; b < statement->bases.count; b++)
        if (statement->bases.at[b].expr == base) return statement->bases.at[b].node;
    NestBuilder *nest = e->nest;
    e->indices = NULL; /* array notation inside */
    e->nest = NULL;
    Value value = eval(e, scope, base);
    Node *node = is_poison(value) ? NULL : node_of(e, value, base->span);
    e->indices = statement;
    e->nest = nest;
    vec_push(e->arena, &statement->bases, (IndexBase){base, node});
    return node;
}

static void collect(Elaborator *e, Scope *scope, const AstExpr *expr);

static void collect_read(Elaborator *e, Scope *scope, const AstExpr *expr) {
    const AstSubs *subs = &expr->u.subscript.subs;
    Node *node = base_node(e, scope, expr->u.subscript.base);
    if (node == NULL) {
        e->indices->failed = true;
        return;
    }
    Shape shape = node->type.shape;
    if (subs->count != shape.rank) {
        Diagnostic *error = error_at(e, expr->span, "%d position%s for %s: beside indices every axis has one",
                                     subs->count, subs->count == 1 ? "" : "s", type_text(e->arena, node->type));
        note_origin(e, error, node);
        e->indices->failed = true;
        return;
    }
    IndexRead read = {.expr = expr,
                      .node = node,
                      .affine = ARENA_ARRAY(e->arena, bool, shape.rank),
                      .axes = ARENA_ARRAY(e->arena, Affine, shape.rank)};
    for (int s = 0; s < subs->count; s++) {
        if (subs->at[s].kind != AST_SUB_AT) {
            refuse(e, subs->at[s].span,
                   "`:`, `None` and `..` belong to array notation; beside indices a position is one");
            e->indices->failed = true;
            return;
        }
        read.affine[s] = position_affine(e, scope, subs->at[s].begin, &read.axes[s]);
        if (!read.affine[s]) collect(e, scope, subs->at[s].begin);
    }
    vec_push(e->arena, &e->indices->reads, read);
}

static IndexVar *new_var(Elaborator *e, Scope *scope, const AstIndex *index) {
    IndexVar *var = ARENA_NEW(e->arena, IndexVar);
    *var = (IndexVar){.name = index->name.name, .span = index->name.span, .number = -1};
    if (index->bound != NULL) {
        Value bound = eval(e, scope, index->bound);
        var->known = var->written = value_as_dim(bound, &var->size) && dim_low(var->size) >= 0;
        if (!var->known && !is_poison(bound))
            refuse(e, index->bound->span,
                   "the range of `%s` is a size or a number that is known while compiling, not %s", var->name,
                   value_text(e, bound));
        if (!var->known) e->indices->failed = true;
    }
    vec_push(e->arena, &e->indices->vars, var);
    return var;
}

/* A reducer's indices exist inside it alone; the second walk finds the same ones again. */
static void collect_reduce(Elaborator *e, Scope *scope, const AstExpr *expr) {
    IndexStatement *statement = e->indices;
    int outer = statement->visible.count;
    IndexReduce reduce = {.expr = expr, .first = statement->vars.count};
    for (int i = 0; i < expr->u.reduce.indices.count; i++)
        new_var(e, scope, &expr->u.reduce.indices.at[i]);
    vec_push(e->arena, &statement->reduces, reduce);
    for (int i = 0; i < expr->u.reduce.indices.count; i++)
        vec_push(e->arena, &statement->visible, statement->vars.at[reduce.first + i]);
    collect(e, scope, expr->u.reduce.operand);
    statement->visible.count = outer;
}

static void collect(Elaborator *e, Scope *scope, const AstExpr *expr) {
    switch (expr->kind) {
    case AST_SUBSCRIPT:
        if (subs_mention(e->indices, &expr->u.subscript.subs)) collect_read(e, scope, expr);
        return;
    case AST_REDUCE: collect_reduce(e, scope, expr); return;
    case AST_CALL:
        for (int a = 0; a < expr->u.call.args.count; a++)
            collect(e, scope, expr->u.call.args.at[a].value);
        return;
    case AST_UNARY: collect(e, scope, expr->u.unary.operand); return;
    case AST_BINARY:
        collect(e, scope, expr->u.binary.left);
        collect(e, scope, expr->u.binary.right);
        return;
    case AST_LIST:
        for (int i = 0; i < expr->u.list.count; i++)
            collect(e, scope, expr->u.list.at[i].value);
        return;
    default: return;
    }
}

/* ---- the second walk: nests ---- */

static const IndexRead *find_read(const IndexStatement *statement, const AstExpr *expr) {
    for (int r = 0; r < statement->reads.count; r++)
        if (statement->reads.at[r].expr == expr) return &statement->reads.at[r];
    return NULL;
}

/* From numbers of the statement's variables to indices of the nest at hand. */
static Affine in_nest(Elaborator *e, Affine affine) {
    Affine *with = ARENA_ARRAY(e->arena, Affine, e->indices->vars.count), out;
    for (int v = 0; v < e->indices->vars.count; v++)
        with[v] = e->indices->vars.at[v]->number < 0 ? affine_constant(dim_constant(0))
                                                     : affine_index(e->arena, e->indices->vars.at[v]->number);
    if (!affine_substitute(e->arena, affine, with, &out)) internal_error("a position overflows");
    return out;
}

/* A position that no affine expression gives: the element is selected along the axis. */
static int gathered_read(Elaborator *e, Scope *scope, const IndexRead *read) {
    Node *node = read->node;
    Shape shape = node->type.shape;
    const AstSubs *subs = &read->expr->u.subscript.subs;
    NestBuilder *nest = e->nest;
    int *positions = ARENA_ARRAY(e->arena, int, shape.rank);
    for (int a = 0; a < shape.rank; a++) {
        if (read->affine[a]) continue;
        Value value = eval(e, scope, subs->at[a].begin);
        if (is_poison(value)) return -1;
        Value as_int = scalar_elementwise(e, SCALAR_to_int, 1, &value, subs->at[a].span);
        if (is_poison(as_int)) return -1;
        positions[a] = as_int.u.expr;
        if (value.kind == VALUE_SCALAR && body_elem(&nest->body, value.u.expr) != ELEM_INT) {
            refuse(e, subs->at[a].span, "a position is an int; reals become one by int(x)");
            return -1;
        }
        const IndexRead *direct = find_read(e->indices, subs->at[a].begin);
        if (direct != NULL) limit_positions(e, direct->node, shape.dims[a], subs->at[a].span);
    }
    return select_along(e, read, positions);
}

static Value read_of(Elaborator *e, Scope *scope, const IndexRead *read) {
    Shape shape = read->node->type.shape;
    bool gathers = false;
    Affine *axes = ARENA_ARRAY(e->arena, Affine, shape.rank);
    for (int a = 0; a < shape.rank; a++) {
        gathers |= !read->affine[a];
        if (read->affine[a]) axes[a] = in_nest(e, read->axes[a]);
    }
    int expr = gathers ? gathered_read(e, scope, read) : nest_read(e->nest, read->node, axes);
    return expr < 0 ? poison : (Value){VALUE_SCALAR, {.expr = expr}};
}

Value indexed_read(Elaborator *e, Scope *scope, const AstExpr *expr) {
    const IndexRead *read = find_read(e->indices, expr);
    if (read == NULL) return poison; /* its error has been said */
    return read_of(e, scope, read);
}

/* Selecting along axes: a sum over them in which all but the wanted position count nothing. It is a nest of its own,
 * over the indices of the nest at hand. */
int select_along(Elaborator *e, const IndexRead *read, const int *positions) {
    NestBuilder *outer = e->nest;
    Shape shape = read->node->type.shape;
    NestBuilder inner = nest_begin(e->graph, origin_at(e, read->expr->span));
    for (int i = 0; i < outer->indices.count; i++)
        nest_free(&inner, outer->indices.at[i].name, outer->indices.at[i].size);
    Affine *axes = ARENA_ARRAY(e->arena, Affine, shape.rank);
    int chosen = -1, outer_count = outer->indices.count;
    int *copied = copy_body(e, outer, &inner);
    for (int a = 0; a < shape.rank; a++) {
        axes[a] = in_nest(e, read->axes[a]);
        if (read->affine[a]) continue;
        int along = nest_reduced(&inner, "at", shape.dims[a]);
        int here = nest_call2(&inner, SCALAR_equal, body_index(&inner.body, along), copied[positions[a]]);
        chosen = chosen < 0 ? here : nest_call2(&inner, SCALAR_and, chosen, here);
        axes[a] = affine_index(e->arena, along);
    }
    int element = nest_read(&inner, read->node, axes);
    Elem elem = read->node->type.elem == ELEM_BOOL ? ELEM_INT : read->node->type.elem;
    element = body_cast(&inner.body, elem, element);
    int value = nest_call3(&inner, SCALAR_select, chosen, element, body_literal(&inner.body, elem, 0));
    Node *selected = nest_end(&inner, REDUCE_SUM, value);
    int *at = ARENA_ARRAY(e->arena, int, outer_count + 1);
    for (int i = 0; i < outer_count; i++)
        at[i] = i;
    return nest_read_at(outer, selected, at);
}

/* The expressions of one nest in another whose first indices are the same. */
int *copy_body(Elaborator *e, const NestBuilder *from, NestBuilder *to) {
    int *made = ARENA_ARRAY(e->arena, int, from->body.exprs.count + 1);
    for (int x = 0; x < from->body.exprs.count; x++) {
        const Expr *expr = &from->body.exprs.at[x];
        switch (expr->kind) {
        case EXPR_LITERAL: made[x] = body_literal(&to->body, expr->elem, expr->u.number); break;
        case EXPR_READ: {
            const Read *read = &from->reads.at[expr->u.read];
            made[x] = nest_read(to, from->args.at[read->arg], read->axes);
            break;
        }
        case EXPR_INDEX: made[x] = body_index(&to->body, expr->u.index); break;
        case EXPR_SIZE: made[x] = body_size(&to->body, expr->u.size); break;
        case EXPR_CALL: {
            int args[3] = {-1, -1, -1};
            for (int a = 0; a < scalar_table[expr->u.call.fn].arity; a++)
                args[a] = made[expr->u.call.args[a]];
            made[x] = body_call(&to->body, expr->u.call.fn, args[0], args[1], args[2]);
            break;
        }
        case EXPR_DRAW:
        case EXPR_TOTAL: internal_error("a kernel's expression in the frontend");
        }
    }
    return made;
}

/* ---- reducers ---- */

static Reduce reduce_of(AstReducer reducer) {
    static const Reduce reduces[] = {REDUCE_NONE, REDUCE_SUM,    REDUCE_PROD,  REDUCE_MAX,
                                     REDUCE_MIN,  REDUCE_ARGMAX, REDUCE_ARGMIN};
    return reduces[reducer];
}

static const IndexReduce *find_reduce(const IndexStatement *statement, const AstExpr *expr) {
    for (int r = 0; r < statement->reduces.count; r++)
        if (statement->reduces.at[r].expr == expr) return &statement->reduces.at[r];
    return NULL;
}

/* Numbers of all variables while an inner nest is built; restored behind it. */
static int *save_numbers(Elaborator *e) {
    int *numbers = ARENA_ARRAY(e->arena, int, e->indices->vars.count);
    for (int v = 0; v < e->indices->vars.count; v++)
        numbers[v] = e->indices->vars.at[v]->number;
    return numbers;
}

static void restore_numbers(Elaborator *e, const int *numbers) {
    for (int v = 0; v < e->indices->vars.count; v++)
        e->indices->vars.at[v]->number = numbers[v];
}

static int scalar_expr(Elaborator *e, Value value, Span span) {
    if (value.kind == VALUE_SCALAR) return value.u.expr;
    if (is_number(value)) {
        Elem elem = value.kind == VALUE_INT ? ELEM_INT : value.kind == VALUE_BOOL ? ELEM_BOOL : ELEM_REAL;
        return body_literal(&e->nest->body, elem, number_of(value));
    }
    Value args[2] = {value, value_int(0)};
    Value sum = is_poison(value) ? poison : scalar_elementwise(e, SCALAR_add, 2, args, span);
    return is_poison(sum) ? -1 : sum.u.expr;
}

static bool may_be_empty(const IndexStatement *statement, const IndexReduce *reduce, int count) {
    for (int i = 0; i < count; i++)
        if (dim_low(statement->vars.at[reduce->first + i]->size) == 0) return true;
    return false;
}

/* The reduction as a tensor over `outer`, the variables of the nest around it. */
static Node *reduce_node(Elaborator *e, Scope *scope, const AstExpr *expr, IndexVar *const *outer, int outer_count) {
    IndexStatement *statement = e->indices;
    const IndexReduce *reduce = find_reduce(statement, expr);
    if (reduce == NULL) return NULL;
    int count = expr->u.reduce.indices.count;
    AstReducer reducer = expr->u.reduce.reducer;
    if (reducer != AST_SUM && reducer != AST_PROD && may_be_empty(statement, reduce, count)) {
        refuse(e, expr->span, "%s over a range that may be empty", ast_reducer_text(reducer));
        return NULL;
    }
    int *numbers = save_numbers(e), visible = statement->visible.count;
    NestBuilder nest = nest_begin(e->graph, origin_at(e, expr->span)), *around = e->nest;
    for (int v = 0; v < statement->vars.count; v++)
        statement->vars.at[v]->number = -1;
    for (int v = 0; v < outer_count; v++)
        outer[v]->number = nest_free(&nest, outer[v]->name, outer[v]->size);
    for (int i = 0; i < count; i++) {
        IndexVar *var = statement->vars.at[reduce->first + i];
        var->number = nest_reduced(&nest, var->name, var->size);
        vec_push(e->arena, &statement->visible, var);
    }
    e->nest = &nest;
    int body = scalar_expr(e, eval(e, scope, expr->u.reduce.operand), expr->u.reduce.operand->span);
    if (body >= 0 && body_elem(&nest.body, body) == ELEM_BOOL) body = body_cast(&nest.body, ELEM_INT, body);
    Node *node = body < 0 ? NULL : nest_end(&nest, reduce_of(reducer), body);
    e->nest = around;
    statement->visible.count = visible;
    restore_numbers(e, numbers);
    return node;
}

/* Which of the nest's variables an expression mentions, in their order. */
static int mentioned(const IndexStatement *statement, const AstExpr *expr, IndexVar **out) {
    int count = 0;
    for (int v = 0; v < statement->vars.count; v++) {
        IndexVar *var = statement->vars.at[v];
        if (var->number < 0 || find_var(statement, var->name) != var) continue;
        IndexStatement alone = {0};
        IndexVar *only[1] = {var};
        alone.visible.at = only;
        alone.visible.count = 1;
        if (mentions_index(&alone, expr)) out[count++] = var;
    }
    return count;
}

static Value inner_reduce(Elaborator *e, Scope *scope, const AstExpr *expr) {
    IndexVar **outer = ARENA_ARRAY(e->arena, IndexVar *, e->indices->vars.count + 1);
    int count = mentioned(e->indices, expr, outer);
    Node *node = reduce_node(e, scope, expr, outer, count);
    if (node == NULL) return poison;
    int *at = ARENA_ARRAY(e->arena, int, count + 1);
    for (int v = 0; v < count; v++)
        at[v] = outer[v]->number;
    return (Value){VALUE_SCALAR, {.expr = nest_read_at(e->nest, node, at)}};
}

/* ---- statements ---- */

static bool prepare(Elaborator *e, Scope *scope, IndexStatement *statement, const AstIndices *indices,
                    const AstExpr *expr) {
    e->indices = statement;
    for (int i = 0; indices != NULL && i < indices->count; i++) {
        if (find_var(statement, indices->at[i].name.name) != NULL)
            return refuse(e, indices->at[i].name.span, "the index `%s` stands twice", indices->at[i].name.name), false;
        vec_push(e->arena, &statement->visible, new_var(e, scope, &indices->at[i]));
    }
    collect(e, scope, expr);
    return !statement->failed && infer_ranges(e, statement);
}

Value eval_reduce(Elaborator *e, Scope *scope, const AstExpr *expr) {
    if (e->indices != NULL && e->nest != NULL) return inner_reduce(e, scope, expr);
    if (e->graph == NULL)
        return refuse(e, expr->span, "tensors exist only in entries: here values are known while compiling");
    IndexStatement statement = {0}, *outer = e->indices;
    Node *node = prepare(e, scope, &statement, NULL, expr) ? reduce_node(e, scope, expr, NULL, 0) : NULL;
    e->indices = outer;
    return value_node(node);
}

static Value statement_node(Elaborator *e, Scope *scope, const AstExpr *expr, int index_count, Span span) {
    IndexStatement *statement = e->indices;
    if (expr->kind == AST_REDUCE) return value_node(reduce_node(e, scope, expr, statement->vars.at, index_count));
    NestBuilder nest = nest_begin(e->graph, origin_at(e, span));
    for (int v = 0; v < index_count; v++)
        statement->vars.at[v]->number = nest_free(&nest, statement->vars.at[v]->name, statement->vars.at[v]->size);
    e->nest = &nest;
    int body = scalar_expr(e, eval(e, scope, expr), expr->span);
    e->nest = NULL;
    return body < 0 ? poison : value_node(nest_end(&nest, REDUCE_NONE, body));
}

static bool size_is_allowed(Elaborator *e, const IndexStatement *statement, int count, Span span) {
    Dim *dims = ARENA_ARRAY(e->arena, Dim, count);
    for (int v = 0; v < count; v++)
        dims[v] = statement->vars.at[v]->size;
    int64_t elements;
    if (shape_elements((Shape){count, dims}, &elements)) return true;
    refuse(e, span, "a tensor of shape %s has more than %lld elements", shape_text(e->arena, (Shape){count, dims}),
           (long long)ELEMENT_LIMIT);
    return false;
}

Value eval_indexed(Elaborator *e, Scope *scope, const AstIndices *indices, const AstExprs *values, Span span) {
    if (values->count != 1) return refuse(e, span, "an index statement has one right side");
    if (e->graph == NULL)
        return refuse(e, span, "tensors exist only in entries: here values are known while compiling");
    IndexStatement statement = {0}, *outer = e->indices;
    NestBuilder *nest = e->nest;
    e->nest = NULL;
    Value value = poison;
    if (prepare(e, scope, &statement, indices, values->at[0]) && size_is_allowed(e, &statement, indices->count, span))
        value = statement_node(e, scope, values->at[0], indices->count, span);
    e->indices = outer;
    e->nest = nest;
    return value;
}

/* ---- positions that are tensors ---- */

/* An input that is a position itself is checked at the border of the entry: the least size that it meets counts. */
void limit_positions(Elaborator *e, const Node *position, Dim size, Span span) {
    (void)e, (void)span;
    if (position->op != OP_input) return;
    Argument *input = position->u.input;
    int64_t high = dim_low(size) - 1;
    if (input->low > input->high) {
        input->low = 0;
        input->high = high;
    } else if (high < input->high) {
        input->high = high;
    }
}

/* x[.., class, ..] in array notation: the axis stays, with size 1. */
Node *gather_axis(Elaborator *e, Node *node, int axis, Node *position, Span span) {
    Shape shape = node->type.shape;
    if (position->type.shape.rank > 0) {
        refuse(e, span, "a position that is a tensor (%s) needs index notation, as in y[n, d] = table[id[n], d]",
               type_text(e->arena, position->type));
        return NULL;
    }
    limit_positions(e, position, shape.dims[axis], span);
    NestBuilder nest = nest_begin(e->graph, origin_at(e, span));
    int *at = ARENA_ARRAY(e->arena, int, shape.rank);
    for (int a = 0; a < shape.rank; a++)
        at[a] = nest_free(&nest, "i", a == axis ? dim_constant(1) : shape.dims[a]);
    at[axis] = nest_reduced(&nest, "at", shape.dims[axis]);
    int here = nest_call2(&nest, SCALAR_equal, body_index(&nest.body, at[axis]), nest_read(&nest, position, NULL));
    Elem elem = node->type.elem == ELEM_BOOL ? ELEM_INT : node->type.elem;
    int element = body_cast(&nest.body, elem, nest_read_at(&nest, node, at));
    return nest_end(&nest, REDUCE_SUM,
                    nest_call3(&nest, SCALAR_select, here, element, body_literal(&nest.body, elem, 0)));
}
