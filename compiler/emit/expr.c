/* Expressions of a stage as C text: positions, loads, literals, calls. */
#include "compiler/emit/stage.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- sizes, literals, types ---- */

const char *dim_code(const StageText *text, Dim dim) {
    if (dim_is_constant(dim)) return arena_print(text->arena, "%lld", (long long)dim.constant);
    const char *size = arena_print(text->arena, "call->%s", size_name(text->emitter, dim.size));
    if (dim.factor != 1) size = arena_print(text->arena, "%lld * %s", (long long)dim.factor, size);
    if (dim.constant > 0) size = arena_print(text->arena, "%s + %lld", size, (long long)dim.constant);
    if (dim.constant < 0) size = arena_print(text->arena, "%s - %lld", size, (long long)-dim.constant);
    return size;
}

static bool dim_is_simple(Dim dim) {
    return dim_is_constant(dim) || (dim.factor == 1 && dim.constant == 0);
}

/* The shortest text that reads back as the same number. */
/* Whether so many digits say the number exactly. */
static bool reads_back(char *buffer, size_t size, int digits, double number, bool is_double) {
    snprintf(buffer, size, "%.*g", digits, number);
    double back = strtod(buffer, NULL);
    return is_double ? back == number : (float)back == (float)number;
}

const char *number_code(const StageText *text, double number) {
    bool is_double = text->emitter->options->target->is_double;
    char buffer[64];
    int digits = reads_back(buffer, sizeof buffer, 6, number, is_double) ? 1 : 7; /* most trained weights need 8 or 9 */
    while (!reads_back(buffer, sizeof buffer, digits, number, is_double) && digits < 17)
        digits++;
    bool whole = strpbrk(buffer, ".eni") == NULL;
    return arena_print(text->arena, "%s%s%s", buffer, whole ? ".0" : "", is_double ? "" : "f");
}

const char *literal_code(const StageText *text, Elem elem, double number) {
    if (elem == ELEM_BOOL) return number != 0 ? "gr_iall(-1)" : "gr_iall(0)";
    if (elem == ELEM_INT) return arena_print(text->arena, "gr_iall(%.0f)", number);
    if (!text->emitter->options->target->is_double) number = (double)(float)number; /* may be beyond its range */
    if (isnan(number)) return "gr_pattern(GR_NAN)";
    if (isinf(number)) return number < 0 ? "gr_pattern(GR_SIGN_BIT | GR_INFINITY)" : "gr_pattern(GR_INFINITY)";
    return arena_print(text->arena, "gr_all(%s)", number_code(text, number));
}

const char *elem_vector(Elem elem) {
    return elem == ELEM_REAL ? "gr_vec" : "gr_ivec";
}

const char *buffer_type(const Buffer *buffer) {
    if (buffer->elem == ELEM_REAL) return "gr_real";
    return buffer->elem == ELEM_BOOL || buffer->is_byte ? "uint8_t" : "int32_t";
}

/* What a loop sees at its step: so many elements behind the beginning. */
static const char *address_at_step(const StageText *text, const Buffer *view) {
    const Buffer *of = view->view_of;
    const char *begin = buffer_address(text, of), *step = loop_variable(text->arena, view->at);
    if (strncmp(begin, "(void *)", 8) == 0) begin = arena_print(text->arena, "(%s *)%s", buffer_type(of), begin);
    bool sum = !dim_is_simple(of->strides[0]);
    return arena_print(text->arena, "%s + %s * %s%s%s", begin, step, sum ? "(" : "", dim_code(text, of->strides[0]),
                       sum ? ")" : "");
}

const char *buffer_address(const StageText *text, const Buffer *buffer) {
    if (buffer->view_of != NULL)
        return buffer->at != NULL ? address_at_step(text, buffer) : buffer_address(text, buffer->view_of);
    switch (buffer->place) {
    case BUFFER_BORDER:
        if (buffer->argument->role == ARGUMENT_INPUT && buffer->shape.rank == 0)
            return arena_print(text->arena, "&call->%s", argument_name(text->emitter, buffer->argument));
        return arena_print(text->arena, "call->%s", argument_name(text->emitter, buffer->argument));
    case BUFFER_STORAGE: return store_address(text->emitter, buffer->store);
    case BUFFER_ARENA: return arena_print(text->arena, "(void *)(call->scratch + %lld)", (long long)buffer->offset);
    case BUFFER_LOCAL: return arena_print(text->arena, "(void *)(local + %lld)", (long long)buffer->offset);
    }
    internal_error("a buffer without a place");
}

