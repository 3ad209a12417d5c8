#include "tests/random/coverage.h"
#include "compiler/ops/op.h"
#include "tests/random/program.h"
#include <stdio.h>

static void count_nest(Coverage *coverage, const Nest *nest) {
    coverage->reduces[nest->reduce]++;
    for (int i = 0; i < nest->index_count; i++)
        coverage->kinds[nest->indices[i].kind]++;
    for (int e = 0; e < nest->body.exprs.count; e++) {
        const Expr *expr = &nest->body.exprs.at[e];
        coverage->exprs[expr->kind]++;
        if (expr->kind == EXPR_CALL) coverage->functions[expr->u.call.fn]++;
    }
}

static void count_graph(Coverage *coverage, const Graph *graph) {
    for (int i = 0; i < graph->nodes.count; i++) {
        const Node *node = graph->nodes.at[i];
        coverage->ops[node->op]++;
        coverage->elems[node->type.elem]++;
        if (node->type.shape.rank < COVERED_RANK) coverage->ranks[node->type.shape.rank]++;
        if (node->op == OP_nest) count_nest(coverage, &node->u.nest);
        if (op_has_region(node->op)) count_graph(coverage, node->u.region->body);
    }
}

void coverage_count(Coverage *coverage, const char *text) {
    Memory memory = {0};
    Arena arena;
    const char *why;
    if (setjmp(memory.on_exhausted) != 0) internal_error("out of memory");
    arena_open(&arena, &memory);
    const Program *program = program_parse(&arena, text, &why);
    if (!program) internal_error("a random program is none: %s", why);
    count_graph(coverage, program->entries.at[0]->graph);
    for (int s = 0; s < program->stores.count; s++)
        coverage->stores[program->stores.at[s]->kind]++;
    arena_close(&arena);
}

static void add_counts(int *counts, const int *others, size_t bytes) {
    for (size_t i = 0; i < bytes / sizeof *counts; i++)
        counts[i] += others[i];
}

void coverage_add(Coverage *coverage, const Coverage *other) {
    add_counts(coverage->ops, other->ops, sizeof other->ops);
    add_counts(coverage->functions, other->functions, sizeof other->functions);
    add_counts(coverage->reduces, other->reduces, sizeof other->reduces);
    add_counts(coverage->kinds, other->kinds, sizeof other->kinds);
    add_counts(coverage->exprs, other->exprs, sizeof other->exprs);
    add_counts(coverage->elems, other->elems, sizeof other->elems);
    add_counts(coverage->ranks, other->ranks, sizeof other->ranks);
    add_counts(coverage->stores, other->stores, sizeof other->stores);
}

static bool check(int count, const char *what, const char *name, int number) {
    if (count > 0) return true;
    if (name)
        printf("not ok no random program has the %s %s\n", what, name);
    else
        printf("not ok no random program has %s %d\n", what, number);
    return false;
}

bool coverage_print(const Coverage *coverage) {
    bool all = true;
    for (int op = 0; op < OP_COUNT; op++)
        all &= check(coverage->ops[op], "operation", op_table[op].name, 0);
    for (int fn = 0; fn < SCALAR_COUNT; fn++)
        all &= check(coverage->functions[fn], "function", scalar_table[fn].name, 0);
    for (int reduce = 0; reduce <= REDUCE_ARGMIN; reduce++)
        all &= check(coverage->reduces[reduce], "reducer", NULL, reduce);
    for (int kind = 0; kind <= INDEX_SOLVED; kind++)
        all &= check(coverage->kinds[kind], "index kind", NULL, kind);
    for (int kind = 0; kind <= EXPR_CALL; kind++) /* passes make the three */
        all &= kind == EXPR_DRAW || kind == EXPR_TOTAL || kind == EXPR_LOOKUP ||
               check(coverage->exprs[kind], "expression kind", NULL, kind);
    for (int elem = 0; elem <= ELEM_BOOL; elem++)
        all &= check(coverage->elems[elem], "type", elem_name((Elem)elem), 0);
    for (int rank = 0; rank < COVERED_RANK; rank++)
        all &= check(coverage->ranks[rank], "rank", NULL, rank);
    for (int kind = 0; kind <= STORE_RATE; kind++)
        all &= check(coverage->stores[kind], "store kind", NULL, kind);
    if (all) puts("ok random programs have every operation, function, reducer, type and rank");
    return all;
}
