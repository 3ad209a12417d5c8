/* Loops: the body of a scan becomes a sequence of kernels of its own, run once for every position.
 *
 * A carry lies in one buffer through all rounds. Its next content is an update like that of a store: written in place
 * where everything that reads the old content can come before, else kept aside and copied at the end of the round. What
 * is stacked is written where it belongs: the body's buffer is a view of one position of the whole. */
#include "compiler/kernels/stage.h"
#include "compiler/ops/region.h"

static int count_uses(const Graph *graph, const Node *node) {
    int uses = 0;
    for (int n = 0; n < graph->nodes.count; n++)
        for (int a = 0; a < graph->nodes.at[n]->arg_count; a++)
            uses += graph->nodes.at[n]->args[a] == node;
    return uses;
}

/* The buffer that a carry starts from and lies in: that of its first content, where nobody else needs this. */
static Buffer *carry_buffer(Fusion *fusion, const Node *initial) {
    Buffer *from = buffer_of(fusion, initial);
    bool own = initial->op == OP_nest && from->view_of == NULL && count_uses(fusion->graph, initial) == 1;
    if (!own) {
        Buffer *copy =
            buffer_new(fusion->routine, fusion->sequence, BUFFER_ARENA, initial->type.elem, initial->type.shape);
        kernel_new(fusion->arena, fusion->sequence, stage_copying(fusion->routine, from, copy));
        from = copy;
    }
    from->is_carry = true;
    return from;
}

/* What a node of the body has computed goes to `to`, one position of a stacked result. */
static void fill_position(Fusion *fusion, const Node *node, Buffer *stacked) {
    const Loop *loop = fusion->sequence->loop;
    if (node->op == OP_nest) {
        Buffer *buffer = buffer_of(fusion, node);
        bool free = buffer->view_of == NULL && !buffer->is_carry;
        if (!free) buffer = buffer_beside(fusion, node);
        buffer_becomes_view(buffer, stacked, loop);
        return;
    }
    Buffer *to = buffer_at(fusion->routine, stacked, loop);
    kernel_new(fusion->arena, fusion->sequence, stage_copying(fusion->routine, buffer_of(fusion, node), to));
}

static void place_yields(Fusion *fusion, Buffer **stacked) {
    const Region *region = fusion->scan->u.region;
    for (int i = 0; i < region->outputs; i++)
        fill_position(fusion, region_yield(region, region->carries + i), stacked[i]);
    for (int i = 0; i < region->carries; i++) {
        Update update = {.carry = fusion->carries[i], .value = new_content(fusion, region_yield(region, i))};
        vec_push(fusion->arena, &fusion->sequence->updates, update);
    }
}

static Kernel *kernel_of_loop(Fusion *fusion, const Region *region) {
    Kernel *kernel = ARENA_NEW(fusion->arena, Kernel);
    kernel->loop = ARENA_NEW(fusion->arena, Loop);
    *kernel->loop = (Loop){.length = region->length, .reversed = region->reversed, .around = fusion->sequence->loop};
    kernel->loop->body.loop = kernel->loop;
    kernel->sequence = fusion->sequence;
    return kernel;
}

/* Where a part is found after the loop. */
static void name_part(Fusion *fusion, const Node *part, Buffer *buffer) {
    fusion->values[part->id].buffer = buffer;
    if (buffer->name == NULL) buffer->name = part->label;
    if (buffer->node == NULL) buffer->node = part;
}

static void place_parts(Fusion *fusion, const Node *scan, Kernel *kernel, Buffer *const *carries,
                        Buffer *const *stacked) {
    const Region *region = scan->u.region;
    for (int n = 0; n < fusion->graph->nodes.count; n++) {
        const Node *part = fusion->graph->nodes.at[n];
        if (part->op != OP_part || part->args[0] != scan) continue;
        int result = part->u.result;
        Buffer *buffer = result < region->carries ? NULL : stacked[result - region->carries];
        if (buffer == NULL) { /* the same bytes as the carry, but there only after the loop */
            buffer = buffer_new(fusion->routine, fusion->sequence, BUFFER_ARENA, part->type.elem, part->type.shape);
            buffer_becomes_view(buffer, carries[result], NULL);
            buffer->maker = kernel;
        }
        name_part(fusion, part, buffer);
    }
}

void place_loop(Fusion *fusion, const Node *scan) {
    const Region *region = scan->u.region;
    Arena *arena = fusion->arena;
    Fusion body = {.arena = arena, .graph = region->body, .routine = fusion->routine, .around = fusion, .scan = scan};
    Buffer **stacked = ARENA_ARRAY(arena, Buffer *, region->outputs);
    body.carries = ARENA_ARRAY(arena, Buffer *, region->carries);
    for (int i = 0; i < region->carries; i++)
        body.carries[i] = carry_buffer(fusion, scan->args[i]);
    for (int i = region->carries; i < scan->arg_count; i++)
        buffer_of(fusion, scan->args[i]);
    Kernel *kernel = kernel_of_loop(fusion, region);
    for (int i = 0; i < region->outputs; i++) {
        Type type = scan_part_type(arena, scan, region->carries + i);
        stacked[i] = buffer_new(fusion->routine, fusion->sequence, BUFFER_ARENA, type.elem, type.shape);
        stacked[i]->maker = kernel;
    }
    body.sequence = &kernel->loop->body;
    fuse_nests(&body);
    place_yields(&body, stacked);
    kernel->position = fusion->sequence->kernels.count;
    vec_push(arena, &fusion->sequence->kernels, kernel);
    place_parts(fusion, scan, kernel, body.carries, stacked);
}
