/* The functions that users call: they check, then run the kernels with as many threads as the caller asks for. They are
 * compiled for any processor, since they ask whether this one can run the kernels. */
#include "compiler/emit/parts.h"
#include <string.h>

const Routine *entry_routine(const Emitter *emitter, const Entry *entry) {
    for (int e = 0; e < emitter->program->entries.count; e++)
        if (emitter->program->entries.at[e] == entry) return emitter->routines[e];
    internal_error("entry %s is not in the program", entry->name);
}

bool by_value(const Argument *argument) {
    return argument->role == ARGUMENT_INPUT && argument->type.shape.rank == 0;
}

static const char *type_of(const Emitter *emitter, const Argument *argument) {
    return elem_type(emitter, argument->type.elem, argument->is_byte);
}

/* It draws by text of the model, or a kernel does. */
bool entry_draws(const Emitter *emitter, const Entry *entry) {
    const Routine *routine = entry_routine(emitter, entry);
    bool draws = entry->draws;
    Stages stages = {0};
    sequence_stages(emitter->arena, &routine->top, &stages);
    for (int s = 0; s < stages.count; s++)
        for (int e = 0; e < stages.at[s]->body.exprs.count; e++)
            draws |= stages.at[s]->body.exprs.at[e].kind == EXPR_DRAW;
    return draws;
}

double flops_per_row(const Emitter *emitter, const Entry *entry) {
    int64_t rows = entry->sizes.count == 0 ? 1 : entry->sizes.at[0]->high;
    return entry_routine(emitter, entry)->flops / (double)(rows > 0 ? rows : 1);
}

/* ---- signatures ---- */

static const char *shape_words(const Emitter *emitter, Shape shape) {
    const char *text = "";
    for (int a = 0; a < shape.rank; a++) {
        const char *dim = dim_words(emitter, shape.dims[a], "");
        text = arena_print(emitter->arena, "%s%s%s", text, a == 0 ? "" : ",", dim);
    }
    return shape.rank == 0 ? "" : arena_print(emitter->arena, "[%s]", text);
}

static bool is_index(const Argument *argument) {
    return argument->role != ARGUMENT_OUTPUT && argument->type.elem == ELEM_INT && argument->low <= argument->high;
}

/* " / * [n,64], 0..9 * /" or nothing. */
static const char *argument_comment(const Emitter *emitter, const Argument *argument) {
    const char *shape = shape_words(emitter, argument->type.shape), *range = "";
    if (is_index(argument))
        range = arena_print(emitter->arena, "%s%lld..%lld", *shape == '\0' ? "" : ", ", (long long)argument->low,
                            (long long)argument->high);
    if (*shape == '\0' && *range == '\0') return "";
    return arena_print(emitter->arena, " /* %s%s */", shape, range);
}

/* Of the numbers only indices are checked. */
static bool is_checked(const Argument *argument) {
    return is_index(argument) || !by_value(argument);
}

static void add_argument(Items *items, const Emitter *emitter, const Argument *argument, Signature signature) {
    bool input = argument->role == ARGUMENT_INPUT, value = by_value(argument);
    if (signature == SIGNATURE_CHECK && !is_checked(argument)) return;
    const char *constant = !value && (input || signature == SIGNATURE_CHECK) ? "const " : "";
    items_add(items, "%s%s %s%s%s", constant, type_of(emitter, argument), value ? "" : "*",
              argument_name(emitter, argument),
              signature == SIGNATURE_HEADER ? argument_comment(emitter, argument) : "");
}

Items entry_parameters(const Emitter *emitter, const Entry *entry, Signature signature) {
    const char *name = emitter->options->name;
    bool updates = entry_updates(entry), checks = signature == SIGNATURE_CHECK;
    Items items = {.arena = emitter->arena};
    if (emitter->fields->has_model) items_add(&items, "%s%s *model", updates && !checks ? "" : "const ", name);
    if (entry_trainer(entry)) items_add(&items, "%s%s_trainer *trainer", updates && !checks ? "" : "const ", name);
    items_add(&items, "gr_work *work");
    for (int s = 0; s < entry->sizes.count; s++)
        items_add(&items, "int %s", size_name(emitter, entry->sizes.at[s]));
    for (int i = 0; i < entry->inputs.count; i++)
        add_argument(&items, emitter, entry->inputs.at[i], signature);
    for (int i = 0; i < entry->outputs.count; i++)
        add_argument(&items, emitter, entry->outputs.at[i], signature);
    return items;
}

