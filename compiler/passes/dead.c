/* Pass dead: drops what no root needs: nodes, and of loops the results, carries and arguments; before that, carries
 * that no round changes (carries.c). */
#include "compiler/ops/op.h"
#include "compiler/ops/region.h"
#include "compiler/passes/pipeline.h"

/* What of a loop somebody needs. */
typedef struct Live {
    bool *results; /* carries, then what is stacked */
    bool *args;
} Live;

typedef struct Dead {
    Arena *arena;
    const Graph *graph;
    bool *needed; /* by node */
    Live *live;   /* by node, of loops */
} Dead;

static void need(Dead *dead, const Node *node) {
    dead->needed[node->id] = true;
    if (node->op == OP_part) dead->live[node->args[0]->id].results[node->u.result] = true;
}

/* Marks, in a body, what the live yields are made of; a carry that is read lives. */
static void find_live_args(Arena *arena, const Region *region, Live *live) {
    const Graph *body = region->body;
    for (bool changed = true; changed;) {
        bool *needed = ARENA_ARRAY(arena, bool, body->nodes.count);
        changed = false;
        for (int i = body->nodes.count - 1; i >= 0; i--) {
            const Node *node = body->nodes.at[i];
            needed[i] = needed[i] || (node->op == OP_yield && live->results[node->u.result]);
            for (int a = 0; needed[i] && a < node->arg_count; a++)
                needed[node->args[a]->id] = true;
            if (!needed[i] || node->op != OP_formal) continue;
            live->args[region_argument(region, node->u.formal.kind, node->u.formal.number)] = true;
            if (node->u.formal.kind != FORMAL_CARRY || live->results[node->u.formal.number]) continue;
            live->results[node->u.formal.number] = changed = true;
        }
    }
    for (int i = 0; i < region->carries; i++)
        live->args[i] = live->results[i];
}

static void find_needed(Dead *dead) {
    for (int i = 0; i < dead->graph->nodes.count; i++) {
        const Node *node = dead->graph->nodes.at[i];
        if (node->op != OP_scan) continue;
        const Region *region = node->u.region;
        dead->live[i].results = ARENA_ARRAY(dead->arena, bool, region->carries + region->outputs);
        dead->live[i].args = ARENA_ARRAY(dead->arena, bool, node->arg_count);
    }
    for (int i = dead->graph->nodes.count - 1; i >= 0; i--) {
        const Node *node = dead->graph->nodes.at[i];
        if (op_is_root(node->op)) dead->needed[i] = true;
        if (!dead->needed[i]) continue;
        if (node->op == OP_scan) find_live_args(dead->arena, node->u.region, &dead->live[i]);
        for (int a = 0; a < node->arg_count; a++)
            if (node->op != OP_scan || dead->live[i].args[a]) need(dead, node->args[a]);
    }
}

/* ---- a loop without its dead parts ---- */

/* How many of `live` stand before `number`: its new number. */
static int count_live(const bool *live, int number) {
    int count = 0;
    for (int i = 0; i < number; i++)
        count += live[i];
    return count;
}

static int new_formal_number(const Region *region, const Live *live, const Node *formal) {
    int argument = region_argument(region, formal->u.formal.kind, formal->u.formal.number);
    return count_live(live->args + argument - formal->u.formal.number, formal->u.formal.number);
}

static Graph *drop_dead(const Graph *graph);

/* The body with formals and yields numbered anew; those that are dead go, and what only they need. */
static Graph *live_body(Arena *arena, const Region *region, const Live *live) {
    Graph *new = graph_new(arena);
    Node **map = ARENA_ARRAY(arena, Node *, region->body->nodes.count);
    for (int i = 0; i < region->body->nodes.count; i++) {
        const Node *node = region->body->nodes.at[i];
        if (node->op == OP_yield && !live->results[node->u.result]) continue;
        bool formal = node->op == OP_formal;
        if (formal && !live->args[region_argument(region, node->u.formal.kind, node->u.formal.number)]) {
            map[i] = copy_node(new, node, NULL); /* nobody who stays uses it */
            map[i]->u.formal.number = -1;
            continue;
        }
        map[i] = copy_node(new, node, mapped_args(arena, node, map));
        if (formal) map[i]->u.formal.number = new_formal_number(region, live, node);
        if (node->op == OP_yield) map[i]->u.result = count_live(live->results, node->u.result);
    }
    return drop_dead(new);
}

static Node *copy_loop(Graph *new, const Node *node, const Live *live, Node *const *map) {
    Arena *arena = new->arena;
    const Region *old = node->u.region;
    Node **args = ARENA_ARRAY(arena, Node *, node->arg_count);
    int count = 0;
    for (int a = 0; a < node->arg_count; a++)
        if (live->args[a]) args[count++] = map[node->args[a]->id];
    Node *copy = graph_add(new, OP_scan, node->type, count, args, node->origin);
    Region *region = region_copy(arena, old, live_body(arena, old, live));
    region->carries = count_live(live->args, old->carries);
    region->inputs = count_live(live->args + old->carries, old->inputs);
    region->captures = count_live(live->args + old->carries + old->inputs, old->captures);
    region->outputs = count_live(live->results, old->carries + old->outputs) - region->carries;
    copy->label = node->label;
    copy->u.region = region;
    return node_checked(new, copy);
}

static Node *copy_part(Graph *new, const Node *node, const Dead *dead, Node *const *map) {
    Node *scan = map[node->args[0]->id];
    Node *part = graph_add(new, OP_part, node->type, 1, &scan, node->origin);
    part->label = node->label;
    part->u.result = count_live(dead->live[node->args[0]->id].results, node->u.result);
    return node_checked(new, part);
}

static Graph *drop_dead(const Graph *graph) {
    Arena *arena = graph->arena;
    Dead dead = {arena, graph, ARENA_ARRAY(arena, bool, graph->nodes.count),
                 ARENA_ARRAY(arena, Live, graph->nodes.count)};
    Node **map = ARENA_ARRAY(arena, Node *, graph->nodes.count);
    find_needed(&dead);
    Graph *new = graph_new(arena);
    for (int i = 0; i < graph->nodes.count; i++) {
        const Node *node = graph->nodes.at[i];
        if (!dead.needed[i]) continue;
        if (node->op == OP_scan)
            map[i] = copy_loop(new, node, &dead.live[i], map);
        else if (node->op == OP_part)
            map[i] = copy_part(new, node, &dead, map);
        else
            map[i] = copy_node(new, node, mapped_args(arena, node, map));
    }
    return new;
}

Graph *pass_dead(Graph *graph, Diagnostics *diagnostics) {
    (void)diagnostics;
    return drop_dead(settle_carries(graph));
}
