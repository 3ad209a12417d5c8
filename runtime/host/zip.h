/* Zip archives as NumPy writes them (.npz): members that are stored or deflated, by PKWARE's APPNOTE, also beyond 4 GB
 * (zip64). The reader goes by the directory at the end and is strict; the writer stores. Without zlib both refuse.
 * Part of the host half of gradc's runtime. */
#ifndef GR_HOST_ZIP_H
#define GR_HOST_ZIP_H

#include "runtime/host/error.h"
#include <stddef.h>
#include <stdint.h>

typedef struct gr_zip_member {
    const char *name;      /* UTF-8 without control characters; no two are equal */
    uint64_t size, packed; /* bytes, and how many they take in the file */
    uint64_t place;        /* of its own header in the file */
    uint32_t crc;
    bool deflated;
} gr_zip_member;

typedef struct gr_zip gr_zip;

/* Opens an archive and reads its directory. NULL, with a message, if it is none or holds what cannot be read. */
gr_zip *gr_zip_open(const char *path, gr_error *error);
void gr_zip_close(gr_zip *zip);
const gr_zip_member *gr_zip_members(const gr_zip *zip, size_t *count); /* in the order of the directory */

/* Reads a member's first `size` bytes, at most member->size; of all of them the checksum is checked. */
bool gr_zip_read(const gr_zip *zip, const gr_zip_member *member, void *bytes, size_t size, gr_error *error);

/* Writes an archive whole or not at all (replace.h). Equal members give equal bytes: all are of 1 January 1980. A
 * member is head and body, one behind the other. After a failure only cancel may follow. */
typedef struct gr_zip_writer gr_zip_writer;
gr_zip_writer *gr_zip_begin(const char *path, gr_error *error);
bool gr_zip_add(gr_zip_writer *writer, const char *name, const void *head, size_t head_size, const void *body,
                size_t body_size, gr_error *error);
bool gr_zip_commit(gr_zip_writer *writer, gr_error *error);
void gr_zip_cancel(gr_zip_writer *writer);

#endif
