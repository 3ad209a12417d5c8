/* Declarations: sizes, parameters, modules, functions, entries. */
#include "frontend/parser.h"

/* ---- shapes and types ---- */

/* shape = "[" [dim {"," dim}] "]" ;  or nothing */
AstShape parse_shape(Parser *parser) {
    AstShape shape = {0};
    int begin = parser->token.begin;
    if (!at(parser, TOKEN_LEFT_BRACKET)) return shape;
    shape.written = true;
    shape.dims = parse_elements(parser);
    shape.span = span_from(parser, begin);
    return shape;
}

static const char *const types[] = {
    [AST_TYPE_NONE] = "",     [AST_TYPE_REAL] = "real", [AST_TYPE_INT] = "int",
    [AST_TYPE_BOOL] = "bool", [AST_TYPE_BYTE] = "byte",
};

const char *ast_type_text(AstType type) {
    return types[type];
}

/* [":" type]    type = "real" | "int" | "bool" | "byte" ; */
static AstType parse_type(Parser *parser) {
    if (!accept(parser, TOKEN_COLON)) return AST_TYPE_NONE;
    for (int type = AST_TYPE_REAL; type <= AST_TYPE_BYTE; type++)
        if (at_word(parser, types[type])) {
            advance(parser);
            return (AstType)type;
        }
    expected(parser, "real, int, bool or byte");
    return AST_TYPE_NONE;
}

/* ---- file-level declarations ---- */

/* import = "import" NAME ; */
AstStmt *parse_import(Parser *parser, Place place) {
    (void)place;
    AstStmt *stmt = new_stmt(parser, AST_IMPORT, parser->token.begin);
    advance(parser);
    stmt->u.name = expect_name(parser, "the name of a file, without .grad");
    return stmt;
}

/* size = "size" NAME "=" expr [".." expr] ; */
AstStmt *parse_size(Parser *parser, Place place) {
    (void)place;
    AstStmt *stmt = new_stmt(parser, AST_SIZE, parser->token.begin);
    advance(parser);
    stmt->u.size.name = expect_name(parser, "a name for the size");
    expect(parser, TOKEN_ASSIGN);
    stmt->u.size.low = parse_expr(parser);
    if (accept(parser, TOKEN_DOTS)) stmt->u.size.high = parse_expr(parser);
    return stmt;
}

/* decl = ("param" | "state" | "slot") NAME [shape] [":" type] ("=" | "~") expr | "const" ... ; */
AstStmt *parse_decl(Parser *parser, Place place) {
    (void)place;
    AstStmtKind kind = at(parser, TOKEN_PARAM) ? AST_PARAM : at(parser, TOKEN_STATE) ? AST_STATE : AST_SLOT;
    AstStmt *stmt = new_stmt(parser, kind, parser->token.begin);
    const char *what = token_text(peek(parser));
    advance(parser);
    stmt->u.decl.name = expect_name(parser, arena_print(parser->arena, "a name for the %s", what));
    stmt->u.decl.shape = parse_shape(parser);
    stmt->u.decl.type = parse_type(parser);
    stmt->u.decl.sampled = accept(parser, TOKEN_TILDE);
    if (!stmt->u.decl.sampled && !accept(parser, TOKEN_ASSIGN)) expected(parser, "'=' or '~' and an initial value");
    stmt->u.decl.init = parse_expr(parser);
    return stmt;
}

/* "const" (target "=" expr | NAME [shape] "~" call) */
AstStmt *parse_const(Parser *parser, Place place) {
    (void)place;
    AstStmt *stmt = new_stmt(parser, AST_CONST, parser->token.begin);
    advance(parser);
    stmt->u.constant.name = expect_name(parser, "a name for the constant");
    AstShape brackets = parse_shape(parser);
    if (accept(parser, TOKEN_TILDE)) {
        stmt->u.constant.sampled = true;
        stmt->u.constant.shape = brackets;
        stmt->u.constant.value = parse_distribution(parser);
    } else {
        stmt->u.constant.indexed = brackets.written;
        if (brackets.written) stmt->u.constant.indices = indices_of(parser, &brackets.dims);
        if (!accept(parser, TOKEN_ASSIGN)) expected(parser, "'=' or '~'");
        stmt->u.constant.value = parse_expr(parser);
    }
    return stmt;
}

/* ---- parameters ---- */

/* pat = ".." [NAME] | NAME | INT ; */
static AstPat parse_pat(Parser *parser) {
    AstPat pat = {0};
    int begin = parser->token.begin;
    if (accept(parser, TOKEN_DOTS)) {
        pat.kind = AST_PAT_REST;
        if (at(parser, TOKEN_NAME)) pat.name = expect_name(parser, "a name");
    } else if (at(parser, TOKEN_INT)) {
        pat.kind = AST_PAT_INT;
        pat.integer = parser->token.u.integer;
        advance(parser);
    } else {
        pat.kind = AST_PAT_NAME;
        pat.name = expect_name(parser, "a name, a number or '..'");
    }
    pat.span = span_from(parser, begin);
    return pat;
}

/* pattern = "[" [pat {"," pat}] "]" ; */
static AstPats parse_pattern(Parser *parser) {
    AstPats pattern = {0};
    Bracket bracket = open_bracket(parser, TOKEN_LEFT_BRACKET);
    for (bool more = !at(parser, TOKEN_RIGHT_BRACKET); more; more = accept(parser, TOKEN_COMMA))
        vec_push(parser->arena, &pattern, parse_pat(parser));
    close_bracket(parser, bracket);
    return pattern;
}

