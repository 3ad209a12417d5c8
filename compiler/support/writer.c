#define _POSIX_C_SOURCE 200809L
#include "compiler/support/writer.h"
#include "compiler/support/diag.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIRST_CAPACITY = 256, INDENT = 4, LINE_WIDTH = 120, DEPTH_LIMIT = 64 };

void writer_open(Writer *writer, Arena *arena) {
    *writer = (Writer){.arena = arena, .capacity = FIRST_CAPACITY, .text = arena_alloc(arena, FIRST_CAPACITY)};
}

/* Room for so many bytes and a NUL. */
static void reserve(Writer *writer, size_t length) {
    if (length < writer->capacity - writer->length) return;
    size_t capacity = writer->capacity;
    while (capacity - writer->length <= length) {
        if (capacity > SIZE_MAX / 2) memory_exhausted(writer->arena->memory);
        capacity *= 2;
    }
    char *text = arena_alloc(writer->arena, capacity);
    memcpy(text, writer->text, writer->length);
    writer->text = text;
    writer->capacity = capacity;
}

void write_raw(Writer *writer, const char *text, size_t length) {
    reserve(writer, length);
    memcpy(writer->text + writer->length, text, length);
    writer->length += length;
    writer->text[writer->length] = '\0';
}

static __attribute__((nonnull)) void print(Writer *writer, const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0) internal_error("a format that cannot be printed: %s", format);
    reserve(writer, (size_t)length);
    vsnprintf(writer->text + writer->length, (size_t)length + 1, format, arguments);
    writer->length += (size_t)length;
}

void write_text(Writer *writer, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print(writer, format, arguments);
    va_end(arguments);
}

/* Moves the line that begins at `begin` to the right by the writer's level. */
static void indent_line(Writer *writer, size_t begin) {
    size_t blanks = (size_t)writer->level * INDENT;
    reserve(writer, blanks);
    memmove(writer->text + begin + blanks, writer->text + begin, writer->length - begin + 1);
    memset(writer->text + begin, ' ', blanks);
    writer->length += blanks;
}

/* ---- lines that are too long ---- */

/* Where a line may be broken, and how far the rest is indented then. */
typedef struct Break {
    size_t at; /* the first character of the rest; 0: nowhere */
    size_t indent;
} Break;

static bool breaks_after(const char *c) {
    if (c[1] != ' ') return false;
    return *c == ',' || (strchr("+-*/|&=?:", *c) != NULL && c[-1] == ' ');
}

/* The last place within the width at the least depth of parentheses: after a comma or an operator. */
static Break find_break(const char *line, size_t indent) {
    size_t columns[DEPTH_LIMIT] = {indent + INDENT}, depth = 0, best_depth = SIZE_MAX;
    Break best = {0};
    for (size_t i = indent; i < LINE_WIDTH && line[i] != 0; i++) {
        if (strchr("([{", line[i]) != NULL && depth + 1 < DEPTH_LIMIT) columns[++depth] = i + 1;
        if (strchr(")]}", line[i]) != NULL && depth > 0) depth--;
        if (!breaks_after(&line[i]) || depth > best_depth) continue;
        best = (Break){i + 2, columns[depth]};
        best_depth = depth;
    }
    return best;
}

/* Breaks the line that begins at `begin`; comments and preprocessor lines are left as they are. */
static void wrap_line(Writer *writer, size_t begin) {
    while (writer->length - begin > LINE_WIDTH) {
        const char *line = writer->text + begin;
        if (strstr(line, "/*") != NULL || strstr(line, " * ") == line + strspn(line, " ") - 1 ||
            strchr(line, '#') != NULL)
            return;
        Break here = find_break(line, strspn(line, " "));
        if (here.at == 0) return;
        const char *rest = arena_copy(writer->arena, line + here.at, writer->length - begin - here.at + 1);
        writer->length = begin + here.at - 1; /* without the blank */
        write_raw(writer, "\n", 1);
        begin = writer->length;
        write_text(writer, "%*s%s", (int)here.indent, "", rest);
    }
}

void write_line(Writer *writer, const char *format, ...) {
    size_t begin = writer->length;
    va_list arguments;
    va_start(arguments, format);
    print(writer, format, arguments);
    va_end(arguments);
    bool empty = writer->length == begin;
    bool closes = !empty && writer->text[begin] == '}', opens = !empty && writer->text[writer->length - 1] == '{';
    if (closes) writer_indent(writer, -1);
    if (!empty) indent_line(writer, begin);
    wrap_line(writer, begin);
    if (opens) writer_indent(writer, 1);
    write_raw(writer, "\n", 1);
}

void writer_indent(Writer *writer, int by) {
    writer->level += by;
    if (writer->level < 0) internal_error("a level of indentation is closed that was never opened");
}

const char *writer_text(Writer *writer) {
    if (writer->level != 0) internal_error("%d levels of indentation are left open", writer->level);
    return writer->text;
}

/* Everything of the text on the disk, or an errno. */
static int write_synced(int file, const char *text, size_t length) {
    while (length > 0) {
        ssize_t written = write(file, text, length);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return errno;
        text += written;
        length -= (size_t)written;
    }
    /* pipes and some file systems cannot be synced: no reason to fail */
    return fsync(file) == 0 || errno == EINVAL || errno == ENOTSUP ? 0 : errno;
}

/* A new file; no trace of it after an error, whose errno is returned. */
static int write_temporary(const char *path, const FileText *file) {
    int out = open(path, O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (out < 0) return errno;
    struct stat old; /* a file that is replaced keeps its mode */
    if (stat(file->path, &old) == 0) (void)fchmod(out, old.st_mode & 07777);
    int error = write_synced(out, file->text, file->length);
    if (close(out) != 0 && error == 0) error = errno;
    if (error != 0) unlink(path);
    return error;
}

/* Renaming onto a directory fails late and onto a device would replace it: both are refused before anything is written.
 */
static const char *fault_of_place(const char *path) {
    struct stat status;
    if (stat(path, &status) != 0 || S_ISREG(status.st_mode)) return NULL;
    return S_ISDIR(status.st_mode) ? strerror(EISDIR) : "it is not a plain file";
}

bool write_files(Arena *arena, const FileText *files, int count, const char **why) {
    const char **temporary = ARENA_ARRAY(arena, const char *, count);
    int written = 0, renamed = 0, error = 0;
    const char *path = "";
    for (int i = 0; i < count; i++) {
        const char *fault = fault_of_place(files[i].path);
        if (fault == NULL) continue;
        *why = arena_print(arena, "cannot write %s: %s", files[i].path, fault);
        return false;
    }
    for (; written < count && error == 0; written += error == 0) {
        path = files[written].path;
        temporary[written] = arena_print(arena, "%s.new-%ld", path, (long)getpid());
        error = write_temporary(temporary[written], &files[written]);
    }
    for (; renamed < count && error == 0; renamed += error == 0) {
        path = files[renamed].path;
        if (rename(temporary[renamed], path) != 0) error = errno;
    }
    if (error == 0) return true;
    for (int i = 0; i < written; i++)
        unlink(i < renamed ? files[i].path : temporary[i]);
    *why = arena_print(arena, "cannot write %s: %s", path, strerror(error));
    return false;
}
