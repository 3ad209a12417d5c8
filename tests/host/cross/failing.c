/* malloc, calloc and realloc that fail at the call FAIL_AT, and with FAIL_ON at all later ones; linked by --wrap. */
#include <stdlib.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static int fails(void) {
    static long calls;
    const char *at = getenv("FAIL_AT");
    const long wanted = at ? strtol(at, NULL, 10) : 0;
    calls++;
    return wanted > 0 && (calls == wanted || (calls > wanted && getenv("FAIL_ON") != NULL));
}

void *__wrap_malloc(size_t size) {
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size) {
    return fails() ? NULL : __real_realloc(old, size);
}
