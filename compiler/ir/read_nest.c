/* Reads nests: index notation with positions and bodies. */
#include "compiler/ir/reader.h"
#include <math.h>
#include <string.h>

enum { DEPTH_LIMIT = 1000 };

typedef struct NestReader {
    Reader *reader;
    VEC(Index) indices;
    VEC(Read) reads;
    VEC(Node *) args;
    int first_arg; /* that a read may name: behind the tensor that a gather or scatter_add addresses */
    VEC(int) lets; /* expressions by the number of their let */
    Body body;
    int depth;
} NestReader;

/* ---- affine expressions ---- */

static Affine name_value(Reader *reader, int count, const Index *indices) {
    Span span = reader_span(reader);
    Name name = reader_name(reader, "an index, a size or a number");
    for (int i = 0; i < count; i++)
        if (indices[i].name == name) return affine_index(reader->arena, i);
    for (int i = 0; i < reader->program->sizes.count; i++)
        if (reader->program->sizes.at[i]->name == name) return affine_constant(dim_size(reader->program->sizes.at[i]));
    reader_error(reader, span, "%s is neither an index here nor a size", name);
    return affine_constant(dim_constant(0));
}

/* `2`, `2*i` or `i`, times the sign. */
static Affine affine_part(Reader *reader, int count, const Index *indices, int sign) {
    Span span = reader_span(reader);
    Affine part = affine_constant(dim_constant(1));
    int64_t factor = 1;
    bool is_number = reader->token == TOKEN_NUMBER;
    if (is_number) factor = reader_whole(reader, "a factor");
    if (!is_number || reader_accept(reader, '*')) part = name_value(reader, count, indices);
    if (!affine_scale(reader->arena, part, sign * factor, &part)) reader_error(reader, span, "the number is too large");
    return part;
}

Affine reader_affine(Reader *reader, int count, const Index *indices) {
    Span span = reader_span(reader);
    int sign = reader_accept(reader, '-') ? -1 : 1;
    Affine sum = affine_part(reader, count, indices, sign);
    while (reader_at(reader, '+') || reader_at(reader, '-')) {
        sign = reader_at(reader, '-') ? -1 : 1;
        reader_next(reader);
        Affine part = affine_part(reader, count, indices, sign);
        if (!affine_add(reader->arena, sum, part, &sum))
            reader_error(reader, span_join(span, reader_span(reader)), "the sum is too large or has two sizes");
    }
    return sum;
}

Dim reader_dim(Reader *reader) {
    return reader_affine(reader, 0, NULL).constant;
}

/* ---- bodies ---- */

static int read_expr(NestReader *nest);

static int add_arg(NestReader *nest, Node *node) {
    for (int i = nest->first_arg; i < nest->args.count; i++)
        if (nest->args.at[i] == node) return i;
    vec_push(nest->reader->arena, &nest->args, node);
    return nest->args.count - 1;
}

static bool axes_equal(const Affine *a, const Affine *b, int rank) {
    for (int i = 0; i < rank; i++)
        if (!affine_equal(a[i], b[i])) return false;
    return true;
}

/* The number of the read at these positions. */
static int add_read(NestReader *nest, Node *node, const Affine *axes, int rank) {
    int arg = add_arg(nest, node);
    for (int i = 0; i < nest->reads.count; i++)
        if (nest->reads.at[i].arg == arg && axes_equal(nest->reads.at[i].axes, axes, rank)) return i;
    Arena *arena = nest->reader->arena;
    vec_push(arena, &nest->reads, ((Read){arg, arena_copy(arena, axes, (size_t)rank * sizeof *axes)}));
    return nest->reads.count - 1;
}

/* `(add(%4[n], i))` */
static Computed read_computed(NestReader *nest, int axis) {
    Computed computed = {axis, read_expr(nest)};
    Reader *reader = nest->reader;
    reader_expect(reader, ')');
    if (!reader->failed && body_elem(&nest->body, computed.position) != ELEM_INT)
        reader_error(reader, reader_span(reader), "a position is an int");
    return computed;
}

