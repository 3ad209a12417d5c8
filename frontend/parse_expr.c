/* Expressions. Loosest first, as the grammar has them: using, or, and, not, comparison, sum, product, sign and
 * reduction, power, what follows an atom, atom. */
#include "frontend/parser.h"
#include <string.h>

/* ---- making nodes ---- */

AstExpr *new_expr(Parser *parser, AstExprKind kind, int begin) {
    AstExpr *expr = ARENA_NEW(parser->arena, AstExpr);
    expr->kind = kind;
    expr->height = 1;
    expr->span = span_from(parser, begin);
    if (parser->height < 1) parser->height = 1;
    return expr;
}

static void set_height(Parser *parser, AstExpr *expr, int height) {
    if (height > expr->height) expr->height = height;
    if (height > parser->height) parser->height = height;
    if (height > AST_HEIGHT_LIMIT)
        fail(parser, expr->span, "more than %d operations on top of each other: give a part of this a name",
             AST_HEIGHT_LIMIT);
}

void adopt(Parser *parser, AstExpr *parent, const AstExpr *child) {
    if (child) set_height(parser, parent, child->height + 1);
}

static AstExpr *new_binary(Parser *parser, AstBinary op, Span op_span, AstExpr *left, AstExpr *right) {
    AstExpr *expr = new_expr(parser, AST_BINARY, left->span.begin);
    expr->u.binary.op = op;
    expr->u.binary.op_span = op_span;
    expr->u.binary.left = left;
    expr->u.binary.right = right;
    adopt(parser, expr, left);
    adopt(parser, expr, right);
    return expr;
}

static AstExpr *new_unary(Parser *parser, AstUnary op, int begin, AstExpr *operand) {
    AstExpr *expr = new_expr(parser, AST_UNARY, begin);
    expr->u.unary.op = op;
    expr->u.unary.operand = operand;
    adopt(parser, expr, operand);
    return expr;
}

/* ---- lists ---- */

/* names = NAME {"," NAME} ; */
AstNames parse_names(Parser *parser) {
    AstNames names = {0};
    do
        vec_push(parser->arena, &names, expect_name(parser, "a name"));
    while (accept(parser, TOKEN_COMMA));
    return names;
}

/* exprs = expr {"," expr} ; */
AstExprs parse_exprs(Parser *parser) {
    AstExprs exprs = {0};
    do
        vec_push(parser->arena, &exprs, parse_expr(parser));
    while (accept(parser, TOKEN_COMMA));
    return exprs;
}

/* dim = [".."] expr ; */
static AstElement parse_element(Parser *parser) {
    AstElement element = {0};
    int begin = parser->token.begin;
    element.splice = accept(parser, TOKEN_DOTS);
    element.value = parse_expr(parser);
    element.span = span_from(parser, begin);
    return element;
}

/* "[" [dim {"," dim}] "]" */
AstElements parse_elements(Parser *parser) {
    AstElements elements = {0};
    Bracket bracket = open_bracket(parser, TOKEN_LEFT_BRACKET);
    for (bool more = !at(parser, TOKEN_RIGHT_BRACKET); more; more = accept(parser, TOKEN_COMMA))
        vec_push(parser->arena, &elements, parse_element(parser));
    close_bracket(parser, bracket);
    return elements;
}

/* ---- operators ---- */

typedef struct Operator {
    TokenKind token;
    AstBinary op;
} Operator;

/* END ends a table */
static const Operator or_operators[] = {{TOKEN_OR, AST_OR}, {TOKEN_END, AST_OR}};
static const Operator and_operators[] = {{TOKEN_AND, AST_AND}, {TOKEN_END, AST_OR}};
static const Operator cmp_operators[] = {{TOKEN_LESS, AST_LESS},       {TOKEN_LESS_EQUAL, AST_LESS_EQUAL},
                                         {TOKEN_GREATER, AST_GREATER}, {TOKEN_GREATER_EQUAL, AST_GREATER_EQUAL},
                                         {TOKEN_EQUAL, AST_EQUAL},     {TOKEN_NOT_EQUAL, AST_NOT_EQUAL},
                                         {TOKEN_END, AST_OR}};
static const Operator add_operators[] = {{TOKEN_PLUS, AST_ADD}, {TOKEN_MINUS, AST_SUBTRACT}, {TOKEN_END, AST_OR}};
static const Operator mul_operators[] = {
    {TOKEN_STAR, AST_MULTIPLY},  {TOKEN_SLASH, AST_DIVIDE}, {TOKEN_FLOOR_SLASH, AST_FLOOR_DIVIDE},
    {TOKEN_PERCENT, AST_MODULO}, {TOKEN_AT, AST_MATMUL},    {TOKEN_END, AST_OR}};

