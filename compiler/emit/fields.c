/* The structs NAME and NAME_trainer: which field holds a store, and where in it. */
#include "compiler/emit/parts.h"
#include <math.h>
#include <string.h>

bool store_in_model(const Store *store) {
    return store->kind == STORE_PARAM || store->kind == STORE_STATE;
}

static int64_t count_of(const Store *store) {
    int64_t count;
    if (!shape_elements(store->type.shape, &count)) internal_error("store %s is too large", store->path);
    return count;
}

/* ---- the model ---- */

static void place_in_model(Emitter *emitter, Fields *fields, const Store *store) {
    fields->places[store->position] = (Place){.field = field_name(emitter, false, store->path),
                                              .count = count_of(store),
                                              .is_scalar = store->type.shape.rank == 0};
}

/* ---- the trainer ---- */

/* The parameter or state whose path ends the slot's: "@train.m.net.layers.0.w" belongs to net.layers.0.w. */
static const Store *owner_of_slot(const Program *program, const Store *slot) {
    const Store *owner = NULL;
    size_t length = strlen(slot->path), longest = 0;
    for (int s = 0; s < program->stores.count; s++) {
        const Store *store = program->stores.at[s];
        size_t part = strlen(store->path);
        if (!store_in_model(store) || part <= longest || part + 1 >= length) continue;
        if (slot->path[length - part - 1] != '.' || strcmp(slot->path + length - part, store->path) != 0) continue;
        owner = store;
        longest = part;
    }
    return owner;
}

static SlotArray *array_of_slot(Emitter *emitter, Fields *fields, const Store *slot) {
    const Store *owner = owner_of_slot(emitter->program, slot);
    size_t length = strlen(slot->path) - (owner == NULL ? 0 : strlen(owner->path) + 1);
    const char *group = arena_print(emitter->arena, "%.*s", (int)length, slot->path);
    for (int a = 0; a < fields->arrays.count; a++)
        if (strcmp(fields->arrays.at[a]->group, group) == 0 && fields->arrays.at[a]->elem == slot->type.elem)
            return fields->arrays.at[a];
    SlotArray *array = ARENA_NEW(emitter->arena, SlotArray);
    array->field = field_name(emitter, true, group);
    array->group = group;
    array->elem = slot->type.elem;
    vec_push(emitter->arena, &fields->arrays, array);
    return array;
}

static int owner_position(const Emitter *emitter, const Store *slot) {
    const Store *owner = owner_of_slot(emitter->program, slot);
    return owner == NULL ? emitter->program->stores.count : owner->position;
}

/* In the order of the parameters that they belong to. */
static void add_slot(Emitter *emitter, SlotArray *array, const Store *slot) {
    vec_push(emitter->arena, &array->slots, slot);
    int at = array->slots.count - 1;
    for (; at > 0 && owner_position(emitter, array->slots.at[at - 1]) > owner_position(emitter, slot); at--)
        array->slots.at[at] = array->slots.at[at - 1];
    array->slots.at[at] = slot;
}

static void place_slots(Fields *fields, SlotArray *array) {
    for (int s = 0; s < array->slots.count; s++) {
        const Store *slot = array->slots.at[s];
        int64_t count = count_of(slot);
        fields->places[slot->position] =
            (Place){.field = array->field, .first = array->count, .count = count, .in_trainer = true};
        array->count += count;
    }
    if (array->count == 0) array->count = 1; /* C has no arrays without elements */
}

static void place_in_trainer(Emitter *emitter, Fields *fields, const Store *store) {
    Place *place = &fields->places[store->position];
    *place = (Place){.count = 1, .in_trainer = true, .is_scalar = true};
    if (store->kind == STORE_SLOT)
        add_slot(emitter, array_of_slot(emitter, fields, store), store);
    else
        place->field = store->kind == STORE_RATE ? "lr_scale" : field_name(emitter, true, store->path);
}

/* ---- sizes ---- */

static int64_t elem_bytes(const Emitter *emitter, Elem elem) {
    return elem == ELEM_BOOL ? 1 : elem == ELEM_REAL && emitter->options->target->is_double ? 8 : 4;
}

static void add_bytes(int64_t *bytes, int64_t *alignment, int64_t item, int64_t count) {
    *bytes = (*bytes + item - 1) / item * item + item * count;
    if (item > *alignment) *alignment = item;
}

