/* The bytes of a data file, whether mapped, read from a pipe, or unpacked from gzip: one interface for the readers of
 * all formats. */
#ifndef GR_HOST_SOURCE_H
#define GR_HOST_SOURCE_H

#include "runtime/host/error.h"
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct gr_gzip;

typedef struct gr_source {
    const char *path;     /* the caller's, for messages */
    const uint8_t *bytes; /* the start of the file, as far as it is known; moves when gr_source_need reads more */
    size_t size;          /* bytes known so far */
    bool ended;           /* there are no more than those */

    int file; /* -1 when nothing is open */
    bool mapped;
    struct stat opened; /* size and time when it was opened */
    uint8_t *buffer;    /* owned, when not mapped */
    size_t capacity;
    struct gr_gzip *gzip; /* NULL: the file's bytes are the data */
} gr_source;

/* Opens a regular file, which is mapped, or a pipe, which is read; "-" is standard input. With `gzipped` the content
 * is unpacked. Must be closed unless it fails. */
bool gr_source_open(gr_source *source, const char *path, bool gzipped, gr_error *error);

/* Makes the first `size` bytes known, or all if there are fewer: look at source->size afterwards. Memory grows with the
 * bytes that are really there, whatever `size` promises. */
bool gr_source_need(gr_source *source, uint64_t size, gr_error *error);

/* False, with a message, if the file behind a mapping has another size or time than when it was opened. */
bool gr_source_check(const gr_source *source, gr_error *error);

/* Gives back what only reading needs; the known bytes stay. */
void gr_source_finish(gr_source *source);
void gr_source_close(gr_source *source);

/* Reads up to `size` bytes; fewer only at the end. Returns the count, or -1 with a message. */
ptrdiff_t gr_read_fully(int file, void *bytes, size_t size, const char *path, gr_error *error);

/* ---- gzip.c: several members in a row are one stream, as for gzip itself */

/* NULL with a message when out of memory, or when this was compiled without zlib. */
struct gr_gzip *gr_gzip_open(const char *path, gr_error *error);
/* As gr_read_fully, of the unpacked bytes. Lengths and checksums of members that were read whole are checked. */
ptrdiff_t gr_gzip_read(struct gr_gzip *gzip, int file, void *bytes, size_t size, gr_error *error);
void gr_gzip_close(struct gr_gzip *gzip);

#endif