/* ---- positions ---- */

/* An index inside the tile: "(n + r)", "o + v * GR_LANES". */
static const char *index_code(StageText *text, int index, bool within_block) {
    const Tile *tile = &text->stage->tile;
    const char *code = text->indices[index];
    bool sum = false;
    if (within_block) code = arena_print(text->arena, "%s - %s", code, text->first), sum = true;
    if (index == tile->row && text->has_rows) code = arena_print(text->arena, "%s + r", code), sum = true;
    if (index == tile->lane && text->has_vectors)
        code = arena_print(text->arena, "%s + v * GR_LANES", code), sum = true;
    return sum ? arena_print(text->arena, "(%s)", code) : code;
}

static const char *without_parentheses(Arena *arena, const char *code) {
    size_t length = strlen(code);
    if (code[0] != '(' || code[length - 1] != ')') return code;
    char *inner = arena_copy(arena, code + 1, length - 1);
    inner[length - 2] = 0;
    return inner;
}

/* One summand: index times factor times stride. */
static const char *term_code(StageText *text, const char *index, int64_t factor, Dim stride) {
    if (dim_is_constant(stride)) {
        int64_t by = factor * stride.constant;
        if (by == 1) return without_parentheses(text->arena, index);
        return arena_print(text->arena, "%s * %lld", index, (long long)by);
    }
    const char *size = dim_code(text, stride);
    if (!dim_is_simple(stride)) size = arena_print(text->arena, "(%s)", size);
    if (factor == 1) return arena_print(text->arena, "%s * %s", index, size);
    return arena_print(text->arena, "%s * %lld * %s", index, (long long)factor, size);
}

static const char *add_code(Arena *arena, const char *sum, const char *term) {
    if (sum == NULL) return term;
    return term[0] == '-' ? arena_print(arena, "%s - %s", sum, term + 1) : arena_print(arena, "%s + %s", sum, term);
}

static const char *constant_term(StageText *text, Dim constant, Dim stride) {
    Dim product;
    if (dim_is_constant(constant) && constant.constant == 0) return NULL;
    if (dim_multiply(constant, stride, &product)) return dim_code(text, product);
    return arena_print(text->arena, "(%s) * (%s)", dim_code(text, constant), dim_code(text, stride));
}

const char *position_code(StageText *text, const Buffer *buffer, const Affine *axes) {
    const char *sum = NULL;
    for (int a = 0; a < buffer->shape.rank; a++) {
        bool local = buffer_root(buffer)->place == BUFFER_LOCAL && a == 0;
        for (int t = 0; t < axes[a].count; t++) {
            Term term = axes[a].terms[t];
            const char *index = index_code(text, term.index, local && term.index == 0);
            sum = add_code(text->arena, sum, term_code(text, index, term.factor, buffer->strides[a]));
        }
        const char *rest = constant_term(text, axes[a].constant, buffer->strides[a]);
        if (rest != NULL) sum = add_code(text->arena, sum, rest);
    }
    return sum != NULL ? sum : "0";
}

const char *affine_code(StageText *text, Affine affine) {
    const char *sum = NULL;
    for (int t = 0; t < affine.count; t++) {
        const char *index = index_code(text, affine.terms[t].index, false);
        sum = add_code(text->arena, sum, term_code(text, index, affine.terms[t].factor, dim_constant(1)));
    }
    const char *rest = constant_term(text, affine.constant, dim_constant(1));
    if (rest != NULL) sum = add_code(text->arena, sum, rest);
    return sum != NULL ? sum : "0";
}

/* Elements from one lane to the next. */
/* Where the caller's array has a bounded axis inside, the stride is one of its sizes. */
static Dim lane_stride(const StageText *text, const Buffer *buffer, const Affine *axes) {
    Dim stride = dim_constant(0), step;
    for (int a = 0; text->stage->tile.lane != NO_INDEX && a < buffer->shape.rank; a++)
        if (!dim_scale(buffer->strides[a], affine_factor(axes[a], text->stage->tile.lane), &step) ||
            !dim_add(stride, step, &stride))
            internal_error("a lane of %s moves by two sizes", buffer->name);
    return stride;
}

