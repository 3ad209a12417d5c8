/* NAME_model: the model as data, for everything that works on all models. */
#include "compiler/emit/parts.h"
#include <string.h>

/* ---- the signature hash ---- */

static void describe_arguments(Writer *text, const Argument *const *arguments, int count) {
    for (int i = 0; i < count; i++)
        write_text(text, " %s:%s%s %lld..%lld", arguments[i]->name, type_text(text->arena, arguments[i]->type),
                   arguments[i]->is_byte ? " byte" : "", (long long)arguments[i]->low, (long long)arguments[i]->high);
}

uint32_t model_signature(const Emitter *emitter) {
    const Program *program = emitter->program;
    Writer text;
    writer_open(&text, emitter->arena);
    write_text(&text, "%s %s\n", emitter->options->name, elem_type(emitter, ELEM_REAL, false));
    for (int s = 0; s < program->sizes.count; s++)
        write_text(&text, "size %s %lld..%lld\n", program->sizes.at[s]->name, (long long)program->sizes.at[s]->low,
                   (long long)program->sizes.at[s]->high);
    for (int s = 0; s < program->stores.count; s++)
        write_text(&text, "store %s %d %s\n", program->stores.at[s]->path, (int)program->stores.at[s]->kind,
                   type_text(emitter->arena, program->stores.at[s]->type));
    for (int e = 0; e < program->entries.count; e++) {
        const Entry *entry = program->entries.at[e];
        if (entry->evaluates != NULL) continue; /* with --emit-main a model keeps its signature */
        write_text(&text, "entry %s", entry->name);
        describe_arguments(&text, (const Argument *const *)entry->inputs.at, entry->inputs.count);
        write_text(&text, " ->");
        describe_arguments(&text, (const Argument *const *)entry->outputs.at, entry->outputs.count);
        write_text(&text, "%s\n", entry_updates(entry) ? " updates" : "");
    }
    return hash_bytes(text.text, text.length);
}

/* ---- tensors ---- */

static const char *type_constant(const Emitter *emitter, Elem elem, bool is_byte) {
    if (elem == ELEM_REAL) return emitter->options->target->is_double ? "GR_DOUBLE" : "GR_FLOAT";
    return elem == ELEM_BOOL ? "GR_BOOL" : is_byte ? "GR_BYTE" : "GR_INT32";
}

static const char *numbers_text(const Emitter *emitter, const int64_t *numbers, int count) {
    if (count == 0) return "NULL";
    const char *text = "(const int32_t[]){";
    for (int i = 0; i < count; i++)
        text = arena_print(emitter->arena, "%s%s%lld", text, i == 0 ? "" : ", ", (long long)numbers[i]);
    return arena_print(emitter->arena, "%s}", text);
}

static void write_tensor(Writer *writer, const char *name, const char *kinds, int rank, const char *shape,
                         const char *strides, const char *offset) {
    Items items = {.arena = writer->arena};
    items_add(&items, "%s", string_literal(writer->arena, name));
    items_add(&items, "%s", kinds);
    items_add(&items, "%d", rank);
    items_add(&items, "%s", shape);
    items_add(&items, "%s", strides);
    items_add(&items, "%s", offset);
    write_filled(writer, "{", &items, "},");
}

static void write_store(Writer *writer, const Emitter *emitter, const Store *store) {
    static const char *const kinds[] = {"GR_PARAM", "GR_STATE", "GR_SLOT", "GR_COUNTER", "GR_SCALE"};
    const Place *place = &emitter->fields->places[store->position];
    Arena *arena = emitter->arena;
    Shape shape = store->type.shape;
    int64_t *dims = ARENA_ARRAY(arena, int64_t, shape.rank);
    for (int a = 0; a < shape.rank; a++)
        dims[a] = shape.dims[a].constant;
    const char *type = store->kind == STORE_STEP ? "GR_UINT64" : type_constant(emitter, store->type.elem, false);
    const char *offset = arena_print(arena, "offsetof(%s%s, %s)", emitter->options->name,
                                     place->in_trainer ? "_trainer" : "", place->field);
    if (place->first > 0)
        offset = arena_print(arena, "%s + %lld * sizeof(%s)", offset, (long long)place->first,
                             elem_type(emitter, store->type.elem, false));
    write_tensor(
        writer, store->path,
        arena_print(arena, "%s, %s, %s", place->in_trainer ? "GR_TRAINER" : "GR_MODEL", kinds[store->kind], type),
        shape.rank, numbers_text(emitter, dims, shape.rank),
        numbers_text(emitter, store_strides(emitter, store), shape.rank), offset);
}

