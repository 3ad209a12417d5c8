/* NAME_trained: the model's struct with the values of --weights. */
#include "compiler/emit/parts.h"

bool has_trained(const Emitter *emitter) {
    return emitter->options->trained != NULL && emitter->fields->has_model;
}

/* From declared row-major order into that of the storage. */
static const double *in_storage(const Emitter *emitter, const Store *store, const double *values, int64_t count) {
    if (store_is_dense(emitter, store)) return values;
    const Shape shape = store->type.shape;
    const int64_t *strides = store_strides(emitter, store);
    double *stored = ARENA_ARRAY(emitter->arena, double, count);
    for (int64_t i = 0; i < count; i++) {
        int64_t place = 0, rest = i;
        for (int a = shape.rank - 1; a >= 0; a--) {
            place += rest % shape.dims[a].constant * strides[a];
            rest /= shape.dims[a].constant;
        }
        stored[place] = values[i];
    }
    return stored;
}

static void write_field(Writer *writer, const Emitter *emitter, const Store *store) {
    const Place *place = &emitter->fields->places[store->position];
    const double *values = emitter->options->trained->values[store->position];
    if (place->count == 0) return; /* the one element that C wants is 0 */
    write_text(writer, "    .%s =%s\n", place->field, place->is_scalar ? "" : " {");
    write_elements(writer, emitter, store->type.elem, in_storage(emitter, store, values, place->count), place->count);
    if (!place->is_scalar) write_text(writer, "    },\n");
}

void emit_trained(Writer *writer, const Emitter *emitter) {
    const char *name = emitter->options->name;
    write_text(writer, "\n/* ---- the values of %s, in the order of the storage */\n\n",
               comment_safe(emitter->arena, emitter->options->trained->source));
    write_text(writer, "GR_ALIGNED const %s %s_trained = {\n", name, name);
    for (int s = 0; s < emitter->program->stores.count; s++) {
        const Store *store = emitter->program->stores.at[s];
        if (store_in_model(store)) write_field(writer, emitter, store);
    }
    write_text(writer, "};\n");
}
