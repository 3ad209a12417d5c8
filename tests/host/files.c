#define _XOPEN_SOURCE 700 /* nftw */
#include "tests/host/files.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef GR_HAVE_ZLIB
#include <zlib.h>
#endif

char *folder_new(void) {
    const char *temporary = getenv("TMPDIR");
    char *folder = malloc(4096);
    snprintf(folder, 4096, "%s/gradc-host-XXXXXX", temporary ? temporary : "/tmp");
    cr_assert_not_null(mkdtemp(folder));
    return folder;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk) {
    (void)status, (void)kind, (void)walk;
    return remove(path);
}

void folder_remove(char *folder) {
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(folder);
}

const char *path_in(const char *folder, const char *name) {
    static char paths[4][8192];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

const char *file_write(const char *folder, const char *name, const void *bytes, size_t size) {
    const char *path = path_in(folder, name);
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file, "%s", path);
    cr_assert_eq(fwrite(bytes, 1, size, file), size);
    cr_assert_eq(fclose(file), 0);
    return path;
}

#ifdef GR_HAVE_ZLIB
const char *gzip_write(const char *folder, const char *name, const void *bytes, size_t size) {
    const char *path = path_in(folder, name);
    gzFile file = gzopen(path, "wb");
    cr_assert_not_null(file);
    if (size > 0) cr_assert_eq(gzwrite(file, bytes, (unsigned)size), (int)size);
    cr_assert_eq(gzclose(file), Z_OK);
    return path;
}
#endif

uint8_t *file_read(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file, "%s", path);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(*size + 1);
    cr_assert_eq(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

gr_data *data_open(const char *file) {
    gr_error error = {""};
    gr_data *data = gr_data_open(file, &error);
    cr_assert_not_null(data, "%s", error.text);
    return data;
}

void message_is_clean(const gr_error *error) {
    const size_t length = strlen(error->text);
    cr_assert(length > 0 && length < GR_ERROR_SIZE);
    for (size_t i = 0; i < length; i++) {
        cr_assert((unsigned char)error->text[i] >= 0x20 && error->text[i] != 0x7f, "%s", error->text);
    }
}

void data_refused(const char *file, const char *expected) {
    gr_error error = {""};
    gr_data *data = gr_data_open(file, &error);
    cr_assert_null(data, "%s was accepted; expected: %s", file, expected);
    message_is_clean(&error);
    cr_assert_not_null(strstr(error.text, expected), "\"%s\" says not: %s", error.text, expected);
}

void values_are(const gr_data *data, const double *expected, size_t count) {
    gr_error error = {""};
    const uint64_t rows = gr_data_rows(data), size = gr_data_row_size(data);
    cr_assert_eq(rows * size, count, "%llu rows of %llu", (unsigned long long)rows, (unsigned long long)size);
    double *row = malloc((size_t)(size + 1) * sizeof *row);
    for (uint64_t i = rows; i-- > 0;) { /* backwards: rows can be had in any order */
        cr_assert(gr_data_copy(data, &i, 1, GR_DOUBLE, row, &error), "%s", error.text);
        for (uint64_t j = 0; j < size; j++) {
            const double want = expected[i * size + j];
            const bool same = (isnan(want) && isnan(row[j])) || (want == row[j] && signbit(want) == signbit(row[j]));
            cr_assert(same, "%s: row %llu, element %llu is %g, not %g", gr_data_name(data), (unsigned long long)i,
                      (unsigned long long)j, row[j], want);
        }
    }
    free(row);
}
