/* NAME.h: what a user of the model sees. */
#include "compiler/emit/parts.h"
#include "compiler/support/embedded.h"
#include <string.h>

enum { ABI = 1 }; /* GR_ABI of the runtime/core/gr.h that gradc carries */

static const char *name_of(const Emitter *emitter) {
    return emitter->options->name;
}

static const char *macro_of(const Emitter *emitter, const char *end) {
    return arena_print(emitter->arena, "%s_%s", upper_case(emitter->arena, name_of(emitter)), end);
}

/* ---- the comment on top ---- */

typedef VEC(const char *) Facts;

/* "  bytes       digits 38,440   digits_trainer 76,904   stack below 4 KB" */
static void write_facts(Writer *writer, const char *label, const Facts *facts) {
    if (facts->count == 0) return;
    const char *line = arena_print(writer->arena, " *   %-11s", label);
    for (int f = 0; f < facts->count; f++) {
        const char *longer = arena_print(writer->arena, "%s%s%s", line, f == 0 ? " " : "   ", facts->at[f]);
        if (f > 0 && strlen(longer) > 120) {
            write_line(writer, "%s", line);
            longer = arena_print(writer->arena, " *   %-11s %s", "", facts->at[f]);
        }
        line = longer;
    }
    write_line(writer, "%s", line);
}

/* What first contents borrow of the stack, at most: one is computed after the other. */
static int64_t initial_bytes(const Emitter *emitter) {
    int64_t most = 0;
    for (int s = 0; s < emitter->program->stores.count; s++) {
        const Routine *routine = emitter->initials[s];
        int64_t bytes = routine != NULL ? routine->arena_bytes + routine->local_bytes : 0;
        if (bytes > most) most = bytes;
    }
    return most;
}

static void write_bytes(Writer *writer, const Emitter *emitter) {
    const Fields *fields = emitter->fields;
    Arena *arena = emitter->arena;
    Facts facts = {0};
    if (fields->has_model)
        vec_push(arena, &facts, arena_print(arena, "%s %s", name_of(emitter), count_text(arena, fields->model_bytes)));
    if (fields->has_trainer)
        vec_push(arena, &facts,
                 arena_print(arena, "%s_trainer %s", name_of(emitter), count_text(arena, fields->trainer_bytes)));
    int64_t borrowed = initial_bytes(emitter);
    vec_push(arena, &facts, "stack below 4 KB");
    if (borrowed > 0)
        vec_push(arena, &facts, arena_print(arena, "%s_init %s more", name_of(emitter), count_text(arena, borrowed)));
    write_facts(writer, "bytes", &facts);
}

/* Entries with a batch, or those without one. */
static void write_flops(Writer *writer, const Emitter *emitter, bool batched) {
    Arena *arena = emitter->arena;
    Facts facts = {0};
    for (int e = 0; e < emitter->program->entries.count; e++) {
        const Entry *entry = emitter->program->entries.at[e];
        if ((entry->sizes.count > 0) != batched) continue;
        int64_t flops = (int64_t)(flops_per_row(emitter, entry) + 0.5);
        vec_push(
            arena, &facts,
            arena_print(arena, "%s_%s %s", name_of(emitter), entry_name(emitter, entry), count_text(arena, flops)));
    }
    write_facts(writer, batched ? "FLOP a row" : "FLOP a call", &facts);
}

void write_stamp(Writer *writer, const Emitter *emitter, const char *extension) {
    Arena *arena = emitter->arena;
    const char *stamp = arena_print(arena, "%s.%s - made by gradc %s: %s", name_of(emitter), extension, GRADC_VERSION,
                                    comment_safe(arena, emitter->options->command));
    write_line(writer, "/* %s", stamp);
    write_line(writer, " * Change the model, not this file. It is yours: 0BSD, no notice needed.");
}