Items init_parameters(const Emitter *emitter) {
    Items items = {.arena = emitter->arena};
    if (emitter->fields->has_model) items_add(&items, "%s *model", emitter->options->name);
    if (emitter->fields->has_trainer) items_add(&items, "%s_trainer *trainer", emitter->options->name);
    items_add(&items, "uint64_t seed");
    return items;
}

/* ---- scratch ---- */

bool routine_needs_scratch(const Routine *routine) {
    return routine->arena_bytes + routine->local_bytes > 0;
}

/* With room to align any pointer; never 0, which is no size of a C array. */
int64_t scratch_shared(const Routine *routine) {
    return routine->arena_bytes + SCRATCH_ALIGNMENT;
}

static const char *scratch_size(const Emitter *emitter, const Entry *entry) {
    const char *threads = entry_routine(emitter, entry)->local_bytes > 0 ? "call_threads(work)" : "1";
    return arena_print(emitter->arena, "%s(%s)", scratch_macro(emitter, entry), threads);
}

/* ---- the call ---- */

static void write_call_argument(Writer *writer, const Emitter *emitter, const Argument *argument) {
    bool value = by_value(argument), input = argument->role == ARGUMENT_INPUT;
    write_line(writer, "%s%s %s%s;", input && !value ? "const " : "", type_of(emitter, argument), value ? "" : "*",
               argument_name(emitter, argument));
}

void emit_entry_call(Writer *writer, const Emitter *emitter, const Entry *entry) {
    const char *own = entry_name(emitter, entry), *name = emitter->options->name;
    const Routine *routine = entry_routine(emitter, entry);
    bool updates = entry_updates(entry);
    write_line(writer, "typedef struct %s_call {", own);
    if (emitter->fields->has_model) write_line(writer, "%s%s *model;", updates ? "" : "const ", name);
    if (entry_trainer(entry)) write_line(writer, "%s%s_trainer *trainer;", updates ? "" : "const ", name);
    for (int s = 0; s < entry->sizes.count; s++)
        write_line(writer, "int %s;", size_name(emitter, entry->sizes.at[s]));
    for (int i = 0; i < entry->inputs.count; i++)
        write_call_argument(writer, emitter, entry->inputs.at[i]);
    for (int i = 0; i < entry->outputs.count; i++)
        write_call_argument(writer, emitter, entry->outputs.at[i]);
    if (routine->arena_bytes > 0) write_line(writer, "unsigned char *scratch;");
    if (routine->local_bytes > 0) write_line(writer, "unsigned char *locals;");
    if (entry_draws(emitter, entry)) write_line(writer, "gr_draw draw;");
    if (entry->step != NULL) write_line(writer, "int32_t step;");
    write_line(writer, "} %s_call;", own);
}

/* ---- checks ---- */

/* What all checks use, in every NAME.c. */
static const char check_functions[] =
    "/* Threads of a call: more than one only where this file is compiled with OpenMP. */\n"
    "GR_FUNCTION int call_threads(const gr_work *work) {\n"
    "#ifdef _OPENMP\n"
    "    return work->threads > 1 ? work->threads : 1;\n"
    "#else\n"
    "    (void)work;\n"
    "    return 1;\n"
    "#endif\n"
    "}\n"
    "\n"
    "#ifndef GR_NO_CHECKS\n"
    "typedef struct call_range {\n"
    "    const char *name;\n"
    "    const void *begin;\n"
    "    size_t size;\n"
    "} call_range;\n"
    "\n"
    "/* The first `written` ranges share no byte with any other. */\n"
    "GR_FUNCTION int check_overlap(gr_work *work, const call_range *ranges, int written, int count) {\n"
    "    for (int i = 0; i < written; i++)\n"
    "        for (int j = i + 1; j < count; j++)\n"
    "            if (ranges[i].size > 0 && ranges[j].size > 0 &&\n"
    "                gr_overlap(ranges[i].begin, ranges[i].size, ranges[j].begin, ranges[j].size))\n"
    "                return gr_fault(work, GR_OVERLAP, ranges[i].name, -1);\n"
    "    return GR_OK;\n"
    "}\n"
    "#endif\n";