/* Reads an operator of the table, if one stands here. */
static const Operator *accept_operator(Parser *parser, const Operator *table, Span *span) {
    TokenKind kind = peek(parser);
    *span = token_span(parser);
    for (; table->token != TOKEN_END; table++)
        if (table->token == kind) {
            advance(parser);
            return table;
        }
    return NULL;
}

/* operand {operator operand}, grouped to the left */
static AstExpr *parse_chain(Parser *parser, const Operator *table, AstExpr *(*parse_operand)(Parser *)) {
    AstExpr *left = parse_operand(parser);
    Span span;
    for (const Operator *found; (found = accept_operator(parser, table, &span));)
        left = new_binary(parser, found->op, span, left, parse_operand(parser));
    return left;
}

static AstExpr *parse_not(Parser *parser);
static AstExpr *parse_unary(Parser *parser);

/* mul = unary {("*" | "/" | "//" | "%" | "@") unary} ; */
static AstExpr *parse_mul(Parser *parser) {
    return parse_chain(parser, mul_operators, parse_unary);
}

/* add = mul {("+" | "-") mul} ; */
AstExpr *parse_add(Parser *parser) {
    return parse_chain(parser, add_operators, parse_mul);
}

/* cmp = add [("<" | "<=" | ">" | ">=" | "==" | "!=") add] ; */
static AstExpr *parse_cmp(Parser *parser) {
    AstExpr *left = parse_add(parser);
    Span span;
    const Operator *found = accept_operator(parser, cmp_operators, &span);
    if (!found) return left;
    left = new_binary(parser, found->op, span, left, parse_add(parser));
    if (accept_operator(parser, cmp_operators, &span))
        fail(parser, span, "comparisons do not chain: write a < b and b < c");
    return left;
}

/* and = not {"and" not} ; */
static AstExpr *parse_and(Parser *parser) {
    return parse_chain(parser, and_operators, parse_not);
}

/* or = and {"or" and} ; */
static AstExpr *parse_or(Parser *parser) {
    return parse_chain(parser, or_operators, parse_and);
}

/* not = {"not"} cmp ; */
static AstExpr *parse_not(Parser *parser) {
    int begin = parser->token.begin;
    if (!accept(parser, TOKEN_NOT)) return parse_cmp(parser);
    AstExpr *operand = enter(parser) ? parse_not(parser) : new_expr(parser, AST_ERROR, begin);
    leave(parser);
    return new_unary(parser, AST_NOT, begin, operand);
}

/* bind = NAME "=" expr ; */
static void parse_bind(Parser *parser, AstExpr *using) {
    AstBind bind = {0};
    bind.name = expect_name(parser, "the name of a function, or training");
    expect(parser, TOKEN_ASSIGN);
    bind.value = parse_expr(parser);
    adopt(parser, using, bind.value);
    vec_push(parser->arena, &using->u.using.binds, bind);
}

/* "using" (bind | "(" bind {"," bind} ")") */
static AstExpr *parse_using(Parser *parser, AstExpr *value) {
    AstExpr *expr = new_expr(parser, AST_USING, value->span.begin);
    expr->u.using.value = value;
    adopt(parser, expr, value);
    advance(parser);
    if (at(parser, TOKEN_LEFT_PAREN)) {
        Bracket bracket = open_bracket(parser, TOKEN_LEFT_PAREN);
        do
            parse_bind(parser, expr);
        while (accept(parser, TOKEN_COMMA));
        close_bracket(parser, bracket);
    } else {
        parse_bind(parser, expr);
    }
    expr->span = span_from(parser, value->span.begin);
    return expr;
}

/* expr = or ["using" (bind | "(" bind {"," bind} ")")] ; */
AstExpr *parse_expr(Parser *parser) {
    AstExpr *expr;
    if (!enter(parser)) {
        expr = new_expr(parser, AST_ERROR, parser->previous_end);
    } else {
        expr = parse_or(parser);
        if (at(parser, TOKEN_USING)) expr = parse_using(parser, expr);
    }
    leave(parser);
    return expr;
}

/* ---- signs, reductions, powers ---- */

static const char *const reducers[] = {
    [AST_SUM] = "sum", [AST_PROD] = "prod",     [AST_MAX] = "max",
    [AST_MIN] = "min", [AST_ARGMAX] = "argmax", [AST_ARGMIN] = "argmin",
};