/* `%3[n, 2*i + 1]`, or with computed positions `%3[(%4[n]), i]` */
static int read_element(NestReader *nest) {
    Reader *reader = nest->reader;
    Span span = reader_span(reader);
    Node *node = reader_node(reader);
    Affine axes[RANK_LIMIT];
    Computed computed[RANK_LIMIT];
    int rank = 0, count = 0;
    reader_expect(reader, '[');
    for (bool more = !reader_at(reader, ']'); more && rank < RANK_LIMIT; more = reader_accept(reader, ','), rank++) {
        axes[rank] = affine_constant(dim_constant(0));
        if (reader_accept(reader, '('))
            computed[count++] = read_computed(nest, rank);
        else
            axes[rank] = reader_affine(reader, nest->indices.count, nest->indices.at);
    }
    reader_expect(reader, ']');
    if (node && rank != node->type.shape.rank)
        reader_error(reader, span, "%d positions for %s", rank, type_text(reader->arena, node->type));
    if (reader->failed) return -1;
    int read = add_read(nest, node, axes, rank);
    if (count == 0) return body_read(&nest->body, node->type.elem, read);
    return body_lookup(&nest->body, node->type.elem, read, count, computed);
}

static int read_let(NestReader *nest) {
    Reader *reader = nest->reader;
    if (reader->whole < 0 || reader->whole >= nest->lets.count) {
        reader_error(reader, reader_span(reader), "no such name is bound by let above");
        return -1;
    }
    int expr = nest->lets.at[reader->whole];
    reader_next(reader);
    return expr;
}

/* A number, `inf` or `nan`. */
static int read_number(NestReader *nest, double sign) {
    Reader *reader = nest->reader;
    Elem elem = reader->token == TOKEN_NUMBER && !reader->is_real ? ELEM_INT : ELEM_REAL;
    double number = reader->number;
    if (reader_at_word(reader, "inf"))
        number = INFINITY;
    else if (reader_at_word(reader, "nan"))
        number = NAN;
    else if (reader->token != TOKEN_NUMBER)
        reader_error(reader, reader_span(reader), "expected a number");
    if (reader->failed) return -1;
    reader_next(reader);
    return body_literal(&nest->body, elem, sign * number);
}

static DrawKind read_draw_kind(Reader *reader) {
    if (reader_accept_word(reader, "normal")) return DRAW_NORMAL;
    if (!reader_accept_word(reader, "uniform")) reader_error(reader, reader_span(reader), "expected normal or uniform");
    return DRAW_UNIFORM;
}

static int read_draw(NestReader *nest) {
    Reader *reader = nest->reader;
    DrawKind kind = read_draw_kind(reader);
    reader_expect(reader, ',');
    int64_t site = reader_whole(reader, "a site");
    reader_expect(reader, ',');
    Affine element = reader_affine(reader, nest->indices.count, nest->indices.at);
    return reader->failed ? -1 : body_draw(&nest->body, kind, (uint32_t)site, element);
}

static int read_arguments(NestReader *nest, Span span, Scalar fn) {
    Reader *reader = nest->reader;
    const ScalarDef *def = &scalar_table[fn];
    int args[3] = {-1, -1, -1}, count = 0;
    Elem elems[3] = {ELEM_REAL, ELEM_REAL, ELEM_REAL}, result;
    for (bool more = !reader_at(reader, ')'); more && count < 3; more = reader_accept(reader, ','))
        args[count++] = read_expr(nest);
    if (count != def->arity) reader_error(reader, span, "%s takes %d arguments", def->name, def->arity);
    if (reader->failed) return -1;
    for (int i = 0; i < count; i++)
        elems[i] = body_elem(&nest->body, args[i]);
    if (!scalar_result(fn, elems, &result)) {
        const char *types = elem_name(elems[0]);
        for (int i = 1; i < count; i++)
            types = arena_print(reader->arena, "%s, %s", types, elem_name(elems[i]));
        reader_error(reader, span, "%s does not take (%s)", def->name, types);
        return -1;
    }
    return body_keep(&nest->body, fn, args[0], args[1], args[2]);
}

