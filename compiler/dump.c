/* `gradc dump`, and the times of -v: what the compilation holds behind every stage. */
#define _POSIX_C_SOURCE 200809L
#include "compiler/dump.h"
#include "compiler/ir/text.h"
#include "compiler/kernels/kernels.h"
#include "compiler/messages.h"
#include "compiler/passes/pipeline.h"
#include "compiler/report/dot.h"
#include <stdlib.h>
#include <string.h>

/* ---- listening to the compilation ---- */

static double seconds_since(const struct timespec *before) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - before->tv_sec) + 1e-9 * (double)(now.tv_nsec - before->tv_nsec);
}

static void draw_stage(Writer *out, const Compilation *compilation, const char *stage) {
    const char *title = arena_print(out->arena, "after %s", stage);
    if (strcmp(stage, STAGE_PLAN) == 0)
        write_plan_dot(out, compilation->program, compilation->emitter->routines, title);
    else if (strcmp(stage, STAGE_PARSE) != 0) /* no graph yet */
        write_graph_dot(out, compilation->program, title);
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
        if (all && !command->dot) write_line(&listener->dump, "# after %s%s", stage, changed ? "" : " (unchanged)");
        if (!all || changed) (command->dot ? draw_stage : print_stage)(&listener->dump, compilation, stage);
    }
    clock_gettime(CLOCK_MONOTONIC, &listener->last);
}

void open_listener(Listener *listener, Command *command) {
    *listener = (Listener){.command = command};
    writer_open(&listener->dump, command->arena);
    clock_gettime(CLOCK_MONOTONIC, &listener->last);
    command->compile.after = hear;
    command->compile.context = listener;
}

/* ---- dump ---- */

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

int run_dump(Command *command) {
    Arena *arena = command->arena;
    const char *near;
    if (!is_stage(command->after, arena, &near)) {
        print_failure(command, arena_print(arena, "--after=%s: there is no such pass%s%s; --after=list names all",
                                           command->after, near ? ", did you mean " : "", near ? near : ""));
        return COMPILE_COMMAND_WRONG;
    }
    if (strcmp(command->after, "list") == 0) {
        print_stage_list();
        return finish_output(command, EXIT_SUCCESS);
    }
    Listener listener;
    open_listener(&listener, command);
    Compilation compilation;
    compilation_open(&compilation, arena, &command->compile);
    bool to_the_end = strcmp(command->after, STAGE_PLAN) == 0 || strcmp(command->after, "all") == 0;
    if (compile_to_graph(&compilation) && to_the_end) compile_to_routines(&compilation);
    print_output(command, writer_text(&listener.dump), listener.dump.length);
    return finish_output(command, report(command, &compilation));
}
