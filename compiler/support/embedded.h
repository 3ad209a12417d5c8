/* The texts that gradc carries in itself; the table is made by embed.cmake. */
#ifndef GRADC_SUPPORT_EMBEDDED_H
#define GRADC_SUPPORT_EMBEDDED_H

#include <stddef.h>

typedef struct EmbeddedFile {
    const char *name; /* "prelude/layers.grad", "gr.h" */
    const char *text; /* NUL-terminated */
    size_t length;    /* without the NUL */
} EmbeddedFile;

extern const EmbeddedFile embedded_files[]; /* [embedded_file_count], sorted by name */
extern const int embedded_file_count;

const EmbeddedFile *embedded_file(const char *name); /* NULL: no such file */

#endif