/* What stands in parentheses behind a name. */
static int read_call(NestReader *nest, Span span, Name name) {
    Reader *reader = nest->reader;
    Scalar fn;
    int expr = -1;
    if (strcmp(name, "size") == 0) {
        Dim size = reader_dim(reader);
        if (!reader->failed) expr = body_size(&nest->body, size);
    } else if (strcmp(name, "draw") == 0)
        expr = read_draw(nest);
    else if (scalar_find(name, &fn))
        expr = read_arguments(nest, span, fn);
    else
        reader_error(reader, span, "there is no scalar function %s", name);
    reader_expect(reader, ')');
    return expr;
}

/* An index, a call, or a word that is a literal. */
static int read_word(NestReader *nest) {
    Reader *reader = nest->reader;
    if (reader_at_word(reader, "inf") || reader_at_word(reader, "nan")) return read_number(nest, 1);
    if (reader_accept_word(reader, "true")) return body_literal(&nest->body, ELEM_BOOL, 1);
    if (reader_accept_word(reader, "false")) return body_literal(&nest->body, ELEM_BOOL, 0);
    Span span = reader_span(reader);
    Name name = reader_name(reader, "an expression");
    if (reader_accept(reader, '(')) return read_call(nest, span, name);
    for (int i = 0; i < nest->indices.count; i++)
        if (nest->indices.at[i].name == name) return body_index(&nest->body, i);
    reader_error(reader, span, "there is no index %s", name);
    return -1;
}

/* Returns -1 after an error. */
static int read_expr(NestReader *nest) {
    Reader *reader = nest->reader;
    if (nest->depth == DEPTH_LIMIT) reader_error(reader, reader_span(reader), "expressions nest too deep");
    if (reader->failed) return -1;
    nest->depth++;
    int expr;
    if (reader->token == TOKEN_NODE)
        expr = read_element(nest);
    else if (reader->token == TOKEN_LET)
        expr = read_let(nest);
    else if (reader_accept(reader, '-'))
        expr = read_number(nest, -1);
    else if (reader->token == TOKEN_NUMBER)
        expr = read_number(nest, 1);
    else
        expr = read_word(nest);
    nest->depth--;
    return expr;
}

static void read_body(NestReader *nest) {
    Reader *reader = nest->reader;
    if (reader_accept_word(reader, "let")) {
        do {
            if (reader->token != TOKEN_LET || reader->whole != nest->lets.count)
                reader_error(reader, reader_span(reader), "expected $%d", nest->lets.count);
            else
                reader_next(reader);
            reader_expect(reader, '=');
            int expr = read_expr(nest);
            vec_push(reader->arena, &nest->lets, expr);
        } while (reader_accept(reader, ','));
        if (!reader_accept_word(reader, "in")) reader_error(reader, reader_span(reader), "expected in");
    }
    int result = read_expr(nest);
    if (!reader->failed) nest->body.exprs.count = result + 1; /* the result is the last: what it needs stands before */
}

/* ---- nests ---- */

static Index read_index(NestReader *nest, IndexKind kind) {
    Reader *reader = nest->reader;
    Index index = {.kind = kind, .divisor = 0};
    Span span = reader_span(reader);
    index.name = reader_name(reader, "an index");
    for (int i = 0; i < nest->indices.count; i++)
        if (nest->indices.at[i].name == index.name) reader_error(reader, span, "two indices %s", index.name);
    reader_expect(reader, '<');
    index.size = reader_dim(reader);
    if (kind != INDEX_SOLVED) return index;
    reader_expect(reader, '=');
    reader_expect(reader, '(');
    index.solution = reader_affine(reader, nest->indices.count, nest->indices.at);
    reader_expect(reader, ')');
    reader_expect(reader, '/');
    index.divisor = reader_whole(reader, "a divisor");
    return index;
}

