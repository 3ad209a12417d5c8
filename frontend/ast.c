/* The printer of syntax trees. */
#include "frontend/ast.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const binary_texts[] = {
    [AST_OR] = "or",           [AST_AND] = "and",          [AST_LESS] = "<",     [AST_LESS_EQUAL] = "<=",
    [AST_GREATER] = ">",       [AST_GREATER_EQUAL] = ">=", [AST_EQUAL] = "==",   [AST_NOT_EQUAL] = "!=",
    [AST_ADD] = "+",           [AST_SUBTRACT] = "-",       [AST_MULTIPLY] = "*", [AST_DIVIDE] = "/",
    [AST_FLOOR_DIVIDE] = "//", [AST_MODULO] = "%",         [AST_MATMUL] = "@",   [AST_POWER] = "^",
};

const char *ast_binary_text(AstBinary op) {
    return binary_texts[op];
}

/* A printer: the text, and the level of the statement that is being printed. */
typedef struct Printer {
    Writer *out;
    int level;
} Printer;

static void print_expr(Printer *printer, const AstExpr *expr);
static void print_function(Printer *printer, const AstFunction *function);

static void put(Printer *printer, const char *text) {
    write_raw(printer->out, text, strlen(text));
}

static void print_optional(Printer *printer, const AstExpr *expr) {
    put(printer, " ");
    if (expr)
        print_expr(printer, expr);
    else
        put(printer, "_");
}

static void print_exprs(Printer *printer, const char *word, const AstExprs *exprs) {
    write_text(printer->out, " (%s", word);
    for (int i = 0; i < exprs->count; i++)
        print_optional(printer, exprs->at[i]);
    put(printer, ")");
}

static void print_names(Printer *printer, const AstNames *names) {
    put(printer, " (");
    for (int i = 0; i < names->count; i++)
        write_text(printer->out, "%s%s", i > 0 ? " " : "", names->at[i].name);
    put(printer, ")");
}

static void print_elements(Printer *printer, const char *word, const AstElements *elements) {
    write_text(printer->out, "(%s", word);
    for (int i = 0; i < elements->count; i++) {
        put(printer, elements->at[i].splice ? " (.." : "");
        print_optional(printer, elements->at[i].value);
        put(printer, elements->at[i].splice ? ")" : "");
    }
    put(printer, ")");
}

static void print_indices(Printer *printer, const AstIndices *indices) {
    put(printer, " (");
    for (int i = 0; i < indices->count; i++) {
        const AstIndex *index = &indices->at[i];
        write_text(printer->out, "%s%s%s", i > 0 ? " " : "", index->bound ? "(< " : "", index->name.name);
        if (index->bound) print_optional(printer, index->bound), put(printer, ")");
    }
    put(printer, ")");
}

/* With as few digits as read back the same, and always a point or exponent. */
static void print_real(Printer *printer, double value) {
    char text[40];
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) break;
    }
    write_text(printer->out, "%s%s", text, strpbrk(text, ".e") ? "" : ".0");
}

static void print_string(Printer *printer, const char *text) {
    put(printer, "\"");
    for (; *text; text++) {
        if (*text == '\n')
            put(printer, "\\n");
        else if (*text == '\t')
            put(printer, "\\t");
        else
            write_text(printer->out, "%s%c", *text == '"' || *text == '\\' ? "\\" : "", *text);
    }
    put(printer, "\"");
}

static void print_sub(Printer *printer, const AstSub *sub) {
    switch (sub->kind) {
    case AST_SUB_AT: print_optional(printer, sub->begin); break;
    case AST_SUB_NONE: put(printer, " None"); break;
    case AST_SUB_REST: put(printer, " .."); break;
    case AST_SUB_SLICE:
        put(printer, " (:");
        print_optional(printer, sub->begin);
        print_optional(printer, sub->end);
        if (sub->step) print_optional(printer, sub->step);
        put(printer, ")");
        break;
    }
}

static void print_call(Printer *printer, const AstExpr *expr) {
    put(printer, "(call");
    print_optional(printer, expr->u.call.callee);
    for (int i = 0; i < expr->u.call.args.count; i++) {
        const AstArg *arg = &expr->u.call.args.at[i];
        bool marked = arg->splice || arg->name.name;
        if (arg->splice) put(printer, " (..");
        if (arg->name.name) write_text(printer->out, " (= %s", arg->name.name);
        print_optional(printer, arg->value);
        if (marked) put(printer, ")");
    }
    put(printer, ")");
}