void write_embedded(Writer *writer, const char *name, const char *drop) {
    const EmbeddedFile *file = embedded_file(name);
    if (file == NULL) internal_error("%s is not embedded", name);
    const char *dropped = drop == NULL ? NULL : strstr(file->text, drop), *begin = file->text;
    if (dropped != NULL) {
        write_raw(writer, begin, (size_t)(dropped - begin));
        begin = dropped + strlen(drop);
    }
    write_raw(writer, begin, file->length - (size_t)(begin - file->text));
}

static void write_top(Writer *writer, const Emitter *emitter) {
    write_stamp(writer, emitter, "h");
    write_bytes(writer, emitter);
    write_flops(writer, emitter, true);
    write_flops(writer, emitter, false);
    write_line(writer,
               " * No allocation, no I/O, no globals that change. Memory from malloc will do; GR_ALIGNED speeds up "
               "static objects. */");
    const char *guard = macro_of(emitter, "H"), *api = macro_of(emitter, "API");
    write_line(writer, "#ifndef %s", guard);
    write_line(writer, "#define %s", guard);
    if (emitter->options->single_file)
        write_embedded(writer, "gr.h", NULL);
    else
        write_line(writer,
                   "#include \"gr.h\" /* GR_OK and so on, gr_work, gr_model; gradc wrote it beside this file */");
    write_line(writer, "#if GR_ABI != %d", ABI);
    write_line(writer, "#error \"%s.h needs ABI %d of gr.h: use the gr.h that gradc wrote with it\"", name_of(emitter),
               ABI);
    write_line(writer, "#endif");
    write_line(writer, "#ifndef %s", api);
    write_line(writer, "#define %s /* your export attribute */", api);
    write_line(writer, "#endif");
    write_line(writer, "GR_C_BEGIN");
}

/* ---- macros ---- */

static const char *scratch_text(const Emitter *emitter, const Routine *routine) {
    Arena *arena = emitter->arena;
    const char *shared = arena_print(arena, "%lld", (long long)scratch_shared(routine));
    if (routine->local_bytes == 0) return arena_print(arena, "((size_t)%s)", shared);
    return arena_print(arena, "(%s + %lld * (size_t)(threads))", shared, (long long)routine->local_bytes);
}

/* clang-format aligns the values of neighbouring macros, and their comments. */
typedef struct Macro {
    const char *name, *value, *comment;
} Macro;
typedef VEC(Macro) Macros;

static void size_macros(const Emitter *emitter, Macros *macros) {
    for (int s = 0; s < emitter->program->sizes.count; s++) {
        const Size *size = emitter->program->sizes.at[s];
        const char *range = arena_print(emitter->arena, "size %s = %lld..%lld, %s", size->name, (long long)size->low,
                                        (long long)size->high, place_text(emitter, size->span));
        Macro macro = {size_macro(emitter, size), arena_print(emitter->arena, "%lld", (long long)size->high),
                       comment_safe(emitter->arena, range)};
        vec_push(emitter->arena, macros, macro);
    }
}

static void scratch_macros(const Emitter *emitter, Macros *macros) {
    for (int e = 0; e < emitter->program->entries.count; e++) {
        const Entry *entry = emitter->program->entries.at[e];
        const char *comment = entry->sizes.count == 0 ? "bytes of work->scratch"
                              : entry->sizes.count > 1
                                  ? "bytes of work->scratch, for all sizes"
                                  : arena_print(emitter->arena, "bytes of work->scratch, for every %s",
                                                size_name(emitter, entry->sizes.at[0]));
        Macro macro = {arena_print(emitter->arena, "%s(threads)", scratch_macro(emitter, entry)),
                       scratch_text(emitter, emitter->routines[e]), e == 0 ? comment : NULL};
        vec_push(emitter->arena, macros, macro);
    }
}