const char *ast_reducer_text(AstReducer reducer) {
    return reducer == AST_REDUCER_NONE ? "" : reducers[reducer];
}

/* The reducer whose name stands before "[" here, RED in the grammar. */
static AstReducer reducer_here(const Parser *parser) {
    if (!at(parser, TOKEN_NAME) || lexer_glance(&parser->lexer, !parser->lines_matter) != '[') return AST_REDUCER_NONE;
    for (int i = AST_SUM; i <= AST_ARGMIN; i++)
        if (strcmp(parser->token.u.name, reducers[i]) == 0) return (AstReducer)i;
    return AST_REDUCER_NONE;
}

void refuse_double_indices(Parser *parser, const AstIndices *indices) {
    for (int i = 1; i < indices->count; i++)
        for (int j = 0; j < i; j++)
            if (indices->at[i].name.name == indices->at[j].name.name) {
                fail(parser, indices->at[i].name.span, "the index '%s' is there already", indices->at[i].name.name);
                return;
            }
}

/* ix = NAME ["<" add] ; */
static AstIndex parse_index(Parser *parser) {
    AstIndex index = {0};
    index.name = expect_name(parser, "the name of an index");
    if (accept(parser, TOKEN_LESS)) index.bound = parse_add(parser);
    return index;
}

/* reduce = RED "[" ix {"," ix} "]" mul ; */
static AstExpr *parse_reduce(Parser *parser) {
    int begin = parser->token.begin;
    AstReducer reducer = reducer_here(parser);
    advance(parser);
    AstIndices indices = {0};
    Bracket bracket = open_bracket(parser, TOKEN_LEFT_BRACKET);
    do
        vec_push(parser->arena, &indices, parse_index(parser));
    while (accept(parser, TOKEN_COMMA));
    close_bracket(parser, bracket);
    refuse_double_indices(parser, &indices);
    AstExpr *operand = parse_mul(parser), *expr = new_expr(parser, AST_REDUCE, begin);
    expr->u.reduce.reducer = reducer;
    expr->u.reduce.indices = indices;
    expr->u.reduce.operand = operand;
    adopt(parser, expr, operand);
    for (int i = 0; i < indices.count; i++)
        adopt(parser, expr, indices.at[i].bound);
    return expr;
}

/* power = postfix ["^" {"-"} power] ; */
static AstExpr *parse_power(Parser *parser) {
    AstExpr *base = parse_postfix(parser);
    Span span = token_span(parser);
    if (!accept(parser, TOKEN_CARET)) return base;
    int begin = parser->token.begin, minuses = 0;
    while (accept(parser, TOKEN_MINUS))
        minuses++;
    AstExpr *exponent = enter(parser) ? parse_power(parser) : new_expr(parser, AST_ERROR, begin);
    leave(parser);
    for (; minuses > 0 && !parser->panicking; minuses--)
        exponent = new_unary(parser, AST_NEGATE, begin, exponent);
    return new_binary(parser, AST_POWER, span, base, exponent);
}

/* unary = "-" unary | reduce | power ; */
static AstExpr *parse_unary(Parser *parser) {
    int begin = parser->token.begin;
    AstReducer reducer = reducer_here(parser);
    if (reducer == AST_REDUCER_NONE && !at(parser, TOKEN_MINUS)) return parse_power(parser);
    AstExpr *expr = new_expr(parser, AST_ERROR, begin);
    if (enter(parser)) {
        if (reducer != AST_REDUCER_NONE)
            expr = parse_reduce(parser);
        else
            advance(parser), expr = new_unary(parser, AST_NEGATE, begin, parse_unary(parser));
    }
    leave(parser);
    return expr;
}

/* ---- what follows an atom ---- */

/* sub = expr | [expr] ":" [expr] [":" [expr]] | "None" | ".." ; */
static AstSub parse_sub(Parser *parser) {
    AstSub sub = {AST_SUB_AT, {0}, NULL, NULL, NULL};
    int begin = parser->token.begin;
    if (accept(parser, TOKEN_NONE)) {
        sub.kind = AST_SUB_NONE;
    } else if (accept(parser, TOKEN_DOTS)) {
        sub.kind = AST_SUB_REST;
    } else {
        if (!at(parser, TOKEN_COLON)) sub.begin = parse_expr(parser);
        if (accept(parser, TOKEN_COLON)) {
            sub.kind = AST_SUB_SLICE;
            bool stops = at(parser, TOKEN_COLON) || at(parser, TOKEN_COMMA) || at(parser, TOKEN_RIGHT_BRACKET);
            if (!stops) sub.end = parse_expr(parser);
            if (accept(parser, TOKEN_COLON) && !at(parser, TOKEN_COMMA) && !at(parser, TOKEN_RIGHT_BRACKET))
                sub.step = parse_expr(parser);
        }
    }
    sub.span = span_from(parser, begin);
    return sub;
}

