/* Statements: what stands in blocks. The table at the end says which keyword begins what, and where it may stand. */
#include "frontend/parser.h"
#include <string.h>

AstStmt *new_stmt(Parser *parser, AstStmtKind kind, int begin) {
    AstStmt *stmt = ARENA_NEW(parser->arena, AstStmt);
    stmt->kind = kind;
    stmt->span = span_from(parser, begin);
    return stmt;
}

/* The place of the statements in a block of `for` or `if`. */
static Place inner_place(Place place) {
    return place == PLACE_FILE ? PLACE_MODULE : place;
}

/* ---- statements that begin with a name ---- */

/* What stands left of `=`, `~`, `<-`: a path, of which the first brackets are kept aside, for until the token behind
 * them is seen they may be indices, a shape or a position. */
typedef struct Target {
    AstName name;
    bool plain;     /* nothing follows the name */
    bool bracketed; /* one pair of brackets follows the name, and nothing else */
    AstShape brackets;
    AstExpr *path; /* NULL where the brackets hold no position */
} Target;

typedef VEC(Target) Targets;

static AstExpr *path_of_name(Parser *parser, AstName name) {
    AstExpr *expr = new_expr(parser, AST_NAME, name.span.begin);
    expr->span = name.span;
    expr->u.name = name.name;
    return expr;
}

/* base[e]; NULL where the brackets hold anything but one expression. */
static AstExpr *path_of_brackets(Parser *parser, AstExpr *base, const AstShape *brackets) {
    if (!base || brackets->dims.count != 1 || brackets->dims.at[0].splice) return NULL;
    AstExpr *expr = new_expr(parser, AST_SUBSCRIPT, base->span.begin), *position = brackets->dims.at[0].value;
    AstSub sub = {AST_SUB_AT, brackets->dims.at[0].span, position, NULL, NULL};
    expr->u.subscript.base = base;
    vec_push(parser->arena, &expr->u.subscript.subs, sub);
    adopt(parser, expr, base);
    adopt(parser, expr, position);
    return expr;
}

static AstExpr *path_of_member(Parser *parser, AstExpr *base) {
    Span dot = token_span(parser);
    advance(parser);
    if (!base) {
        expected(parser, "'=', '~' or '<-'");
        base = new_expr(parser, AST_ERROR, dot.begin);
    }
    AstExpr *expr = new_expr(parser, AST_MEMBER, base->span.begin);
    if (at(parser, TOKEN_INT)) {
        expr->kind = AST_ELEMENT;
        expr->u.element.base = base;
        expr->u.element.position = parser->token.u.integer;
        advance(parser);
    } else {
        expr->u.member.base = base;
        expr->u.member.name = expect_name(parser, "the name or number of a member");
    }
    adopt(parser, expr, base);
    return expr;
}

/* path = NAME {"." (NAME | INT) | "[" expr "]"} ;  or what stands before `=` and `~` */
static Target parse_target(Parser *parser) {
    Target target = {.plain = true};
    target.name = expect_name(parser, "a name");
    target.path = path_of_name(parser, target.name);
    while (at(parser, TOKEN_DOT) || at(parser, TOKEN_LEFT_BRACKET)) {
        if (at(parser, TOKEN_DOT)) {
            target.path = path_of_member(parser, target.path);
            target.bracketed = false;
        } else {
            AstShape brackets = parse_shape(parser);
            target.path = path_of_brackets(parser, target.path, &brackets);
            target.bracketed = target.plain;
            target.brackets = brackets;
        }
        target.plain = false;
        if (target.path) target.path->span = span_from(parser, target.name.span.begin);
    }
    return target;
}

