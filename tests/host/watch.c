#define _POSIX_C_SOURCE 200809L
#include "tests/host/watch.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];

const char *watch_path(const char *name) {
    static char paths[2][256];
    static int turn;
    if (folder[0] == '\0') {
        strcpy(folder, "/tmp/gradc-watch-XXXXXX");
        if (mkdtemp(folder) == NULL) abort();
        atexit(watch_remove);
    }
    turn = !turn;
    snprintf(paths[turn], sizeof paths[turn], "%s/%s", folder, name);
    return paths[turn];
}

char *watch_read(const char *path, size_t *length) {
    FILE *const file = fopen(path, "rb");
    if (file == NULL) return NULL;
    fseek(file, 0, SEEK_END);
    const size_t size = (size_t)ftell(file);
    rewind(file);
    char *const bytes = malloc(size + 1);
    if (fread(bytes, 1, size, file) != size) abort();
    fclose(file);
    bytes[size] = '\0';
    if (length != NULL) *length = size;
    return bytes;
}

int watch_count_files(void) {
    DIR *const entries = opendir(folder);
    int count = 0;
    for (const struct dirent *entry; entries != NULL && (entry = readdir(entries)) != NULL;)
        count += entry->d_name[0] != '.';
    if (entries != NULL) closedir(entries);
    return count;
}

void watch_remove(void) {
    if (folder[0] == '\0') return;
    DIR *const entries = opendir(folder);
    char path[512];
    for (const struct dirent *entry; entries != NULL && (entry = readdir(entries)) != NULL;) {
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        unlink(path);
    }
    if (entries != NULL) closedir(entries);
    rmdir(folder);
}
