#include "runtime/host/log.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- lines */

static void write_string(gr_text *text, const char *string) {
    char clean[256];
    gr_clean_name(string, clean, sizeof clean);
    gr_text_write(text, "\"");
    for (const char *c = clean; *c != '\0'; c++)
        gr_text_write(text, *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
    gr_text_write(text, "\"");
}

static void write_number(gr_text *text, double value) {
    if (isfinite(value))
        gr_text_number(text, value, 9);
    else
        gr_text_write(text, "\"%s\"", isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
}

static void write_values(gr_text *text, const char *key, const gr_named_value *values, int count) {
    gr_text_write(text, ",\"%s\":{", key);
    for (int i = 0; i < count; i++) {
        if (i > 0) gr_text_write(text, ",");
        write_string(text, values[i].name);
        gr_text_write(text, ":");
        write_number(text, values[i].value);
    }
    gr_text_write(text, "}");
}

static void write_line(gr_text *text, const gr_log_line *line) {
    gr_text_clear(text);
    gr_text_write(text, "{\"time\":");
    write_number(text, line->time);
    gr_text_write(text, ",\"epoch\":");
    write_number(text, line->epoch);
    gr_text_write(text, ",\"step\":%llu,\"entry\":", (unsigned long long)line->step);
    write_string(text, line->entry);
    write_values(text, "losses", line->losses, line->loss_count);
    write_values(text, "metrics", line->metrics, line->metric_count);
    gr_text_write(text, ",\"rate_scale\":");
    write_number(text, line->rate_scale);
    gr_text_write(text, ",\"seconds\":");
    write_number(text, line->seconds);
    gr_text_write(text, "}\n");
}

/* ---- the file */

static void give_up(gr_log *log) {
    if (log->file >= 0) close(log->file);
    log->file = -1;
}

static bool open_log(gr_log *log, const char *path, int flags, gr_error *error) {
    *log = (gr_log){.file = -1, .whole = -1, .path = strdup(path)};
    if (log->path == NULL) return gr_fail(error, "%s: memory is exhausted", path);
    log->file = open(path, flags | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    struct stat status;
    if (log->file >= 0 && fstat(log->file, &status) == 0) {
        if (S_ISREG(status.st_mode)) log->whole = (int64_t)status.st_size;
        return true;
    }
    const int number = errno;
    gr_log_close(log);
    return gr_fail_errno(error, path, "cannot be written", number);
}

bool gr_log_create(gr_log *log, const char *path, gr_error *error) {
    return open_log(log, path, O_WRONLY | O_TRUNC, error);
}

/* Reads the step of a line as write_line writes it, up to the newline that ends it. */
static bool read_step(const char *line, uint64_t *step) {
    static const char key[] = ",\"step\":";
    if (strncmp(line, "{\"time\":", 8) != 0) return false;
    const char *const at = strstr(line, key);
    if (at == NULL || at[sizeof key - 1] < '0' || at[sizeof key - 1] > '9') return false;
    char *end;
    errno = 0;
    *step = strtoull(at + sizeof key - 1, &end, 10);
    return errno == 0 && *end == ',';
}

/* Bytes of the leading lines that are whole, ours and not beyond `step`; -1, with errno, if reading fails. */
static int64_t whole_lines(FILE *stream, uint64_t step) {
    char *line = NULL;
    size_t capacity = 0;
    int64_t whole = 0;
    ssize_t length;
    uint64_t at;
    errno = 0;
    while ((length = getline(&line, &capacity, stream)) > 1) {
        if (strlen(line) != (size_t)length || length < 3 || memcmp(line + length - 2, "}\n", 2) != 0) break;
        if (!read_step(line, &at) || at > step) break;
        whole += length;
    }
    free(line);
    return ferror(stream) ? -1 : whole;
}

bool gr_log_resume(gr_log *log, const char *path, uint64_t step, gr_error *error) {
    if (!open_log(log, path, O_RDWR, error)) return false;
    if (log->whole < 0) return true; /* a pipe or device has no past */
    FILE *const stream = fopen(path, "rb");
    const int64_t whole = stream == NULL ? -1 : whole_lines(stream, step);
    int number = errno;
    if (stream != NULL) fclose(stream);
    if (whole >= 0) {
        log->whole = whole;
        if (ftruncate(log->file, (off_t)whole) == 0) return true;
        number = errno;
    }
    gr_log_close(log);
    return gr_fail_errno(error, path, "cannot be resumed", number);
}

bool gr_log_write(gr_log *log, const gr_log_line *line, gr_error *error) {
    if (log->file < 0) return true;
    write_line(&log->line, line);
    if (log->line.failed) {
        give_up(log);
        return gr_fail(error, "%s: memory is exhausted; nothing more is logged", log->path);
    }
    if (gr_write_fully(log->file, log->line.bytes, log->line.length)) {
        if (log->whole >= 0) log->whole += (int64_t)log->line.length;
        return true;
    }
    const int number = errno;
    if (log->whole >= 0 && ftruncate(log->file, (off_t)log->whole) != 0) {
        /* The torn line stays; gr_log_resume drops it. */
    }
    give_up(log);
    return gr_fail_errno(error, log->path, "nothing more is logged", number);
}

void gr_log_close(gr_log *log) {
    give_up(log);
    free(log->path);
    gr_text_free(&log->line);
    *log = (gr_log){.file = -1};
}
