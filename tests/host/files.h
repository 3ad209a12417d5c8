/* Files that tests of the host layer write and open. */
#ifndef GRADC_TESTS_HOST_FILES_H
#define GRADC_TESTS_HOST_FILES_H

#include "runtime/host/data.h"

#define FIXTURES GRADC_TESTS "/host/fixtures/"

/* A new folder under the temporary one. Freed and removed, with what is in it, by folder_remove. */
char *folder_new(void);
void folder_remove(char *folder);

/* "FOLDER/NAME", in a buffer that the next 4 calls leave alone. */
const char *path_in(const char *folder, const char *name);

/* Writes a file in the folder; gzip_write, which is there with zlib, packs it. Returns its path, as path_in. */
const char *file_write(const char *folder, const char *name, const void *bytes, size_t size);
const char *gzip_write(const char *folder, const char *name, const void *bytes, size_t size);
/* All bytes of a file; the caller frees them. */
uint8_t *file_read(const char *path, size_t *size);

/* Opens what must open. */
gr_data *data_open(const char *file);
/* Opens what must not, and checks that the message is one printable line that contains `expected` and the name. */
void data_refused(const char *file, const char *expected);
/* Checks that a message is one printable line. */
void message_is_clean(const gr_error *error);

/* Checks all rows, as doubles, against `count` expected values; NaN equals NaN, and -0 is not 0. */
void values_are(const gr_data *data, const double *expected, size_t count);

#endif
