/* Loops at run time: repeat and scan.
 *
 * The body is elaborated once, as a graph of its own. Carried are the local names that stand before the loop and are
 * given a value in it, and the stores that are updated in it; which stores these are, and to which type a carried
 * number is promoted, is known only afterwards: so the body is elaborated until nothing new comes up. */
#include "frontend/carried.h"
#include "frontend/reach.h"
#include <string.h>

enum { ATTEMPTS = 8 }; /* each finds at least one more store or promotion, or is the last */

/* ---- one elaboration of the body ---- */

/* What an attempt may have changed in the elaborator. */
typedef struct Snapshot {
    Graph *graph;
    Node **current;
    int current_count, events, barriers, minimized, draws, errors;
    struct LoopRun *loop;
} Snapshot;

static Snapshot snapshot(const Elaborator *e) {
    return (Snapshot){e->graph,           e->current, e->current_count,       e->events.count, e->barriers.count,
                      e->minimized.count, e->draws,   e->diagnostics->errors, e->loop};
}

/* The body sees the stores as they are now, and changes them for itself. */
static void enter_body(LoopRun *run, const Snapshot *before) {
    Elaborator *e = run->e;
    e->graph = run->builder.body;
    e->loop = run;
    if (before->current_count == 0) return;
    e->current = ARENA_ARRAY(e->arena, Node *, before->current_count);
    memcpy(e->current, before->current, sizeof *e->current * (size_t)before->current_count);
}

static void leave_body(Elaborator *e, const Snapshot *before) {
    e->graph = before->graph;
    e->current = before->current;
    e->current_count = before->current_count;
    e->loop = before->loop;
}

static void forget(Elaborator *e, const Snapshot *before) {
    e->events.count = before->events;
    e->barriers.count = before->barriers;
    e->minimized.count = before->minimized;
    e->draws = before->draws;
}

static void bind_carried(LoopRun *run) {
    Elaborator *e = run->e;
    run->body = scope_new(e, SCOPE_FUNCTION, run->body->parent);
    run->body->is_body = true;
    for (int n = 0; n < run->names.count; n++) {
        const CarriedName *carried = &run->names.at[n];
        Value value = carry_value(run, carried->initial, carried->name.name, carried->name.span);
        scope_bind(e, run->body, carried->name.name, value, carried->name.span);
    }
    for (int s = 0; s < run->stores.count; s++) {
        Store *store = run->stores.at[s].store;
        e->graph = run->builder.graph;
        Node *now = read_store(e, store, run->stmt->span);
        e->graph = run->builder.body;
        e->current[store->position] = carry_leaf(run, value_node(now), now->label, run->stmt->span).u.node;
    }
    for (int s = 0; s < run->sources.count; s++) {
        AstName name = run->sources.at[s].name;
        Node *element = loop_input(&run->builder, run->sources.at[s].stacked);
        element->label = name.name;
        scope_bind(e, run->body, name.name, value_node(element), name.span);
    }
}

static void add_updated(LoopRun *run, Store *store, const Origin *origin) {
    for (int s = 0; s < run->stores.count; s++) {
        if (run->stores.at[s].store != store) continue;
        run->stores.at[s].origin = origin;
        return;
    }
    vec_push(run->e->arena, &run->stores, ((CarriedStore){store, origin}));
}

static bool give_next(LoopRun *run) {
    Elaborator *e = run->e;
    int leaf = 0;
    for (int n = 0; n < run->names.count; n++) {
        const CarriedName *carried = &run->names.at[n];
        const Binding *binding = scope_find_here(run->body, carried->name.name);
        if (!next_value(run, binding->value, carried->initial, carried->name.name, binding->span, &leaf)) return false;
    }
    for (int s = 0; s < run->stores.count; s++) {
        const Store *store = run->stores.at[s].store;
        if (leaf == run->leaves.count) return true; /* found in this attempt: there will be another */
        Value now = value_node(e->current[store->position]);
        if (!next_leaf(run, now, store->path, run->stores.at[s].origin->span, &leaf)) return false;
    }
    return true;
}

typedef enum Outcome { ATTEMPT_DONE, ATTEMPT_AGAIN, ATTEMPT_WRONG } Outcome;

static bool promotes(const LoopRun *run) {
    for (int l = 0; l < run->leaves.count; l++)
        if (run->promotions.at[l] != run->leaves.at[l].formal->type.elem) return true;
    return false;
}