/* param = NAME [pattern] [":" type] ["=" expr] ; */
static AstParam parse_param(Parser *parser) {
    AstParam param = {0};
    int begin = parser->token.begin;
    param.name = expect_name(parser, "a name for the argument");
    param.has_pattern = at(parser, TOKEN_LEFT_BRACKET);
    if (param.has_pattern) param.pattern = parse_pattern(parser);
    param.type = parse_type(parser);
    if (accept(parser, TOKEN_ASSIGN)) param.fallback = parse_expr(parser);
    param.span = span_from(parser, begin);
    return param;
}

/* params = "(" [param {"," param}] ")" ; */
static AstParams parse_params(Parser *parser) {
    AstParams params = {0};
    Bracket bracket = open_bracket(parser, TOKEN_LEFT_PAREN);
    for (bool more = !at(parser, TOKEN_RIGHT_PAREN); more; more = accept(parser, TOKEN_COMMA))
        vec_push(parser->arena, &params, parse_param(parser));
    close_bracket(parser, bracket);
    return params;
}

/* ---- modules and functions ---- */

/* module = "module" NAME params members ;    optimizer = "optimizer" NAME params members ; */
AstStmt *parse_module(Parser *parser, Place place) {
    (void)place;
    AstStmtKind kind = at(parser, TOKEN_MODULE) ? AST_MODULE : AST_OPTIMIZER;
    AstStmt *stmt = new_stmt(parser, kind, parser->token.begin);
    const char *what = token_text(peek(parser));
    advance(parser);
    stmt->u.module.name = expect_name(parser, arena_print(parser->arena, "a name for the %s", what));
    stmt->u.module.params = parse_params(parser);
    stmt->u.module.members = parse_block(parser, PLACE_MODULE);
    return stmt;
}

/* body = "=" exprs | block ;    a lambda has one value, for the next comma is not its own */
static AstBody parse_body(Parser *parser, bool is_lambda) {
    AstBody body = {0};
    int begin = parser->token.begin;
    if (accept(parser, TOKEN_ASSIGN)) {
        if (is_lambda)
            vec_push(parser->arena, &body.values, parse_expr(parser));
        else
            body.values = parse_exprs(parser);
    } else if (at(parser, TOKEN_LEFT_BRACE)) {
        body.is_block = true;
        body.block = parse_block(parser, PLACE_BODY);
    } else {
        expected(parser, "'=' or '{' and the function's body");
    }
    body.span = span_from(parser, begin);
    return body;
}

/* "backward" "(" NAME ["," NAME] ")" body */
static AstBackward *parse_backward(Parser *parser) {
    AstBackward *backward = ARENA_NEW(parser->arena, AstBackward);
    int begin = parser->token.begin;
    accept_over_newline(parser, TOKEN_BACKWARD);
    Bracket bracket = open_bracket(parser, TOKEN_LEFT_PAREN);
    backward->gradient = expect_name(parser, "a name for the gradient of the result");
    if (accept(parser, TOKEN_COMMA)) backward->result = expect_name(parser, "a name for the result");
    close_bracket(parser, bracket);
    backward->body = parse_body(parser, false);
    backward->span = span_from(parser, begin);
    return backward;
}

/* fn = "fn" [NAME] params body ["backward" "(" NAME ["," NAME] ")" body] ; */
AstStmt *parse_fn(Parser *parser, Place place) {
    AstFunction *function = ARENA_NEW(parser->arena, AstFunction);
    int begin = parser->token.begin;
    AstStmt *stmt = new_stmt(parser, AST_FUNCTION, begin);
    stmt->u.function = function;
    advance(parser);
    if (place != PLACE_MODULE || at(parser, TOKEN_NAME))
        function->name = expect_name(parser, "a name for the function");
    else if (!at(parser, TOKEN_LEFT_PAREN))
        expected(parser, "a name or '('");
    function->params = parse_params(parser);
    function->body = parse_body(parser, false);
    if (!parser->panicking && parser->token.kind == TOKEN_BACKWARD) function->backward = parse_backward(parser);
    function->span = span_from(parser, begin);
    return stmt;
}

AstFunction *parse_lambda(Parser *parser) {
    AstFunction *function = ARENA_NEW(parser->arena, AstFunction);
    int begin = parser->token.begin;
    advance(parser);
    function->params = parse_params(parser);
    function->body = parse_body(parser, true);
    function->span = span_from(parser, begin);
    return function;
}

/* ---- entries ---- */

/* arg = ["state"] NAME [shape] [":" type] ; */
static AstEntryArg parse_entry_arg(Parser *parser) {
    AstEntryArg arg = {0};
    int begin = parser->token.begin;
    arg.is_state = accept(parser, TOKEN_STATE);
    arg.name = expect_name(parser, "a name");
    arg.shape = parse_shape(parser);
    arg.type = parse_type(parser);
    arg.span = span_from(parser, begin);
    return arg;
}

/* entry = "entry" NAME "(" [arg {"," arg}] ")" ["->" arg {"," arg}] block ; */
AstStmt *parse_entry(Parser *parser, Place place) {
    (void)place;
    AstStmt *stmt = new_stmt(parser, AST_ENTRY, parser->token.begin);
    advance(parser);
    stmt->u.entry.name = expect_name(parser, "a name for the entry");
    Bracket bracket = open_bracket(parser, TOKEN_LEFT_PAREN);
    for (bool more = !at(parser, TOKEN_RIGHT_PAREN); more; more = accept(parser, TOKEN_COMMA))
        vec_push(parser->arena, &stmt->u.entry.args, parse_entry_arg(parser));
    close_bracket(parser, bracket);
    for (bool more = accept(parser, TOKEN_TO); more; more = accept(parser, TOKEN_COMMA))
        vec_push(parser->arena, &stmt->u.entry.results, parse_entry_arg(parser));
    stmt->u.entry.block = parse_block(parser, PLACE_BODY);
    return stmt;
}
