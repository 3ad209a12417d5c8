/* Kernels as functions, and the function that runs an entry's steps in order. */
#include "compiler/emit/parts.h"
#include "compiler/emit/stage.h"
#include <string.h>

/* ---- comments: the source lines that a stage comes from ---- */

enum { LINES_SHOWN = 8 };

static void comment_stage(Writer *out, const Emitter *emitter, const Stage *stage) {
    SourceLines lines = stage_lines(out->arena, emitter->program, stage);
    int count = lines.count < LINES_SHOWN ? lines.count : LINES_SHOWN;
    for (int l = 0; l < count; l++) /* as text: a line of the model may end in a brace, which opens nothing here */
        write_text(out, "%s %s:%d: %s%s\n", l == 0 ? "/*" : " *", emitter->options->source_name, span_line(lines.at[l]),
                   source_line(out->arena, lines.at[l]), l + 1 == count ? " */" : "");
}

/* ---- names of the functions ---- */

static const char *copied_name(const Buffer *of) {
    if (of->argument != NULL) return of->argument->name;
    if (of->store != NULL) return of->store->path;
    return of->name != NULL ? of->name : "value";
}

/* After what it computes: a stored result says most, then the caller's, then a value that the model names. */
static const char *result_name(Arena *arena, const Stage *stage) {
    const Buffer *buffer = stage->results.at[0].buffer;
    for (int r = 0; r < stage->results.count; r++)
        if (stage->results.at[r].buffer->store != NULL && stage->results.at[r].buffer->store->kind != STORE_SLOT)
            buffer = stage->results.at[r].buffer;
    if (buffer->copy_of != NULL) return arena_print(arena, "transpose_%s", copied_name(buffer->copy_of));
    if (buffer->argument != NULL) return buffer->argument->name;
    if (buffer->store != NULL) return arena_print(arena, "update_%s", buffer->store->path);
    if (buffer->name != NULL) return buffer->name;
    return stage->totals.count > 0 ? "reduce" : "map";
}

/* A stage of an entry is train_logits; the one of a first content init_net_layers_0_w_value. */
static const char *stage_name(Scope *scope, const Routine *routine, const Stage *stage, const char *name) {
    const char *result = routine->entry == NULL ? "value" : result_name(scope->arena, stage);
    return scope_numbered(scope, arena_print(scope->arena, "%s_%s", name, result));
}

/* A thread's share of a stage is train_logits_share, of several over one band train_rows. */
static const char *kernel_name(Scope *scope, const Kernel *kernel, const char *name) {
    if (kernel->stages.count == 1)
        return scope_numbered(scope, arena_print(scope->arena, "%s_share", kernel->stages.at[0]->name));
    return scope_numbered(scope, arena_print(scope->arena, "%s_rows", name));
}

void name_kernels(Emitter *emitter, const Routine *routine, const char *name) {
    Scope *scope = &emitter->names->file;
    for (int s = 0; s < routine->row.count; s++) {
        Kernel *kernel = routine->row.at[s]->kernel;
        for (int t = 0; kernel != NULL && t < kernel->stages.count; t++)
            kernel->stages.at[t]->name = stage_name(scope, routine, kernel->stages.at[t], name);
        if (kernel != NULL) kernel->name = kernel_name(scope, kernel, name);
    }
}

/* ---- kernels ---- */

static bool stage_is_local(const Stage *stage) {
    for (int r = 0; r < stage->reads.count; r++)
        if (buffer_root(stage->reads.at[r].buffer)->place == BUFFER_LOCAL) return true;
    for (int r = 0; r < stage->results.count; r++)
        if (buffer_root(stage->results.at[r].buffer)->place == BUFFER_LOCAL) return true;
    return false;
}

static bool kernel_is_local(const Kernel *kernel) {
    for (int s = 0; s < kernel->stages.count; s++)
        if (stage_is_local(kernel->stages.at[s])) return true;
    return false;
}

static const char *band_size(const Emitter *emitter, Dim dim) {
    StageText text = {.arena = emitter->arena, .emitter = emitter};
    return dim_code(&text, dim);
}

/* The band is shared out in multiples of the tallest tile of its stages, else of a vector. */
static int band_grain(const Emitter *emitter, const Kernel *kernel) {
    int rows = 1, lanes = 1;
    for (int s = 0; s < kernel->stages.count; s++) {
        const Tile *tile = &kernel->stages.at[s]->tile;
        if (tile->row == 0 && tile->rows > rows) rows = tile->rows;
        if (tile->lane == 0) lanes = emitter->options->target->lanes;
    }
    return rows > 1 ? rows : lanes;
}

