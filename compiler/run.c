#define _DEFAULT_SOURCE /* mkdtemp, besides POSIX */
#include "compiler/run.h"
#include "compiler/messages.h"
#include "runtime/host/interrupt.h"
#include "runtime/host/main.h"
#include "runtime/host/options.h"
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

void print_run_help(void) {
    printf("usage: gradc run MODEL.grad ENTRY[:K],... --data INPUT=FILE ... [OPTIONS]\n"
           "\n"
           "Entries that update are trained, in turn, K steps each; another entry is applied to the data once.\n"
           "Takes compile's options, but -o and --weights as below. Needs a C compiler: --cc, else $CC, else cc.\n"
           "\n"
           "%s"
           "compiler  --cc=COMMAND          C compiler, with options; $CFLAGS is added\n"
           "\n"
           "Interrupted: saves, exits 130. Loss not finite: keeps the last checkpoint, exits 4.\n",
           gr_options_help);
}

/* ---- a folder for what is built, which is gone as soon as it is loaded ---- */

static const char *make_folder(Arena *arena) {
    const char *place = getenv("TMPDIR");
    char *folder = arena_print(arena, "%s/gradc.XXXXXX", place && *place ? place : "/tmp");
    return mkdtemp(folder);
}

static void remove_folder(Arena *arena, const char *folder, const char *name) {
    const char *files[] = {".h", ".c", ".so"};
    for (int f = 0; f < 3; f++)
        unlink(arena_print(arena, "%s/%s%s", folder, name, files[f]));
    unlink(arena_print(arena, "%s/gr.h", folder));
    unlink(arena_print(arena, "%s/gr_kernel.h", folder));
    rmdir(folder);
}

/* ---- the C compiler ---- */

/* 'text', for a shell. */
static const char *quoted(Arena *arena, const char *text) {
    Writer writer;
    writer_open(&writer, arena);
    write_text(&writer, "'");
    for (; *text; text++)
        write_text(&writer, *text == '\'' ? "'\\''" : "%c", *text);
    write_text(&writer, "'");
    return writer_text(&writer);
}

static const char *set_variable(const char *name, const char *otherwise) {
    const char *value = getenv(name);
    return value && *value ? value : otherwise;
}

/* Runs a shell's command with signals as they are by default. Its exit status, or -1. */
static int run_shell(const char *text) {
    char shell[] = "sh", option[] = "-c";
    char *arguments[] = {shell, option, (char *)(uintptr_t)text, NULL};
    posix_spawnattr_t attributes;
    sigset_t none;
    pid_t child;
    int status;
    sigemptyset(&none);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    const bool started = posix_spawnp(&child, "sh", NULL, &attributes, arguments, environ) == 0;
    posix_spawnattr_destroy(&attributes);
    if (!started) return -1;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* With OpenMP where the compiler has it. */
static bool build(Command *command, const char *folder, const char *name) {
    Arena *arena = command->arena;
    const char *compiler = command->compiler ? command->compiler : set_variable("CC", "cc");
    const char *stem = arena_print(arena, "%s/%s", folder, name);
    const char *flags = set_variable("CFLAGS", "");
    const char *level = strstr(compiler, " -O") || strstr(flags, "-O") ? "" : "-O3"; /* the user's own wins */
    const char *rest =
        arena_print(arena, "%s -std=c11 -fPIC -shared %s -o %s %s", level, flags,
                    quoted(arena, arena_print(arena, "%s.so", stem)), quoted(arena, arena_print(arena, "%s.c", stem)));
    if (run_shell(arena_print(arena, "%s -fopenmp %s 2>/dev/null", compiler, rest)) == 0) return true;
    if (run_shell(arena_print(arena, "%s %s", compiler, rest)) != 0) return false;
    if (!command->quiet) fprintf(stderr, "note: %s has no OpenMP: one thread\n", compiler);
    return true;
}

static void say_building(const Command *command, const char *text) {
    if (!command->quiet && isatty(STDERR_FILENO)) fprintf(stderr, "\r\033[K%s", text);
}

static int failed(const Command *command, const char *message) {
    print_failure(command, message);
    return COMPILE_MACHINE_FAILED;
}

/* Threads of OpenMP that wait for work look for it for milliseconds before they sleep, and take the processor from those
 * that have some when other programs run as well: two of them were then five times slower than one. A few microseconds
 * bridge the gaps between kernels. Its library reads the variables when it is loaded; the user's own words hold. */
static void shorten_waits(void) {
    if (getenv("OMP_WAIT_POLICY") || getenv("GOMP_SPINCOUNT") || getenv("KMP_BLOCKTIME")) return;
    setenv("OMP_WAIT_POLICY", "passive", 0);
    setenv("GOMP_SPINCOUNT", "3000", 0);
}

/* Builds the files in the folder and loads the result: the model, or NULL with a status to exit with. */
static const gr_model *load_model(Command *command, const char *folder, const char *name, int *status) {
    Arena *arena = command->arena;
    gr_interrupt *interrupt = gr_interrupt_begin();
    say_building(command, arena_print(arena, "building %s.c ...", name));
    const bool built = build(command, folder, name);
    say_building(command, "");
    const bool interrupted = gr_interrupted(interrupt);
    gr_interrupt_end(interrupt);
    shorten_waits();
    void *library = built && !interrupted ? dlopen(arena_print(arena, "%s/%s.so", folder, name), RTLD_NOW) : NULL;
    const gr_model *model = library ? dlsym(library, arena_print(arena, "%s_model", name)) : NULL;
    if (model) return model;
    if (interrupted)
        *status = 130;
    else
        *status =
            failed(command, !built ? "the C compiler did not build the model: --cc=COMMAND names another"
                                   : arena_print(arena, "the model that was built cannot be loaded: %s", dlerror()));
    return NULL;
}

int run_run(Command *command) {
    Arena *arena = command->arena;
    Compilation compilation;
    compilation_open(&compilation, arena, &command->compile);
    bool good = compile_to_graph(&compilation) && compile_to_routines(&compilation) && compile_to_c(&compilation);
    if (!good) return report(command, &compilation);
    const char *folder = make_folder(arena), *name = compilation.emit.name;
    if (!folder) return failed(command, arena_print(arena, "cannot make a folder to build in: %s", strerror(errno)));
    command->compile.directory = folder;
    int status = 0;
    const gr_model *model = NULL;
    if (compile_write(&compilation)) model = load_model(command, folder, name, &status);
    remove_folder(arena, folder, name);
    const int told = report(command, &compilation);
    if (told != 0 || !model) return told != 0 ? told : status;
    return gr_main(model, command->run.count, command->run.at);
}
