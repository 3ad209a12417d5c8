#define _POSIX_C_SOURCE 200809L
#include "tests/run/corpus.h"
#include <criterion/criterion.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 1000 };

static size_t add_models(ModelFile *files, size_t count, const char *folder, const char *ending) {
    char pattern[200];
    glob_t found;
    snprintf(pattern, sizeof pattern, GRADC_TESTS "/%s/*.%s", folder, ending);
    if (glob(pattern, 0, NULL, &found) != 0) return count;
    for (size_t i = 0; i < found.gl_pathc && count < MOST; i++)
        snprintf(files[count++].name, sizeof files->name, "%s/%s", folder, strrchr(found.gl_pathv[i], '/') + 1);
    globfree(&found);
    return count;
}

struct criterion_test_params corpus(void) {
    static ModelFile files[MOST];
    const char *folder = getenv("GRADC_CORPUS");
    size_t count = add_models(files, 0, folder ? folder : "models", "grad");
    count = add_models(files, count, folder ? folder : "models", "ir");
    if (folder == NULL) count = add_models(files, count, "models/design", "grad");
    if (folder == NULL) count = add_models(files, count, "models/prelude", "grad");
    cr_assert(count > 0, "no models in %s", folder ? folder : "models");
    return cr_make_param_array(ModelFile, files, count, NULL);
}
