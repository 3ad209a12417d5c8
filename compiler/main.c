/* gradc: the command line around compile.h. */
#define _POSIX_C_SOURCE 200809L
#include "compiler/command.h"
#include "compiler/ir/text.h"
#include "compiler/kernels/kernels.h"
#include "compiler/messages.h"
#include "compiler/passes/pipeline.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_COMMAND = COMPILE_COMMAND_WRONG, EXIT_MACHINE = COMPILE_MACHINE_FAILED };

/* ---- what the user is told ---- */

static bool in_colour(const Command *command) {
    const char *no_colour = getenv("NO_COLOR");
    if (command->colour == COLOUR_AUTO) return isatty(STDERR_FILENO) && !(no_colour && *no_colour);
    return command->colour == COLOUR_ALWAYS;
}

/* One line about what has no place in a model. */
static void print_failure(const Command *command, const char *message) {
    bool colour = in_colour(command);
    if (command->json)
        print_json_failure(message, stderr);
    else
        fprintf(stderr, "gradc: %serror:%s %s\n", colour ? "\033[31m" : "", colour ? "\033[0m" : "", message);
}

/* Everything that went wrong, and the status to exit with. */
static int report(const Command *command, const Compilation *compilation) {
    if (command->json)
        print_json(&compilation->diagnostics, stderr);
    else
        diag_print(&compilation->diagnostics, stderr, in_colour(command));
    if (compilation->status == COMPILE_BUG) internal_error("%s", compilation->failure);
    if (compilation->failure) print_failure(command, compilation->failure);
    return (int)compilation->status;
}

/* What was printed has arrived, or the machine failed. */
static int finish_output(const Command *command, int status) {
    if (fflush(stdout) == 0 && !ferror(stdout)) return status;
    char message[200];
    snprintf(message, sizeof message, "cannot write to standard output: %s", strerror(errno));
    print_failure(command, message);
    return EXIT_MACHINE;
}

/* ---- listening to the compilation: -v and dump ---- */

typedef struct Listener {
    const Command *command;
    Writer dump;
    struct timespec last;
    bool found; /* the stage that was asked for */
} Listener;

static double seconds_since(const struct timespec *before) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - before->tv_sec) + 1e-9 * (double)(now.tv_nsec - before->tv_nsec);
}

static void print_stage(Writer *out, const Compilation *compilation, const char *stage) {
    if (strcmp(stage, STAGE_PARSE) == 0)
        print_ast(out, compilation->tree);
    else if (strcmp(stage, STAGE_PLAN) != 0)
        print_program(out, compilation->program);
    else
        for (int e = 0; e < compilation->program->entries.count; e++)
            print_routine(out, compilation->emitter->routines[e]);
}

static void hear(void *context, const Compilation *compilation, const char *stage, bool changed) {
    Listener *listener = context;
    const Command *command = listener->command;
    if (command->verbose)
        fprintf(stderr, "%-10s %7.2f ms%s\n", stage, 1e3 * seconds_since(&listener->last),
                changed ? "" : "  (unchanged)");
    bool all = command->after && strcmp(command->after, "all") == 0;
    if (all || (command->after && strcmp(command->after, stage) == 0)) {
        listener->found = true;
        if (all) write_line(&listener->dump, "# after %s%s", stage, changed ? "" : " (unchanged)");
        if (!all || changed) print_stage(&listener->dump, compilation, stage);
    }
    clock_gettime(CLOCK_MONOTONIC, &listener->last);
}

static void open_listener(Listener *listener, Arena *arena, Command *command) {
    *listener = (Listener){.command = command};
    writer_open(&listener->dump, arena);
    clock_gettime(CLOCK_MONOTONIC, &listener->last);
    command->compile.after = hear;
    command->compile.context = listener;
}

/* ---- the commands ---- */

