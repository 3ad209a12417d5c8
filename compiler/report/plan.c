/* `gradc plan` for people. */
#include "compiler/report/report.h"
#include <string.h>

/* ---- what text and JSON both say ---- */

int64_t store_bytes(const Emitter *emitter, const Store *store) {
    if (store->kind == STORE_STEP) return 8;
    int64_t bytes = store->type.elem == ELEM_BOOL                                          ? 1
                    : store->type.elem == ELEM_REAL && emitter->options->target->is_double ? 8
                                                                                           : 4;
    return bytes * emitter->fields->places[store->position].count;
}

static int64_t bytes_of_stores(const Emitter *emitter, bool in_model) {
    int64_t bytes = 0;
    for (int s = 0; s < emitter->program->stores.count; s++) {
        const Store *store = emitter->program->stores.at[s];
        if (store_in_model(store) == in_model) bytes += store_bytes(emitter, store);
    }
    return bytes;
}

int64_t other_model_bytes(const Emitter *emitter) {
    return emitter->fields->has_model ? emitter->fields->model_bytes - bytes_of_stores(emitter, true) : 0;
}

int64_t other_trainer_bytes(const Emitter *emitter) {
    return emitter->fields->has_trainer ? emitter->fields->trainer_bytes - bytes_of_stores(emitter, false) : 0;
}

Work entry_work(const Emitter *emitter, const Routine *routine) {
    Work sum = {0};
    for (int s = 0; s < routine->row.count; s++) {
        const Kernel *kernel = routine->row.at[s]->kernel;
        if (kernel == NULL) continue;
        const Work work = kernel_work(emitter->arena, kernel, emitter->options->target->is_double);
        work_add(&sum, &work);
    }
    return sum;
}

bool is_planned(const Buffer *buffer) {
    return (buffer->place == BUFFER_ARENA || buffer->place == BUFFER_LOCAL) && buffer->first >= 0;
}

/* ---- numbers ---- */

static const char *number(Arena *arena, double value) {
    return count_text(arena, (int64_t)(value + 0.5));
}

/* Three digits: "12.3", "0.0123". */
static const char *ratio(Arena *arena, double above, double below) {
    return below > 0 ? arena_print(arena, above / below >= 100 ? "%.0f" : "%.3g", above / below) : "-";
}

/* "1 byte", "2 bytes" */
static const char *bytes_text(Arena *arena, int64_t bytes) {
    return arena_print(arena, "%s byte%s", count_text(arena, bytes), bytes == 1 ? "" : "s");
}

/* ---- model and trainer ---- */

static const char *kind_text(const Store *store) {
    static const char *const kinds[] = {[STORE_PARAM] = "param",
                                        [STORE_STATE] = "state",
                                        [STORE_SLOT] = "slot",
                                        [STORE_STEP] = "counter",
                                        [STORE_RATE] = "rate"};
    return kinds[store->kind];
}

static void add_store(Table *table, const Emitter *emitter, const Store *store) {
    table_add(table, store->path);
    table_add(table, kind_text(store));
    table_add(table, store->type.shape.rank == 0 ? "" : shape_text(table->arena, store->type.shape));
    table_add(table, count_text(table->arena, store_bytes(emitter, store)));
    table_add(table, store->span.source == NULL ? "" : place_text(emitter, store->span));
}

static void add_others(Table *table, const char *what, int64_t bytes) {
    if (bytes == 0) return;
    table_add(table, what);
    table_add(table, "");
    table_add(table, "");
    table_add(table, count_text(table->arena, bytes));
    table_add(table, "");
}

static void write_stores(Writer *writer, const Emitter *emitter, bool in_model) {
    const Fields *fields = emitter->fields;
    int64_t bytes = in_model ? fields->model_bytes : fields->trainer_bytes;
    if (in_model ? !fields->has_model : !fields->has_trainer) {
        write_line(writer, in_model ? "no parameters" : "nothing is trained");
        write_text(writer, "\n");
        return;
    }
    write_line(writer, "%s%s: %s", emitter->options->name, in_model ? "" : "_trainer",
               bytes_text(writer->arena, bytes));
    Table table = {.arena = writer->arena, .columns = 5, .align = "lllrl"};
    for (int s = 0; s < emitter->program->stores.count; s++)
        if (store_in_model(emitter->program->stores.at[s]) == in_model)
            add_store(&table, emitter, emitter->program->stores.at[s]);
    add_others(&table, in_model ? "(alignment)" : "(seed, reserved, alignment)",
               in_model ? other_model_bytes(emitter) : other_trainer_bytes(emitter));
    writer_indent(writer, 1);
    table_write(writer, &table);
    writer_indent(writer, -1);
    write_text(writer, "\n");
}

