/* The pipeline. Read the four functions of compile.h at the end first: the rest serves them.
 *
 *     file -> Source -> AstFile -> Program -> (passes) -> Routines -> header and source text -> (libclang) -> files */
#define _POSIX_C_SOURCE 200809L
#include "compiler/compile.h"
#include "compiler/output.h"
#include "compiler/trained.h"
#include "compiler/passes/pipeline.h"
#include "compiler/support/limits.h"
#include "frontend/parse.h"
#include "frontend/source.h"
#include <stdio.h>
#include <string.h>

void compilation_open(Compilation *compilation, Arena *arena, const CompileOptions *options) {
    *compilation = (Compilation){.arena = arena, .options = options};
    interner_open(&compilation->names, arena);
    diagnostics_open(&compilation->diagnostics, arena);
}

bool compilation_fail(Compilation *compilation, CompileStatus status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    compilation->failure = arena_print_list(compilation->arena, format, arguments);
    va_end(arguments);
    compilation->status = status;
    return false;
}

static bool model_is_right(Compilation *compilation) {
    if (compilation->diagnostics.errors > 0 && compilation->status == COMPILE_DONE)
        compilation->status = COMPILE_MODEL_WRONG;
    return compilation->status == COMPILE_DONE;
}

static void done(const Compilation *compilation, const char *stage) {
    const CompileOptions *options = compilation->options;
    if (options->after) options->after(options->context, compilation, stage, true);
}

/* ---- from text to a lowered graph ---- */

static bool read_text(Compilation *compilation) {
    SourceStatus status =
        source_read(compilation->arena, &compilation->diagnostics, compilation->options->path, &compilation->source);
    if (status != SOURCE_UNREADABLE) return model_is_right(compilation);
    const char *message = compilation->diagnostics.items.at[0]->message; /* it has no place in a model */
    diagnostics_open(&compilation->diagnostics, compilation->arena);
    return compilation_fail(compilation, COMPILE_COMMAND_WRONG, "%s", message);
}

static bool parse_text(Compilation *compilation) {
    compilation->tree =
        parse_file(compilation->arena, &compilation->names, &compilation->diagnostics, compilation->source);
    done(compilation, STAGE_PARSE);
    return model_is_right(compilation);
}

/* ---- what the model and its files are called ---- */

const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    if (strcmp(path, "-") == 0) return "<stdin>";
    return slash ? slash + 1 : path;
}

static bool is_identifier(const char *name) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    return *name && *name != '_' && !(*name >= '0' && *name <= '9') && name[strspn(name, letters)] == '\0';
}

static const char *wanted_name(const Compilation *compilation) {
    const CompileOptions *options = compilation->options;
    if (options->name) return options->name;
    if (compilation->tree->model.name) return compilation->tree->model.name;
    const char *file = base_name(options->path), *dot = strrchr(file, '.');
    int length = dot && dot != file ? (int)(dot - file) : (int)strlen(file);
    return arena_print(compilation->arena, "%.*s", length, file);
}

static bool elaborate_tree(Compilation *compilation) {
    const ElaborateOptions options = {&compilation->options->definitions, compilation->options->entries,
                                      compilation->options->evaluations};
    compilation->program =
        elaborate(compilation->arena, &compilation->names, &compilation->diagnostics, compilation->tree, &options);
    if (!compilation->program) return model_is_right(compilation);
    const char *name = wanted_name(compilation);
    compilation->program->name = is_identifier(name) ? name : "model"; /* so that its text can be read back */
    done(compilation, STAGE_ELABORATE);
    return model_is_right(compilation);
}

static void pass_done(void *context, const Pass *pass, bool changed) {
    const Compilation *compilation = context;
    const CompileOptions *options = compilation->options;
    if (options->after) options->after(options->context, compilation, pass->name, changed);
}

static bool lower_graphs(Compilation *compilation) {
    run_passes(compilation->program, &compilation->diagnostics, pass_done, compilation);
    return model_is_right(compilation);
}

static bool check_warnings(Compilation *compilation) {
    int warnings = compilation->diagnostics.warnings;
    if (warnings == 0 || !compilation->options->warnings_are_errors) return true;
    return compilation_fail(compilation, COMPILE_MODEL_WRONG, "%d warning%s, and --werror makes errors of them",
                            warnings, warnings == 1 ? "" : "s");
}

/* ---- whether files can be called so ---- */

/* Why a model cannot be called that, or NULL. */
static const char *fault_of_name(const char *name) {
    if (!is_identifier(name)) return "is no C name (letters, digits and '_', a letter first)";
    if (strcmp(name, "gr") == 0 || strncmp(name, "gr_", 3) == 0) return "belongs to gradc's runtime";
    if (name_is_reserved(name)) return "is a word of C, C++ or their libraries";
    return NULL;
}