int64_t lane_stride_of(const StageText *text, const Buffer *buffer, const Affine *axes) {
    return dim_high(lane_stride(text, buffer, axes));
}

const char *lane_stride_code(const StageText *text, const Buffer *buffer, const Affine *axes) {
    return dim_code(text, lane_stride(text, buffer, axes));
}

/* ---- leaves ---- */

const char *lanes_code(StageText *text) {
    if (!text->partial) return "GR_LANES";
    if (text->lane_reduced) return "width";
    text->width_used = true;
    return text->has_vectors ? "width" : "lanes";
}

const char *memory_kind(const Buffer *buffer) {
    if (buffer->elem == ELEM_REAL) return "";
    if (buffer->elem == ELEM_BOOL) return "b";
    return buffer->is_byte ? "byte_" : "i";
}

static const char *load_code(StageText *text, const StageRead *read) {
    const Buffer *buffer = read->buffer;
    const char *name = text->buffers[buffer->position], *at = position_code(text, buffer, read->axes);
    int64_t stride = lane_stride_of(text, buffer, read->axes);
    if (stride == 0) { /* a bool is 1 in memory and -1 in lanes */
        const char *all = buffer->elem == ELEM_REAL ? "gr_all(%s[%s])" : "gr_iall(%s[%s])";
        return arena_print(text->arena, buffer->elem == ELEM_BOOL ? "gr_iall(-%s[%s])" : all, name, at);
    }
    const char *kind = memory_kind(buffer);
    if (stride != 1)
        return arena_print(text->arena, "gr_%sload_stride(&%s[%s], %s, %s)", kind, name, at,
                           lane_stride_code(text, buffer, read->axes), lanes_code(text));
    if (!text->partial) return arena_print(text->arena, "gr_%sload(&%s[%s])", kind, name, at);
    return arena_print(text->arena, "gr_%sload_part(&%s[%s], %s)", kind, name, at, lanes_code(text));
}

/* An affine expression on all lanes, as ints. */
static Code lanes_of_affine(StageText *text, Affine affine) {
    const char *base = arena_print(text->arena, "gr_iall(%s)", affine_code(text, affine));
    int64_t factor = text->stage->tile.lane == NO_INDEX ? 0 : affine_factor(affine, text->stage->tile.lane);
    if (factor == 0) return (Code){base, 0};
    if (factor == 1) return (Code){arena_print(text->arena, "%s + gr_iota()", base), 5};
    return (Code){arena_print(text->arena, "%s + gr_iota() * gr_iall(%lld)", base, (long long)factor), 5};
}

static Code draw_code(StageText *text, int number) {
    const Expr *expr = &text->stage->body.exprs.at[number];
    const char *element = lanes_of_affine(text, expr->u.draw.element).text;
    const char *fn = expr->u.draw.kind == DRAW_NORMAL ? "gr_normal" : "gr_uniform";
    return (Code){arena_print(text->arena, "%s(&%s, %s)", fn, text->draws[number], element), 0};
}

static const char *operand(StageText *text, Code code, int outer, bool right) {
    bool bits = outer >= 10 && code.precedence > 0 && code.precedence != 3;
    bool weaker = outer > 0 && (code.precedence > outer || (right && code.precedence == outer) ||
                                (outer == 3 && code.precedence == 3));
    return bits || weaker ? arena_print(text->arena, "(%s)", code.text) : code.text;
}