static void print_subscript(Printer *printer, const AstExpr *expr) {
    put(printer, "(at");
    print_optional(printer, expr->u.subscript.base);
    for (int i = 0; i < expr->u.subscript.subs.count; i++)
        print_sub(printer, &expr->u.subscript.subs.at[i]);
    put(printer, ")");
}

static void print_using(Printer *printer, const AstExpr *expr) {
    put(printer, "(using");
    print_optional(printer, expr->u.using.value);
    for (int i = 0; i < expr->u.using.binds.count; i++) {
        write_text(printer->out, " (= %s", expr->u.using.binds.at[i].name.name);
        print_optional(printer, expr->u.using.binds.at[i].value);
        put(printer, ")");
    }
    put(printer, ")");
}

/* (word operand...) */
static void print_applied(Printer *printer, const char *word, const AstExpr *first, const AstExpr *second) {
    write_text(printer->out, "(%s", word);
    print_optional(printer, first);
    if (second) print_optional(printer, second);
    put(printer, ")");
}

static void print_expr(Printer *printer, const AstExpr *expr) {
    switch (expr->kind) {
    case AST_INT: write_text(printer->out, "%lld", (long long)expr->u.integer); break;
    case AST_REAL: print_real(printer, expr->u.real); break;
    case AST_STRING: print_string(printer, expr->u.string); break;
    case AST_BOOL: put(printer, expr->u.boolean ? "true" : "false"); break;
    case AST_NAME: put(printer, expr->u.name); break;
    case AST_LIST: print_elements(printer, "list", &expr->u.list); break;
    case AST_COMPREHENSION:
        put(printer, "(each");
        print_names(printer, &expr->u.comprehension.names);
        print_optional(printer, expr->u.comprehension.source);
        print_optional(printer, expr->u.comprehension.value);
        put(printer, ")");
        break;
    case AST_LAMBDA: print_function(printer, expr->u.function); break;
    case AST_MEMBER:
        put(printer, "(.");
        print_optional(printer, expr->u.member.base);
        write_text(printer->out, " %s)", expr->u.member.name.name);
        break;
    case AST_ELEMENT:
        put(printer, "(.");
        print_optional(printer, expr->u.element.base);
        write_text(printer->out, " %lld)", (long long)expr->u.element.position);
        break;
    case AST_SUBSCRIPT: print_subscript(printer, expr); break;
    case AST_CALL: print_call(printer, expr); break;
    case AST_TRANSPOSE: print_applied(printer, "'", expr->u.operand, NULL); break;
    case AST_UNARY:
        print_applied(printer, expr->u.unary.op == AST_NOT ? "not" : "-", expr->u.unary.operand, NULL);
        break;
    case AST_BINARY:
        print_applied(printer, binary_texts[expr->u.binary.op], expr->u.binary.left, expr->u.binary.right);
        break;
    case AST_REDUCE:
        write_text(printer->out, "(%s", ast_reducer_text(expr->u.reduce.reducer));
        print_indices(printer, &expr->u.reduce.indices);
        print_optional(printer, expr->u.reduce.operand);
        put(printer, ")");
        break;
    case AST_USING: print_using(printer, expr); break;
    case AST_ERROR: put(printer, "(error)"); break;
    }
}

/* ---- statements ---- */

static void print_stmt(Printer *printer, const AstStmt *stmt);

/* A line of its own, one level in. */
static void begin_line(Printer *printer) {
    write_text(printer->out, "\n%*s", 2 * printer->level, "");
}

/* The statements below each other; (word ...) around them where there is a word. */
static void print_block(Printer *printer, const char *word, const AstBlock *block) {
    printer->level++;
    if (word) {
        begin_line(printer);
        write_text(printer->out, "(%s", word);
        printer->level++;
    }
    for (int i = 0; i < block->stmts.count; i++)
        print_stmt(printer, block->stmts.at[i]);
    if (word) {
        put(printer, ")");
        printer->level--;
    }
    printer->level--;
}

static void print_shape(Printer *printer, const AstShape *shape) {
    if (!shape->written) return;
    put(printer, " ");
    print_elements(printer, "shape", &shape->dims);
}

static void print_type(Printer *printer, AstType type) {
    if (type != AST_TYPE_NONE) write_text(printer->out, " (: %s)", ast_type_text(type));
}

