#define _POSIX_C_SOURCE 200809L
#include "tests/emit/scratch.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

const char *scratch_folder(Arena *arena) {
    const char *base = getenv("TMPDIR");
    char *folder = arena_print(arena, "%s/gradc-emit-XXXXXX", base != NULL ? base : "/tmp");
    cr_assert_not_null(mkdtemp(folder), "cannot make %s", folder);
    cr_assert(scratch_run(arena, folder, "cp '%s/runtime/core/'gr*.h .", GRADC_ROOT));
    return folder;
}

void scratch_remove(Arena *arena, const char *folder) {
    scratch_run(arena, folder, "rm -r '%s'", folder);
}

void scratch_write(Arena *arena, const char *folder, const char *name, const char *text) {
    const char *path = arena_print(arena, "%s/%s", folder, name);
    FILE *out = fopen(path, "wb");
    cr_assert_not_null(out, "cannot write %s", path);
    cr_assert(fputs(text, out) >= 0);
    cr_assert_eq(fclose(out), 0);
}

bool scratch_run(Arena *arena, const char *folder, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const char *command = arena_print_list(arena, format, arguments);
    va_end(arguments);
    return system(arena_print(arena, "cd '%s' && %s", folder, command)) == 0;
}