static int write_stores(Writer *writer, const Emitter *emitter, StoreKind first, StoreKind last) {
    int count = 0;
    for (int s = 0; s < emitter->program->stores.count; s++) {
        const Store *store = emitter->program->stores.at[s];
        if (store->kind < first || store->kind > last) continue;
        write_store(writer, emitter, store);
        count++;
    }
    return count;
}

/* In the order of the structs. */
static int write_tensors(Writer *writer, const Emitter *emitter) {
    const Fields *fields = emitter->fields;
    const char *name = emitter->options->name;
    if (!fields->has_model && !fields->has_trainer) return 0;
    write_line(writer, "static const gr_tensor tensor_table[] = {");
    int count = write_stores(writer, emitter, STORE_PARAM, STORE_STATE);
    if (fields->has_trainer) {
        write_tensor(writer, "@seed", "GR_TRAINER, GR_SEED, GR_UINT64", 0, "NULL", "NULL",
                     arena_print(emitter->arena, "offsetof(%s_trainer, seed)", name));
        count += 1 + write_stores(writer, emitter, STORE_STEP, STORE_STEP);
        const char *kinds =
            arena_print(emitter->arena, "GR_TRAINER, GR_SCALE, %s", type_constant(emitter, ELEM_REAL, false));
        write_tensor(writer, "@lr_scale", kinds, 0, "NULL", "NULL",
                     arena_print(emitter->arena, "offsetof(%s_trainer, lr_scale)", name));
        count += 1;
        for (int a = 0; a < fields->arrays.count; a++)
            for (int s = 0; s < fields->arrays.at[a]->slots.count; s++, count++)
                write_store(writer, emitter, fields->arrays.at[a]->slots.at[s]);
    }
    write_line(writer, "};");
    write_text(writer, "\n");
    return count;
}

/* ---- arguments ---- */

static int position_among(const Entry *entry, const Size *size) {
    for (int s = 0; s < entry->sizes.count; s++)
        if (entry->sizes.at[s] == size) return s;
    internal_error("size %s is no argument of entry %s", size->name, entry->name);
}

static const char *dims_text(const Emitter *emitter, const Entry *entry, Shape shape) {
    const char *text = "";
    for (int a = 0; a < shape.rank; a++) {
        Dim dim = shape.dims[a];
        int size = dim_is_constant(dim) ? -1 : position_among(entry, dim.size);
        text = arena_print(emitter->arena, "%s%s{%lld, %lld, %d}", text, a == 0 ? "" : ", ", (long long)dim.constant,
                           (long long)dim.factor, size);
    }
    return shape.rank == 0 ? "NULL" : arena_print(emitter->arena, "(const gr_dim[]){%s}", text);
}

static void write_argument(Writer *writer, const Emitter *emitter, const Entry *entry, const Argument *argument) {
    bool ranged = argument->role != ARGUMENT_OUTPUT && argument->low <= argument->high;
    int64_t low = ranged ? argument->low : 0, high = ranged ? argument->high : -1;
    Items items = {.arena = emitter->arena};
    items_add(&items, "%s", string_literal(emitter->arena, argument->name));
    static const char *const roles[] = {"GR_INPUT", "GR_OUTPUT", "GR_STATE_ARGUMENT"};
    items_add(&items, "%s, %s", roles[argument->role], type_constant(emitter, argument->type.elem, argument->is_byte));
    items_add(&items, "%d, %d", argument->type.shape.rank, by_value(argument) ? 1 : 0);
    items_add(&items, "%s", dims_text(emitter, entry, argument->type.shape));
    items_add(&items, "%lld, %lld", (long long)(low < INT32_MIN ? INT32_MIN : low),
              (long long)(high > INT32_MAX ? INT32_MAX : high));
    write_filled(writer, "{", &items, "},");
}