static void print_pattern(Printer *printer, const AstPats *pattern) {
    put(printer, " (pattern");
    for (int i = 0; i < pattern->count; i++) {
        const AstPat *pat = &pattern->at[i];
        if (pat->kind == AST_PAT_INT)
            write_text(printer->out, " %lld", (long long)pat->integer);
        else
            write_text(printer->out, " %s%s", pat->kind == AST_PAT_REST ? ".." : "",
                       pat->name.name ? pat->name.name : "");
    }
    put(printer, ")");
}

/* (a (b (pattern n 3) (: int) (= 1))) */
static void print_params(Printer *printer, const AstParams *params) {
    put(printer, " (");
    for (int i = 0; i < params->count; i++) {
        const AstParam *param = &params->at[i];
        bool plain = !param->has_pattern && param->type == AST_TYPE_NONE && !param->fallback;
        write_text(printer->out, "%s%s%s", i > 0 ? " " : "", plain ? "" : "(", param->name.name);
        if (param->has_pattern) print_pattern(printer, &param->pattern);
        print_type(printer, param->type);
        if (param->fallback) put(printer, " (="), print_optional(printer, param->fallback), put(printer, ")");
        if (!plain) put(printer, ")");
    }
    put(printer, ")");
}

static void print_body(Printer *printer, const AstBody *body) {
    if (body->is_block)
        print_block(printer, NULL, &body->block);
    else
        print_exprs(printer, "=", &body->values);
}

static void print_function(Printer *printer, const AstFunction *function) {
    write_text(printer->out, "(fn%s%s", function->name.name ? " " : "", function->name.name ? function->name.name : "");
    print_params(printer, &function->params);
    print_body(printer, &function->body);
    if (function->backward) {
        const AstBackward *backward = function->backward;
        printer->level++;
        begin_line(printer);
        write_text(printer->out, "(backward (%s%s%s)", backward->gradient.name, backward->result.name ? " " : "",
                   backward->result.name ? backward->result.name : "");
        print_body(printer, &backward->body);
        put(printer, ")");
        printer->level--;
    }
    put(printer, ")");
}

static void print_entry_args(Printer *printer, const AstEntryArgs *args) {
    put(printer, " (");
    for (int i = 0; i < args->count; i++) {
        const AstEntryArg *arg = &args->at[i];
        write_text(printer->out, "%s(%s%s", i > 0 ? " " : "", arg->is_state ? "state " : "", arg->name.name);
        print_shape(printer, &arg->shape);
        print_type(printer, arg->type);
        put(printer, ")");
    }
    put(printer, ")");
}

static void print_declaration(Printer *printer, const char *word, const AstStmt *stmt) {
    write_text(printer->out, "(%s %s", word, stmt->u.decl.name.name);
    print_shape(printer, &stmt->u.decl.shape);
    print_type(printer, stmt->u.decl.type);
    put(printer, stmt->u.decl.sampled ? " (~" : " (=");
    print_optional(printer, stmt->u.decl.init);
    put(printer, "))");
}

static void print_constant(Printer *printer, const AstStmt *stmt) {
    write_text(printer->out, "(const %s", stmt->u.constant.name.name);
    if (stmt->u.constant.indexed) print_indices(printer, &stmt->u.constant.indices);
    print_shape(printer, &stmt->u.constant.shape);
    put(printer, stmt->u.constant.sampled ? " (~" : " (=");
    print_optional(printer, stmt->u.constant.value);
    put(printer, "))");
}

static void print_assertion(Printer *printer, const AstStmt *stmt) {
    put(printer, "(assert");
    print_optional(printer, stmt->u.assertion.condition);
    for (int i = 0; i < stmt->u.assertion.message.count; i++) {
        const AstPiece *piece = &stmt->u.assertion.message.at[i];
        put(printer, " ");
        if (piece->text)
            print_string(printer, piece->text);
        else
            print_expr(printer, piece->value);
    }
    put(printer, ")");
}

