#define _POSIX_C_SOURCE 200809L
#include "compiler/output.h"
#include "compiler/support/embedded.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* ---- paths ---- */

static const char *path_in(Arena *arena, const char *directory, const char *name, const char *extension) {
    if (strcmp(directory, ".") == 0) return arena_print(arena, "%s%s", name, extension);
    bool closed = directory[strlen(directory) - 1] == '/';
    return arena_print(arena, "%s%s%s%s", directory, closed ? "" : "/", name, extension);
}

const char *output_path(const Compilation *compilation, const char *extension) {
    return path_in(compilation->arena, compilation->options->directory, compilation->emit.name, extension);
}

static bool check_directory(Compilation *compilation, const char *directory) {
    struct stat status;
    if (stat(directory, &status) != 0)
        return compilation_fail(compilation, COMPILE_COMMAND_WRONG, "cannot write to the directory %s: %s", directory,
                                strerror(errno));
    if (!S_ISDIR(status.st_mode))
        return compilation_fail(compilation, COMPILE_COMMAND_WRONG, "cannot write to %s: it is not a directory",
                                directory);
    return true;
}

/* ---- what the files depend on ---- */

SourcePaths compilation_sources(const Compilation *compilation) {
    SourcePaths paths = {0};
    const char *model = compilation->options->path;
    if (strcmp(model, "-") != 0) vec_push(compilation->arena, &paths, model);
    if (compilation->options->weights) vec_push(compilation->arena, &paths, compilation->options->weights);
    for (int i = 0; i < compilation->program->imported.count; i++)
        vec_push(compilation->arena, &paths, compilation->program->imported.at[i]->path);
    return paths;
}

/* As gcc writes them: a blank and the backslashes before it, '#' and ':' get a backslash, '$' is doubled. */
static bool write_dependency(Writer *writer, const char *path, const char **why) {
    if (strpbrk(path, "\n\r") != NULL) {
        *why = "a path with a line end cannot stand in a file of dependencies";
        return false;
    }
    for (const char *c = path; *c; c++) {
        if (*c == ' ' || *c == '\t')
            for (const char *before = c; before > path && before[-1] == '\\'; before--)
                write_text(writer, "\\");
        write_text(writer, "%s%c", strchr(" \t#:", *c) ? "\\" : *c == '$' ? "$" : "", *c);
    }
    return true;
}

bool depfile_text(const Compilation *compilation, const FileText *files, int count, const char **text,
                  const char **why) {
    Writer writer;
    writer_open(&writer, compilation->arena);
    for (int f = 0; f < count; f++) {
        if (f > 0) write_text(&writer, " ");
        if (!write_dependency(&writer, files[f].path, why)) return false;
    }
    write_text(&writer, ":");
    SourcePaths sources = compilation_sources(compilation);
    for (int s = 0; s < sources.count; s++) {
        write_text(&writer, " ");
        if (!write_dependency(&writer, sources.at[s], why)) return false;
    }
    write_text(&writer, "\n");
    *text = writer_text(&writer);
    return true;
}

/* ---- files of other people ---- */

/* The beginning of a file; false where it cannot be read or is empty: what is not there cannot be lost, and writing
 * tells what is the matter. */
static bool read_beginning(const char *path, char *text, int size) {
    FILE *in = fopen(path, "rb");
    if (!in) return false;
    bool some = fgets(text, size, in) != NULL;
    fclose(in);
    return some && *text != '\0';
}

static bool is_ours(const char *path, const char *mark) {
    char line[256];
    if (!read_beginning(path, line, sizeof line)) return true;
    return strncmp(line, "/* ", 3) == 0 && strstr(line, mark) != NULL;
}

/* A rule whose first target is a header, or an object as a compiler writes it. */
static bool is_depfile(const char *path) {
    char line[4096];
    if (!read_beginning(path, line, sizeof line)) return true;
    char *end = line;
    while (*end != '\0' && !strchr(" \t\n:", *end))
        end += *end == '\\' && end[1] != '\0' ? 2 : 1;
    return end - line > 2 && end[-2] == '.' && strchr("hcod", end[-1]) != NULL && strchr(line, ':') != NULL;
}