static void read_indices(NestReader *nest, IndexKind kind) {
    Reader *reader = nest->reader;
    reader_expect(reader, '[');
    for (bool more = !reader_at(reader, ']'); more; more = reader_accept(reader, ',')) {
        Index index = read_index(nest, kind);
        vec_push(reader->arena, &nest->indices, index);
    }
    reader_expect(reader, ']');
}

/* A reducer, which an open bracket follows: `max(...)` is a body. */
static Reduce read_reduce(Reader *reader) {
    static const char *const reducers[] = {"sum", "prod", "max", "min", "argmax", "argmin"};
    if (reader->source->text[reader->end] != '[') return REDUCE_NONE;
    for (int i = 0; i < (int)(sizeof reducers / sizeof *reducers); i++)
        if (reader_accept_word(reader, reducers[i])) return (Reduce)(REDUCE_SUM + i);
    return REDUCE_NONE;
}

static double read_otherwise(Reader *reader) {
    NestReader scratch = {.reader = reader, .body = {.arena = reader->arena}};
    int literal = read_expr(&scratch);
    if (reader->failed) return 0;
    if (scratch.body.exprs.at[literal].kind != EXPR_LITERAL)
        reader_error(reader, reader_span(reader), "expected a number after otherwise");
    reader_expect(reader, ':');
    return scratch.body.exprs.at[literal].u.number;
}

/* ---- gather and scatter_add ---- */

/* `%2[n] + 2*i` or `2*i`: an int element, an affine expression, or both */
static Coordinate read_coordinate(NestReader *points) {
    Reader *reader = points->reader;
    Coordinate at = {affine_constant(dim_constant(0)), NO_READ};
    if (reader->token == TOKEN_NODE) {
        int element = read_element(points);
        if (reader->failed) return at;
        const Expr *expr = &points->body.exprs.at[element];
        if (expr->kind != EXPR_READ) reader_error(reader, reader_span(reader), "a position in a position");
        at.read = expr->u.read;
        if (!reader_accept(reader, '+')) return at;
    }
    at.affine = reader_affine(reader, points->indices.count, points->indices.at);
    return at;
}

/* `[n < N, d < 8] %1 at [%2[n], d]` */
Addressing reader_addressing(Reader *reader, int *arg_count, Node ***args) {
    NestReader points = {.reader = reader, .body = {.arena = reader->arena}};
    VEC(Coordinate) axes = {0};
    read_indices(&points, INDEX_FREE);
    Node *tensor = reader_node(reader);
    vec_push(reader->arena, &points.args, tensor);
    points.first_arg = 1;
    if (!reader_accept_word(reader, "at")) reader_error(reader, reader_span(reader), "expected at");
    reader_expect(reader, '[');
    for (bool more = !reader_at(reader, ']'); more; more = reader_accept(reader, ',')) {
        Coordinate at = read_coordinate(&points);
        vec_push(reader->arena, &axes, at);
    }
    reader_expect(reader, ']');
    *arg_count = points.args.count;
    *args = points.args.at;
    return (Addressing){points.indices.count, points.reads.count, points.indices.at,
                        points.reads.at,      axes.count,         axes.at};
}

Nest reader_nest(Reader *reader, int *arg_count, Node ***args) {
    NestReader nest = {.reader = reader, .body = {.arena = reader->arena}};
    Nest result = {.reduce = REDUCE_NONE};
    read_indices(&nest, INDEX_FREE);
    result.reduce = read_reduce(reader);
    if (result.reduce != REDUCE_NONE) read_indices(&nest, INDEX_REDUCED);
    if (reader_accept_word(reader, "solved")) read_indices(&nest, INDEX_SOLVED);
    if (reader_accept_word(reader, "otherwise")) result.otherwise = read_otherwise(reader);
    read_body(&nest);
    result.index_count = nest.indices.count;
    result.indices = nest.indices.at;
    result.read_count = nest.reads.count;
    result.reads = nest.reads.at;
    result.body = nest.body;
    *arg_count = nest.args.count;
    *args = nest.args.at;
    return result;
}
