/* What reaches what by a differentiable path. Loops are looked through: a path may go round them by their carries. */
#include "frontend/reach.h"
#include "compiler/ops/region.h"
#include <string.h>

/* ---- one step ---- */

static bool has_derivative(Scalar fn, int arg) {
    static const char *const partials[SCALAR_COUNT][3] = {
#define SCALAR(name, arity, types, da, db, dc, ...) [SCALAR_##name] = {#da, #db, #dc},
#include "compiler/ir/scalar.def"
#undef SCALAR
    };
    return strcmp(partials[fn][arg], "NONE") != 0;
}

/* Whether a derivative passes from a read to the result of a body: not through comparisons, casts to int and the like.
 */
static bool body_passes(Elaborator *e, const Nest *nest, int arg) {
    int count = nest->body.exprs.count;
    bool *passes = ARENA_ARRAY(e->arena, bool, count);
    for (int x = 0; x < count; x++) {
        const Expr *expr = &nest->body.exprs.at[x];
        if (expr->elem != ELEM_REAL) continue;
        if (expr->kind == EXPR_READ) passes[x] = nest->reads[expr->u.read].arg == arg;
        for (int a = 0; expr->kind == EXPR_CALL && a < scalar_table[expr->u.call.fn].arity; a++)
            passes[x] |= passes[expr->u.call.args[a]] && has_derivative(expr->u.call.fn, a);
    }
    return passes[count - 1];
}

static bool edge_passes(Elaborator *e, const Node *node, int arg) {
    if (node->args[arg]->type.elem != ELEM_REAL || node->type.elem != ELEM_REAL) return false;
    switch (node->op) {
    case OP_nest: return body_passes(e, &node->u.nest, arg);
    case OP_custom: return arg > 0; /* its value's own path is cut */
    case OP_gather:
    case OP_scatter_add: return arg == 0;
    case OP_grad: /* a gradient depends on both */
    case OP_regroup:
    case OP_concat:
    case OP_cumsum: return true;
    default: return false; /* a loop's result by spread_loop */
    }
}

/* What paths count. */
typedef enum Path {
    PATH_DERIVATIVE,     /* along which a derivative passes */
    PATH_READING,        /* and those by which a result depends on ints: a categorical sample chooses what is read */
    PATH_THROUGH_SAMPLES /* and from there, or from a real sample, on to what the sample was drawn with */
} Path;

static bool edge_counts(Elaborator *e, const Node *node, int arg, Path path) {
    if (edge_passes(e, node, arg)) return true;
    return path != PATH_DERIVATIVE && node->op != OP_stop && node->args[arg]->type.elem != ELEM_REAL;
}

static bool counts(const Node *node, Path path) {
    return path != PATH_DERIVATIVE || node->type.elem == ELEM_REAL;
}

/* The paths on which a sample makes its distribution count. */
static Path path_to(const Barrier *barrier) {
    return barrier->sample->type.elem == ELEM_REAL ? PATH_DERIVATIVE : PATH_READING;
}

/* ---- spreading over a graph ---- */

static bool stands_in(const Graph *graph, const Node *node) {
    return node->id < graph->nodes.count && graph->nodes.at[node->id] == node;
}

static void spread(Elaborator *e, const Graph *graph, bool *marks, int last, Path path);

/* By node of the body: whether a derivative goes from it to one of the marked results, perhaps rounds later. */
static bool *marks_in_body(Elaborator *e, const Region *region, bool *results, Path path) {
    const Graph *body = region->body;
    bool *marks = ARENA_ARRAY(e->arena, bool, body->nodes.count);
    for (bool changed = true; changed;) {
        changed = false;
        for (int r = 0; r < region->carries + region->outputs; r++)
            if (results[r]) marks[region_yield(region, r)->id] = true;
        spread(e, body, marks, body->nodes.count - 1, path);
        for (int c = 0; c < region->carries; c++) {
            const Node *formal = region_formal(region, FORMAL_CARRY, c);
            if (formal == NULL || !marks[formal->id] || results[c]) continue;
            results[c] = changed = true;
        }
    }
    return marks;
}

/* From a loop's result to the loop's arguments. */
static void spread_loop(Elaborator *e, const Node *part, bool *marks, Path path) {
    const Node *scan = part->args[0];
    const Region *region = scan->u.region;
    bool *results = ARENA_ARRAY(e->arena, bool, region->carries + region->outputs);
    results[part->u.result] = true;
    const bool *inside = marks_in_body(e, region, results, path);
    for (int n = 0; n < region->body->nodes.count; n++) {
        const Node *node = region->body->nodes.at[n];
        if (node->op != OP_formal || !inside[n] || !counts(node, path)) continue;
        marks[scan->args[region_argument(region, node->u.formal.kind, node->u.formal.number)]->id] = true;
    }
    for (int c = 0; c < region->carries; c++) /* without a round the result is what was there before */
        if (results[c] && counts(scan->args[c], path)) marks[scan->args[c]->id] = true;
}

