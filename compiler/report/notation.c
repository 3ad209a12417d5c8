/* Expressions in the notation of the language. */
#include "compiler/report/dot.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 240, DEEPEST = 60 };
enum { TIGHTEST = 0, UNARY = 3, PRODUCT = 4, SUM = 5, COMPARISON = 7, AND = 10, OR = 12, LOOSEST = 20 };

/* ---- operators ---- */

typedef struct Operator {
    Scalar fn;
    const char *text;
    int precedence;
} Operator;

static const Operator operators[] = {
    {SCALAR_add, " + ", SUM},           {SCALAR_sub, " - ", SUM},           {SCALAR_mul, " * ", PRODUCT},
    {SCALAR_div, " / ", PRODUCT},       {SCALAR_quotient, " // ", PRODUCT}, {SCALAR_modulo, " % ", PRODUCT},
    {SCALAR_power, "^", TIGHTEST},      {SCALAR_less, " < ", COMPARISON},   {SCALAR_less_equal, " <= ", COMPARISON},
    {SCALAR_equal, " == ", COMPARISON}, {SCALAR_and, " and ", AND},         {SCALAR_or, " or ", OR},
    {SCALAR_neg, "-", UNARY},           {SCALAR_not, "not ", AND},
};

static const Operator *operator_of(Scalar fn) {
    for (size_t o = 0; o < sizeof operators / sizeof *operators; o++)
        if (operators[o].fn == fn) return &operators[o];
    return NULL;
}

static const char *function_name(Scalar fn) {
    if (fn == SCALAR_select) return "where";
    if (fn == SCALAR_to_real) return "real";
    return fn == SCALAR_to_int ? "int" : scalar_table[fn].name;
}

/* ---- expressions ---- */

static const char *number_text(Arena *arena, Elem elem, double number) {
    if (elem == ELEM_BOOL) return number != 0 ? "true" : "false";
    return arena_print(arena, "%.6g", number);
}

static void write_expr(Writer *out, const Notation *notation, int expr, int around, int depth);

static void write_call(Writer *out, const Notation *notation, const Expr *call, int around, int depth) {
    const Operator *found = operator_of(call->u.call.fn);
    const int *args = call->u.call.args, arity = scalar_table[call->u.call.fn].arity;
    if (!found) {
        write_text(out, "%s(", function_name(call->u.call.fn));
        for (int a = 0; a < arity; a++) {
            write_text(out, "%s", a > 0 ? ", " : "");
            write_expr(out, notation, args[a], LOOSEST, depth);
        }
        write_text(out, ")");
        return;
    }
    bool closed = found->precedence > around;
    write_text(out, "%s", closed ? "(" : "");
    if (arity == 2) write_expr(out, notation, args[0], found->precedence, depth);
    write_text(out, "%s", found->text);
    write_expr(out, notation, args[arity - 1], arity == 1 ? found->precedence : found->precedence - 1, depth);
    write_text(out, "%s", closed ? ")" : "");
}

/* The expression that a lookup computes its position on an axis by, or -1. */
static int computed_position(const Expr *expr, int axis) {
    for (int c = 0; expr->kind == EXPR_LOOKUP && c < expr->u.lookup.count; c++)
        if (expr->u.lookup.computed[c].axis == axis) return expr->u.lookup.computed[c].position;
    return -1;
}

static void write_read(Writer *out, const Notation *notation, const Expr *expr, const NotedRead *read, int depth) {
    write_text(out, "%s%s", read->name, read->rank > 0 ? "[" : "");
    for (int a = 0; a < read->rank; a++) {
        int computed = computed_position(expr, a);
        write_text(out, "%s", a > 0 ? ", " : "");
        if (computed < 0)
            write_text(out, "%s", affine_text(notation->arena, read->axes[a], notation->indices));
        else
            write_expr(out, notation, computed, LOOSEST, depth + 1);
    }
    write_text(out, "%s", read->rank > 0 ? "]" : "");
}