/* As C lays the structs out on all common machines, for the comment. */
static void measure(const Emitter *emitter, Fields *fields) {
    const Program *program = emitter->program;
    int64_t model_alignment = 1, trainer_alignment = 8, real = elem_bytes(emitter, ELEM_REAL);
    fields->trainer_bytes = 8;
    for (int s = 0; s < program->stores.count; s++) {
        const Store *store = program->stores.at[s];
        if (store->kind == STORE_STEP) fields->trainer_bytes += 8;
        if (store_in_model(store))
            add_bytes(&fields->model_bytes, &model_alignment, elem_bytes(emitter, store->type.elem),
                      fields->places[s].count > 0 ? fields->places[s].count : 1);
    }
    fields->trainer_bytes += 2 * real;
    for (int a = 0; a < fields->arrays.count; a++)
        add_bytes(&fields->trainer_bytes, &trainer_alignment, elem_bytes(emitter, fields->arrays.at[a]->elem),
                  fields->arrays.at[a]->count);
    add_bytes(&fields->model_bytes, &model_alignment, model_alignment, 0);
    add_bytes(&fields->trainer_bytes, &trainer_alignment, trainer_alignment, 0);
}

void place_fields(Emitter *emitter) {
    const Program *program = emitter->program;
    Fields *fields = ARENA_NEW(emitter->arena, Fields);
    fields->places = ARENA_ARRAY(emitter->arena, Place, program->stores.count);
    for (int e = 0; e < program->entries.count; e++)
        fields->has_trainer |= entry_trainer(program->entries.at[e]);
    for (int s = 0; s < program->stores.count; s++) {
        const Store *store = program->stores.at[s];
        fields->has_model |= store_in_model(store);
        if (store_in_model(store))
            place_in_model(emitter, fields, store);
        else
            place_in_trainer(emitter, fields, store);
    }
    for (int a = 0; a < fields->arrays.count; a++)
        place_slots(fields, fields->arrays.at[a]);
    measure(emitter, fields);
    emitter->fields = fields;
}

/* ---- looking them up ---- */

const char *store_address(const Emitter *emitter, const Store *store) {
    if (store->kind == STORE_STEP) return "&call->step";
    if (store->kind == STORE_CONST) return constant_name(emitter, store);
    if (store->kind == STORE_ARGUMENT)
        return arena_print(emitter->arena, "call->%s", argument_name(emitter, store->argument));
    const Place *place = &emitter->fields->places[store->position];
    const char *home = place->in_trainer ? "trainer" : "model";
    if (place->is_scalar) return arena_print(emitter->arena, "&call->%s->%s", home, place->field);
    if (place->first == 0) return arena_print(emitter->arena, "call->%s->%s", home, place->field);
    return arena_print(emitter->arena, "call->%s->%s + %lld", home, place->field, (long long)place->first);
}

static const Dim *strides_in(const Routine *routine, const Store *store) {
    for (int b = 0; routine != NULL && b < routine->buffers.count; b++) {
        const Buffer *buffer = routine->buffers.at[b];
        if (buffer->place == BUFFER_STORAGE && buffer->store == store) return buffer->strides;
    }
    return NULL;
}

static void dense_strides_of(Shape shape, int64_t *strides) {
    int64_t stride = 1;
    for (int a = shape.rank - 1; a >= 0; a--) {
        strides[a] = stride;
        stride *= shape.dims[a].constant;
    }
}

const int64_t *store_strides(const Emitter *emitter, const Store *store) {
    Shape shape = store->type.shape;
    int64_t *strides = ARENA_ARRAY(emitter->arena, int64_t, shape.rank);
    dense_strides_of(shape, strides);
    const Dim *chosen = NULL;
    for (int e = 0; chosen == NULL && e < emitter->program->entries.count; e++)
        chosen = strides_in(emitter->routines[e], store);
    for (int a = 0; chosen != NULL && a < shape.rank; a++)
        strides[a] = chosen[a].constant;
    return strides;
}

bool store_is_dense(const Emitter *emitter, const Store *store) {
    Shape shape = store->type.shape;
    const int64_t *strides = store_strides(emitter, store);
    int64_t *dense = ARENA_ARRAY(emitter->arena, int64_t, shape.rank);
    dense_strides_of(shape, dense);
    for (int a = 0; a < shape.rank; a++)
        if (strides[a] != dense[a] && shape.dims[a].constant > 1) return false;
    return true;
}

/* A nest whose every element is the literal 0: memset has done that already. */
bool store_starts_at_zero(const Store *store) {
    if (store->init == NULL || store->init->roots.count != 1) return store->init == NULL;
    const Node *value = store->init->roots.at[0]->args[0];
    if (value->op != OP_nest || value->u.nest.reduce != REDUCE_NONE) return false;
    const Nest *nest = &value->u.nest;
    int last = nest->body.exprs.count - 1;
    if (nest_count(nest, INDEX_SOLVED) > 0 || nest->body.exprs.at[last].kind != EXPR_LITERAL) return false;
    double number = nest->body.exprs.at[last].u.number;
    return number == 0 && !signbit(number);
}