/* The element at computed positions: an offset and a condition on every lane. */
static Code lookup_code(StageText *text, int number) {
    const Expr *expr = &text->stage->body.exprs.at[number];
    const StageRead *read = &text->stage->reads.at[expr->u.lookup.read];
    const Buffer *buffer = read->buffer;
    const char *offset = NULL, *inside = NULL;
    bool along_lane = lane_stride_of(text, buffer, read->axes) != 0;
    for (int c = 0; c < expr->u.lookup.count; c++) {
        const Computed *computed = &expr->u.lookup.computed[c];
        const char *position = operand(text, expr_code(text, computed->position), 4, false);
        const char *stride = dim_code(text, buffer->strides[computed->axis]);
        const char *size = dim_code(text, buffer->shape.dims[computed->axis]);
        const char *within = arena_print(text->arena, "gr_within(%s, %s)", position, size), *term = position;
        bool alone = expr->u.lookup.count == 1 && !along_lane && strcmp(stride, "1") == 0;
        if (!alone) term = arena_print(text->arena, "gr_inside(%s, %s)", position, size);
        if (strcmp(stride, "1") != 0) term = arena_print(text->arena, "%s * gr_iall(%s)", term, stride);
        offset = offset == NULL ? term : arena_print(text->arena, "%s + %s", offset, term);
        inside = inside == NULL ? within : arena_print(text->arena, "%s & %s", inside, within);
    }
    if (along_lane)
        offset = arena_print(text->arena, "%s + gr_iota() * gr_iall(%s)", offset,
                             lane_stride_code(text, buffer, read->axes));
    /* the same on all lanes it stands before the loop over vectors, where no width is known, nor needed */
    bool alike = text->has_vectors && (text->varies[number] & VARIES_VECTOR) == 0;
    const char *code = arena_print(text->arena, "gr_%slookup(&%s[%s], %s, %s, %s)", memory_kind(buffer),
                                   text->buffers[buffer->position], position_code(text, buffer, read->axes), offset,
                                   inside, alike ? "GR_LANES" : lanes_code(text));
    return (Code){code, 0};
}

/* A total behind the loops. Where lanes were reduced, it has been combined into a variable of its own (tile.c). */
static const char *total_code(const StageText *text, int total) {
    const char *name = text->totals[total];
    if (text->has_rows) name = arena_print(text->arena, "%s[r]", name);
    if (text->has_vectors) name = arena_print(text->arena, "%s[v]", name);
    return name;
}

/* ---- calls ---- */

static const char *template_of(const StageText *text, const Expr *expr) {
    const ScalarDef *def = &scalar_table[expr->u.call.fn];
    int last = expr->u.call.args[def->arity - 1];
    Elem elem = body_elem(&text->stage->body, last);
    if (expr->u.call.fn == SCALAR_to_real && elem == ELEM_BOOL) return "gr_select(%a, gr_all(1), gr_all(0))";
    if (expr->u.call.fn == SCALAR_to_int && elem == ELEM_BOOL) return "-%a";
    if (expr->u.call.fn == SCALAR_to_int) return elem == ELEM_REAL ? def->real_text : "%a";
    return elem == ELEM_REAL ? def->real_text : def->int_text;
}

static Code call_code(StageText *text, const Expr *expr) {
    const ScalarDef *def = &scalar_table[expr->u.call.fn];
    const char *form = template_of(text, expr);
    if (strcmp(form, "%a") == 0) return expr_code(text, expr->u.call.args[0]);
    int precedence = form[0] == '-' || form[0] == '~' ? 3 : strchr(form, '(') != NULL ? 0 : def->precedence;
    Writer line;
    writer_open(&line, text->arena);
    for (const char *c = form; *c != 0; c++) {
        if (*c != '%') {
            write_raw(&line, c, 1);
            continue;
        }
        int arg = *++c - 'a';
        const char *code = operand(text, expr_code(text, expr->u.call.args[arg]), precedence, arg > 0);
        write_raw(&line, code, strlen(code));
    }
    return (Code){writer_text(&line), precedence};
}

Code expr_own_code(StageText *text, int number) {
    const Expr *expr = &text->stage->body.exprs.at[number];
    switch (expr->kind) {
    case EXPR_LITERAL: return (Code){literal_code(text, expr->elem, expr->u.number), 0};
    case EXPR_SIZE: return (Code){arena_print(text->arena, "gr_iall(%s)", dim_code(text, expr->u.size)), 0};
    case EXPR_INDEX: return lanes_of_affine(text, affine_index(text->arena, expr->u.index));
    case EXPR_READ: return (Code){load_code(text, &text->stage->reads.at[expr->u.read]), 0};
    case EXPR_DRAW: return draw_code(text, number);
    case EXPR_LOOKUP: return lookup_code(text, number);
    case EXPR_TOTAL: return (Code){total_code(text, expr->u.total), 0};
    case EXPR_CALL: return call_code(text, expr);
    }
    internal_error("an expression of no kind");
}

Code expr_code(StageText *text, int number) {
    if (text->named[number] == NULL) return expr_own_code(text, number);
    bool array = text->has_rows && text->has_vectors && text->varies[number] == VARIES_VECTOR;
    return (Code){array ? arena_print(text->arena, "%s[v]", text->named[number]) : text->named[number], 0};
}