/* Spreads marks to all that the marked nodes depend on by a path that counts. */
static void spread(Elaborator *e, const Graph *graph, bool *marks, int last, Path path) {
    const Node **argument_of = ARENA_ARRAY(e->arena, const Node *, last + 1);
    for (int b = 0; path == PATH_THROUGH_SAMPLES && b < e->barriers.count; b++) {
        const Barrier *barrier = &e->barriers.at[b];
        if (barrier->sample->id <= last && stands_in(graph, barrier->sample))
            argument_of[barrier->sample->id] = barrier->argument;
    }
    for (int n = last; n >= 0; n--) {
        const Node *node = graph->nodes.at[n];
        if (!marks[n] || node == NULL) continue;
        if (node->op == OP_part && counts(node, path)) spread_loop(e, node, marks, path);
        for (int a = 0; a < node->arg_count; a++)
            if (!marks[node->args[a]->id]) marks[node->args[a]->id] = edge_counts(e, node, a, path);
        if (argument_of[n] != NULL) marks[argument_of[n]->id] = true;
    }
}

/* ---- what reaches a value ---- */

static bool reaches_sample(Elaborator *e, const Reach *reach, const Barrier *barrier) {
    if (barrier->sample->id > reach->of->id || !stands_in(e->graph, barrier->sample)) return false;
    return (path_to(barrier) == PATH_DERIVATIVE ? reach->plain : reach->reading)[barrier->sample->id];
}

Reach reach_of(Elaborator *e, const Node *of) {
    bool *marks[3];
    for (int m = 0; m < 3; m++)
        marks[m] = ARENA_ARRAY(e->arena, bool, of->id + 1);
    for (Path path = PATH_DERIVATIVE; path <= PATH_READING; path++) {
        marks[path][of->id] = true;
        if (path == PATH_DERIVATIVE || e->barriers.count > 0) spread(e, e->graph, marks[path], of->id, path);
    }
    const Reach reach = {of, marks[PATH_DERIVATIVE], marks[PATH_READING], marks[PATH_THROUGH_SAMPLES]};
    for (int b = 0; b < e->barriers.count; b++) {
        const Barrier *barrier = &e->barriers.at[b];
        if (reaches_sample(e, &reach, barrier)) marks[PATH_THROUGH_SAMPLES][barrier->argument->id] = true;
    }
    if (e->barriers.count > 0) spread(e, e->graph, marks[PATH_THROUGH_SAMPLES], of->id, PATH_THROUGH_SAMPLES);
    return reach;
}

bool reaches(const Reach *reach, const Node *from) {
    return from->id <= reach->of->id && reach->plain[from->id];
}

bool reaches_by_sample(const Reach *reach, const Node *from) {
    return from->id <= reach->of->id && reach->sampled[from->id];
}

/* The sample that stands between: the first whose argument depends on `by`. */
static const Barrier *sample_between(Elaborator *e, const Reach *reach, const Node *by) {
    for (int b = 0; b < e->barriers.count; b++) {
        const Barrier *barrier = &e->barriers.at[b];
        if (!reaches_sample(e, reach, barrier) || by->id > barrier->argument->id) continue;
        bool *marks = ARENA_ARRAY(e->arena, bool, barrier->argument->id + 1);
        marks[barrier->argument->id] = true;
        spread(e, e->graph, marks, barrier->argument->id, PATH_THROUGH_SAMPLES);
        if (marks[by->id]) return barrier;
    }
    return NULL;
}

bool no_sample_between(Elaborator *e, const Reach *reach, const Node *by, Span span) {
    const Barrier *barrier = reaches_by_sample(reach, by) ? sample_between(e, reach, by) : NULL;
    if (barrier == NULL) return true;
    Diagnostic *error = error_at(e, barrier->span,
                                 "a gradient would have to pass through this %s sample, which has no derivative: "
                                 "cut the path by stop(...) around its argument",
                                 barrier->name);
    if (error != NULL) diag_note(e->diagnostics, error, span, "the gradient is asked for here");
    return false;
}

/* ---- loops ---- */

static void lift_barrier(Elaborator *e, const Barrier *barrier, const Node *scan, Node *const *parts) {
    const Region *region = scan->u.region;
    int count = region->carries + region->outputs;
    bool *upstream = ARENA_ARRAY(e->arena, bool, region->body->nodes.count);
    upstream[barrier->argument->id] = true;
    spread(e, region->body, upstream, barrier->argument->id, PATH_THROUGH_SAMPLES);
    for (int r = 0; r < count; r++) {
        bool *results = ARENA_ARRAY(e->arena, bool, count);
        results[r] = true;
        if (!marks_in_body(e, region, results, path_to(barrier))[barrier->sample->id]) continue;
        for (int n = 0; n <= barrier->argument->id; n++) {
            const Node *formal = region->body->nodes.at[n];
            if (!upstream[n] || formal->op != OP_formal) continue;
            Node *argument = scan->args[region_argument(region, formal->u.formal.kind, formal->u.formal.number)];
            vec_push(e->arena, &e->barriers, ((Barrier){argument, parts[r], barrier->span, barrier->name}));
        }
    }
}

void lift_barriers(Elaborator *e, const Node *scan, Node *const *parts) {
    for (int b = 0, count = e->barriers.count; b < count; b++) {
        const Barrier barrier = e->barriers.at[b];
        if (stands_in(scan->u.region->body, barrier.sample)) lift_barrier(e, &barrier, scan, parts);
    }
}