/* ---- scratch ---- */

/* A letter for each planned buffer of the arena, in the order of their first steps; '#' where there are no more. */
static char *choose_letters(Arena *arena, const Routine *routine) {
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    char *letters = arena_alloc(arena, (size_t)routine->buffers.count + 1);
    size_t next = 0;
    for (int s = 0; s < routine->row.count; s++)
        for (int b = 0; b < routine->buffers.count; b++) {
            const Buffer *buffer = routine->buffers.at[b];
            if (buffer->place != BUFFER_ARENA || buffer->first != s) continue;
            letters[b] = next < sizeof alphabet - 1 ? alphabet[next++] : '#';
        }
    return letters;
}

static void add_buffer(Table *table, const Buffer *buffer, char letter) {
    Arena *arena = table->arena;
    table_add(table, arena_print(arena, "%c", letter ? letter : ' '));
    table_add(table, buffer_label(arena, buffer));
    table_add(table, arena_print(arena, "%s%s", elem_name(buffer->elem), shape_text(arena, buffer->shape)));
    table_add(table, count_text(arena, buffer->bytes));
    table_add(table, arena_print(arena, "%d..%d", buffer->first, buffer->last));
    table_add(table, count_text(arena, buffer->offset));
}

static void write_buffers(Writer *writer, const Routine *routine, BufferPlace place, const char *letters) {
    Table table = {.arena = writer->arena, .columns = 6, .align = "lllrlr"};
    static const char *const heads[] = {"", "buffer", "holds", "bytes", "steps", "offset"};
    for (int c = 0; c < table.columns; c++)
        table_add(&table, heads[c]);
    for (int s = 0; s < routine->row.count; s++)
        for (int b = 0; b < routine->buffers.count; b++) {
            const Buffer *buffer = routine->buffers.at[b];
            if (buffer->place == place && buffer->first == s) add_buffer(&table, buffer, letters[b]);
        }
    writer_indent(writer, 1);
    table_write(writer, &table);
    writer_indent(writer, -1);
    write_text(writer, "\n");
}

static void write_scratch(Writer *writer, const Emitter *emitter, const Entry *entry, const Routine *routine) {
    Arena *arena = writer->arena;
    if (routine->arena_bytes + routine->local_bytes == 0) {
        write_line(writer, "no scratch");
        write_text(writer, "\n");
        return;
    }
    const char *letters = choose_letters(arena, routine);
    write_line(writer, "scratch: %s, and %s for each thread; %s(1) is %s, with room to align",
               bytes_text(arena, routine->arena_bytes), count_text(arena, routine->local_bytes),
               scratch_macro(emitter, entry), count_text(arena, scratch_shared(routine) + routine->local_bytes));
    write_text(writer, "\n");
    if (routine->arena_bytes > 0) {
        write_line(writer, "shared by all threads: peak %s, and no plan of these steps is below %s",
                   bytes_text(arena, routine->arena_bytes), count_text(arena, routine->live_bytes));
        write_buffers(writer, routine, BUFFER_ARENA, letters);
        draw_arena(writer, routine, letters);
        write_text(writer, "\n");
    }
    if (routine->local_bytes > 0) {
        write_line(writer, "each thread's own, for one block of rows: %s", bytes_text(arena, routine->local_bytes));
        write_buffers(writer, routine, BUFFER_LOCAL, letters);
    }
}

/* ---- steps ---- */

static void add_numbers(Table *table, const Work *work) {
    double bytes = work->read + work->written;
    table_add(table, number(table->arena, work->flops));
    table_add(table, number(table->arena, work->functions));
    table_add(table, number(table->arena, work->draws));
    table_add(table, number(table->arena, bytes));
    table_add(table, ratio(table->arena, work->flops, bytes));
}

static void add_step(Table *table, const Emitter *emitter, const Step *step, int position) {
    Arena *arena = table->arena;
    table_add(table, arena_print(arena, "%d", position));
    if (step->kernel == NULL) {
        table_add(table, arena_print(arena, "ends here unless %s is finite", buffer_label(arena, step->loss)));
        for (int c = 2; c < table->columns; c++)
            table_add(table, "");
        return;
    }
    const Work work = kernel_work(arena, step->kernel, emitter->options->target->is_double);
    table_add(table, step->kernel->banded ? step->kernel->name : step->kernel->stages.at[0]->name);
    add_numbers(table, &work);
}

