#include "runtime/host/zip.h"

#ifdef GR_HAVE_ZLIB
#include "runtime/host/replace.h"
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* What goes into headers, little endian. The largest is a directory's entry with its zip64 field. */
typedef struct gr_zip_record {
    uint8_t bytes[128];
    size_t size;
} gr_zip_record;

struct gr_zip_writer {
    char *path;
    gr_replacement *file;
    uint64_t place; /* bytes written */
    uint64_t count; /* members */
    uint8_t *directory;
    size_t directory_size, directory_room;
};

static void put(gr_zip_record *record, uint64_t value, int size) {
    for (int i = 0; i < size; i++)
        record->bytes[record->size++] = (uint8_t)(value >> (8 * i));
}

static void put_mark(gr_zip_record *record, int first, int second) {
    put(record, 'P' | 'K' << 8 | (uint64_t)first << 16 | (uint64_t)second << 24, 4);
}

/* What an entry and the member's own header have in common. `wide`: its lengths are in the zip64 field. */
static void put_description(gr_zip_record *record, bool wide, uint32_t crc, uint64_t size, size_t name,
                            size_t extra_size) {
    put(record, wide ? 45 : 20, 2); /* version of the format that readers need */
    put(record, 0x800, 2);          /* the name is UTF-8 */
    put(record, 0, 2);              /* stored */
    put(record, 0, 2);              /* 00:00:00 */
    put(record, 0x21, 2);           /* 1980-01-01 */
    put(record, crc, 4);
    put(record, wide ? UINT32_MAX : size, 4);
    put(record, wide ? UINT32_MAX : size, 4);
    put(record, name, 2);
    put(record, extra_size, 2);
}

static bool write_bytes(gr_zip_writer *writer, const void *bytes, size_t size, gr_error *error) {
    writer->place += size;
    return gr_replace_write(writer->file, bytes, size, error);
}

static bool keep_bytes(gr_zip_writer *writer, const void *bytes, size_t size, gr_error *error) {
    if (writer->directory_room - writer->directory_size < size) {
        const size_t room = 2 * (writer->directory_room + size) + 1024;
        uint8_t *larger = realloc(writer->directory, room);
        if (!larger) return gr_fail(error, "%s: out of memory", writer->path);
        writer->directory = larger;
        writer->directory_room = room;
    }
    memcpy(writer->directory + writer->directory_size, bytes, size);
    writer->directory_size += size;
    return true;
}

static bool keep_entry(gr_zip_writer *writer, const char *name, uint32_t crc, uint64_t size, uint64_t place,
                       gr_error *error) {
    const bool wide = size >= UINT32_MAX, far = place >= UINT32_MAX;
    const size_t length = strlen(name), extra = (wide ? 16U : 0U) + (far ? 8U : 0U);
    gr_zip_record entry = {.size = 0};
    put_mark(&entry, 1, 2);
    put(&entry, 45, 2); /* version of the format that we know */
    put_description(&entry, wide || far, crc, size, length, extra ? extra + 4 : 0);
    put(&entry, 0, 2); /* no comment */
    put(&entry, 0, 2); /* in this file */
    put(&entry, 0, 2);
    put(&entry, 0, 4);
    put(&entry, far ? UINT32_MAX : place, 4);
    gr_zip_record wider = {.size = 0};
    if (extra) {
        put(&wider, 1, 2);
        put(&wider, extra, 2);
        if (wide) put(&wider, size, 8);
        if (wide) put(&wider, size, 8);
        if (far) put(&wider, place, 8);
    }
    return keep_bytes(writer, entry.bytes, entry.size, error) && keep_bytes(writer, name, length, error) &&
           keep_bytes(writer, wider.bytes, wider.size, error);
}

static uint32_t sum(uint32_t crc, const uint8_t *bytes, size_t size) {
    uLong value = crc;
    while (size > 0) {
        const size_t part = size < 1 << 30 ? size : 1 << 30;
        value = crc32(value, bytes, (uInt)part);
        bytes += part;
        size -= part;
    }
    return (uint32_t)value;
}