AstIndices indices_of(Parser *parser, const AstElements *elements) {
    AstIndices indices = {0};
    for (int i = 0; i < elements->count; i++) {
        const AstElement *element = &elements->at[i];
        const AstExpr *value = element->value;
        AstIndex index = {0};
        if (value->kind == AST_BINARY && value->u.binary.op == AST_LESS) {
            index.bound = value->u.binary.right;
            value = value->u.binary.left;
        }
        if (element->splice || value->kind != AST_NAME) {
            fail(parser, element->span, "expected an index such as i or i < 8: a tensor is always written whole");
            break;
        }
        index.name = (AstName){value->u.name, value->span};
        vec_push(parser->arena, &indices, index);
    }
    if (elements->count == 0) fail(parser, token_span(parser), "expected an index between the brackets");
    refuse_double_indices(parser, &indices);
    return indices;
}

/* target = NAME ["[" ix {"," ix} "]"] ; */
static AstStmt *parse_indexed(Parser *parser, const Target *target) {
    AstStmt *stmt = new_stmt(parser, AST_INDEXED, target->name.span.begin);
    stmt->u.indexed.name = target->name;
    stmt->u.indexed.indices = indices_of(parser, &target->brackets.dims);
    advance(parser);
    stmt->u.indexed.values = parse_exprs(parser);
    return stmt;
}

/* assign = (target | names) "=" exprs ; */
static AstStmt *parse_assign(Parser *parser, const Targets *targets) {
    if (targets->count == 1 && targets->at[0].bracketed) return parse_indexed(parser, &targets->at[0]);
    AstStmt *stmt = new_stmt(parser, AST_ASSIGN, targets->at[0].name.span.begin);
    for (int i = 0; i < targets->count; i++) {
        const Target *target = &targets->at[i];
        if (!target->plain && !target->bracketed && target->path)
            fail(parser, target->path->span, "only a name is bound by '=': a member is updated, with '<-'");
        else if (!target->plain)
            fail(parser, target->brackets.span, "a tensor that is written by index stands alone before '='");
        vec_push(parser->arena, &stmt->u.assign.names, target->name);
    }
    advance(parser);
    stmt->u.assign.values = parse_exprs(parser);
    return stmt;
}

AstExpr *parse_distribution(Parser *parser) {
    int begin = parser->token.begin;
    AstExpr *call = parse_postfix(parser);
    if (call->kind != AST_CALL && !parser->panicking)
        fail(parser, span_from(parser, begin), "expected a distribution, such as normal(0, 1), after '~'");
    return call;
}

/* sample = NAME [shape] "~" call ; */
static AstStmt *parse_sample(Parser *parser, const Targets *targets) {
    const Target *target = &targets->at[0];
    AstStmt *stmt = new_stmt(parser, AST_SAMPLE, target->name.span.begin);
    if (targets->count > 1 || !(target->plain || target->bracketed))
        fail(parser, span_from(parser, target->name.span.begin), "one name is drawn at a time: name[shape] ~ ...");
    stmt->u.sample.name = target->name;
    stmt->u.sample.shape = target->brackets;
    advance(parser);
    stmt->u.sample.call = parse_distribution(parser);
    return stmt;
}

/* update = path {"," path} "<-" exprs ; */
static AstStmt *parse_update(Parser *parser, const Targets *targets) {
    AstStmt *stmt = new_stmt(parser, AST_UPDATE, targets->at[0].name.span.begin);
    for (int i = 0; i < targets->count; i++) {
        AstExpr *path = targets->at[i].path;
        if (!path)
            fail(parser, targets->at[i].brackets.span, "expected one position: what is updated is a whole tensor");
        vec_push(parser->arena, &stmt->u.update.targets, path);
    }
    advance(parser);
    stmt->u.update.values = parse_exprs(parser);
    return stmt;
}

/* The token behind the targets is none of the three: the mend, where the line shows what was meant. */
static void refuse_targets(Parser *parser, const Targets *targets) {
    const Target *first = &targets->at[0];
    const char *keyword = targets->count == 1 && first->plain ? nearest_keyword(first->name.name) : NULL;
    bool called = at(parser, TOKEN_LEFT_PAREN), is_word = at(parser, TOKEN_NAME) || token_is_keyword(peek(parser));
    Diagnostic *error = expected(parser, "'=', '~' or '<-'");
    if (keyword && !at(parser, TOKEN_NEWLINE))
        hint(parser, error, first->name.span, arena_print(parser->arena, "did you mean '%s'?", keyword));
    else if (called)
        hint(parser, error, first->name.span, "a call alone has no effect: give its value a name");
    else if (is_word && targets->count == 1)
        hint(parser, error, first->name.span, "this is no keyword, so it is read as a name to be bound");
}

