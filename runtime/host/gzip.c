#include "runtime/host/source.h"

#ifdef GR_HAVE_ZLIB
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

struct gr_gzip {
    z_stream stream;
    const char *path;
    bool in_member; /* a member was begun and has not ended; true before the first, so that an empty file is one cut
                       short */
    bool between;   /* one has ended: the next byte begins another */
    uint8_t input[65536];
};

struct gr_gzip *gr_gzip_open(const char *path, gr_error *error) {
    struct gr_gzip *gzip = calloc(1, sizeof *gzip);
    if (gzip != NULL && inflateInit2(&gzip->stream, 15 + 16) == Z_OK) { /* the largest window, gzip's wrapping only */
        gzip->path = path;
        gzip->in_member = true;
        return gzip;
    }
    free(gzip);
    gr_fail(error, "%s: memory is exhausted", path);
    return NULL;
}

/* Fills the input. 1: there is some; 0: the file has ended where it may; -1: it may not, or cannot be read. */
static int refill(struct gr_gzip *gzip, int file, gr_error *error) {
    const ptrdiff_t count = gr_read_fully(file, gzip->input, sizeof gzip->input, gzip->path, error);
    if (count < 0) return -1;
    gzip->stream.next_in = gzip->input;
    gzip->stream.avail_in = (uInt)count;
    if (count > 0) return 1;
    if (!gzip->in_member) return 0;
    if (gzip->stream.total_in == 0) {
        gr_fail(error, "%s: is empty", gzip->path);
    } else {
        gr_fail(error, "%s: is cut short: its gzip stream ends after %lu unpacked bytes", gzip->path,
                gzip->stream.total_out);
    }
    return -1;
}

/* One call of inflate. */
static bool unpack(struct gr_gzip *gzip, gr_error *error) {
    if (gzip->between) inflateReset(&gzip->stream);
    gzip->between = false;
    gzip->in_member = true;
    const int result = inflate(&gzip->stream, Z_NO_FLUSH);
    if (result == Z_STREAM_END) {
        gzip->in_member = false;
        gzip->between = true;
        return true;
    }
    if (result == Z_OK || result == Z_BUF_ERROR) return true;
    if (result == Z_MEM_ERROR) return gr_fail(error, "%s: memory is exhausted", gzip->path);
    return gr_fail(error, "%s: is not gzip, or damaged: %s", gzip->path,
                   gzip->stream.msg ? gzip->stream.msg : "it needs a dictionary");
}

ptrdiff_t gr_gzip_read(struct gr_gzip *gzip, int file, void *bytes, size_t size, gr_error *error) {
    size_t done = 0;
    while (done < size) {
        if (gzip->stream.avail_in == 0) {
            const int filled = refill(gzip, file, error);
            if (filled < 0) return -1;
            if (filled == 0) break;
        }
        const size_t room = size - done < UINT_MAX ? size - done : UINT_MAX;
        gzip->stream.next_out = (uint8_t *)bytes + done;
        gzip->stream.avail_out = (uInt)room;
        if (!unpack(gzip, error)) return -1;
        done += room - gzip->stream.avail_out;
    }
    return (ptrdiff_t)done;
}

void gr_gzip_close(struct gr_gzip *gzip) {
    inflateEnd(&gzip->stream);
    free(gzip);
}

#else

struct gr_gzip *gr_gzip_open(const char *path, gr_error *error) {
    gr_fail(error, "%s: gzip is not supported: this was compiled without zlib; unpack it with gzip -d", path);
    return NULL;
}

ptrdiff_t gr_gzip_read(struct gr_gzip *gzip, int file, void *bytes, size_t size, gr_error *error) {
    (void)gzip, (void)file, (void)bytes, (void)size, (void)error;
    return -1;
}

void gr_gzip_close(struct gr_gzip *gzip) {
    (void)gzip;
}

#endif