/* Can files and symbols be called so? Plans do not care. */
static bool check_name(Compilation *compilation) {
    const CompileOptions *options = compilation->options;
    const AstName line = compilation->tree->model;
    const char *file = base_name(options->path), *name = compilation->emit.name, *fault = fault_of_name(name);
    if (!fault) return true;
    if (options->name) return compilation_fail(compilation, COMPILE_COMMAND_WRONG, "--name=%s: this %s", name, fault);
    if (line.name) {
        diag_error(&compilation->diagnostics, line.span, "`%s` %s: call the model otherwise, or use --name", name,
                   fault);
        return model_is_right(compilation);
    }
    return compilation_fail(
        compilation, COMPILE_COMMAND_WRONG,
        "the files cannot be named after %s: `%s` %s; begin the model with a line `model NAME`, or use --name", file,
        name, fault);
}

/* The command that makes the same files again, wherever the model lies. */
static const char *command_text(Compilation *compilation) {
    const CompileOptions *options = compilation->options;
    Writer writer;
    writer_open(&writer, compilation->arena);
    write_text(&writer, "gradc compile %s", base_name(options->path));
    for (int i = 0; i < options->definitions.count; i++)
        write_text(&writer, " -D %s=%s", options->definitions.at[i].name, options->definitions.at[i].value);
    if (options->entries) write_text(&writer, " --entries=%s", options->entries);
    if (options->name) write_text(&writer, " --name=%s", options->name);
    if (options->target->is_double) write_text(&writer, " --real=double");
    write_text(&writer, " --target=%s", options->target->name);
    if (options->single_file) write_text(&writer, " --single-file");
    if (options->lines) write_text(&writer, " --line");
    if (options->main_program) write_text(&writer, " --emit-main");
    if (options->profile) write_text(&writer, " --profile");
    if (options->weights) write_text(&writer, " --weights=%s", base_name(options->weights));
    return writer_text(&writer);
}

/* ---- from the graph to validated text ---- */

static bool emit_texts(Compilation *compilation) {
    compilation->emission = emit_pair(compilation->emitter);
    done(compilation, STAGE_EMIT);
    return true;
}

static bool validate_pair(Compilation *compilation) {
    const char *why;
    if (!compilation->options->validate) return true;
    if (validate_emission(compilation->arena, &compilation->emit, &compilation->emission, &why)) {
        done(compilation, STAGE_VALIDATE);
        return true;
    }
    return compilation_fail(compilation, COMPILE_BUG, "the C that it made for this model is wrong: %s", why);
}

/* ---- the way ---- */

bool compile_to_graph(Compilation *compilation) {
    return read_text(compilation) && parse_text(compilation) && elaborate_tree(compilation) &&
           lower_graphs(compilation) && check_warnings(compilation);
}

/* NAME_init has no scratch but the stack. */
static bool check_initials(Compilation *compilation) {
    const Program *program = compilation->program;
    for (int s = 0; s < program->stores.count; s++) {
        const Routine *routine = compilation->emitter->initials[s];
        const Store *store = program->stores.at[s];
        if (!routine || routine->arena_bytes + routine->local_bytes <= INITIAL_STACK_LIMIT) continue;
        diag_error(&compilation->diagnostics, store->span,
                   "the first value of %s needs %lld KB of memory for parts of it, but NAME_init has %d KB, on the "
                   "stack: sampling alone, or arithmetic element by element, needs none",
                   store->path, (long long)((routine->arena_bytes + routine->local_bytes + 1023) / 1024),
                   INITIAL_STACK_LIMIT / 1024);
    }
    return model_is_right(compilation);
}

bool compile_to_routines(Compilation *compilation) {
    const CompileOptions *options = compilation->options;
    compilation->emit = (EmitOptions){.name = wanted_name(compilation),
                                      .command = command_text(compilation),
                                      .source_name = base_name(options->path),
                                      .target = options->target,
                                      .profile = options->profile,
                                      .single_file = options->single_file};
    if (options->weights && !load_trained(compilation)) return false;
    if (options->lines) compilation->emit.source_path = output_path(compilation, ".c");
    compilation->emitter = emitter_new(compilation->arena, compilation->program, &compilation->emit);
    emitter_make_routines(compilation->emitter);
    done(compilation, STAGE_PLAN);
    return check_initials(compilation);
}

bool compile_to_c(Compilation *compilation) {
    return check_name(compilation) && emit_texts(compilation) && validate_pair(compilation);
}