static Outcome attempt(LoopRun *run, const Snapshot *before) {
    Elaborator *e = run->e;
    Flow flow = {false, poison};
    int stores = run->stores.count;
    run->builder = loop_begin(before->graph, run->length, false, origin_at(e, run->stmt->span));
    run->leaves.count = run->emitted.count = 0;
    enter_body(run, before);
    bind_carried(run);
    run_block(e, run->body, run->block, &flow);
    if (flow.returned && e->diagnostics->errors == before->errors)
        refuse(e, run->stmt->span, "`return` leaves a function while compiling, but this loop runs in the program");
    for (int v = before->events; v < e->events.count; v++)
        if (e->events.at[v].kind == EVENT_UPDATE) add_updated(run, e->events.at[v].store, e->events.at[v].origin);
    bool good = e->diagnostics->errors == before->errors && !is_stopped(e) && give_next(run);
    leave_body(e, before);
    if (!good) return ATTEMPT_WRONG;
    return run->stores.count > stores || promotes(run) ? ATTEMPT_AGAIN : ATTEMPT_DONE;
}

/* ---- after the loop ---- */

static void bind_results(LoopRun *run, Scope *scope, Node *const *parts) {
    Elaborator *e = run->e;
    int leaf = 0;
    for (int n = 0; n < run->names.count; n++) {
        const CarriedName *carried = &run->names.at[n];
        Value last = last_value(run, carried, parts, &leaf);
        if (last.kind == VALUE_TENSOR) last.u.node->label = carried->name.name;
        scope_bind(e, carried->scope, carried->name.name, last, carried->name.span);
    }
    for (int s = 0; s < run->stores.count; s++) {
        Store *store = run->stores.at[s].store;
        read_store(e, store, run->stmt->span); /* makes room */
        e->current[store->position] = parts[leaf++];
        vec_push(e->arena, &e->events, ((Event){EVENT_UPDATE, NULL, store, run->stores.at[s].origin}));
    }
    for (int m = 0; m < run->emitted.count; m++) {
        Node *stacked = parts[run->builder.carries.count + run->emitted.at[m].number];
        stacked->label = run->emitted.at[m].name.name;
        scope_bind(e, scope, run->emitted.at[m].name.name, value_node(stacked), run->emitted.at[m].name.span);
    }
}

static void finish_loop(LoopRun *run, Scope *scope, const Snapshot *before) {
    Elaborator *e = run->e;
    e->events.count = before->events; /* what was updated in the body is, after it, updated by the loop */
    Node *scan = loop_end(&run->builder);
    int count = run->builder.carries.count + run->emitted.count;
    Node **parts = ARENA_ARRAY(e->arena, Node *, count);
    for (int p = 0; p < count; p++)
        parts[p] = build_part(e->graph, scan, p, run->builder.origin);
    lift_barriers(e, scan, parts);
    bind_results(run, scope, parts);
}

/* So that what follows is looked at too. */
static void bind_poison(LoopRun *run, Scope *scope) {
    for (int n = 0; n < run->names.count; n++)
        scope_bind(run->e, run->names.at[n].scope, run->names.at[n].name.name, poison, run->names.at[n].name.span);
    for (int m = 0; m < run->emitted.count; m++)
        scope_bind(run->e, scope, run->emitted.at[m].name.name, poison, run->emitted.at[m].name.span);
}

static void run_loop(LoopRun *run, Scope *scope) {
    Elaborator *e = run->e;
    if (!graph_has_room(e, run->stmt->span)) return;
    Outcome outcome = find_carried(run, scope) ? ATTEMPT_AGAIN : ATTEMPT_WRONG;
    run->body = scope_new(e, SCOPE_FUNCTION, scope);
    Snapshot before = snapshot(e);
    for (int a = 0; outcome == ATTEMPT_AGAIN && a < ATTEMPTS; a++) {
        forget(e, &before);
        outcome = attempt(run, &before);
        before.current = e->current; /* reading a store makes room */
        before.current_count = e->current_count;
    }
    if (outcome == ATTEMPT_DONE)
        finish_loop(run, scope, &before);
    else
        bind_poison(run, scope);
    if (outcome == ATTEMPT_AGAIN) internal_error("the types of a loop's carries do not settle");
}

/* ---- repeat, scan, emit ---- */

static bool loop_length(Elaborator *e, Scope *scope, const AstExpr *expr, Dim *length) {
    Value count = eval(e, scope, expr);
    if (is_poison(count)) return false;
    if (value_as_dim(count, length) && dim_low(*length) >= 0) return true;
    refuse(e, expr->span, "a number of rounds is a size or an int that is known while compiling, not %s%s",
           value_text(e, count), value_as_dim(count, length) ? ", which is negative" : "");
    return false;
}

