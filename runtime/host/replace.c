#define _XOPEN_SOURCE 700 /* realpath */
#include "runtime/host/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct gr_replacement {
    char *path, *temporary;
    int descriptor;
};

static void destroy(gr_replacement *replacement) {
    if (replacement->descriptor >= 0) close(replacement->descriptor);
    free(replacement->path);
    free(replacement->temporary);
    free(replacement);
}

/* Where the file is to be: behind a link its target, which must exist. NULL and errno on failure. */
static char *destination(const char *path, bool *special) {
    struct stat status;
    *special = false;
    if (lstat(path, &status) != 0) return errno == ENOENT ? strdup(path) : NULL;
    char *target = S_ISLNK(status.st_mode) ? realpath(path, NULL) : strdup(path);
    if (!target || stat(target, &status) != 0) {
        free(target);
        return NULL;
    }
    *special = !S_ISREG(status.st_mode);
    return target;
}

gr_replacement *gr_replace_begin(const char *path, gr_error *error) {
    bool special = false;
    gr_replacement *replacement = calloc(1, sizeof *replacement);
    if (!replacement) {
        gr_fail(error, "%s: out of memory", path);
        return NULL;
    }
    replacement->descriptor = -1;
    replacement->path = destination(path, &special);
    if (!replacement->path || special) {
        if (special) {
            gr_fail(error, "%s: cannot be written: it is no regular file", path);
        } else {
            gr_fail_errno(error, path, "cannot be written", errno);
        }
        destroy(replacement);
        return NULL;
    }
    const size_t size = strlen(replacement->path) + 40;
    replacement->temporary = malloc(size);
    if (replacement->temporary) {
        snprintf(replacement->temporary, size, "%s.%ld.tmp", replacement->path, (long)getpid());
        unlink(replacement->temporary); /* of a process that was killed and had our number */
        replacement->descriptor = open(replacement->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    }
    if (replacement->descriptor < 0) {
        if (!replacement->temporary)
            gr_fail(error, "%s: out of memory", path);
        else
            gr_fail_errno(error, path, "cannot be written", errno);
        destroy(replacement);
        return NULL;
    }
    return replacement;
}

bool gr_replace_write(gr_replacement *replacement, const void *bytes, size_t size, gr_error *error) {
    const char *at = bytes;
    while (size > 0) {
        const ssize_t done = write(replacement->descriptor, at, size < 1 << 30 ? size : 1 << 30);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) return gr_fail_errno(error, replacement->path, "cannot be written", done < 0 ? errno : ENOSPC);
        at += done;
        size -= (size_t)done;
    }
    return true;
}

/* The directory's entry is on the disk. File systems that cannot sync a directory are believed. */
static void sync_directory(const char *path) {
    char *folder = strdup(path);
    if (!folder) return;
    char *slash = strrchr(folder, '/');
    if (slash) slash[slash == folder] = 0;
    const int descriptor = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor >= 0) {
        fsync(descriptor);
        close(descriptor);
    }
    free(folder);
}

bool gr_replace_commit(gr_replacement *replacement, gr_error *error) {
    bool done = fsync(replacement->descriptor) == 0 || errno == EINVAL;
    const int synced = errno, closed = close(replacement->descriptor);
    replacement->descriptor = -1;
    if (!done) {
        gr_fail_errno(error, replacement->path, "cannot be written", synced);
    } else if (closed != 0 || rename(replacement->temporary, replacement->path) != 0) {
        done = gr_fail_errno(error, replacement->path, "cannot be written", errno);
    }
    if (done) {
        sync_directory(replacement->path);
        destroy(replacement);
    } else {
        gr_replace_cancel(replacement);
    }
    return done;
}

void gr_replace_cancel(gr_replacement *replacement) {
    unlink(replacement->temporary);
    destroy(replacement);
}
