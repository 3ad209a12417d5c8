#include "runtime/host/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool check_kind(int descriptor, const char *path, uint64_t *size, gr_error *error) {
    struct stat status;
    if (fstat(descriptor, &status) != 0) return gr_fail_errno(error, path, "cannot be read", errno);
    if (!S_ISREG(status.st_mode))
        return gr_fail(error, "%s: is %s", path, S_ISDIR(status.st_mode) ? "a directory" : "no regular file");
    if (status.st_size == 0) return gr_fail(error, "%s: is empty", path);
    *size = (uint64_t)status.st_size;
    return true;
}

int gr_file_open(const char *path, uint64_t *size, gr_error *error) {
    const int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a FIFO must not make us wait */
    if (descriptor < 0) {
        gr_fail_errno(error, path, "cannot be opened", errno);
        return -1;
    }
    if (check_kind(descriptor, path, size, error)) return descriptor;
    close(descriptor);
    return -1;
}

bool gr_file_read(int descriptor, const char *path, uint64_t offset, void *bytes, uint64_t size, gr_error *error) {
    uint8_t *out = bytes;
    while (size > 0) {
        const size_t part = size < 1 << 30 ? (size_t)size : 1 << 30;
        const ssize_t got = pread(descriptor, out, part, (off_t)offset);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return gr_fail_errno(error, path, "cannot be read", errno);
        if (got == 0) return gr_fail(error, "%s: is cut short", path);
        out += got;
        offset += (uint64_t)got;
        size -= (uint64_t)got;
    }
    return true;
}