static void write_macros(Writer *writer, const Emitter *emitter) {
    Macros macros = {0};
    size_macros(emitter, &macros);
    scratch_macros(emitter, &macros);
    Macro signature = {macro_of(emitter, "SIGNATURE"),
                       arena_print(emitter->arena, "0x%08xu", (unsigned)model_signature(emitter)),
                       "of the names, shapes and types in this file"};
    vec_push(emitter->arena, &macros, signature);
    int width = 0;
    for (int m = 0; m < macros.count; m++)
        if ((int)strlen(macros.at[m].name) > width) width = (int)strlen(macros.at[m].name);
    Rows rows = {.arena = emitter->arena};
    for (int m = 0; m < macros.count; m++)
        rows_add(&rows, macros.at[m].comment, "#define %-*s %s", width, macros.at[m].name, macros.at[m].value);
    write_rows(writer, &rows);
}

/* ---- structs ---- */

/* "64 * 128": the axes in declared order; 1 for none. */
static const char *extent_text(const Emitter *emitter, Shape shape) {
    const char *text = "";
    for (int a = 0; a < shape.rank; a++)
        text = arena_print(emitter->arena, "%s%s%lld", text, a == 0 ? "" : " * ", (long long)shape.dims[a].constant);
    return text;
}

static const char *order_text(const Emitter *emitter, const Store *store) {
    if (store->type.shape.rank < 2) return "";
    if (store_is_dense(emitter, store)) return ", row-major";
    const int64_t *strides = store_strides(emitter, store);
    const char *text = ", strides";
    for (int a = 0; a < store->type.shape.rank; a++)
        text = arena_print(emitter->arena, "%s %lld", text, (long long)strides[a]);
    return text;
}

static void write_model_struct(Writer *writer, const Emitter *emitter) {
    Rows rows = {.arena = emitter->arena};
    write_line(writer,
               "/* What the model knows. Plain data: assign it, keep several, leave it in flash. One thread may write "
               "it or many");
    write_line(writer, " * read it. */");
    write_line(writer, "typedef struct %s {", name_of(emitter));
    for (int s = 0; s < emitter->program->stores.count; s++) {
        const Store *store = emitter->program->stores.at[s];
        if (!store_in_model(store)) continue;
        const Place *place = &emitter->fields->places[s];
        const char *brackets = place->is_scalar ? ""
                               : place->count == 0 /* C has no arrays without elements */
                                   ? "[1]"
                                   : arena_print(emitter->arena, "[%s]", extent_text(emitter, store->type.shape));
        const char *comment = arena_print(emitter->arena, "%s, %s%s", store->path, place_text(emitter, store->span),
                                          order_text(emitter, store));
        rows_add(&rows, comment_safe(emitter->arena, comment), "%s %s%s;", elem_type(emitter, store->type.elem, false),
                 place->field, brackets);
    }
    write_rows(writer, &rows);
    write_line(writer, "} %s;", name_of(emitter));
    write_text(writer, "\n");
}

/* "uint64_t seed, train_step;" and what the counters are for. */
static void counter_rows(const Emitter *emitter, Rows *rows) {
    const char *fields = "seed", *names = "";
    int counters = 0;
    for (int s = 0; s < emitter->program->stores.count; s++) {
        if (emitter->program->stores.at[s]->kind != STORE_STEP) continue;
        const char *field = emitter->fields->places[s].field;
        fields = arena_print(emitter->arena, "%s, %s", fields, field);
        names = arena_print(emitter->arena, "%s%s%s", names, counters++ == 0 ? "" : ", ", field);
    }
    const char *comment =
        counters == 1 ? arena_print(emitter->arena, "these two decide a step's random draws; %s counts updates", names)
                      : "seed and step decide a step's random draws; steps count updates";
    rows_add(rows, comment, "uint64_t %s;", fields);
}

static void slot_rows(const Emitter *emitter, Rows *rows) {
    for (int a = 0; a < emitter->fields->arrays.count; a++) {
        const SlotArray *array = emitter->fields->arrays.at[a];
        const char *comment =
            a > 0 ? NULL : arena_print(emitter->arena, "the optimizer's slots, in the order of %s", name_of(emitter));
        rows_add(rows, comment, "%s %s[%lld];", elem_type(emitter, array->elem, false), array->field,
                 (long long)array->count);
    }
}

