#define _DEFAULT_SOURCE /* madvise */
#include "runtime/host/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static bool open_file(gr_source *source, gr_error *error) {
    if (strcmp(source->path, "-") == 0) {
        source->path = "standard input";
        source->file = STDIN_FILENO;
        return true;
    }
    source->file = open(source->path, O_RDONLY | O_CLOEXEC);
    if (source->file < 0) return gr_fail_errno(error, source->path, "cannot be opened", errno);
    if (fstat(source->file, &source->opened) != 0) return gr_fail_errno(error, source->path, "cannot be read", errno);
    if (S_ISDIR(source->opened.st_mode)) {
        return gr_fail(error, "%s: is a directory; name a data file in it", source->path);
    }
    if (!S_ISREG(source->opened.st_mode) && !S_ISFIFO(source->opened.st_mode)) {
        return gr_fail(error, "%s: is neither a file nor a pipe", source->path);
    }
    return true;
}

static bool map_file(gr_source *source, gr_error *error) {
    const off_t length = source->opened.st_size;
    source->mapped = true;
    source->ended = true;
    source->bytes = (const uint8_t *)"";
    if (length == 0) return true;
    if ((uint64_t)length > SIZE_MAX / 2) return gr_fail(error, "%s: is too large for this machine", source->path);
    void *bytes = mmap(NULL, (size_t)length, PROT_READ, MAP_SHARED, source->file, 0);
    if (bytes == MAP_FAILED) return gr_fail_errno(error, source->path, "cannot be mapped", errno);
    source->bytes = bytes;
    source->size = (size_t)length;
    return true;
}

bool gr_source_open(gr_source *source, const char *path, bool gzipped, gr_error *error) {
    *source = (gr_source){.path = path, .file = -1, .bytes = (const uint8_t *)""};
    bool done = open_file(source, error);
    if (done && gzipped) {
        source->gzip = gr_gzip_open(source->path, error);
        done = source->gzip != NULL;
    } else if (done && S_ISREG(source->opened.st_mode)) {
        done = map_file(source, error);
    }
    if (!done) gr_source_close(source);
    return done;
}

enum { LARGE = 4 << 20 };

/* Rows are read in shuffled order: with small pages each would wait for its page's address. */
static void ask_for_large_pages(uint8_t *buffer, size_t capacity) {
#ifdef MADV_HUGEPAGE
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), begin = ((uintptr_t)buffer + page - 1) / page * page;
    if (capacity >= LARGE) madvise((void *)begin, capacity - (begin - (uintptr_t)buffer), MADV_HUGEPAGE);
#else
    (void)buffer, (void)capacity;
#endif
}

static bool grow(gr_source *source, size_t capacity, gr_error *error) {
    uint8_t *buffer = realloc(source->buffer, capacity);
    if (buffer == NULL) {
        return gr_fail(error, "%s: memory is exhausted at %zu bytes of it", source->path, source->size);
    }
    ask_for_large_pages(buffer, capacity);
    source->bytes = source->buffer = buffer;
    source->capacity = capacity;
    return true;
}

/* The next capacity towards `size`: at most twice of what is already full, so that a promise alone costs nothing. */
static size_t next_capacity(const gr_source *source, uint64_t size) {
    uint64_t capacity = source->capacity < 65536 ? 65536 : (uint64_t)source->capacity * 2;
    if (capacity > size) capacity = size;
    return capacity > SIZE_MAX / 2 ? SIZE_MAX / 2 : (size_t)capacity;
}

bool gr_source_need(gr_source *source, uint64_t size, gr_error *error) {
    while (!source->ended && source->size < size) {
        if (source->size == source->capacity && !grow(source, next_capacity(source, size), error)) return false;
        uint8_t *end = source->buffer + source->size;
        const size_t room = source->capacity - source->size;
        const ptrdiff_t count = source->gzip != NULL ? gr_gzip_read(source->gzip, source->file, end, room, error)
                                                     : gr_read_fully(source->file, end, room, source->path, error);
        if (count < 0) return false;
        source->size += (size_t)count;
        source->ended = (size_t)count < room;
    }
    return true;
}

ptrdiff_t gr_read_fully(int file, void *bytes, size_t size, const char *path, gr_error *error) {
    size_t done = 0;
    while (done < size) {
        /* In pieces, since what read() does with more than SSIZE_MAX is the system's choice. */
        const size_t piece = size - done < 1 << 30 ? size - done : 1 << 30;
        const ssize_t count = read(file, (uint8_t *)bytes + done, piece);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) {
            gr_fail_errno(error, path, "cannot be read", errno);
            return -1;
        }
        if (count == 0) break;
        done += (size_t)count;
    }
    return (ptrdiff_t)done;
}

bool gr_source_check(const gr_source *source, gr_error *error) {
    struct stat now;
    if (!source->mapped || source->size == 0) return true;
    if (fstat(source->file, &now) != 0) return gr_fail_errno(error, source->path, "cannot be read", errno);
    if (now.st_size != source->opened.st_size) {
        return gr_fail(error, "%s: was changed while it was read: %lld bytes, and %lld when it was opened",
                       source->path, (long long)now.st_size, (long long)source->opened.st_size);
    }
    if (now.st_mtim.tv_sec != source->opened.st_mtim.tv_sec || now.st_mtim.tv_nsec != source->opened.st_mtim.tv_nsec) {
        return gr_fail(error, "%s: was written to while it was read", source->path);
    }
    return true;
}

void gr_source_finish(gr_source *source) {
    if (source->mapped) return; /* the file stays open for gr_source_check */
    if (source->gzip != NULL) gr_gzip_close(source->gzip);
    source->gzip = NULL;
    if (source->file > STDIN_FILENO) close(source->file);
    source->file = -1;
    uint8_t *fitted = source->size > 0 ? realloc(source->buffer, source->size) : NULL;
    if (fitted != NULL) source->bytes = source->buffer = fitted;
}

void gr_source_close(gr_source *source) {
    if (source->mapped && source->size > 0) munmap((void *)(uintptr_t)source->bytes, source->size);
    if (source->gzip != NULL) gr_gzip_close(source->gzip);
    if (source->file > STDIN_FILENO) close(source->file);
    free(source->buffer);
    *source = (gr_source){.file = -1, .bytes = (const uint8_t *)""};
}