static void print_written(const Command *command, const Compilation *compilation) {
    const char *name = compilation->emit.name;
    bool here = strcmp(command->directory, ".") == 0;
    if (!command->quiet && !command->json)
        printf("%s%swrote %s.h, %s.c, gr.h and gr_kernel.h\n", here ? "" : command->directory, here ? "" : ": ", name,
               name);
}

static int run_compile(Arena *arena, Command *command) {
    Listener listener;
    open_listener(&listener, arena, command);
    Compilation compilation;
    compilation_open(&compilation, arena, &command->compile);
    if (compile_to_graph(&compilation) && compile_to_routines(&compilation) && compile_to_c(&compilation) &&
        compile_write(&compilation, command->directory, command->force))
        print_written(command, &compilation);
    return finish_output(command, report(command, &compilation));
}

static int run_check(Arena *arena, Command *command) {
    Listener listener;
    open_listener(&listener, arena, command);
    Compilation compilation;
    compilation_open(&compilation, arena, &command->compile);
    compile_to_graph(&compilation);
    return report(command, &compilation);
}

static void print_stage_list(void) {
    printf("%-10s the syntax tree\n%-10s graphs, as the model says them\n", STAGE_PARSE, STAGE_ELABORATE);
    for (int p = 0; p < pass_count; p++)
        printf("%-10s %s\n", pass_table[p].name, pass_table[p].what);
    printf("%-10s kernels, buffers and their places\n", STAGE_PLAN);
}

static bool is_stage(const char *name, Arena *arena, const char **near) {
    VEC(const char *) names = {0};
    static const char *const others[] = {STAGE_PARSE, STAGE_ELABORATE, STAGE_PLAN, "all", "list"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        vec_push(arena, &names, others[i]);
    for (int p = 0; p < pass_count; p++)
        vec_push(arena, &names, pass_table[p].name);
    for (int i = 0; i < names.count; i++)
        if (strcmp(names.at[i], name) == 0) return true;
    *near = nearest_name(name, names.at, names.count);
    return false;
}

static int run_dump(Arena *arena, Command *command) {
    const char *near;
    if (!is_stage(command->after, arena, &near)) {
        print_failure(command, arena_print(arena, "--after=%s: there is no such pass%s%s; --after=list names all",
                                           command->after, near ? ", did you mean " : "", near ? near : ""));
        return EXIT_COMMAND;
    }
    if (strcmp(command->after, "list") == 0) {
        print_stage_list();
        return finish_output(command, EXIT_SUCCESS);
    }
    Listener listener;
    open_listener(&listener, arena, command);
    Compilation compilation;
    compilation_open(&compilation, arena, &command->compile);
    bool to_the_end = strcmp(command->after, STAGE_PLAN) == 0 || strcmp(command->after, "all") == 0;
    if (compile_to_graph(&compilation) && to_the_end) compile_to_routines(&compilation);
    const char *text = writer_text(&listener.dump);
    fwrite(text, 1, strlen(text), stdout);
    return finish_output(command, report(command, &compilation));
}

static int run_command(Arena *arena, int count, char **arguments) {
    Command command;
    const char *why;
    if (!read_command(arena, count, arguments, &command, &why)) {
        print_failure(&command, why);
        return EXIT_COMMAND;
    }
    switch (command.kind) {
    case COMMAND_COMPILE: return run_compile(arena, &command);
    case COMMAND_CHECK: return run_check(arena, &command);
    case COMMAND_DUMP: return run_dump(arena, &command);
    case COMMAND_HELP: fputs(help_text, stdout); return finish_output(&command, EXIT_SUCCESS);
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
    Memory memory = {0};
    if (setjmp(memory.on_exhausted)) {
        memory_close_all(&memory);
        fputs("gradc: error: out of memory\n", stderr);
        return EXIT_MACHINE;
    }
    Arena arena;
    arena_open(&arena, &memory);
    int status = run_command(&arena, count, arguments);
    memory_close_all(&memory);
    return status;
}
