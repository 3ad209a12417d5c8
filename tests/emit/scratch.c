#define _POSIX_C_SOURCE 200809L
#include "tests/emit/scratch.h"
#include <stdio.h>
#include <stdlib.h>

const char *scratch_folder(Arena *arena) {
    const char *base = getenv("TMPDIR");
    char *folder = arena_print(arena, "%s/gradc-emit-XXXXXX", base != NULL ? base : "/tmp");
    if (!mkdtemp(folder)) internal_error("cannot make %s", folder);
    if (!scratch_run(arena, folder, "cp '%s/runtime/core/'gr*.h .", GRADC_ROOT)) internal_error("cannot copy gr.h");
    return folder;
}

void scratch_remove(Arena *arena, const char *folder) {
    scratch_run(arena, folder, "rm -r '%s'", folder);
}

void scratch_write(Arena *arena, const char *folder, const char *name, const char *text) {
    const char *path = arena_print(arena, "%s/%s", folder, name);
    FILE *out = fopen(path, "wb");
    if (!out || fputs(text, out) < 0 || fclose(out) != 0) internal_error("cannot write %s", path);
}

bool scratch_run(Arena *arena, const char *folder, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const char *command = arena_print_list(arena, format, arguments);
    va_end(arguments);
    return system(arena_print(arena, "cd '%s' && %s", folder, command)) == 0;
}
