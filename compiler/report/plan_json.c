/* `gradc plan --json`: the same as data. */
#include "compiler/report/report.h"
#include "compiler/support/json.h"

static const char *quoted(Writer *writer, const char *text) {
    return json_string(writer->arena, text);
}

/* "[256, 64]": the shape at the largest sizes. */
static const char *dims_text(Arena *arena, Shape shape) {
    const char *text = "";
    for (int a = 0; a < shape.rank; a++)
        text = arena_print(arena, "%s%s%lld", text, a == 0 ? "" : ", ", (long long)dim_high(shape.dims[a]));
    return arena_print(arena, "[%s]", text);
}

static const char *comma(int position) {
    return position == 0 ? "" : ", ";
}

/* ---- the model ---- */

static void write_sizes(Writer *writer, const Program *program) {
    write_text(writer, ", \"sizes\": [");
    for (int s = 0; s < program->sizes.count; s++) {
        const Size *size = program->sizes.at[s];
        write_text(writer, "%s{\"name\": %s, \"low\": %lld, \"high\": %lld}", comma(s), quoted(writer, size->name),
                   (long long)size->low, (long long)size->high);
    }
    write_text(writer, "]");
}

static void write_store(Writer *writer, const Emitter *emitter, const Store *store) {
    static const char *const kinds[] = {[STORE_PARAM] = "param",
                                        [STORE_STATE] = "state",
                                        [STORE_SLOT] = "slot",
                                        [STORE_STEP] = "counter",
                                        [STORE_RATE] = "rate"};
    write_text(writer, "{\"path\": %s, \"kind\": \"%s\", \"type\": \"%s\", \"shape\": %s, \"bytes\": %lld",
               quoted(writer, store->path), kinds[store->kind], elem_name(store->type.elem),
               dims_text(writer->arena, store->type.shape), (long long)store_bytes(emitter, store));
    if (store->span.source == emitter->program->source) write_text(writer, ", \"line\": %d", span_line(store->span));
    write_text(writer, "}");
}

static void write_struct(Writer *writer, const Emitter *emitter, const char *name, bool in_model) {
    const Fields *fields = emitter->fields;
    bool exists = in_model ? fields->has_model : fields->has_trainer;
    int64_t bytes = !exists ? 0 : in_model ? fields->model_bytes : fields->trainer_bytes;
    write_text(writer, ", \"%s\": {\"bytes\": %lld, \"other_bytes\": %lld, \"tensors\": [", name, (long long)bytes,
               (long long)(in_model ? other_model_bytes(emitter) : other_trainer_bytes(emitter)));
    int count = 0;
    for (int s = 0; exists && s < emitter->program->stores.count; s++) {
        const Store *store = emitter->program->stores.at[s];
        if (store_in_model(store) != in_model) continue;
        write_text(writer, "%s", comma(count++));
        write_store(writer, emitter, store);
    }
    write_text(writer, "]}");
}

/* ---- entries ---- */

static void write_buffers(Writer *writer, const Emitter *emitter, const Routine *routine) {
    int count = 0;
    write_text(writer, ", \"buffers\": [");
    for (int b = 0; b < routine->buffers.count; b++) {
        const Buffer *buffer = routine->buffers.at[b];
        if (!is_planned(buffer)) continue;
        write_text(writer,
                   "%s{\"name\": %s, \"place\": \"%s\", \"type\": \"%s\", \"shape\": %s, \"element_bytes\": %lld, "
                   "\"bytes\": %lld, \"first\": %d, \"last\": %d, \"offset\": %lld}",
                   comma(count++), quoted(writer, buffer_label(writer->arena, buffer)),
                   buffer->place == BUFFER_ARENA ? "shared" : "thread", elem_name(buffer->elem),
                   dims_text(writer->arena, buffer->shape),
                   (long long)element_bytes(buffer, emitter->options->target->is_double), (long long)buffer->bytes,
                   buffer->first, buffer->last, (long long)buffer->offset);
    }
    write_text(writer, "]");
}

