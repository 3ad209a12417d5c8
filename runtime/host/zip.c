#include "runtime/host/zip.h"

#ifdef GR_HAVE_ZLIB
#include "runtime/host/file.h"
#include "runtime/host/json.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { END_SIZE = 22, END64_SIZE = 56, LOCATOR_SIZE = 20, ENTRY_SIZE = 46, LOCAL_SIZE = 30, MAX_COMMENT = 65535 };
enum { MAX_RATIO = 1032 /* of deflate: 258 bytes in two bits */, MAX_DIRECTORY = 100000000 };

struct gr_zip {
    char *path;
    int descriptor;
    uint64_t size;                                        /* of the file */
    uint64_t directory_at, directory_size, promised, end; /* `promised` members; `end`: where the directory must end */
    uint8_t *directory;                                   /* [directory_size] */
    char *names;                                          /* of all members, each ended by a zero byte */
    gr_zip_member *members;                               /* [count] */
    size_t count;
};

static uint64_t number(const uint8_t *bytes, int size) {
    uint64_t value = 0;
    for (int i = 0; i < size; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

static bool is_mark(const uint8_t *bytes, char first, char second) {
    return bytes[0] == 'P' && bytes[1] == 'K' && bytes[2] == (uint8_t)first && bytes[3] == (uint8_t)second;
}

static bool damaged(const gr_zip *zip, const char *what, gr_error *error) {
    return gr_fail(error, "%s: is a damaged zip archive: %s", zip->path, what);
}

static bool read_at(const gr_zip *zip, uint64_t offset, void *bytes, uint64_t size, gr_error *error) {
    return gr_file_read(zip->descriptor, zip->path, offset, bytes, size, error);
}

/* ---- the end of the file says where the directory is */

/* Beyond 4 GB: a locator before the end, which points to another end. */
static bool read_end64(gr_zip *zip, uint64_t end, gr_error *error) {
    uint8_t locator[LOCATOR_SIZE], record[END64_SIZE];
    if (end < LOCATOR_SIZE + END64_SIZE) return damaged(zip, "its zip64 record is missing", error);
    if (!read_at(zip, end - LOCATOR_SIZE, locator, LOCATOR_SIZE, error)) return false;
    const uint64_t place = number(locator + 8, 8);
    if (!is_mark(locator, 6, 7) || place > end - LOCATOR_SIZE - END64_SIZE)
        return damaged(zip, "its zip64 record is missing", error);
    if (!read_at(zip, place, record, END64_SIZE, error)) return false;
    if (!is_mark(record, 6, 6)) return damaged(zip, "its zip64 record is missing", error);
    zip->promised = number(record + 32, 8);
    zip->directory_size = number(record + 40, 8);
    zip->directory_at = number(record + 48, 8);
    zip->end = place;
    return true;
}

static bool read_end(gr_zip *zip, const uint8_t *record, uint64_t place, gr_error *error) {
    if (number(record + 4, 2) != number(record + 6, 2))
        return gr_fail(error, "%s: is one part of a zip archive in several files", zip->path);
    zip->promised = number(record + 10, 2);
    zip->directory_size = number(record + 12, 4);
    zip->directory_at = number(record + 16, 4);
    zip->end = place;
    const bool large = zip->promised == 0xffff || zip->directory_size == UINT32_MAX || zip->directory_at == UINT32_MAX;
    if (large && !read_end64(zip, place, error)) return false;
    if (zip->directory_at > zip->end || zip->directory_size != zip->end - zip->directory_at)
        return damaged(zip, "its directory is not where its end says", error);
    if (zip->directory_size > MAX_DIRECTORY) return damaged(zip, "its directory is beyond all bounds", error);
    return zip->promised <= zip->directory_size / ENTRY_SIZE ||
           damaged(zip, "its directory is shorter than its members need", error);
}

/* The end is the last thing in the file but for a comment. */
static bool find_end(gr_zip *zip, gr_error *error) {
    uint8_t first[4] = {0};
    const uint64_t tail = zip->size < END_SIZE + MAX_COMMENT ? zip->size : END_SIZE + MAX_COMMENT;
    if (!read_at(zip, 0, first, zip->size < 4 ? zip->size : 4, error)) return false;
    if (!is_mark(first, 3, 4) && !is_mark(first, 5, 6))
        return gr_fail(error, "%s: is no .npz file: it does not begin as zip archives do", zip->path);
    uint8_t *bytes = malloc((size_t)tail);
    if (!bytes) return gr_fail(error, "%s: out of memory", zip->path);
    bool done = read_at(zip, zip->size - tail, bytes, tail, error), found = false;
    for (uint64_t at = tail; done && !found && at >= END_SIZE; at--) {
        const uint8_t *record = bytes + at - END_SIZE;
        found = is_mark(record, 5, 6) && number(record + 20, 2) == tail - at;
        if (found) done = read_end(zip, record, zip->size - tail + at - END_SIZE, error);
    }
    if (done && !found)
        done = gr_fail(error, "%s: is cut short, or damaged: the directory at the end of every zip archive is missing",
                       zip->path);
    free(bytes);
    return done;
}

/* ---- the directory */

/* Numbers that do not fit 32 bits stand in an extra field, in this order. */
static bool read_extra(const gr_zip *zip, gr_zip_member *member, const uint8_t *extra, uint64_t left, gr_error *error) {
    uint64_t *const wide[] = {&member->size, &member->packed, &member->place};
    while (left >= 4) {
        const uint64_t kind = number(extra, 2), length = number(extra + 2, 2);
        if (length > left - 4) return damaged(zip, "an extra field is longer than all of them", error);
        uint64_t used = 4;
        for (size_t w = 0; kind == 1 && w < 3; w++) {
            if (*wide[w] != UINT32_MAX) continue;
            if (used + 8 > 4 + length) return damaged(zip, "a zip64 number is missing", error);
            *wide[w] = number(extra + used, 8);
            used += 8;
        }
        extra += 4 + length;
        left -= 4 + length;
    }
    return true;
}

static bool check_name(const gr_zip *zip, const uint8_t *name, uint64_t length, gr_error *error) {
    const uint8_t *end = name + length;
    while (name < end) {
        const size_t size = gr_utf8_size(name, (const char *)end);
        if (size == 0) return gr_fail(error, "%s: a member's name is no UTF-8 text", zip->path);
        name += size;
    }
    return true;
}

static bool check_member(const gr_zip *zip, const gr_zip_member *member, unsigned flags, unsigned method,
                         gr_error *error) {
    if (flags & 0x2041) return gr_fail(error, "%s: '%.100s' is encrypted", zip->path, member->name);
    if (method != 0 && method != 8)
        return gr_fail(error, "%s: '%.100s' is packed by method %u; NumPy stores (0) or deflates (8)", zip->path,
                       member->name, method);
    const bool fits = member->deflated ? member->size / MAX_RATIO <= member->packed : member->size == member->packed;
    if (!fits || member->place > zip->directory_at || member->packed > zip->directory_at - member->place)
        return gr_fail(error, "%s: '%.100s' has lengths that cannot be", zip->path, member->name);
    return true;
}

/* One entry at `at`, its name copied to *names. */
static bool read_entry(gr_zip *zip, uint64_t *at, char **names, gr_error *error) {
    const uint8_t *entry = zip->directory + *at;
    if (zip->directory_size - *at < ENTRY_SIZE || !is_mark(entry, 1, 2))
        return damaged(zip, "an entry of its directory is none", error);
    const uint64_t name = number(entry + 28, 2), extra = number(entry + 30, 2), comment = number(entry + 32, 2);
    if (zip->directory_size - *at - ENTRY_SIZE < name + extra + comment)
        return damaged(zip, "an entry of its directory is longer than it", error);
    if (!check_name(zip, entry + ENTRY_SIZE, name, error)) return false;
    gr_zip_member member = {.name = *names,
                            .size = number(entry + 24, 4),
                            .packed = number(entry + 20, 4),
                            .place = number(entry + 42, 4),
                            .crc = (uint32_t)number(entry + 16, 4),
                            .deflated = number(entry + 10, 2) == 8};
    memcpy(*names, entry + ENTRY_SIZE, (size_t)name);
    (*names)[name] = 0;
    *names += name + 1;
    if (!read_extra(zip, &member, entry + ENTRY_SIZE + name, extra, error) ||
        !check_member(zip, &member, (unsigned)number(entry + 8, 2), (unsigned)number(entry + 10, 2), error))
        return false;
    zip->members[zip->count++] = member;
    *at += ENTRY_SIZE + name + extra + comment;
    return true;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool check_duplicates(const gr_zip *zip, gr_error *error) {
    const char **names = malloc((zip->count + 1) * sizeof *names);
    bool done = names != NULL || gr_fail(error, "%s: out of memory", zip->path);
    for (size_t m = 0; done && m < zip->count; m++)
        names[m] = zip->members[m].name;
    if (done) qsort(names, zip->count, sizeof *names, compare_names);
    for (size_t m = 1; done && m < zip->count; m++) {
        if (strcmp(names[m - 1], names[m]) == 0) done = gr_fail(error, "%s: has '%.100s' twice", zip->path, names[m]);
    }
    free(names);
    return done;
}

static bool read_directory(gr_zip *zip, gr_error *error) {
    zip->directory = malloc((size_t)zip->directory_size + 1);
    zip->names = malloc((size_t)zip->directory_size + 1); /* an entry is longer than its name */
    zip->members = malloc((size_t)(zip->promised + 1) * sizeof *zip->members);
    if (!zip->directory || !zip->names || !zip->members) return gr_fail(error, "%s: out of memory", zip->path);
    if (!read_at(zip, zip->directory_at, zip->directory, zip->directory_size, error)) return false;
    char *names = zip->names;
    uint64_t at = 0, packed = 0;
    while (zip->count < zip->promised) {
        if (!read_entry(zip, &at, &names, error)) return false;
        packed += zip->members[zip->count - 1].packed;
        if (packed > zip->directory_at) return damaged(zip, "its members overlap", error);
    }
    if (at != zip->directory_size) return damaged(zip, "its directory has more than its members", error);
    return check_duplicates(zip, error);
}

gr_zip *gr_zip_open(const char *path, gr_error *error) {
    gr_zip *zip = calloc(1, sizeof *zip);
    if (zip) zip->path = strdup(path);
    if (!zip || !zip->path) {
        free(zip);
        gr_fail(error, "%s: out of memory", path);
        return NULL;
    }
    zip->descriptor = gr_file_open(path, &zip->size, error);
    if (zip->descriptor >= 0 && find_end(zip, error) && read_directory(zip, error)) return zip;
    gr_zip_close(zip);
    return NULL;
}

void gr_zip_close(gr_zip *zip) {
    if (!zip) return;
    if (zip->descriptor >= 0) close(zip->descriptor);
    free(zip->path);
    free(zip->directory);
    free(zip->names);
    free(zip->members);
    free(zip);
}

const gr_zip_member *gr_zip_members(const gr_zip *zip, size_t *count) {
    *count = zip->count;
    return zip->members;
}

/* ---- members */

/* Where the member's data begin: behind its own header, which repeats the name. */
static bool find_data(const gr_zip *zip, const gr_zip_member *member, uint64_t *begin, gr_error *error) {
    uint8_t header[LOCAL_SIZE];
    if (zip->directory_at - member->place < LOCAL_SIZE || !read_at(zip, member->place, header, LOCAL_SIZE, error))
        return damaged(zip, "a member has no header", error);
    *begin = member->place + LOCAL_SIZE + number(header + 26, 2) + number(header + 28, 2);
    if (!is_mark(header, 3, 4) || *begin > zip->directory_at || member->packed > zip->directory_at - *begin)
        return gr_fail(error, "%s: '%.100s' is not where its directory says", zip->path, member->name);
    return true;
}

/* Unpacks from `at` on. Whole members end exactly with their packed bytes. */
static bool unpack(const gr_zip *zip, const gr_zip_member *member, uint64_t at, uint8_t *out, size_t size,
                   z_stream *stream, gr_error *error) {
    uint8_t input[65536];
    uint64_t left = member->packed;
    size_t done = 0;
    int result = Z_OK;
    while (result == Z_OK && (done < size || size == member->size)) {
        if (stream->avail_in == 0 && left > 0) {
            const size_t part = left < sizeof input ? (size_t)left : sizeof input;
            if (!read_at(zip, at, input, part, error)) return false;
            at += part;
            left -= part;
            stream->next_in = input;
            stream->avail_in = (uInt)part;
        }
        const uInt room = size - done < UINT_MAX ? (uInt)(size - done) : UINT_MAX;
        uint8_t none;
        stream->next_out = room > 0 ? out + done : &none;
        stream->avail_out = room;
        result = inflate(stream, Z_NO_FLUSH);
        done += room - stream->avail_out;
    }
    if (result == Z_MEM_ERROR) return gr_fail(error, "%s: out of memory", zip->path);
    const bool ended = result == Z_STREAM_END && left == 0 && stream->avail_in == 0;
    if (done < size || (size == member->size && !ended))
        return gr_fail(error, "%s: '%.100s' is damaged: %s", zip->path, member->name,
                       result == Z_DATA_ERROR && stream->msg ? stream->msg : "its packed bytes have another length");
    return true;
}

static bool check_sum(const gr_zip *zip, const gr_zip_member *member, const uint8_t *bytes, gr_error *error) {
    uLong crc = crc32(0, NULL, 0);
    for (uint64_t at = 0; at < member->size;) {
        const uint64_t part = member->size - at < 1 << 30 ? member->size - at : 1 << 30;
        crc = crc32(crc, bytes + at, (uInt)part);
        at += part;
    }
    return crc == member->crc ||
           gr_fail(error, "%s: '%.100s' is damaged: its checksum is another", zip->path, member->name);
}

bool gr_zip_read(const gr_zip *zip, const gr_zip_member *member, void *bytes, size_t size, gr_error *error) {
    uint64_t begin = 0;
    if (!find_data(zip, member, &begin, error)) return false;
    if (!member->deflated) {
        if (!read_at(zip, begin, bytes, size, error)) return false;
    } else {
        z_stream stream = {0};
        if (inflateInit2(&stream, -15) != Z_OK) return gr_fail(error, "%s: out of memory", zip->path);
        const bool done = unpack(zip, member, begin, bytes, size, &stream, error);
        inflateEnd(&stream);
        if (!done) return false;
    }
    return size < member->size || check_sum(zip, member, bytes, error);
}

#else

gr_zip *gr_zip_open(const char *path, gr_error *error) {
    gr_fail(error, "%s: .npz is not supported: this was compiled without zlib", path);
    return NULL;
}

void gr_zip_close(gr_zip *zip) {
    (void)zip;
}

const gr_zip_member *gr_zip_members(const gr_zip *zip, size_t *count) {
    (void)zip;
    *count = 0;
    return NULL;
}

bool gr_zip_read(const gr_zip *zip, const gr_zip_member *member, void *bytes, size_t size, gr_error *error) {
    (void)zip, (void)member, (void)bytes, (void)size, (void)error;
    return false;
}

#endif
