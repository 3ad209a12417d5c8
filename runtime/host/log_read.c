/* The way back from log.jsonl: lines as log.c writes them, key after key, without blanks. */
#include "runtime/host/log.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 256 };

/* Moves *at behind `text` if it stands there. */
static bool skip(const char **at, const char *text) {
    const size_t length = strlen(text);
    if (strncmp(*at, text, length) != 0) return false;
    *at += length;
    return true;
}

static bool read_string(const char **at, char *out) {
    size_t length = 0;
    if (!skip(at, "\"")) return false;
    for (; **at != '\0' && **at != '"' && length + 1 < NAME_SIZE; (*at)++) {
        if (**at == '\\') (*at)++;
        out[length++] = **at;
    }
    out[length] = '\0';
    return skip(at, "\"");
}

/* What is not finite stands as a string. */
static bool read_number(const char **at, double *value) {
    const bool quoted = skip(at, "\"");
    char *end;
    *value = strtod(*at, &end);
    if (end == *at) return false;
    *at = end;
    return !quoted || skip(at, "\"");
}

static bool read_values(const char **at, gr_log_value *value, void (*take)(void *, const gr_log_value *),
                        void *context) {
    char name[NAME_SIZE];
    value->name = name;
    while (!skip(at, "}")) {
        skip(at, ",");
        if (!read_string(at, name) || !skip(at, ":") || !read_number(at, &value->value)) return false;
        take(context, value);
    }
    return true;
}

static bool read_line(const char *line, void (*take)(void *, const gr_log_value *), void *context) {
    char entry[NAME_SIZE];
    double time, step;
    gr_log_value value = {.entry = entry};
    if (!skip(&line, "{\"time\":") || !read_number(&line, &time) || !skip(&line, ",\"epoch\":") ||
        !read_number(&line, &value.epoch) || !skip(&line, ",\"step\":") || !read_number(&line, &step) ||
        !skip(&line, ",\"entry\":") || !read_string(&line, entry) || !skip(&line, ",\"losses\":{"))
        return false;
    value.step = (uint64_t)step;
    if (!read_values(&line, &value, take, context) || !skip(&line, ",\"metrics\":{")) return false;
    value.is_metric = true;
    return read_values(&line, &value, take, context);
}

void gr_log_read(const char *path, void (*take)(void *context, const gr_log_value *value), void *context) {
    FILE *stream = fopen(path, "rb");
    char *line = NULL;
    size_t capacity = 0;
    if (stream == NULL) return;
    while (getline(&line, &capacity, stream) > 0 && read_line(line, take, context)) {
    }
    free(line);
    fclose(stream);
}
