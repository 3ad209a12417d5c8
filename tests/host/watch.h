/* What the tests of progress, log and pictures share. */
#ifndef TESTS_HOST_WATCH_H
#define TESTS_HOST_WATCH_H

#include <stddef.h>

/* A path in a folder that is made anew for each test process. Static, overwritten by the call after next. */
const char *watch_path(const char *name);
/* The whole file with a NUL behind it, NULL if there is none. To be freed. */
char *watch_read(const char *path, size_t *length);
/* Files in the folder. */
int watch_count_files(void);
void watch_remove(void);

#endif