/* assign | sample | update */
static AstStmt *parse_named(Parser *parser, Place place) {
    Targets targets = {0};
    do
        vec_push(parser->arena, &targets, parse_target(parser));
    while (accept(parser, TOKEN_COMMA));
    TokenKind kind = peek(parser);
    if (place != PLACE_BODY && (kind == TOKEN_TILDE || kind == TOKEN_UPDATE)) {
        const char *what = kind == TOKEN_TILDE ? "a sample" : "an update";
        fail(parser, token_span(parser), "%s stands in a function or an entry, not %s", what,
             place == PLACE_FILE ? "in the file itself" : "here");
        return NULL;
    }
    if (kind == TOKEN_ASSIGN) return parse_assign(parser, &targets);
    if (kind == TOKEN_TILDE) return parse_sample(parser, &targets);
    if (kind == TOKEN_UPDATE) return parse_update(parser, &targets);
    refuse_targets(parser, &targets);
    return NULL;
}

/* ---- control ---- */

/* for = "for" names "in" exprs block ; */
static AstStmt *parse_for(Parser *parser, Place place) {
    AstStmt *stmt = new_stmt(parser, AST_FOR, parser->token.begin);
    advance(parser);
    stmt->u.loop.names = parse_names(parser);
    expect(parser, TOKEN_IN);
    stmt->u.loop.sources = parse_exprs(parser);
    stmt->u.loop.block = parse_block(parser, inner_place(place));
    return stmt;
}

/* if = "if" expr block ["else" (if | block)] ; */
static AstStmt *parse_if(Parser *parser, Place place) {
    AstStmt *stmt = new_stmt(parser, AST_IF, parser->token.begin);
    advance(parser);
    stmt->u.branch.condition = parse_expr(parser);
    stmt->u.branch.then = parse_block(parser, inner_place(place));
    stmt->u.branch.has_else = accept_over_newline(parser, TOKEN_ELSE);
    if (stmt->u.branch.has_else && at(parser, TOKEN_IF)) {
        int height = parser->height;
        AstStmt *nested = enter(parser) ? parse_if(parser, inner_place(place)) : NULL;
        leave(parser);
        if (nested) {
            nested->span = span_from(parser, nested->span.begin);
            stmt->u.branch.otherwise.span = nested->span;
            vec_push(parser->arena, &stmt->u.branch.otherwise.stmts, nested);
        }
        parser->height = (parser->height > height ? parser->height : height) + 1;
    } else if (stmt->u.branch.has_else) {
        stmt->u.branch.otherwise = parse_block(parser, inner_place(place));
    }
    return stmt;
}

/* repeat = "repeat" add block ; */
static AstStmt *parse_repeat(Parser *parser, Place place) {
    AstStmt *stmt = new_stmt(parser, AST_REPEAT, parser->token.begin);
    advance(parser);
    stmt->u.repeat.count = parse_add(parser);
    stmt->u.repeat.block = parse_block(parser, place);
    return stmt;
}

/* scan = "scan" names "in" exprs ["carry" names] block ; */
static AstStmt *parse_scan(Parser *parser, Place place) {
    AstStmt *stmt = new_stmt(parser, AST_SCAN, parser->token.begin);
    advance(parser);
    stmt->u.scan.names = parse_names(parser);
    expect(parser, TOKEN_IN);
    stmt->u.scan.sources = parse_exprs(parser);
    stmt->u.scan.has_carry = accept(parser, TOKEN_CARRY);
    if (stmt->u.scan.has_carry) stmt->u.scan.carry = parse_names(parser);
    stmt->u.scan.block = parse_block(parser, place);
    return stmt;
}