void emit_check_functions(Writer *writer) {
    write_raw(writer, check_functions, sizeof check_functions - 1);
}

static void check_pointer(Writer *writer, const char *pointer, const char *name) {
    write_line(writer, "if (%s == NULL) return gr_fault(work, GR_NULL, %s, -1);", pointer,
               string_literal(writer->arena, name));
}

static void check_pointers(Writer *writer, const Emitter *emitter, const Entry *entry) {
    if (emitter->fields->has_model) check_pointer(writer, "model", "model");
    if (entry_trainer(entry)) check_pointer(writer, "trainer", "trainer");
    for (int i = 0; i < entry->inputs.count; i++) {
        const Argument *input = entry->inputs.at[i];
        if (!by_value(input)) check_pointer(writer, argument_name(emitter, input), input->name);
    }
    for (int i = 0; i < entry->outputs.count; i++)
        check_pointer(writer, argument_name(emitter, entry->outputs.at[i]), entry->outputs.at[i]->name);
}

static void check_sizes(Writer *writer, const Emitter *emitter, const Entry *entry) {
    for (int s = 0; s < entry->sizes.count; s++) {
        const Size *size = entry->sizes.at[s];
        const char *name = size_name(emitter, size);
        write_line(writer, "if (%s < %lld || %s > %lld) return gr_fault(work, GR_SIZE, \"%s\", -1);", name,
                   (long long)size->low, name, (long long)size->high, name);
    }
}

/* "n * 64", as size_t or int64_t; 1 for a scalar. */
static const char *elements_text(const Emitter *emitter, Shape shape, const char *type) {
    const char *text = "";
    for (int a = 0; a < shape.rank; a++) {
        const char *dim = dim_words(emitter, shape.dims[a], "");
        bool compound = strchr(dim, ' ') != NULL, cast = a == 0 || !dim_is_constant(shape.dims[a]);
        text = arena_print(emitter->arena, "%s%s%s%s%s%s", text, a == 0 ? "" : " * ",
                           cast ? arena_print(emitter->arena, "(%s)", type) : "", compound ? "(" : "", dim,
                           compound ? ")" : "");
    }
    return shape.rank == 0 ? "1" : text;
}

/* What must hold of a value that lies in low..high; NULL where its type allows nothing else. */
static const char *range_violation(const Emitter *emitter, const Argument *input, const char *value) {
    int64_t least = input->is_byte ? 0 : INT32_MIN, most = input->is_byte ? UINT8_MAX : INT32_MAX;
    const char *below = arena_print(emitter->arena, "%s < %lld", value, (long long)input->low);
    const char *above = arena_print(emitter->arena, "%s > %lld", value, (long long)input->high);
    if (input->low <= least) return input->high >= most ? NULL : above;
    return input->high >= most ? below : arena_print(emitter->arena, "%s || %s", below, above);
}

static void check_index(Writer *writer, const Emitter *emitter, const Argument *input) {
    const char *name = argument_name(emitter, input), *text = string_literal(emitter->arena, input->name);
    const char *value = by_value(input) ? name : arena_print(emitter->arena, "%s[at]", name);
    const char *violation = range_violation(emitter, input, value);
    if (violation == NULL) return;
    if (by_value(input)) {
        write_line(writer, "if (%s) return gr_fault(work, GR_INDEX, %s, 0);", violation, text);
        return;
    }
    const char *count = elements_text(emitter, input->type.shape, "int64_t");
    write_line(writer, "for (int64_t at = 0; at < %s; at++)", count);
    write_line(writer, "    if (%s) return gr_fault(work, GR_INDEX, %s, at);", violation, text);
}

static void check_indices(Writer *writer, const Emitter *emitter, const Entry *entry) {
    for (int i = 0; i < entry->inputs.count; i++) {
        const Argument *input = entry->inputs.at[i];
        if (is_index(input)) check_index(writer, emitter, input);
    }
}