static void print_holder(Printer *printer, const AstStmt *stmt) {
    switch (stmt->kind) {
    case AST_MODULE:
    case AST_OPTIMIZER:
        write_text(printer->out, "(%s %s", stmt->kind == AST_MODULE ? "module" : "optimizer", stmt->u.module.name.name);
        print_params(printer, &stmt->u.module.params);
        print_block(printer, NULL, &stmt->u.module.members);
        break;
    case AST_ENTRY:
        write_text(printer->out, "(entry %s", stmt->u.entry.name.name);
        print_entry_args(printer, &stmt->u.entry.args);
        print_entry_args(printer, &stmt->u.entry.results);
        print_block(printer, NULL, &stmt->u.entry.block);
        break;
    case AST_FOR:
        put(printer, "(for");
        print_names(printer, &stmt->u.loop.names);
        print_exprs(printer, "in", &stmt->u.loop.sources);
        print_block(printer, NULL, &stmt->u.loop.block);
        break;
    case AST_IF:
        put(printer, "(if");
        print_optional(printer, stmt->u.branch.condition);
        print_block(printer, NULL, &stmt->u.branch.then);
        if (stmt->u.branch.has_else) print_block(printer, "else", &stmt->u.branch.otherwise);
        break;
    case AST_REPEAT:
        put(printer, "(repeat");
        print_optional(printer, stmt->u.repeat.count);
        print_block(printer, NULL, &stmt->u.repeat.block);
        break;
    default:
        put(printer, "(scan");
        print_names(printer, &stmt->u.scan.names);
        print_exprs(printer, "in", &stmt->u.scan.sources);
        if (stmt->u.scan.has_carry)
            put(printer, " (carry"), print_names(printer, &stmt->u.scan.carry), put(printer, ")");
        print_block(printer, NULL, &stmt->u.scan.block);
        break;
    }
    put(printer, ")");
}

static void print_simple(Printer *printer, const AstStmt *stmt) {
    switch (stmt->kind) {
    case AST_IMPORT: write_text(printer->out, "(import %s", stmt->u.name.name); break;
    case AST_SIZE:
        write_text(printer->out, "(size %s", stmt->u.size.name.name);
        print_optional(printer, stmt->u.size.low);
        if (stmt->u.size.high) print_optional(printer, stmt->u.size.high);
        break;
    case AST_ASSIGN:
        put(printer, "(=");
        print_names(printer, &stmt->u.assign.names);
        for (int i = 0; i < stmt->u.assign.values.count; i++)
            print_optional(printer, stmt->u.assign.values.at[i]);
        break;
    case AST_INDEXED:
        write_text(printer->out, "(= (%s", stmt->u.indexed.name.name);
        print_indices(printer, &stmt->u.indexed.indices);
        put(printer, ")");
        for (int i = 0; i < stmt->u.indexed.values.count; i++)
            print_optional(printer, stmt->u.indexed.values.at[i]);
        break;
    case AST_SAMPLE:
        write_text(printer->out, "(~ %s", stmt->u.sample.name.name);
        print_shape(printer, &stmt->u.sample.shape);
        print_optional(printer, stmt->u.sample.call);
        break;
    case AST_UPDATE:
        put(printer, "(<-");
        print_exprs(printer, "to", &stmt->u.update.targets);
        for (int i = 0; i < stmt->u.update.values.count; i++)
            print_optional(printer, stmt->u.update.values.at[i]);
        break;
    case AST_EMIT:
        put(printer, "(emit");
        print_optional(printer, stmt->u.emit.value);
        write_text(printer->out, " %s", stmt->u.emit.name.name);
        break;
    case AST_TRAIN:
        write_text(printer->out, "(%s", stmt->u.train.maximize ? "maximize" : "minimize");
        print_optional(printer, stmt->u.train.objective);
        if (stmt->u.train.over.count > 0) print_exprs(printer, "over", &stmt->u.train.over);
        print_optional(printer, stmt->u.train.optimizer);
        break;
    default:
        put(printer, "(return");
        for (int i = 0; i < stmt->u.values.count; i++)
            print_optional(printer, stmt->u.values.at[i]);
        break;
    }
    put(printer, ")");
}

static void print_stmt(Printer *printer, const AstStmt *stmt) {
    begin_line(printer);
    switch (stmt->kind) {
    case AST_PARAM: print_declaration(printer, "param", stmt); break;
    case AST_STATE: print_declaration(printer, "state", stmt); break;
    case AST_SLOT: print_declaration(printer, "slot", stmt); break;
    case AST_CONST: print_constant(printer, stmt); break;
    case AST_FUNCTION: print_function(printer, stmt->u.function); break;
    case AST_ASSERT: print_assertion(printer, stmt); break;
    case AST_MODULE:
    case AST_OPTIMIZER:
    case AST_ENTRY:
    case AST_FOR:
    case AST_IF:
    case AST_REPEAT:
    case AST_SCAN: print_holder(printer, stmt); break;
    default: print_simple(printer, stmt); break;
    }
}

void print_ast(Writer *writer, const AstFile *file) {
    Printer printer = {writer, 0};
    write_text(writer, "(file%s%s", file->model.name ? " " : "", file->model.name ? file->model.name : "");
    print_block(&printer, NULL, &file->block);
    write_text(writer, ")\n");
}