/* emit = "emit" expr "->" NAME ; */
static AstStmt *parse_emit(Parser *parser, Place place) {
    (void)place;
    AstStmt *stmt = new_stmt(parser, AST_EMIT, parser->token.begin);
    advance(parser);
    stmt->u.emit.value = parse_expr(parser);
    expect(parser, TOKEN_TO);
    stmt->u.emit.name = expect_name(parser, "a name for what is collected");
    return stmt;
}

/* train = ("minimize" | "maximize") expr ["over" exprs] "with" expr ; */
static AstStmt *parse_train(Parser *parser, Place place) {
    (void)place;
    AstStmt *stmt = new_stmt(parser, AST_TRAIN, parser->token.begin);
    stmt->u.train.maximize = at(parser, TOKEN_MAXIMIZE);
    advance(parser);
    stmt->u.train.objective = parse_expr(parser);
    if (accept(parser, TOKEN_OVER)) stmt->u.train.over = parse_exprs(parser);
    expect(parser, TOKEN_WITH);
    stmt->u.train.optimizer = parse_expr(parser);
    return stmt;
}

/* "return" exprs */
static AstStmt *parse_return(Parser *parser, Place place) {
    (void)place;
    AstStmt *stmt = new_stmt(parser, AST_RETURN, parser->token.begin);
    advance(parser);
    stmt->u.values = parse_exprs(parser);
    return stmt;
}

/* ---- assertions ---- */

/* The expression between braces at [begin, end) of the source, read by a lexer of that piece. */
static AstExpr *parse_piece(Parser *parser, int begin, int end) {
    Lexer lexer = parser->lexer;
    Token token = parser->token;
    int previous_end = parser->previous_end;
    const char *end_text = parser->end_text;
    parser->lexer.at = begin;
    parser->lexer.end = end;
    parser->end_text = "'}'";
    parser->previous_end = begin;
    parser->token = lex(&parser->lexer);
    AstExpr *value = parse_expr(parser);
    if (!parser->panicking && !at(parser, TOKEN_END)) expected(parser, "'}'");
    if (parser->finished) return value;
    lexer.error_line = parser->lexer.error_line;
    parser->lexer = lexer;
    parser->token = token;
    parser->previous_end = previous_end;
    parser->end_text = end_text;
    return value;
}

static void add_text(Parser *parser, AstPieces *pieces, Writer *text) {
    if (text->length == 0) return;
    AstPiece piece = {arena_copy(parser->arena, text->text, text->length + 1), NULL};
    vec_push(parser->arena, pieces, piece);
    text->length = 0;
}

/* The letters of a message, in which {e} is the value of e; {{ and }} are braces. */
static AstPieces parse_message(Parser *parser, Token string) {
    AstPieces pieces = {0};
    Writer text;
    writer_open(&text, parser->arena);
    const char *source = parser->lexer.source->text;
    for (int i = string.begin + 1; i < string.end - 1; i++) {
        char c = source[i];
        bool doubled = (c == '{' || c == '}') && source[i + 1] == c;
        if (c == '{' && !doubled) {
            const char *close = memchr(source + i, '}', (size_t)(string.end - 1 - i));
            if (!close) {
                fail(parser, (Span){parser->lexer.source, i, i + 1}, "expected '}' to close '{' in the message");
                break;
            }
            add_text(parser, &pieces, &text);
            AstPiece piece = {NULL, parse_piece(parser, i + 1, (int)(close - source))};
            vec_push(parser->arena, &pieces, piece);
            i = (int)(close - source);
            continue;
        }
        i += doubled || c == '\\';
        if (c == '\\') c = source[i] == 'n' ? '\n' : source[i] == 't' ? '\t' : source[i];
        write_raw(&text, &c, 1);
    }
    add_text(parser, &pieces, &text);
    return pieces;
}

