/* Buffers: where values lie, and views of them: merged axes, and what a loop's step sees of a stacked tensor. */
#include "compiler/kernels/stage.h"
#include "compiler/ops/region.h"

/* Row-major strides. Buffers of our own have the strides of the bounds, so that only trip counts vary; the caller's
 * arrays are dense at the sizes of the call. */
const Dim *dense_strides(Arena *arena, Shape shape, bool at_bounds) {
    Dim *strides = ARENA_ARRAY(arena, Dim, shape.rank);
    Dim stride = dim_constant(1);
    for (int a = shape.rank - 1; a >= 0; a--) {
        strides[a] = stride;
        Dim extent = at_bounds ? dim_constant(dim_high(shape.dims[a])) : shape.dims[a];
        if (a > 0 && !dim_multiply(stride, extent, &stride))
            internal_error("strides over two bounded axes on the border"); /* refused by elaboration */
    }
    return strides;
}

Buffer *buffer_new(Routine *routine, Sequence *home, BufferPlace place, Elem elem, Shape shape) {
    Buffer *buffer = ARENA_NEW(routine->arena, Buffer);
    buffer->place = place;
    buffer->home = home;
    buffer->elem = elem;
    buffer->shape = shape;
    buffer->strides = dense_strides(routine->arena, shape, place != BUFFER_BORDER);
    if (!shape_elements(shape, &buffer->elements)) internal_error("a tensor too large reached the kernels");
    buffer->position = routine->buffers.count;
    vec_push(routine->arena, &routine->buffers, buffer);
    return buffer;
}

const Dim *storage_strides(Arena *arena, const Store *store) {
    return dense_strides(arena, store->type.shape, store->kind != STORE_ARGUMENT);
}

static Buffer *leaf_buffer(Routine *routine, const Node *node) {
    for (int i = 0; i < routine->buffers.count; i++) {
        Buffer *buffer = routine->buffers.at[i];
        if (node->op == OP_input && buffer->argument == node->u.input) return buffer;
        if (node->op == OP_store && buffer->store == node->u.store && buffer->maker == NULL) return buffer;
    }
    bool input = node->op == OP_input;
    Buffer *buffer =
        buffer_new(routine, NULL, input ? BUFFER_BORDER : BUFFER_STORAGE, node->type.elem, node->type.shape);
    buffer->node = node;
    if (input) {
        buffer->argument = node->u.input;
        buffer->is_byte = node->u.input->is_byte;
    } else {
        buffer->store = node->u.store;
        buffer->strides = storage_strides(routine->arena, node->u.store);
    }
    return buffer;
}

/* ---- views ---- */

/* Merged axes are one in memory: its stride is that of the last one that has more than one position. */
static const Dim *merged_strides(Arena *arena, const Buffer *view) {
    const Buffer *of = view->view_of;
    Dim *strides = ARENA_ARRAY(arena, Dim, view->shape.rank);
    int carrier = view->axis + view->merged - 1;
    while (carrier > view->axis && dim_high(of->shape.dims[carrier]) == 1)
        carrier--;
    for (int a = 0; a < view->shape.rank; a++)
        strides[a] = of->strides[a < view->axis ? a : a == view->axis ? carrier : a + view->merged - 1];
    return strides;
}

static void set_view_strides(Arena *arena, Buffer *view) {
    if (view->merged > 0)
        view->strides = merged_strides(arena, view);
    else
        view->strides = view->at != NULL ? view->view_of->strides + 1 : view->view_of->strides;
}

/* Buffers stand behind those that they show. */
void settle_views(Routine *routine) {
    for (int b = 0; b < routine->buffers.count; b++) {
        Buffer *buffer = routine->buffers.at[b];
        if (buffer->view_of != NULL) set_view_strides(routine->arena, buffer);
    }
}

void buffer_becomes_view(Buffer *buffer, Buffer *of, const Loop *at) {
    buffer->view_of = of;
    buffer->at = at;
    buffer->place = of->place;
    buffer->is_byte = of->is_byte;
    buffer->strides = at != NULL ? of->strides + 1 : of->strides;
}

static Buffer *view_new(Routine *routine, Buffer *of, Shape shape, const Loop *at) {
    Buffer *view = buffer_new(routine, of->home, BUFFER_ARENA, of->elem, shape);
    view->name = of->name;
    view->node = of->node;
    buffer_becomes_view(view, of, at);
    return view;
}

Buffer *buffer_at(Routine *routine, Buffer *stacked, const Loop *loop) {
    Shape shape = {stacked->shape.rank - 1, stacked->shape.dims + 1};
    return view_new(routine, stacked, shape, loop);
}

static Buffer *merged_view(Fusion *fusion, const Node *node) {
    Buffer *view = view_new(fusion->routine, buffer_of(fusion, node->args[0]), node->type.shape, NULL);
    view->axis = node->u.regroup.axis;
    view->merged = node->u.regroup.from;
    view->name = node->label != NULL ? node->label : view->name;
    set_view_strides(fusion->arena, view);
    return view;
}

/* ---- the buffer of a node ---- */

static Buffer *formal_buffer(Fusion *fusion, const Node *node) {
    const Region *region = fusion->scan->u.region;
    int number = node->u.formal.number;
    if (node->u.formal.kind == FORMAL_CARRY) return fusion->carries[number];
    const Node *argument = fusion->scan->args[region_argument(region, node->u.formal.kind, number)];
    Buffer *buffer = buffer_of(fusion->around, argument);
    if (node->u.formal.kind == FORMAL_CAPTURE) return buffer;
    Buffer *view = buffer_at(fusion->routine, buffer, fusion->sequence->loop);
    view->node = node;
    view->name = node->label;
    return view;
}

static Buffer *nest_buffer(Fusion *fusion, const Node *node) {
    Value *value = &fusion->values[node->id];
    if (value->stage == NULL) internal_error("node %%%d is read before it is computed", node->id);
    Buffer *buffer = buffer_new(fusion->routine, fusion->sequence, BUFFER_ARENA, node->type.elem, node->type.shape);
    buffer->node = node;
    buffer->name = value->name;
    buffer->maker = value->stage->kernel;
    vec_push(fusion->arena, &value->stage->results, (StageResult){buffer, value->expr});
    return buffer;
}

Buffer *buffer_beside(Fusion *fusion, const Node *nest) {
    return nest_buffer(fusion, nest);
}

Buffer *buffer_of(Fusion *fusion, const Node *node) {
    Value *value = &fusion->values[node->id];
    if (value->buffer != NULL) return value->buffer;
    switch (node->op) {
    case OP_nest: return value->buffer = nest_buffer(fusion, node);
    case OP_regroup: return value->buffer = merged_view(fusion, node);
    case OP_formal: return value->buffer = formal_buffer(fusion, node);
    case OP_input:
    case OP_store: return value->buffer = leaf_buffer(fusion->routine, node);
    default: internal_error("node %%%d is read before its loop has a place", node->id);
    }
}

Stage *stage_of(const Fusion *fusion, const Node *node) {
    while (node->op == OP_regroup)
        node = node->args[0];
    return fusion->values[node->id].stage;
}

Kernel *maker_of(const Fusion *fusion, const Node *node) {
    while (node->op == OP_regroup)
        node = node->args[0];
    const Value *value = &fusion->values[node->id];
    if (value->stage != NULL) return value->stage->kernel;
    return node->op == OP_part && value->buffer != NULL ? buffer_maker(value->buffer) : NULL;
}
