#define _DEFAULT_SOURCE /* readlink */
#include "compiler/places.h"
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* The directory that this program's file is in, or NULL. */
static const char *own_directory(Arena *arena) {
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length <= 0) return NULL;
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    if (!slash) return NULL;
    *slash = '\0';
    return arena_print(arena, "%s", path);
}

static bool has_file(Arena *arena, const char *directory, const char *file) {
    return access(arena_print(arena, "%s/%s", directory, file), R_OK) == 0;
}

/* The first of the places that holds the file: beside the program as it is installed, else as it was built. */
static const char *find_place(Arena *arena, const char *installed, const char *built, const char *file,
                              const char **why) {
    const char *own = own_directory(arena);
    const char *places[] = {own ? arena_print(arena, "%s/%s", own, installed) : built, built};
    for (int p = 0; p < 2; p++)
        if (has_file(arena, places[p], file)) return places[p];
    *why = arena_print(arena, "%s is not where it was installed (%s): is gradc's runtime installed?", file, places[0]);
    return NULL;
}

const char *runtime_include(Arena *arena, const char **why) {
    return find_place(arena, GRADC_TO_INCLUDE "/gradc/runtime/core", GRADC_BUILT_INCLUDE, "gr.h", why);
}

const char *runtime_libs(Arena *arena, const char **why) {
    const char *place = find_place(arena, GRADC_TO_LIB, GRADC_BUILT_LIB, "libgradc_host.a", why);
    return place ? arena_print(arena, "-L%s -lgradc_host -lgr " GRADC_LIBS, place) : NULL;
}
