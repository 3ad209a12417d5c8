/* Carries that every round of a loop leaves as they are become captures; what is read of them behind the loop was there
 * before it. A loop of nothing else is then dead. */
#include "compiler/ops/region.h"
#include "compiler/passes/pipeline.h"

static bool is_unchanged(const Region *region, int carry) {
    const Node *next = region_yield(region, carry);
    return next->op == OP_formal && next->u.formal.kind == FORMAL_CARRY && next->u.formal.number == carry;
}

static bool *find_unchanged(Arena *arena, const Region *region) {
    bool *unchanged = ARENA_ARRAY(arena, bool, region->carries);
    for (int i = 0; i < region->carries; i++)
        unchanged[i] = is_unchanged(region, i);
    return unchanged;
}

/* How many of the first `count` carries are unchanged. */
static int count_unchanged(const bool *unchanged, int count) {
    int found = 0;
    for (int i = 0; i < count; i++)
        found += unchanged[i];
    return found;
}

/* A result's number among those that stay. */
static int new_result(const Region *region, const bool *unchanged, int result) {
    return result - count_unchanged(unchanged, result < region->carries ? result : region->carries);
}

static Graph *body_with_captures(Arena *arena, const Region *region, const bool *unchanged) {
    Graph *new = graph_new(arena);
    Node **map = ARENA_ARRAY(arena, Node *, region->body->nodes.count);
    for (int i = 0; i < region->body->nodes.count; i++) {
        const Node *node = region->body->nodes.at[i];
        bool is_yield = node->op == OP_yield, is_carry = node->op == OP_formal && node->u.formal.kind == FORMAL_CARRY;
        if (is_yield && node->u.result < region->carries && unchanged[node->u.result]) continue;
        map[i] = copy_node(new, node, mapped_args(arena, node, map));
        if (is_yield) map[i]->u.result = new_result(region, unchanged, node->u.result);
        if (!is_carry) continue;
        int number = node->u.formal.number, before = count_unchanged(unchanged, number);
        map[i]->u.formal.kind = unchanged[number] ? FORMAL_CAPTURE : FORMAL_CARRY;
        map[i]->u.formal.number = unchanged[number] ? region->captures + before : number - before;
    }
    return new;
}

/* The loop with unchanged carries as its last captures. */
static Node *loop_with_captures(Graph *new, const Node *node, const bool *unchanged, Node *const *map) {
    Arena *arena = new->arena;
    Region *region = node->u.region;
    VEC(Node *) args = {0};
    for (int a = 0; a < node->arg_count; a++)
        if (a >= region->carries || !unchanged[a]) vec_push(arena, &args, map[node->args[a]->id]);
    for (int i = 0; i < region->carries; i++)
        if (unchanged[i]) vec_push(arena, &args, map[node->args[i]->id]);
    int count = count_unchanged(unchanged, region->carries);
    Node *copy = graph_add(new, OP_scan, node->type, args.count, args.at, node->origin);
    copy->label = node->label;
    copy->u.region = region_copy(arena, region, body_with_captures(arena, region, unchanged));
    copy->u.region->carries -= count;
    copy->u.region->captures += count;
    return node_checked(new, copy);
}

/* Of a loop that has become `scan`; `old` is what it was. */
static Node *copy_part(Graph *new, const Node *part, Node *scan, const Region *old, const bool *unchanged) {
    Node *copy = graph_add(new, OP_part, part->type, 1, &scan, part->origin);
    copy->label = part->label;
    copy->u.result = new_result(old, unchanged, part->u.result);
    return node_checked(new, copy);
}

/* Bodies first: what an inner loop leaves as it is, may be what the outer one does. */
static const Node *settle_body(Arena *arena, const Node *scan) {
    Node *copy = ARENA_NEW(arena, Node);
    *copy = *scan;
    copy->u.region = region_copy(arena, scan->u.region, settle_carries(scan->u.region->body));
    return copy;
}

Graph *settle_carries(const Graph *graph) {
    Arena *arena = graph->arena;
    Graph *new = graph_new(arena);
    Node **map = ARENA_ARRAY(arena, Node *, graph->nodes.count);
    const Node **loops = ARENA_ARRAY(arena, const Node *, graph->nodes.count);
    bool **unchanged = ARENA_ARRAY(arena, bool *, graph->nodes.count);
    for (int i = 0; i < graph->nodes.count; i++) {
        const Node *node = graph->nodes.at[i];
        if (node->op == OP_scan) {
            loops[i] = settle_body(arena, node);
            unchanged[i] = find_unchanged(arena, loops[i]->u.region);
            map[i] = loop_with_captures(new, loops[i], unchanged[i], map);
        } else if (node->op == OP_part) {
            const Node *loop = loops[node->args[0]->id];
            const bool *settled = unchanged[node->args[0]->id];
            bool is_settled = node->u.result < loop->u.region->carries && settled[node->u.result];
            map[i] = is_settled ? map[loop->args[node->u.result]->id]
                                : copy_part(new, node, map[node->args[0]->id], loop->u.region, settled);
        } else
            map[i] = copy_node(new, node, mapped_args(arena, node, map));
    }
    return new;
}
