#define _POSIX_C_SOURCE 200809L
#include "compiler/support/writer.h"
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static Memory memory;
static Arena arena;
static char folder[] = "/tmp/gradc-writer-XXXXXX";

static void open_all(void) {
    if (setjmp(memory.on_exhausted) != 0) cr_assert(false, "exhausted");
    arena_open(&arena, &memory);
    cr_assert_not_null(mkdtemp(folder));
}

static void close_all(void) {
    memory_close_all(&memory);
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    cr_assert_eq(system(command), 0);
}

TestSuite(writer, .init = open_all, .fini = close_all);

Test(writer, indents_by_braces) {
    Writer writer;
    writer_open(&writer, &arena);
    write_line(&writer, "int f(int %s) {", "n");
    write_line(&writer, "if (n) {");
    write_line(&writer, "return 1;");
    write_line(&writer, "} else {");
    write_text(&writer, "\n");
    write_line(&writer, "return 0;");
    write_line(&writer, "}");
    writer_indent(&writer, 1);
    write_line(&writer, "%s", "");
    write_line(&writer, "more();");
    writer_indent(&writer, -1);
    write_line(&writer, "};");
    cr_assert_str_eq(writer_text(&writer), "int f(int n) {\n    if (n) {\n        return 1;\n    } else {\n\n"
                                           "        return 0;\n    }\n\n        more();\n};\n");
}

Test(writer, grows) {
    Writer writer;
    writer_open(&writer, &arena);
    for (int i = 0; i < 20000; i++)
        write_line(&writer, "line %d", i);
    cr_assert_eq(writer.length, strlen(writer_text(&writer)));
    cr_assert_str_eq(writer.text + writer.length - 11, "line 19999\n");
    char *large = ARENA_ARRAY(&arena, char, 300001);
    memset(large, 'x', 300000);
    write_line(&writer, "%s", large);
    cr_assert_eq(writer_text(&writer)[writer.length - 2], 'x');
}

Test(writer, a_level_left_open_is_our_bug, .exit_code = 70) {
    Writer writer;
    writer_open(&writer, &arena);
    write_line(&writer, "{");
    writer_text(&writer);
}

Test(writer, a_level_closed_twice_is_our_bug, .exit_code = 70) {
    Writer writer;
    writer_open(&writer, &arena);
    write_line(&writer, "}");
}

/* ---- files ---- */

static const char *place(const char *name) {
    return arena_print(&arena, "%s/%s", folder, name);
}

static bool holds(const char *path, const char *wanted) {
    char text[100] = "";
    FILE *in = fopen(path, "rb");
    if (!in) return false;
    size_t length = fread(text, 1, sizeof text - 1, in);
    fclose(in);
    return length == strlen(wanted) && strcmp(text, wanted) == 0;
}

static int files_in_folder(void) {
    int count = 0;
    DIR *directory = opendir(folder);
    for (struct dirent *entry; (entry = readdir(directory));)
        count += entry->d_name[0] != '.';
    closedir(directory);
    return count;
}

Test(writer, files_appear_together_and_replace_old_ones) {
    FileText files[] = {{place("a.c"), "one", 3}, {place("a.h"), "two", 3}};
    const char *why = NULL;
    cr_assert(write_files(&arena, files, 2, &why), "%s", why);
    cr_assert(holds(place("a.c"), "one"));
    cr_assert(holds(place("a.h"), "two"));
    files[0] = (FileText){place("a.c"), "", 0};
    cr_assert(write_files(&arena, files, 1, &why));
    cr_assert(holds(place("a.c"), ""));
    cr_assert_eq(files_in_folder(), 2);
}

Test(writer, on_failure_nothing_is_left_and_old_files_stay) {
    FileText old[] = {{place("a.c"), "old", 3}};
    FileText files[] = {{place("a.c"), "one", 3}, {place("missing/a.h"), "two", 3}};
    const char *why = NULL;
    cr_assert(write_files(&arena, old, 1, &why));
    cr_assert_not(write_files(&arena, files, 2, &why));
    cr_assert_str_eq(why, arena_print(&arena, "cannot write %s/missing/a.h: No such file or directory", folder));
    cr_assert(holds(place("a.c"), "old"));
    cr_assert_eq(files_in_folder(), 1);
}

Test(writer, directories_and_devices_are_refused) {
    cr_assert_eq(mkdir(place("d.h"), 0777), 0);
    FileText files[] = {{place("a.c"), "one", 3}, {place("d.h"), "two", 3}};
    FileText device[] = {{"/dev/full", "one", 3}};
    const char *why = NULL;
    cr_assert_not(write_files(&arena, files, 2, &why));
    cr_assert_str_eq(why, arena_print(&arena, "cannot write %s/d.h: Is a directory", folder));
    cr_assert_eq(files_in_folder(), 1);
    cr_assert_not(write_files(&arena, device, 1, &why));
    struct stat status;
    cr_assert_eq(stat("/dev/full", &status), 0);
    cr_assert(S_ISCHR(status.st_mode));
}
