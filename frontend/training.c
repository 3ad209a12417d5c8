/* Whether an entry trains: its own text has a minimize, a maximize, or a grad with respect to parameters. It is asked
 * before the entry is elaborated, because `training` is known everywhere in it. */
#include "frontend/elaborator.h"
#include <string.h>

static bool expr_trains(Elaborator *e, const AstExpr *expr);

static bool exprs_train(Elaborator *e, const AstExprs *exprs) {
    for (int x = 0; x < exprs->count; x++)
        if (expr_trains(e, exprs->at[x])) return true;
    return false;
}

/* x, net.w, net.layers.0, blocks[2] or a list of such, by the names of the file. */
static bool means_parameters(Elaborator *e, const AstExpr *expr) {
    switch (expr->kind) {
    case AST_MEMBER: return means_parameters(e, expr->u.member.base);
    case AST_ELEMENT: return means_parameters(e, expr->u.element.base);
    case AST_SUBSCRIPT: return means_parameters(e, expr->u.subscript.base);
    case AST_LIST:
        for (int i = 0; i < expr->u.list.count; i++)
            if (means_parameters(e, expr->u.list.at[i].value)) return true;
        return false;
    case AST_NAME: break;
    default: return false;
    }
    const Binding *binding = scope_find_here(e->file, expr->u.name);
    if (binding == NULL) return false;
    Value value = binding->value;
    if (value.kind == VALUE_STORE) return value.u.store->kind == STORE_PARAM;
    return value.kind == VALUE_INSTANCE || value.kind == VALUE_LIST;
}

static bool call_trains(Elaborator *e, const AstExpr *call) {
    const AstExpr *callee = call->u.call.callee;
    const AstArgs *args = &call->u.call.args;
    bool is_grad = callee->kind == AST_NAME && strcmp(callee->u.name, "grad") == 0;
    if (is_grad && args->count == 2 && means_parameters(e, args->at[1].value)) return true;
    for (int a = 0; a < args->count; a++)
        if (expr_trains(e, args->at[a].value)) return true;
    return false;
}

static bool expr_trains(Elaborator *e, const AstExpr *expr) {
    switch (expr->kind) {
    case AST_CALL: return call_trains(e, expr);
    case AST_MEMBER: return expr_trains(e, expr->u.member.base);
    case AST_ELEMENT: return expr_trains(e, expr->u.element.base);
    case AST_SUBSCRIPT: return expr_trains(e, expr->u.subscript.base);
    case AST_TRANSPOSE: return expr_trains(e, expr->u.operand);
    case AST_UNARY: return expr_trains(e, expr->u.unary.operand);
    case AST_BINARY: return expr_trains(e, expr->u.binary.left) || expr_trains(e, expr->u.binary.right);
    case AST_REDUCE: return expr_trains(e, expr->u.reduce.operand);
    case AST_USING: return expr_trains(e, expr->u.using.value);
    case AST_COMPREHENSION:
        return expr_trains(e, expr->u.comprehension.value) || expr_trains(e, expr->u.comprehension.source);
    case AST_LIST:
        for (int i = 0; i < expr->u.list.count; i++)
            if (expr_trains(e, expr->u.list.at[i].value)) return true;
        return false;
    default: return false;
    }
}

bool block_trains(Elaborator *e, const AstBlock *block) {
    for (int s = 0; s < block->stmts.count; s++) {
        const AstStmt *stmt = block->stmts.at[s];
        bool trains = stmt->kind == AST_TRAIN;
        if (stmt->kind == AST_ASSIGN) trains = exprs_train(e, &stmt->u.assign.values);
        if (stmt->kind == AST_INDEXED) trains = exprs_train(e, &stmt->u.indexed.values);
        if (stmt->kind == AST_UPDATE) trains = exprs_train(e, &stmt->u.update.values);
        if (stmt->kind == AST_IF)
            trains = block_trains(e, &stmt->u.branch.then) || block_trains(e, &stmt->u.branch.otherwise);
        if (stmt->kind == AST_FOR) trains = block_trains(e, &stmt->u.loop.block);
        if (trains) return true;
    }
    return false;
}
