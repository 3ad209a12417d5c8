/* Regular files that are read at places of the reader's choice. Part of the host half of gradc's runtime. */
#ifndef GR_HOST_FILE_H
#define GR_HOST_FILE_H

#include "runtime/host/error.h"
#include <stddef.h>
#include <stdint.h>

/* Opens a file that is there and not empty, and tells its bytes; what is no regular file is refused, and never waited
 * for. The descriptor, or -1 with a message. */
int gr_file_open(const char *path, uint64_t *size, gr_error *error);

/* Reads all `size` bytes from `offset` on. False, with a message, if the disk fails or the file is too short. */
bool gr_file_read(int descriptor, const char *path, uint64_t offset, void *bytes, uint64_t size, gr_error *error);

#endif