/* Within an operator that binds like `around`. */
static void write_expr(Writer *out, const Notation *notation, int expr, int around, int depth) {
    const Expr *e = &notation->body->exprs.at[expr];
    if (out->length > LONGEST || depth > DEEPEST) {
        bool cut = out->length >= 3 && strcmp(out->text + out->length - 3, "...") == 0;
        write_text(out, "%s", cut ? "" : "...");
        return;
    }
    switch (e->kind) {
    case EXPR_LITERAL: write_text(out, "%s", number_text(notation->arena, e->elem, e->u.number)); break;
    case EXPR_READ: write_read(out, notation, e, &notation->reads[e->u.read], depth); break;
    case EXPR_LOOKUP: write_read(out, notation, e, &notation->reads[e->u.lookup.read], depth); break;
    case EXPR_INDEX: write_text(out, "%s", notation->indices[e->u.index]); break;
    case EXPR_SIZE: write_text(out, "%s", dim_text(notation->arena, e->u.size)); break;
    case EXPR_TOTAL: write_text(out, "%s", notation->totals[e->u.total]); break;
    case EXPR_DRAW: write_text(out, e->u.draw.kind == DRAW_NORMAL ? "normal()" : "uniform()"); break;
    case EXPR_CALL: write_call(out, notation, e, around, depth + 1); break;
    }
}

const char *expr_notation(const Notation *notation, int expr) {
    Writer writer;
    writer_open(&writer, notation->arena);
    write_expr(&writer, notation, expr, LOOSEST, 0);
    return writer_text(&writer);
}

/* ---- nests ---- */

const char **index_notation(Arena *arena, int count, const Index *indices) {
    const char **names = ARENA_ARRAY(arena, const char *, count);
    for (int i = 0; i < count; i++) {
        names[i] = indices[i].name ? indices[i].name : "i";
        for (int before = 0; before < i; before++)
            if (strcmp(names[before], names[i]) == 0) names[i] = arena_print(arena, "%s'", names[i]), before = -1;
    }
    return names;
}

const char *node_name(Arena *arena, const Node *node) {
    if (node->op == OP_input && node->u.input) return node->u.input->name;
    if (node->op == OP_store) return node->u.store->path;
    return node->label ? node->label : arena_print(arena, "%%%d", node->id);
}

const char *reduction_notation(Reduce reduce) {
    static const char *const names[] = {"", "sum", "prod", "max", "min", "argmax", "argmin"};
    return names[reduce];
}

const char *node_notation(Arena *arena, const Node *node) {
    const Nest *nest = &node->u.nest;
    Notation notation = {arena, &nest->body, index_notation(arena, nest->index_count, nest->indices),
                         ARENA_ARRAY(arena, NotedRead, nest->read_count), NULL};
    for (int r = 0; r < nest->read_count; r++) {
        const Node *arg = node->args[nest->reads[r].arg];
        notation.reads[r] = (NotedRead){node_name(arena, arg), arg->type.shape.rank, nest->reads[r].axes};
    }
    const char *over = "", *where = "";
    for (int i = 0; i < nest->index_count; i++) {
        const Index *index = &nest->indices[i];
        if (index->kind == INDEX_REDUCED)
            over = arena_print(arena, "%s%s%s", over, *over ? ", " : "", notation.indices[i]);
        if (index->kind == INDEX_SOLVED)
            where = arena_print(arena, "%s where %s = (%s)/%lld", where, notation.indices[i],
                                affine_text(arena, index->solution, notation.indices), (long long)index->divisor);
    }
    const char *body = expr_notation(&notation, nest->body.exprs.count - 1);
    if (nest->reduce == REDUCE_NONE) return arena_print(arena, "%s%s", body, where);
    return arena_print(arena, "%s[%s] %s%s", reduction_notation(nest->reduce), over, body, where);
}

/* ---- labels ---- */

enum { LABEL_WIDTH = 44 }; /* behind which a line may be broken, outside brackets */

const char *dot_label(Arena *arena, const char *text) {
    char *label = arena_alloc(arena, 4 * strlen(text) + 5), *out = label;
    int column = 0, depth = 0;
    *out++ = '"';
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\n' || (*c == ' ' && column >= LABEL_WIDTH && depth == 0)) {
            out += strlen(strcpy(out, *c == '\n' ? "\\l" : "\\l  "));
            column = *c == '\n' ? 0 : 2;
            continue;
        }
        depth += *c == '[' ? 1 : *c == ']' ? -1 : 0;
        if (*c == '"' || *c == '\\') *out++ = '\\';
        *out++ = *c;
        column++;
    }
    strcpy(out, "\\l\"");
    return label;
}