bool gr_zip_add(gr_zip_writer *writer, const char *name, const void *head, size_t head_size, const void *body,
                size_t body_size, gr_error *error) {
    const uint64_t size = (uint64_t)head_size + body_size, place = writer->place;
    const bool wide = size >= UINT32_MAX;
    const size_t length = strlen(name);
    const uint32_t crc = sum(sum(0, head, head_size), body, body_size);
    if (length > 65535) return gr_fail(error, "%s: '%.100s...' is too long a name for .npz", writer->path, name);
    gr_zip_record header = {.size = 0}, wider = {.size = 0};
    put_mark(&header, 3, 4);
    put_description(&header, wide, crc, size, length, wide ? 20 : 0);
    if (wide) {
        put(&wider, 1, 2);
        put(&wider, 16, 2);
        put(&wider, size, 8);
        put(&wider, size, 8);
    }
    writer->count++;
    return write_bytes(writer, header.bytes, header.size, error) && write_bytes(writer, name, length, error) &&
           write_bytes(writer, wider.bytes, wider.size, error) && write_bytes(writer, head, head_size, error) &&
           write_bytes(writer, body, body_size, error) && keep_entry(writer, name, crc, size, place, error);
}

static void destroy(gr_zip_writer *writer) {
    free(writer->path);
    free(writer->directory);
    free(writer);
}

gr_zip_writer *gr_zip_begin(const char *path, gr_error *error) {
    gr_zip_writer *writer = calloc(1, sizeof *writer);
    if (writer) writer->path = strdup(path);
    if (!writer || !writer->path) {
        free(writer);
        gr_fail(error, "%s: out of memory", path);
        return NULL;
    }
    writer->file = gr_replace_begin(path, error);
    if (writer->file) return writer;
    destroy(writer);
    return NULL;
}

/* The end of the file; beyond what 16 and 32 bits hold, with another one before it. */
static gr_zip_record make_end(const gr_zip_writer *writer, uint64_t directory) {
    const uint64_t size = writer->directory_size, count = writer->count;
    const bool large = count >= 0xffff || size >= UINT32_MAX || directory >= UINT32_MAX;
    gr_zip_record end = {.size = 0};
    if (large) {
        put_mark(&end, 6, 6);
        put(&end, 44, 8); /* bytes of this record behind here */
        put(&end, 45, 2);
        put(&end, 45, 2);
        put(&end, 0, 8); /* of one file */
        put(&end, count, 8);
        put(&end, count, 8);
        put(&end, size, 8);
        put(&end, directory, 8);
        put_mark(&end, 6, 7);
        put(&end, 0, 4);
        put(&end, directory + size, 8);
        put(&end, 1, 4);
    }
    put_mark(&end, 5, 6);
    put(&end, 0, 4);
    put(&end, large ? 0xffff : count, 2);
    put(&end, large ? 0xffff : count, 2);
    put(&end, large ? UINT32_MAX : size, 4);
    put(&end, large ? UINT32_MAX : directory, 4);
    put(&end, 0, 2);
    return end;
}

bool gr_zip_commit(gr_zip_writer *writer, gr_error *error) {
    const gr_zip_record end = make_end(writer, writer->place);
    const bool written = write_bytes(writer, writer->directory, writer->directory_size, error) &&
                         write_bytes(writer, end.bytes, end.size, error);
    if (!written) {
        gr_zip_cancel(writer);
        return false;
    }
    const bool done = gr_replace_commit(writer->file, error);
    destroy(writer);
    return done;
}

void gr_zip_cancel(gr_zip_writer *writer) {
    gr_replace_cancel(writer->file);
    destroy(writer);
}

#else

gr_zip_writer *gr_zip_begin(const char *path, gr_error *error) {
    gr_fail(error, "%s: .npz is not supported: this was compiled without zlib", path);
    return NULL;
}

bool gr_zip_add(gr_zip_writer *writer, const char *name, const void *head, size_t head_size, const void *body,
                size_t body_size, gr_error *error) {
    (void)writer, (void)name, (void)head, (void)head_size, (void)body, (void)body_size, (void)error;
    return false;
}

bool gr_zip_commit(gr_zip_writer *writer, gr_error *error) {
    (void)writer, (void)error;
    return false;
}

void gr_zip_cancel(gr_zip_writer *writer) {
    (void)writer;
}

#endif