/* A part of text that only --profile has. */
static const char *if_profiled(const Emitter *emitter, const Routine *routine, const char *text) {
    return emitter->options->profile && routine->entry != NULL ? text : "";
}

static void end_lap(Writer *out, const Emitter *emitter, const Routine *routine, const char *lap, int number) {
    if (*if_profiled(emitter, routine, lap)) write_line(out, "gr_lap_end(%s, %d);", lap, number);
}

static void call_stages(Writer *out, const Emitter *emitter, const Routine *routine, const Kernel *kernel,
                        const char *range) {
    for (int s = 0; s < kernel->stages.count; s++) {
        const Stage *stage = kernel->stages.at[s];
        write_line(out, "%s(call%s%s, %s);", stage->name, stage_is_local(stage) ? ", local" : "",
                   stage_steps(out->arena, stage, ""), range);
        end_lap(out, emitter, routine, "lap", stage_number(routine, stage));
    }
}

static void emit_kernel(Writer *out, const Emitter *emitter, const Routine *routine, const Kernel *kernel,
                        const char *call_type) {
    if (!kernel->banded) return; /* its one stage is called by thread 0 */
    write_line(out, "static void %s(const %s *call%s, int thread, int threads%s) {", kernel->name, call_type,
               kernel_steps(out->arena, kernel, "int "), if_profiled(emitter, routine, ", gr_lap *lap"));
    if (kernel_is_local(kernel))
        write_line(out, "unsigned char *const local = call->locals + %lld * (size_t)thread;",
                   (long long)routine->local_bytes);
    write_line(out, "int first, last;");
    write_line(out, "gr_share(%s, %d, thread, threads, &first, &last);", band_size(emitter, kernel->band),
               band_grain(emitter, kernel));
    if (kernel->stages.count == 1 && !kernel_is_local(kernel)) {
        call_stages(out, emitter, routine, kernel, "first, last");
    } else {
        write_line(out, "for (int begin = first; begin < last; begin += %d) {", kernel->block);
        write_line(out, "const int end = gr_least(begin + %d, last);", kernel->block);
        call_stages(out, emitter, routine, kernel, "begin, end");
        write_line(out, "}");
    }
    write_line(out, "}");
    write_text(out, "\n");
}

/* The stage, under the first line of the model that it comes from where --line asks for that. */
static void emit_traced(Writer *out, const Emitter *emitter, const Routine *routine, const Stage *stage,
                        const char *call_type) {
    SourceLines lines = stage_lines(out->arena, emitter->program, stage);
    if (emitter->options->source_path == NULL || lines.count == 0) {
        emit_stage(out, emitter, routine, stage, call_type);
        return;
    }
    Writer aside;
    writer_open(&aside, out->arena);
    emit_stage(&aside, emitter, routine, stage, call_type);
    write_traced(out, emitter, writer_text(&aside), lines.at[0]);
}

static void emit_stages(Writer *out, const Emitter *emitter, const Routine *routine, const char *call_type) {
    for (int s = 0; s < routine->row.count; s++) {
        const Kernel *kernel = routine->row.at[s]->kernel;
        for (int t = 0; kernel != NULL && t < kernel->stages.count; t++) {
            comment_stage(out, emitter, kernel->stages.at[t]);
            emit_traced(out, emitter, routine, kernel->stages.at[t], call_type);
            write_text(out, "\n");
        }
        if (kernel != NULL) emit_kernel(out, emitter, routine, kernel, call_type);
    }
}

/* ---- steps ---- */

static const char *loss_address(const Emitter *emitter, const Routine *routine, const Buffer *loss) {
    StageText text = {.arena = emitter->arena, .emitter = emitter, .routine = routine};
    return buffer_address(&text, loss);
}

/* The one stage of a kernel without a band, by thread 0. */
static void run_alone(Writer *out, const Emitter *emitter, const Routine *routine, const Kernel *kernel, bool threads) {
    const Stage *stage = kernel->stages.at[0];
    const char *variables = kernel_steps(out->arena, kernel, "");
    bool timed = emitter->options->profile && threads;
    if (timed) write_line(out, "if (thread == 0) {");
    write_line(out, "%s%s(call%s);", threads && !timed ? "if (thread == 0) " : "", stage->name, variables);
    end_lap(out, emitter, routine, "&lap", stage_number(routine, stage));
    if (timed) write_line(out, "}");
}