static void write_arguments(Writer *writer, const Emitter *emitter, const Entry *entry) {
    const char *own = entry_name(emitter, entry);
    if (entry->sizes.count > 0) {
        Items items = {.arena = emitter->arena};
        for (int s = 0; s < entry->sizes.count; s++)
            items_add(&items, "%d", entry->sizes.at[s]->position);
        write_filled(writer, arena_print(emitter->arena, "static const uint8_t %s_sizes[] = {", own), &items, "};");
    }
    if (entry->inputs.count + entry->outputs.count > 0) {
        write_line(writer, "static const gr_argument %s_arguments[] = {", own);
        for (int i = 0; i < entry->inputs.count; i++)
            write_argument(writer, emitter, entry, entry->inputs.at[i]);
        for (int i = 0; i < entry->outputs.count; i++)
            write_argument(writer, emitter, entry, entry->outputs.at[i]);
        write_line(writer, "};");
    }
    write_text(writer, "\n");
}

/* ---- thunks ---- */

static void write_thunk(Writer *writer, const Emitter *emitter, const Entry *entry) {
    const char *own = entry_name(emitter, entry);
    bool has_model = emitter->fields->has_model;
    int count = entry->inputs.count + entry->outputs.count;
    write_line(writer,
               "static int %s_thunk(void *model, void *trainer, gr_work *work, const int *sizes, "
               "void *const *arguments) {",
               own);
    Items items = {.arena = emitter->arena};
    if (has_model)
        items_add(&items, "model");
    else
        write_line(writer, "(void)model;");
    if (entry_trainer(entry))
        items_add(&items, "trainer");
    else
        write_line(writer, "(void)trainer;");
    if (entry->sizes.count == 0) write_line(writer, "(void)sizes;");
    if (count == 0) write_line(writer, "(void)arguments;");
    items_add(&items, "work");
    for (int s = 0; s < entry->sizes.count; s++)
        items_add(&items, "sizes[%d]", s);
    for (int i = 0; i < count; i++) {
        const Argument *input = i < entry->inputs.count ? entry->inputs.at[i] : NULL;
        if (input != NULL && by_value(input)) {
            write_line(writer, "if (arguments[%d] == NULL) return GR_NULL;", i);
            items_add(&items, "*(const %s *)arguments[%d]", elem_type(emitter, input->type.elem, input->is_byte), i);
        } else {
            items_add(&items, "arguments[%d]", i);
        }
    }
    const char *head = arena_print(emitter->arena, "return %s_%s(", emitter->options->name, own);
    write_filled(writer, head, &items, ");");
    write_line(writer, "}");
    write_text(writer, "\n");
}

static void write_model_init(Writer *writer, const Emitter *emitter) {
    const Fields *fields = emitter->fields;
    write_line(writer, "static int init_thunk(void *model, void *trainer, uint64_t seed) {");
    if (!fields->has_model) write_line(writer, "(void)model;");
    if (!fields->has_trainer) write_line(writer, "(void)trainer;");
    if (!fields->has_model && !fields->has_trainer) {
        write_line(writer, "(void)seed;");
        write_line(writer, "return GR_OK;");
    } else {
        write_line(writer, "return %s_init(%s%sseed);", emitter->options->name, fields->has_model ? "model, " : "",
                   fields->has_trainer ? "trainer, " : "");
    }
    write_line(writer, "}");
    write_text(writer, "\n");
}

/* ---- tables ---- */

