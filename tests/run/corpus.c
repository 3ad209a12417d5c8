#define _POSIX_C_SOURCE 200809L
#include "tests/run/corpus.h"
#include <criterion/criterion.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct criterion_test_params corpus(void) {
    static ModelFile files[1000];
    const char *folder = getenv("GRADC_CORPUS");
    char pattern[200];
    glob_t found;
    if (folder == NULL) folder = "models";
    snprintf(pattern, sizeof pattern, GRADC_TESTS "/%s/*.grad", folder);
    glob(pattern, 0, NULL, &found);
    snprintf(pattern, sizeof pattern, GRADC_TESTS "/%s/*.ir", folder);
    glob(pattern, GLOB_APPEND, NULL, &found);
    size_t count = found.gl_pathc < 1000 ? found.gl_pathc : 1000;
    cr_assert(count > 0, "no models in %s", folder);
    for (size_t i = 0; i < count; i++)
        snprintf(files[i].name, sizeof files[i].name, "%s/%s", folder, strrchr(found.gl_pathv[i], '/') + 1);
    globfree(&found);
    return cr_make_param_array(ModelFile, files, count, NULL);
}