/* The lines of all its stages, each once. */
static SourceLines kernel_lines(const Emitter *emitter, const Kernel *kernel) {
    SourceLines all = {0};
    for (int s = 0; s < kernel->stages.count; s++) {
        SourceLines lines = stage_lines(emitter->arena, emitter->program, kernel->stages.at[s]);
        for (int l = 0; l < lines.count; l++) {
            bool known = false;
            for (int k = 0; k < all.count; k++)
                known |= span_line(all.at[k]) == span_line(lines.at[l]);
            if (!known) vec_push(emitter->arena, &all, lines.at[l]);
        }
    }
    return all;
}

static void write_details(Writer *writer, const Emitter *emitter, const Kernel *kernel) {
    Arena *arena = writer->arena;
    writer_indent(writer, 2);
    for (const Loop *loop = kernel->sequence->loop; loop != NULL; loop = loop->around)
        write_line(writer, "in each of %s rounds%s", dim_text(arena, loop->length),
                   loop->reversed ? ", the last first" : "");
    if (kernel->stages.count > 1)
        write_line(writer, "%d stages over %s, %d at a time", kernel->stages.count, dim_text(arena, kernel->band),
                   kernel->block);
    for (int s = 0; s < kernel->stages.count; s++) {
        const Buffer *copied = kernel->stages.at[s]->results.at[0].buffer->copy_of;
        if (copied != NULL) write_line(writer, "another order of axes for %s", buffer_label(arena, copied));
    }
    SourceLines lines = kernel_lines(emitter, kernel);
    for (int l = 0; l < lines.count; l++)
        write_text(writer, "%*s%s:%d: %s\n", writer->level * 4, "", emitter->options->source_name,
                   span_line(lines.at[l]), source_line(arena, lines.at[l]));
    writer_indent(writer, -2);
}

static void write_steps(Writer *writer, const Emitter *emitter, const Routine *routine) {
    Table table = {.arena = writer->arena, .columns = 7, .align = "rlrrrrr"};
    static const char *const heads[] = {"step",   "function",    "FLOPs",    "exp, log..",
                                        "random", "bytes moved", "FLOP/byte"};
    for (int c = 0; c < table.columns; c++)
        table_add(&table, heads[c]);
    for (int s = 0; s < routine->row.count; s++)
        add_step(&table, emitter, routine->row.at[s], s);
    const Work sum = entry_work(emitter, routine);
    table_add(&table, "");
    table_add(&table, "all");
    add_numbers(&table, &sum);
    table_write_row(writer, &table, 0);
    for (int s = 0; s < routine->row.count; s++) {
        table_write_row(writer, &table, s + 1);
        if (routine->row.at[s]->kernel != NULL) write_details(writer, emitter, routine->row.at[s]->kernel);
    }
    table_write_row(writer, &table, routine->row.count + 1);
    write_text(writer, "\n");
}

/* ---- the whole ---- */

static const char *sizes_text(Arena *arena, const Program *program) {
    const char *text = "";
    for (int s = 0; s < program->sizes.count; s++)
        text = arena_print(arena, "%s, %s = %lld", text, program->sizes.at[s]->name,
                           (long long)program->sizes.at[s]->high);
    return text;
}

static void write_entry(Writer *writer, const Emitter *emitter, const Entry *entry) {
    const Routine *routine = entry_routine(emitter, entry);
    write_line(writer, "entry %s, %s", entry->name, place_text(emitter, entry->span));
    write_text(writer, "\n");
    writer_indent(writer, 1);
    write_scratch(writer, emitter, entry, routine);
    write_steps(writer, emitter, routine);
    writer_indent(writer, -1);
}

void write_plan(Writer *writer, const Emitter *emitter) {
    const Target *target = emitter->options->target;
    write_line(writer, "%s for %s, %s, at the largest sizes%s", emitter->options->source_name, target->name,
               target->is_double ? "double" : "float", sizes_text(writer->arena, emitter->program));
    write_text(writer, "\n");
    write_stores(writer, emitter, true);
    write_stores(writer, emitter, false);
    for (int e = 0; e < emitter->program->entries.count; e++)
        write_entry(writer, emitter, emitter->program->entries.at[e]);
}
