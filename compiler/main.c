/* gradc: the command line around compile.h. */
#define _POSIX_C_SOURCE 200809L
#include "compiler/dump.h"
#include "compiler/evaluate.h"
#include "compiler/fmt.h"
#include "compiler/messages.h"
#include "compiler/places.h"
#include "compiler/run.h"
#include "compiler/report/report.h"
#include "compiler/untrained.h"
#include "compiler/weights.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_COMMAND = COMPILE_COMMAND_WRONG, EXIT_MACHINE = COMPILE_MACHINE_FAILED };

/* ---- the commands ---- */

static void print_written(const Command *command, const Compilation *compilation) {
    const char *name = compilation->emit.name, *directory = command->compile.directory;
    bool here = strcmp(directory, ".") == 0;
    if (command->quiet || command->json) return;
    printf("%s%swrote ", here ? "" : directory, here ? "" : ": ");
    if (command->compile.main_program) printf("%s_main.c, ", name);
    printf(command->compile.single_file ? "%s.h and %s.c\n" : "%s.h, %s.c, gr.h and gr_kernel.h\n", name, name);
}

static int run_compile(Command *command) {
    Listener listener;
    open_listener(&listener, command);
    Compilation compilation;
    compilation_open(&compilation, command->arena, &command->compile);
    if (compile_to_graph(&compilation) && compile_to_routines(&compilation) && compile_to_c(&compilation) &&
        compile_write(&compilation))
        print_written(command, &compilation);
    return finish_output(command, report(command, &compilation));
}

static int run_check(Command *command) {
    Listener listener;
    open_listener(&listener, command);
    Compilation compilation;
    compilation_open(&compilation, command->arena, &command->compile);
    if (compile_to_graph(&compilation) && !command->quiet)
        note_untrained(compilation.program, &compilation.diagnostics);
    return report(command, &compilation);
}

static int run_plan(Command *command) {
    Listener listener;
    open_listener(&listener, command);
    Compilation compilation;
    compilation_open(&compilation, command->arena, &command->compile);
    if (compile_to_graph(&compilation) && compile_to_routines(&compilation)) {
        Writer writer;
        writer_open(&writer, command->arena);
        (command->json ? write_plan_json : write_plan)(&writer, compilation.emitter);
        print_output(command, writer_text(&writer), writer.length);
    }
    return finish_output(command, report(command, &compilation));
}

static int say_place(Command *command, const char *(*find)(Arena *, const char **)) {
    const char *why, *place = find(command->arena, &why);
    if (place) {
        puts(place);
        return finish_output(command, EXIT_SUCCESS);
    }
    print_failure(command, why);
    return EXIT_MACHINE;
}

static int run_command(Arena *arena, int count, char **arguments) {
    Command command;
    const char *why;
    if (!read_command(arena, count, arguments, &command, &why)) {
        print_failure(&command, why);
        return EXIT_COMMAND;
    }
    switch (command.kind) {
    case COMMAND_COMPILE: return run_compile(&command);
    case COMMAND_CHECK: return run_check(&command);
    case COMMAND_DUMP: return run_dump(&command);
    case COMMAND_PLAN: return run_plan(&command);
    case COMMAND_FMT: return run_fmt(&command);
    case COMMAND_EVAL: return run_eval(&command);
    case COMMAND_RUN: return run_run(&command);
    case COMMAND_RUN_HELP: print_run_help(); return finish_output(&command, EXIT_SUCCESS);
    case COMMAND_WEIGHTS: return run_weights(&command);
    case COMMAND_HELP: fputs(help_text, stdout); return finish_output(&command, EXIT_SUCCESS);
    case COMMAND_INCLUDE: return say_place(&command, runtime_include);
    case COMMAND_LIBS: return say_place(&command, runtime_libs);
    case COMMAND_VERSION: puts("gradc " GRADC_VERSION); return finish_output(&command, EXIT_SUCCESS);
    }
    internal_error("a command without a meaning");
}

int main(int count, char **arguments) {
    if (count < 2) {
        fputs(usage_text, stderr);
        return EXIT_COMMAND;
    }
    signal(SIGXFSZ, SIG_IGN); /* a file beyond its limit is an error like a full disk */
    Memory memory = {.limit = MEMORY_LIMIT};
    if (setjmp(memory.on_exhausted)) {
        const char *refusal = memory.refusal;
        memory_close_all(&memory);
        fprintf(stderr, "gradc: error: %s\n", refusal ? refusal : "out of memory");
        return refusal ? COMPILE_MODEL_WRONG : EXIT_MACHINE;
    }
    Arena arena;
    arena_open(&arena, &memory);
    int status = run_command(&arena, count, arguments);
    memory_close_all(&memory);
    return status;
}