/* "[" sub {"," sub} "]" */
static AstExpr *parse_subscript(Parser *parser, AstExpr *base) {
    AstExpr *expr = new_expr(parser, AST_SUBSCRIPT, base->span.begin);
    expr->u.subscript.base = base;
    adopt(parser, expr, base);
    Bracket bracket = open_bracket(parser, TOKEN_LEFT_BRACKET);
    do {
        AstSub sub = parse_sub(parser);
        vec_push(parser->arena, &expr->u.subscript.subs, sub);
        adopt(parser, expr, sub.begin);
        adopt(parser, expr, sub.end);
        adopt(parser, expr, sub.step);
    } while (accept(parser, TOKEN_COMMA));
    close_bracket(parser, bracket);
    return expr;
}

/* a = [NAME "="] expr | ".." expr ; */
static AstArg parse_arg(Parser *parser) {
    AstArg arg = {0};
    int begin = parser->token.begin;
    arg.splice = accept(parser, TOKEN_DOTS);
    arg.value = parse_expr(parser);
    if (!arg.splice && arg.value->kind == AST_NAME && accept(parser, TOKEN_ASSIGN)) {
        arg.name = (AstName){arg.value->u.name, arg.value->span};
        arg.value = parse_expr(parser);
    }
    arg.span = span_from(parser, begin);
    return arg;
}

/* "(" [args] ")"    args = a {"," a} ; */
static AstExpr *parse_call(Parser *parser, AstExpr *callee) {
    AstExpr *expr = new_expr(parser, AST_CALL, callee->span.begin);
    expr->u.call.callee = callee;
    adopt(parser, expr, callee);
    Bracket bracket = open_bracket(parser, TOKEN_LEFT_PAREN);
    for (bool more = !at(parser, TOKEN_RIGHT_PAREN); more; more = accept(parser, TOKEN_COMMA)) {
        AstArg arg = parse_arg(parser);
        vec_push(parser->arena, &expr->u.call.args, arg);
        adopt(parser, expr, arg.value);
    }
    close_bracket(parser, bracket);
    return expr;
}

/* "." NAME | "." INT */
static AstExpr *parse_member(Parser *parser, AstExpr *base) {
    advance(parser);
    AstExpr *expr = new_expr(parser, AST_MEMBER, base->span.begin);
    if (at(parser, TOKEN_INT)) {
        expr->kind = AST_ELEMENT;
        expr->u.element.base = base;
        expr->u.element.position = parser->token.u.integer;
        advance(parser);
    } else if (base->kind == AST_INT && !at(parser, TOKEN_NAME)) {
        Span dot = span_from(parser, base->span.begin);
        hint(parser, expected(parser, "a digit"), dot, "a number does not end with a dot: write 5.0 or 5");
    } else {
        expr->u.member.base = base;
        expr->u.member.name = expect_name(parser, "the name or number of a member");
    }
    adopt(parser, expr, base);
    return expr;
}

static AstExpr *parse_transpose(Parser *parser, AstExpr *base) {
    advance(parser);
    AstExpr *expr = new_expr(parser, AST_TRANSPOSE, base->span.begin);
    expr->u.operand = base;
    adopt(parser, expr, base);
    return expr;
}

static AstExpr *parse_atom(Parser *parser);

/* postfix = atom {"'" | "." NAME | "." INT | "[" sub {"," sub} "]" | "(" [args] ")"} ; */
AstExpr *parse_postfix(Parser *parser) {
    int begin = parser->token.begin;
    AstExpr *expr = parse_atom(parser);
    for (;;) {
        if (at(parser, TOKEN_QUOTE))
            expr = parse_transpose(parser, expr);
        else if (at(parser, TOKEN_DOT))
            expr = parse_member(parser, expr);
        else if (at(parser, TOKEN_LEFT_BRACKET))
            expr = parse_subscript(parser, expr);
        else if (at(parser, TOKEN_LEFT_PAREN))
            expr = parse_call(parser, expr);
        else
            return expr;
        expr->span = span_from(parser, begin);
    }
}

/* ---- atoms ---- */