static void write_work(Writer *writer, const Work *work) {
    write_text(writer,
               "\"flops\": %.0f, \"product_flops\": %.0f, \"functions\": %.0f, \"draws\": %.0f, \"bytes_read\": %.0f, "
               "\"bytes_written\": %.0f",
               work->flops, work->products, work->functions, work->draws, work->read, work->written);
}

static void write_lines(Writer *writer, const Emitter *emitter, const Stage *stage) {
    SourceLines lines = stage_lines(writer->arena, emitter->program, stage);
    write_text(writer, "\"lines\": [");
    for (int l = 0; l < lines.count; l++)
        write_text(writer, "%s{\"line\": %d, \"text\": %s}", comma(l), span_line(lines.at[l]),
                   quoted(writer, source_line(writer->arena, lines.at[l])));
    write_text(writer, "]");
}

static void write_kernel(Writer *writer, const Emitter *emitter, const Kernel *kernel) {
    const Work work = kernel_work(writer->arena, kernel, emitter->options->target->is_double);
    write_text(writer, "\"function\": %s, ",
               quoted(writer, kernel->banded ? kernel->name : kernel->stages.at[0]->name));
    if (kernel->banded)
        write_text(writer, "\"band\": %s, \"block\": %d, ", quoted(writer, dim_text(writer->arena, kernel->band)),
                   kernel->block);
    write_text(writer, "\"rounds\": [");
    for (const Loop *loop = kernel->sequence->loop; loop != NULL; loop = loop->around)
        write_text(writer, "%s%lld", comma(loop != kernel->sequence->loop), (long long)dim_high(loop->length));
    write_text(writer, "], ");
    write_work(writer, &work);
    write_text(writer, ", \"stages\": [");
    for (int s = 0; s < kernel->stages.count; s++) {
        write_text(writer, "%s{\"function\": %s, ", comma(s), quoted(writer, kernel->stages.at[s]->name));
        write_lines(writer, emitter, kernel->stages.at[s]);
        write_text(writer, "}");
    }
    write_text(writer, "]");
}

static void write_steps(Writer *writer, const Emitter *emitter, const Routine *routine) {
    write_text(writer, ", \"steps\": [");
    for (int s = 0; s < routine->row.count; s++) {
        const Step *step = routine->row.at[s];
        write_text(writer, "%s{\"barrier\": %s, ", comma(s), step->barrier ? "true" : "false");
        if (step->kernel != NULL)
            write_kernel(writer, emitter, step->kernel);
        else
            write_text(writer, "\"guard\": %s", quoted(writer, buffer_label(writer->arena, step->loss)));
        write_text(writer, "}");
    }
    write_text(writer, "]");
}

static void write_entry(Writer *writer, const Emitter *emitter, const Entry *entry) {
    const Routine *routine = entry_routine(emitter, entry);
    const Work work = entry_work(emitter, routine);
    write_text(writer,
               "{\"name\": %s, \"line\": %d, \"scratch_bytes\": %lld, \"scratch_bytes_per_thread\": %lld, "
               "\"peak_bytes\": %lld, \"lower_bound_bytes\": %lld, ",
               quoted(writer, entry->name), span_line(entry->span), (long long)scratch_shared(routine),
               (long long)routine->local_bytes, (long long)routine->arena_bytes, (long long)routine->live_bytes);
    write_work(writer, &work);
    write_buffers(writer, emitter, routine);
    write_steps(writer, emitter, routine);
    write_text(writer, "}");
}

void write_plan_json(Writer *writer, const Emitter *emitter) {
    const EmitOptions *options = emitter->options;
    write_text(writer, "{\"name\": %s, \"file\": %s, \"target\": \"%s\", \"real\": \"%s\"",
               quoted(writer, options->name), quoted(writer, options->source_name), options->target->name,
               options->target->is_double ? "double" : "float");
    write_sizes(writer, emitter->program);
    write_struct(writer, emitter, "model", true);
    write_struct(writer, emitter, "trainer", false);
    write_text(writer, ", \"entries\": [");
    for (int e = 0; e < emitter->program->entries.count; e++) {
        write_text(writer, "%s", comma(e));
        write_entry(writer, emitter, emitter->program->entries.at[e]);
    }
    write_text(writer, "]}\n");
}