static void check_scratch(Writer *writer, const Emitter *emitter, const Entry *entry) {
    if (!routine_needs_scratch(entry_routine(emitter, entry))) return;
    write_line(writer, "if (work->scratch_size < %s) return gr_fault(work, GR_MEMORY, \"scratch\", -1);",
               scratch_size(emitter, entry));
    check_pointer(writer, "work->scratch", "scratch");
}

static void write_range(Writer *writer, const Emitter *emitter, const Argument *argument) {
    if (by_value(argument)) return;
    const char *name = argument_name(emitter, argument), *times = "";
    if (argument->type.shape.rank > 0)
        times = arena_print(emitter->arena, "%s * ", elements_text(emitter, argument->type.shape, "size_t"));
    write_line(writer, "{%s, %s, %ssizeof *%s},", string_literal(emitter->arena, argument->name), name, times, name);
}

/* Written are states, outputs, scratch and work, and the model and trainer of an entry that updates. */
static void check_ranges(Writer *writer, const Emitter *emitter, const Entry *entry) {
    bool updates = entry_updates(entry), has_model = emitter->fields->has_model;
    int written = entry->outputs.count + 1, count;
    write_line(writer, "const call_range ranges[] = {");
    for (int i = 0; i < entry->inputs.count; i++) {
        if (entry->inputs.at[i]->role != ARGUMENT_STATE) continue;
        write_range(writer, emitter, entry->inputs.at[i]);
        written++;
    }
    for (int i = 0; i < entry->outputs.count; i++)
        write_range(writer, emitter, entry->outputs.at[i]);
    if (routine_needs_scratch(entry_routine(emitter, entry))) {
        write_line(writer, "{\"scratch\", work->scratch, work->scratch_size},");
        written++;
    }
    write_line(writer, "{\"work\", work, sizeof *work},");
    if (has_model) write_line(writer, "{\"model\", model, sizeof *model},");
    if (entry_trainer(entry)) write_line(writer, "{\"trainer\", trainer, sizeof *trainer},");
    count = written + has_model + entry_trainer(entry);
    if (updates) written = count;
    for (int i = 0; i < entry->inputs.count; i++) {
        if (entry->inputs.at[i]->role == ARGUMENT_STATE) continue;
        write_range(writer, emitter, entry->inputs.at[i]);
        count += !by_value(entry->inputs.at[i]);
    }
    write_line(writer, "};");
    write_line(writer, "return check_overlap(work, ranges, %d, %d);", written, count);
}

static void write_check(Writer *writer, const Emitter *emitter, const Entry *entry) {
    Items items = entry_parameters(emitter, entry, SIGNATURE_CHECK);
    const char *head = arena_print(emitter->arena, "static int %s_check(", entry_name(emitter, entry));
    write_line(writer, "#ifndef GR_NO_CHECKS");
    write_filled(writer, head, &items, ") {");
    write_line(writer, "if (work == NULL) return GR_NULL;");
    write_line(writer, "gr_fault(work, GR_OK, NULL, -1);");
    write_line(writer, "if (gr_target_missing()) return GR_TARGET;");
    check_pointers(writer, emitter, entry);
    check_sizes(writer, emitter, entry);
    check_indices(writer, emitter, entry);
    check_scratch(writer, emitter, entry);
    check_ranges(writer, emitter, entry);
    write_line(writer, "}");
    write_line(writer, "#endif");
    write_text(writer, "\n");
}

/* ---- the entry ---- */

/* Column 0 at any level: preprocessor lines are not indented. */
static void write_directive(Writer *writer, const char *text) {
    write_text(writer, "%s\n", text);
}

static void set_draw(Writer *writer, const Entry *entry, const char *step) {
    const char *seed = entry_updates(entry) ? "trainer->seed" : "work->seed";
    const char *tick = entry_updates(entry) ? step : "work->draws";
    write_line(writer, ".draw = {.key = {(uint32_t)%s, (uint32_t)(%s >> 32)},", seed, seed);
    write_line(writer, "         .tick = {(uint32_t)%s, (uint32_t)(%s >> 32)}},", tick, tick);
}

static const char *step_field(const Emitter *emitter, const Entry *entry) {
    return arena_print(emitter->arena, "trainer->%s", emitter->fields->places[entry->step->position].field);
}