/* "[" [dim {"," dim}] "]" | "[" expr "for" names "in" expr "]" */
static AstExpr *parse_list(Parser *parser) {
    AstExpr *expr = new_expr(parser, AST_LIST, parser->token.begin);
    Bracket bracket = open_bracket(parser, TOKEN_LEFT_BRACKET);
    for (bool more = !at(parser, TOKEN_RIGHT_BRACKET); more; more = accept(parser, TOKEN_COMMA)) {
        AstElement element = parse_element(parser);
        adopt(parser, expr, element.value);
        vec_push(parser->arena, &expr->u.list, element);
    }
    if (expr->u.list.count == 1 && !expr->u.list.at[0].splice && accept(parser, TOKEN_FOR)) {
        AstExpr *value = expr->u.list.at[0].value;
        expr->kind = AST_COMPREHENSION;
        expr->u.comprehension.value = value;
        expr->u.comprehension.names = parse_names(parser);
        expect(parser, TOKEN_IN);
        expr->u.comprehension.source = parse_expr(parser);
        adopt(parser, expr, expr->u.comprehension.source);
    }
    close_bracket(parser, bracket);
    return expr;
}

/* "fn" params ("=" expr | block) */
static AstExpr *parse_lambda_expr(Parser *parser) {
    AstExpr *expr = new_expr(parser, AST_LAMBDA, parser->token.begin);
    int height = parser->height;
    parser->height = 0;
    expr->u.function = parse_lambda(parser);
    set_height(parser, expr, parser->height + 1);
    if (parser->height < height) parser->height = height;
    return expr;
}

/* "(" expr ")" */
static AstExpr *parse_parenthesised(Parser *parser) {
    Bracket bracket = open_bracket(parser, TOKEN_LEFT_PAREN);
    AstExpr *expr = parse_expr(parser);
    Span span = token_span(parser);
    if (at(parser, TOKEN_COMMA)) hint(parser, expected(parser, "')' to close '('"), span, "a list is written [a, b]");
    close_bracket(parser, bracket);
    return expr;
}

/* No expression begins here: says so, with the mend for what other languages have taught. */
static void refuse_atom(Parser *parser) {
    Span span = token_span(parser);
    TokenKind kind = peek(parser);
    bool after_star = span.begin > 0 && span.source->text[span.begin - 1] == '*';
    Diagnostic *error = expected(parser, "an expression");
    if (kind == TOKEN_DOT) hint(parser, error, span, "a number does not begin with a dot: write 0.5");
    if (kind == TOKEN_QUOTE) hint(parser, error, span, "' is the transpose; strings are written \"...\"");
    if (kind == TOKEN_STAR && after_star) hint(parser, error, span, "the power is written ^");
    if (kind == TOKEN_NONE) hint(parser, error, span, "None stands only in an index: x[:, None]");
}

/* atom = NUMBER | STRING | "true" | "false" | NAME | "(" expr ")" | "[" [dim {"," dim}] "]"
 *      | "[" expr "for" names "in" expr "]" | "fn" params ("=" expr | block) | RED "(" args ")" ; */
static AstExpr *parse_atom(Parser *parser) {
    int begin = parser->token.begin;
    AstExpr *expr = new_expr(parser, AST_ERROR, begin);
    switch (peek(parser)) {
    case TOKEN_LEFT_PAREN: expr = parse_parenthesised(parser); break;
    case TOKEN_LEFT_BRACKET: expr = parse_list(parser); break;
    case TOKEN_FN: expr = parse_lambda_expr(parser); break;
    case TOKEN_INT: expr->kind = AST_INT, expr->u.integer = parser->token.u.integer, advance(parser); break;
    case TOKEN_REAL: expr->kind = AST_REAL, expr->u.real = parser->token.u.real, advance(parser); break;
    case TOKEN_STRING: expr->kind = AST_STRING, expr->u.string = parser->token.u.string, advance(parser); break;
    case TOKEN_TRUE:
    case TOKEN_FALSE: expr->kind = AST_BOOL, expr->u.boolean = peek(parser) == TOKEN_TRUE, advance(parser); break;
    case TOKEN_NAME:
        if (reducer_here(parser) != AST_REDUCER_NONE)
            fail(parser, token_span(parser), "a reduction stands in parentheses here: (%s[...] ...)",
                 parser->token.u.name);
        else
            expr->kind = AST_NAME, expr->u.name = parser->token.u.name, advance(parser);
        break;
    default: refuse_atom(parser); break;
    }
    expr->span = span_from(parser, begin); /* with its parentheses */
    return expr;
}