static void write_sizes(Writer *writer, const Emitter *emitter) {
    if (emitter->program->sizes.count == 0) return;
    write_line(writer, "static const gr_size size_table[] = {");
    for (int s = 0; s < emitter->program->sizes.count; s++) {
        const Size *size = emitter->program->sizes.at[s];
        write_line(writer, "{%s, %lld, %lld},", string_literal(emitter->arena, size->name), (long long)size->low,
                   (long long)size->high);
    }
    write_line(writer, "};");
    write_text(writer, "\n");
}

static void write_entry(Writer *writer, const Emitter *emitter, const Entry *entry) {
    const char *own = entry_name(emitter, entry);
    const Routine *routine = entry_routine(emitter, entry);
    int arguments = entry->inputs.count + entry->outputs.count;
    write_line(writer, "{");
    write_line(writer, ".name = %s,", string_literal(emitter->arena, entry->name));
    write_line(writer, ".updates = %d,", entry_updates(entry) ? 1 : 0);
    write_line(writer, ".draws = %d,", entry_draws(emitter, entry) ? 1 : 0);
    write_line(writer, ".size_count = %d,", entry->sizes.count);
    if (entry->sizes.count > 0) write_line(writer, ".sizes = %s_sizes,", own);
    write_line(writer, ".argument_count = %d,", arguments);
    if (arguments > 0) write_line(writer, ".arguments = %s_arguments,", own);
    write_line(writer, ".scratch = %lld,", (long long)scratch_shared(routine));
    write_line(writer, ".scratch_per_thread = %lld,", (long long)routine->local_bytes);
    write_line(writer, ".flops_per_row = %.0f,", flops_per_row(emitter, entry));
    write_line(writer, ".run = %s_thunk,", own);
    write_line(writer, "},");
}

static void write_model(Writer *writer, const Emitter *emitter, int tensors) {
    const Fields *fields = emitter->fields;
    const char *name = emitter->options->name;
    const Program *program = emitter->program;
    write_line(writer, "const gr_model %s_model = {", name);
    write_line(writer, ".abi = GR_ABI,");
    write_line(writer, ".name = %s,", string_literal(emitter->arena, program->name != NULL ? program->name : name));
    write_line(writer, ".signature = %s_SIGNATURE,", upper_case(emitter->arena, name));
    if (fields->has_model) write_line(writer, ".model_size = sizeof(%s),", name);
    if (fields->has_trainer) write_line(writer, ".trainer_size = sizeof(%s_trainer),", name);
    write_line(writer, ".size_count = %d,", program->sizes.count);
    write_line(writer, ".tensor_count = %d,", tensors);
    write_line(writer, ".entry_count = %d,", program->entries.count);
    if (program->sizes.count > 0) write_line(writer, ".sizes = size_table,");
    if (tensors > 0) write_line(writer, ".tensors = tensor_table,");
    if (program->entries.count > 0) write_line(writer, ".entries = entry_table,");
    write_line(writer, ".init = init_thunk,");
    if (emitter->options->profile) write_line(writer, ".profile = &profile_table,");
    write_line(writer, "};");
}

void emit_model_table(Writer *writer, const Emitter *emitter) {
    const Program *program = emitter->program;
    write_model_init(writer, emitter);
    for (int e = 0; e < program->entries.count; e++)
        write_thunk(writer, emitter, program->entries.at[e]);
    write_sizes(writer, emitter);
    int tensors = write_tensors(writer, emitter);
    for (int e = 0; e < program->entries.count; e++)
        write_arguments(writer, emitter, program->entries.at[e]);
    if (program->entries.count > 0) {
        write_line(writer, "static const gr_entry entry_table[] = {");
        for (int e = 0; e < program->entries.count; e++)
            write_entry(writer, emitter, program->entries.at[e]);
        write_line(writer, "};");
        write_text(writer, "\n");
    }
    if (emitter->options->profile) emit_profile(writer, emitter);
    write_model(writer, emitter, tensors);
}