static void fill_call(Writer *writer, const Emitter *emitter, const Entry *entry) {
    const Routine *routine = entry_routine(emitter, entry);
    const char *fields[] = {emitter->fields->has_model ? "model" : NULL, entry_trainer(entry) ? "trainer" : NULL};
    write_line(writer, "const %s_call call = {", entry_name(emitter, entry));
    for (int f = 0; f < 2; f++)
        if (fields[f] != NULL) write_line(writer, ".%s = %s,", fields[f], fields[f]);
    for (int s = 0; s < entry->sizes.count; s++)
        write_line(writer, ".%s = %s,", size_name(emitter, entry->sizes.at[s]), size_name(emitter, entry->sizes.at[s]));
    for (int i = 0; i < entry->inputs.count + entry->outputs.count; i++) {
        const Argument *argument =
            i < entry->inputs.count ? entry->inputs.at[i] : entry->outputs.at[i - entry->inputs.count];
        write_line(writer, ".%s = %s,", argument_name(emitter, argument), argument_name(emitter, argument));
    }
    if (routine->arena_bytes > 0) write_line(writer, ".scratch = scratch,");
    if (routine->local_bytes > 0)
        write_line(writer, ".locals = scratch%s,",
                   routine->arena_bytes == 0 ? ""
                                             : arena_print(emitter->arena, " + %lld", (long long)routine->arena_bytes));
    if (entry_draws(emitter, entry)) set_draw(writer, entry, entry->step == NULL ? "0" : step_field(emitter, entry));
    if (entry->step != NULL) write_line(writer, ".step = (int32_t)%s,", step_field(emitter, entry));
    write_line(writer, "};");
}

static void run_threads(Writer *writer, const Emitter *emitter, const Entry *entry) {
    const char *own = entry_name(emitter, entry);
    write_directive(writer, "#ifdef _OPENMP");
    write_directive(writer, "#pragma omp parallel num_threads(call_threads(work)) reduction(max : status)");
    const char *timer = emitter->options->profile ? ", work->timer" : "";
    write_line(writer, "status = %s_run(&call%s, omp_get_thread_num(), omp_get_num_threads());", own, timer);
    write_directive(writer, "#else");
    write_line(writer, "status = %s_run(&call%s, 0, 1);", own, timer);
    write_directive(writer, "#endif");
}

/* What a call leaves behind: a step, or a draw, that is completed. */
static void finish_call(Writer *writer, const Emitter *emitter, const Entry *entry) {
    const Routine *routine = entry_routine(emitter, entry);
    if (entry_updates(entry)) write_line(writer, "if (status == GR_OK) %s++;", step_field(emitter, entry));
    if (!entry_updates(entry) && entry_draws(emitter, entry)) write_line(writer, "if (status == GR_OK) work->draws++;");
    if (routine->losses.count != 1) return;
    const Buffer *loss = routine->losses.at[0];
    const char *name = loss->argument != NULL ? loss->argument->name : loss->node != NULL ? loss->node->label : NULL;
    if (name == NULL) return;
    write_directive(writer, "#ifndef GR_NO_CHECKS");
    write_line(writer, "if (status == GR_NONFINITE) gr_fault(work, status, %s, -1);",
               string_literal(emitter->arena, name));
    write_directive(writer, "#endif");
}

/* With the names of the check's parameters. */
static void call_check(Writer *writer, const Emitter *emitter, const Entry *entry) {
    Items parameters = entry_parameters(emitter, entry, SIGNATURE_CHECK), names = {.arena = emitter->arena};
    for (int i = 0; i < parameters.texts.count; i++) {
        const char *name = strrchr(parameters.texts.at[i], ' ') + 1;
        items_add(&names, "%s", *name == '*' ? name + 1 : name);
    }
    const char *head = arena_print(emitter->arena, "status = %s_check(", entry_name(emitter, entry));
    write_filled(writer, head, &names, ");");
}