/* assert = "assert" expr "," STRING ; */
static AstStmt *parse_assert(Parser *parser, Place place) {
    (void)place;
    AstStmt *stmt = new_stmt(parser, AST_ASSERT, parser->token.begin);
    advance(parser);
    stmt->u.assertion.condition = parse_expr(parser);
    expect(parser, TOKEN_COMMA);
    Token string = parser->token;
    expect(parser, TOKEN_STRING);
    if (!parser->panicking) stmt->u.assertion.message = parse_message(parser, string);
    return stmt;
}

/* ---- all statements ---- */

enum { FILE_ONLY = PLACE_FILE, MEMBER = PLACE_FILE | PLACE_MODULE, RUN = PLACE_BODY, ANYWHERE = MEMBER | RUN };

static const struct {
    TokenKind keyword;
    int places;
    AstStmt *(*parse)(Parser *parser, Place place);
} statements[] = {
    {TOKEN_IMPORT, FILE_ONLY, parse_import},
    {TOKEN_MODULE, FILE_ONLY, parse_module},
    {TOKEN_OPTIMIZER, FILE_ONLY, parse_module},
    {TOKEN_ENTRY, FILE_ONLY, parse_entry},
    {TOKEN_PARAM, MEMBER, parse_decl},
    {TOKEN_STATE, MEMBER, parse_decl},
    {TOKEN_SLOT, MEMBER, parse_decl},
    {TOKEN_CONST, ANYWHERE, parse_const},
    {TOKEN_FN, ANYWHERE, parse_fn},
    {TOKEN_FOR, ANYWHERE, parse_for},
    {TOKEN_IF, ANYWHERE, parse_if},
    {TOKEN_REPEAT, RUN, parse_repeat},
    {TOKEN_SCAN, RUN, parse_scan},
    {TOKEN_EMIT, RUN, parse_emit},
    {TOKEN_MINIMIZE, RUN, parse_train},
    {TOKEN_MAXIMIZE, RUN, parse_train},
    {TOKEN_ASSERT, ANYWHERE, parse_assert},
    {TOKEN_RETURN, RUN, parse_return},
    {TOKEN_NAME, ANYWHERE, parse_named},
};

/* A statement that exists, but not here. */
static void refuse_place(Parser *parser, int places, const char *word) {
    const char *where = places == FILE_ONLY ? "at the top of a file"
                        : places == MEMBER  ? "in a file, module or optimizer"
                                            : "in a function or entry";
    fail(parser, token_span(parser), "'%s' stands only %s", word, where);
}

/* `size` and `model` are names unless another name follows. */
static bool at_declaration(const Parser *parser, const char *word) {
    char next = lexer_glance(&parser->lexer, false);
    return at_word(parser, word) && ((next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z') || next == '_');
}

/* item, member or stmt, by place: item = size | import | decl | module | optimizer | fn | entry | assign | for | if
 *     | assert ;  member = decl | fn | assign | for | if | assert ;
 * stmt = assign | sample | update | for | if | repeat | scan | emit | train | decl | fn | assert | "return" exprs ; */
AstStmt *parse_stmt(Parser *parser, Place place) {
    int begin = parser->token.begin;
    AstStmt *stmt = NULL;
    if (at_declaration(parser, "model")) {
        fail(parser, token_span(parser), "the model's name stands once, before everything else");
    } else if (at_declaration(parser, "size")) {
        if (place == PLACE_FILE)
            stmt = parse_size(parser, place);
        else
            refuse_place(parser, FILE_ONLY, "size");
    } else {
        size_t row = 0, rows = sizeof statements / sizeof *statements;
        while (row < rows && !at(parser, statements[row].keyword))
            row++;
        if (row == rows)
            expected(parser, "a statement");
        else if (statements[row].places & (int)place)
            stmt = statements[row].parse(parser, place);
        else
            refuse_place(parser, statements[row].places, token_text(statements[row].keyword));
    }
    if (stmt) stmt->span = span_from(parser, begin);
    return stmt;
}