/* ---- writing ---- */

enum { MOST_FILES = 6 };

typedef struct Output {
    FileText files[MOST_FILES];
    const char *marks[MOST_FILES]; /* in the first line of a file of that name: gradc wrote it */
    int count;
} Output;

static void add_text(Output *output, const char *path, const char *text, size_t length, const char *mark) {
    output->marks[output->count] = mark;
    output->files[output->count++] = (FileText){path, text, length};
}

static void add_emitted(Output *output, const char *path, const char *text) {
    add_text(output, path, text, strlen(text), " - made by gradc");
}

static void add_embedded(Output *output, const Compilation *compilation, const char *name) {
    const EmbeddedFile *file = embedded_file(name);
    if (!file) internal_error("%s is not embedded", name);
    const char *path = path_in(compilation->arena, compilation->options->directory, name, "");
    add_text(output, path, file->text, file->length, arena_print(compilation->arena, "%s - ", name));
}

/* The program of --emit-main. */
static const char *main_text(const Compilation *compilation) {
    const char *name = compilation->emit.name;
    Writer writer;
    writer_open(&writer, compilation->arena);
    write_text(&writer, "/* %s_main.c - made by gradc %s: %s\n", name, GRADC_VERSION, compilation->emit.command);
    write_text(&writer, " * Trains the model and applies it to data, as `gradc run` does; --help tells how.\n");
    write_text(&writer, " * To build: cc -O3 -fopenmp %s_main.c %s.c $(gradc --libs)\n", name, name);
    write_text(&writer, " * It is yours: 0BSD, no notice needed. */\n");
    write_text(&writer, "#include \"%s.h\"\n\n", name);
    write_text(&writer, "int gr_main(const gr_model *model, int count, char **arguments); /* in the host layer */\n\n");
    write_text(&writer,
               "int main(int count, char **arguments) {\n    return gr_main(&%s_model, count, arguments);\n}\n", name);
    return writer_text(&writer);
}

static bool add_depfile(Compilation *compilation, Output *output) {
    const char *path = compilation->options->depfile, *text, *why;
    if (!path) return true;
    for (int f = 0; f < output->count; f++)
        if (strcmp(output->files[f].path, path) == 0)
            return compilation_fail(compilation, COMPILE_COMMAND_WRONG, "--depfile=%s: this file is to be the C itself",
                                    path);
    if (!depfile_text(compilation, output->files, output->count, &text, &why))
        return compilation_fail(compilation, COMPILE_COMMAND_WRONG, "--depfile=%s: %s", path, why);
    add_text(output, path, text, strlen(text), NULL);
    return true;
}

static bool check_owners(Compilation *compilation, const Output *output) {
    const CompileOptions *options = compilation->options;
    int last = output->count - 1;
    for (int f = 0; f < output->count && !options->force; f++) {
        const char *path = output->files[f].path;
        bool depfile = options->depfile && f == last;
        if (depfile ? is_depfile(path) : is_ours(path, output->marks[f])) continue;
        return compilation_fail(compilation, COMPILE_COMMAND_WRONG,
                                "%s exists, and gradc did not write it: choose another %s, or use --force", path,
                                depfile ? "--depfile" : "--name or -o");
    }
    return true;
}

bool compile_write(Compilation *compilation) {
    const CompileOptions *options = compilation->options;
    const Emission *emission = &compilation->emission;
    if (!check_directory(compilation, options->directory)) return false;
    Output output = {.count = 0};
    add_emitted(&output, output_path(compilation, ".h"), emission->header);
    add_emitted(&output, output_path(compilation, ".c"), emission->source);
    if (options->main_program) add_emitted(&output, output_path(compilation, "_main.c"), main_text(compilation));
    if (!options->single_file) {
        add_embedded(&output, compilation, "gr.h");
        add_embedded(&output, compilation, "gr_kernel.h");
    }
    if (!add_depfile(compilation, &output) || !check_owners(compilation, &output)) return false;
    const char *why;
    if (write_files(compilation->arena, output.files, output.count, &why)) return true;
    return compilation_fail(compilation, COMPILE_MACHINE_FAILED, "%s", why);
}