static void write_trainer_struct(Writer *writer, const Emitter *emitter) {
    Rows rows = {.arena = emitter->arena};
    write_line(writer, "/* What training remembers: save it with the model to resume exactly. */");
    write_line(writer, "typedef struct %s_trainer {", name_of(emitter));
    counter_rows(emitter, &rows);
    rows_add(&rows, "lr_scale multiplies every learning rate; change it when you like", "%s lr_scale, reserved;",
             elem_type(emitter, ELEM_REAL, false));
    slot_rows(emitter, &rows);
    write_rows(writer, &rows);
    write_line(writer, "} %s_trainer;", name_of(emitter));
    write_text(writer, "\n");
}

/* ---- prototypes ---- */

/* In front of NAME_init, whose comment says "those values". */
static void write_trained(Writer *writer, const Emitter *emitter) {
    Arena *arena = emitter->arena;
    if (!has_trained(emitter)) return;
    write_line(writer, "/* The values of %s. Entries that do not update take it as their model. */",
               comment_safe(arena, emitter->options->trained->source));
    write_line(writer, "extern %s const %s %s_trained;", macro_of(emitter, "API"), name_of(emitter), name_of(emitter));
    write_text(writer, "\n");
}

static void write_init(Writer *writer, const Emitter *emitter) {
    const Fields *fields = emitter->fields;
    if (!fields->has_model && !fields->has_trainer) return;
    bool both = fields->has_model && fields->has_trainer;
    write_line(writer, "/* Sets %s; %s. */", has_trained(emitter) ? "those values" : "initial values",
               both ? "either pointer may be NULL" : "GR_OK, or GR_NULL, or GR_TARGET as below");
    Items items = init_parameters(emitter);
    const char *head = arena_print(emitter->arena, "%s int %s_init(", macro_of(emitter, "API"), name_of(emitter));
    write_filled(writer, head, &items, ");");
    write_text(writer, "\n");
}

static void write_entries(Writer *writer, const Emitter *emitter) {
    if (emitter->program->entries.count == 0) return;
    write_line(writer,
               "/* Entries return GR_OK, or an error, having written nothing but work (GR_NONFINITE: and the outputs, "
               "and what earlier");
    write_line(writer, " * losses updated). GR_TARGET: this processor lacks what --target promised.");
    write_line(writer,
               " * work is one thread's own; see gr.h. Tensors are dense, row-major, aligned like their elements; "
               "outputs overlap");
    bool evaluates = false;
    for (int e = 0; e < emitter->program->entries.count; e++)
        evaluates |= emitter->program->entries.at[e]->evaluates != NULL;
    write_line(writer, " * nothing.%s */",
               evaluates ? " ENTRY_eval gives the results of ENTRY without its updates, `training` being false." : "");
    for (int e = 0; e < emitter->program->entries.count; e++) {
        const Entry *entry = emitter->program->entries.at[e];
        Items items = entry_parameters(emitter, entry, SIGNATURE_HEADER);
        const char *head = arena_print(emitter->arena, "%s int %s_%s(", macro_of(emitter, "API"), name_of(emitter),
                                       entry_name(emitter, entry));
        write_filled(writer, head, &items, ");");
    }
    write_text(writer, "\n");
}

void emit_header(Writer *writer, const Emitter *emitter) {
    write_top(writer, emitter);
    write_text(writer, "\n");
    write_macros(writer, emitter);
    write_text(writer, "\n");
    if (emitter->fields->has_model) write_model_struct(writer, emitter);
    if (emitter->fields->has_trainer) write_trainer_struct(writer, emitter);
    write_trained(writer, emitter);
    write_init(writer, emitter);
    write_entries(writer, emitter);
    write_line(writer, "extern %s const gr_model %s_model; /* the above as data: names, shapes, offsets, entries */",
               macro_of(emitter, "API"), name_of(emitter));
    write_line(writer, "GR_C_END");
    write_line(writer, "#endif");
}