void run_repeat(Elaborator *e, Scope *scope, const AstStmt *stmt) {
    LoopRun run = {.e = e, .stmt = stmt, .block = &stmt->u.repeat.block};
    if (loop_length(e, scope, stmt->u.repeat.count, &run.length)) run_loop(&run, scope);
}

/* 0, 1, 2, ... */
static Node *counting(Elaborator *e, Dim length, Span span) {
    NestBuilder nest = nest_begin(e->graph, origin_at(e, span));
    int index = nest_free(&nest, "t", length);
    return nest_end(&nest, REDUCE_NONE, body_index(&nest.body, index));
}

static const AstArg *only_argument(const AstExpr *expr, const char *function) {
    bool calls = expr->kind == AST_CALL && expr->u.call.callee->kind == AST_NAME &&
                 strcmp(expr->u.call.callee->u.name, function) == 0;
    return calls && expr->u.call.args.count == 1 && !expr->u.call.args.at[0].splice ? &expr->u.call.args.at[0] : NULL;
}

/* What a scan runs along: tensors; range(n) of a size counts at run time, enumerate(xs) counts beside xs. */
static bool add_source(LoopRun *run, Scope *scope, const AstExpr *expr, Nodes *stacked) {
    Elaborator *e = run->e;
    const AstArg *range = only_argument(expr, "range"), *pairs = only_argument(expr, "enumerate");
    Dim length;
    if (range != NULL) {
        if (!loop_length(e, scope, range->value, &length)) return false;
        vec_push(e->arena, stacked, counting(e, length, expr->span));
        return true;
    }
    const AstExpr *of = pairs != NULL ? pairs->value : expr;
    Node *node = node_of(e, eval(e, scope, of), of->span);
    if (node == NULL) return false;
    if (node->type.shape.rank == 0) {
        refuse(e, of->span, "scan runs along the first axis of a tensor; a number has none (repeat K { ... })");
        return false;
    }
    if (pairs != NULL) vec_push(e->arena, stacked, counting(e, node->type.shape.dims[0], expr->span));
    vec_push(e->arena, stacked, node);
    return true;
}

static bool bind_sources(LoopRun *run, const AstNames *names, const Nodes *stacked) {
    Elaborator *e = run->e;
    if (names->count != stacked->count) {
        refuse(e, run->stmt->span, "%d names for %d things that the scan runs along", names->count, stacked->count);
        return false;
    }
    run->length = stacked->at[0]->type.shape.dims[0];
    for (int s = 0; s < stacked->count; s++) {
        Type type = stacked->at[s]->type;
        if (!dim_equal(type.shape.dims[0], run->length)) {
            refuse(e, run->stmt->span, "scan runs along tensors of one length, not %s and %s",
                   type_text(e->arena, stacked->at[0]->type), type_text(e->arena, type));
            return false;
        }
        vec_push(e->arena, &run->sources, ((Along){names->at[s], stacked->at[s]}));
    }
    return true;
}

void run_scan(Elaborator *e, Scope *scope, const AstStmt *stmt) {
    LoopRun run = {.e = e, .stmt = stmt, .block = &stmt->u.scan.block};
    Nodes stacked = {0};
    bool good = graph_has_room(e, stmt->span);
    for (int s = 0; good && s < stmt->u.scan.sources.count; s++)
        good = add_source(&run, scope, stmt->u.scan.sources.at[s], &stacked);
    if (good && bind_sources(&run, &stmt->u.scan.names, &stacked)) run_loop(&run, scope);
}

void run_emit(Elaborator *e, Scope *scope, const AstStmt *stmt) {
    LoopRun *run = e->loop;
    AstName name = stmt->u.emit.name;
    if (run == NULL) {
        refuse(e, stmt->span, "`emit` stands in the body of a repeat or scan");
        return;
    }
    Node *node = node_of(e, eval(e, scope, stmt->u.emit.value), stmt->span);
    if (node == NULL) return;
    for (int m = 0; m < run->emitted.count; m++)
        if (run->emitted.at[m].name.name == name.name) {
            refuse(e, stmt->span, "`%s` is emitted twice in a round", name.name);
            return;
        }
    if (node->type.shape.rank == RANK_LIMIT) {
        refuse(e, stmt->span, "a tensor has at most %d axes", RANK_LIMIT);
        return;
    }
    vec_push(e->arena, &run->emitted, ((Emitted){name, loop_emit(&run->builder, node)}));
}