static void run_kernel(Writer *out, const Emitter *emitter, const Routine *routine, const Kernel *kernel,
                       bool threads) {
    if (kernel->banded)
        write_line(out, "%s(call%s, %s%s);", kernel->name, kernel_steps(out->arena, kernel, ""),
                   threads ? "thread, threads" : "0, 1", if_profiled(emitter, routine, ", &lap"));
    else
        run_alone(out, emitter, routine, kernel, threads);
}

static void wait_for_all(Writer *out, const Emitter *emitter, const Routine *routine) {
    write_line(out, "GR_BARRIER;");
    end_lap(out, emitter, routine, "&lap", stage_count(routine));
}

static void run_sequence(Writer *out, const Emitter *emitter, const Routine *routine, const Sequence *sequence);

static void run_loop(Writer *out, const Emitter *emitter, const Routine *routine, const Loop *loop) {
    const char *step = loop_variable(out->arena, loop), *length = band_size(emitter, loop->length);
    if (loop->reversed)
        write_line(out, "for (int %s = %s - 1; %s >= 0; %s--) {", step, length, step, step);
    else
        write_line(out, "for (int %s = 0; %s < %s; %s++) {", step, step, length, step);
    run_sequence(out, emitter, routine, &loop->body);
    write_line(out, "}");
}

/* The steps in order; without an entry (first contents) by one thread. */
static void run_sequence(Writer *out, const Emitter *emitter, const Routine *routine, const Sequence *sequence) {
    for (int s = 0; s < sequence->steps.count; s++) {
        const Step *step = &sequence->steps.at[s];
        bool threads = routine->entry != NULL;
        if (step->barrier && threads) wait_for_all(out, emitter, routine);
        if (step->loss != NULL)
            write_line(out, "if (!gr_finite(*(const gr_real *)%s)) return GR_NONFINITE;",
                       loss_address(emitter, routine, step->loss));
        else if (step->kernel->loop != NULL)
            run_loop(out, emitter, routine, step->kernel->loop);
        else
            run_kernel(out, emitter, routine, step->kernel, threads);
    }
}

void emit_routine(Writer *out, const Emitter *emitter, const Routine *routine, const char *name) {
    const char *call_type = arena_print(emitter->arena, "%s_call", name);
    emit_stages(out, emitter, routine, call_type);
    write_line(out, "static int %s_run(const %s *call%s, int thread, int threads) {", name, call_type,
               if_profiled(emitter, routine, ", const gr_timer *timer"));
    if (routine->row.count == 0) write_line(out, "(void)call;");
    write_line(out, "(void)thread, (void)threads;");
    if (emitter->options->profile) write_line(out, "gr_lap lap = gr_lap_begin(timer, thread);");
    run_sequence(out, emitter, routine, &routine->top);
    if (emitter->options->profile) wait_for_all(out, emitter, routine); /* as the end of the region does, but timed */
    write_line(out, "return GR_OK;");
    write_line(out, "}");
}

/* First contents have no caller's scratch: what they need lies on the stack. */
static void lend_scratch(Writer *out, const Routine *routine) {
    write_line(out, "unsigned char scratch[%lld];",
               (long long)(routine->arena_bytes + routine->local_bytes + SCRATCH_ALIGNMENT - 1));
    write_line(out, "init_call with = *given, *const call = &with;");
    write_line(out, "with.scratch = (unsigned char *)(((uintptr_t)scratch + %d) / %d * %d);", SCRATCH_ALIGNMENT - 1,
               SCRATCH_ALIGNMENT, SCRATCH_ALIGNMENT);
    write_line(out, "with.locals = with.scratch + %lld;", (long long)routine->arena_bytes);
}

void emit_initial(Writer *out, const Emitter *emitter, const Routine *routine, const char *name) {
    bool lends = routine_needs_scratch(routine);
    emit_stages(out, emitter, routine, "init_call");
    write_line(out, "static void %s(const init_call *%s) {", name, lends ? "given" : "call");
    if (lends) lend_scratch(out, routine);
    run_sequence(out, emitter, routine, &routine->top);
    write_line(out, "}");
}