void emit_entry(Writer *writer, const Emitter *emitter, const Entry *entry) {
    const char *own = entry_name(emitter, entry);
    write_check(writer, emitter, entry);
    Items items = entry_parameters(emitter, entry, SIGNATURE_SOURCE);
    write_filled(writer, arena_print(emitter->arena, "int %s_%s(", emitter->options->name, own), &items, ") {");
    write_line(writer, "int status = GR_OK;");
    if (!routine_needs_scratch(entry_routine(emitter, entry))) write_line(writer, "(void)work;");
    write_directive(writer, "#ifndef GR_NO_CHECKS");
    call_check(writer, emitter, entry);
    write_line(writer, "if (status != GR_OK) return status;");
    write_directive(writer, "#endif");
    if (routine_needs_scratch(entry_routine(emitter, entry)))
        write_line(writer, "unsigned char *scratch = (unsigned char *)(((uintptr_t)work->scratch + %d) / %d * %d);",
                   SCRATCH_ALIGNMENT - 1, SCRATCH_ALIGNMENT, SCRATCH_ALIGNMENT);
    fill_call(writer, emitter, entry);
    run_threads(writer, emitter, entry);
    finish_call(writer, emitter, entry);
    write_line(writer, "return status;");
    write_line(writer, "}");
}

/* ---- first contents ---- */

const char *initial_name(const Emitter *emitter, const Store *store) {
    return emitter->names->initials[store->position];
}

static bool initials_need_scratch(const Emitter *emitter) {
    for (int s = 0; s < emitter->program->stores.count; s++)
        if (emitter->initials[s] != NULL && routine_needs_scratch(emitter->initials[s])) return true;
    return false;
}

void emit_init_call(Writer *writer, const Emitter *emitter) {
    write_line(writer, "typedef struct init_call {");
    if (emitter->fields->has_model) write_line(writer, "%s *model;", emitter->options->name);
    if (emitter->fields->has_trainer) write_line(writer, "%s_trainer *trainer;", emitter->options->name);
    write_line(writer, "gr_draw draw;");
    if (initials_need_scratch(emitter)) write_line(writer, "unsigned char *scratch, *locals;");
    write_line(writer, "} init_call;");
}

bool has_initials(const Emitter *emitter) {
    for (int s = 0; s < emitter->program->stores.count; s++)
        if (emitter->initials[s] != NULL) return true;
    return false;
}

static void init_struct(Writer *writer, const Emitter *emitter, bool trainer) {
    const char *pointer = trainer ? "trainer" : "model";
    if (!trainer && has_trained(emitter)) {
        write_line(writer, "if (model != NULL) *model = %s_trained;", emitter->options->name);
        return;
    }
    write_line(writer, "if (%s != NULL) {", pointer);
    write_line(writer, "memset(%s, 0, sizeof *%s);", pointer, pointer);
    if (trainer) write_line(writer, "trainer->seed = seed;");
    if (trainer) write_line(writer, "trainer->lr_scale = 1;");
    for (int s = 0; s < emitter->program->stores.count; s++)
        if (emitter->initials[s] != NULL && emitter->fields->places[s].in_trainer == trainer)
            write_line(writer, "%s(&call);", initial_name(emitter, emitter->program->stores.at[s]));
    write_line(writer, "}");
}

void emit_init(Writer *writer, const Emitter *emitter) {
    const Fields *fields = emitter->fields;
    if (!fields->has_model && !fields->has_trainer) return;
    Items items = init_parameters(emitter);
    write_filled(writer, arena_print(emitter->arena, "int %s_init(", emitter->options->name), &items, ") {");
    if (has_initials(emitter)) {
        write_directive(writer, "#ifndef GR_NO_CHECKS");
        write_line(writer, "if (gr_target_missing()) return GR_TARGET;");
        write_directive(writer, "#endif");
        write_line(writer, "const init_call call = {");
        if (fields->has_model) write_line(writer, ".model = model,");
        if (fields->has_trainer) write_line(writer, ".trainer = trainer,");
        write_line(writer, ".draw = {.key = {(uint32_t)seed, (uint32_t)(seed >> 32)}},");
        write_line(writer, "};");
    } else if (!fields->has_trainer) {
        write_line(writer, "(void)seed;");
    }
    if (fields->has_model) init_struct(writer, emitter, false);
    if (fields->has_trainer) init_struct(writer, emitter, true);
    write_line(writer, "return GR_OK;");
    write_line(writer, "}");
}
