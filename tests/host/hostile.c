/* Files that are cut, lie, change, or are no files at all: one clear message each, and never a crash. */
#define _XOPEN_SOURCE 700 /* mkfifo, ftruncate, setrlimit */
#include "tests/host/files.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(list) (sizeof(list) / sizeof *(list))

static const uint8_t small_idx[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 3,  0,  0,
                                    0, 2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

static const char *const fixtures[] = {"i4-little.npy", "f8-big-fortran.npy", "version-2.npy", "version-3.npy",
                                       "axes-fortran.npy"};

/* Every beginning of the file is refused with one clean message; so is the file with a byte more. */
static void beginnings_are_refused(const char *folder, const char *name, const uint8_t *bytes, size_t size) {
    uint8_t *longer = malloc(size + 1);
    memcpy(longer, bytes, size);
    longer[size] = 0;
    for (size_t length = 0; length < size; length++) {
        data_refused(file_write(folder, name, bytes, length), length == 0 ? "is empty" : "is cut short");
    }
    gr_data_close(data_open(file_write(folder, name, bytes, size)));
    data_refused(file_write(folder, name, longer, size + 1), "goes on behind the");
    free(longer);
}

Test(host_hostile, arrays_cut_at_every_byte) {
    char *folder = folder_new();
    for (size_t i = 0; i < COUNT(fixtures); i++) {
        size_t size;
        uint8_t *bytes = file_read(path_in(GRADC_TESTS "/host/fixtures", fixtures[i]), &size);
        beginnings_are_refused(folder, "x.npy", bytes, size);
        free(bytes);
    }
    beginnings_are_refused(folder, "x-idx3-ubyte", small_idx, sizeof small_idx);
    folder_remove(folder);
}

#ifdef GR_HAVE_ZLIB
/* Packed, cut before packing and after. */
Test(host_hostile, gzip_cut_at_every_byte) {
    char *folder = folder_new();
    size_t size;
    for (size_t length = 0; length < sizeof small_idx; length++) {
        data_refused(gzip_write(folder, "x.gz", small_idx, length), length == 0 ? "is empty" : "is cut short");
    }
    uint8_t more[sizeof small_idx + 1] = {0};
    memcpy(more, small_idx, sizeof small_idx);
    data_refused(gzip_write(folder, "x.gz", more, sizeof more), "goes on behind the 28 bytes");
    uint8_t *bytes = file_read(gzip_write(folder, "x.gz", small_idx, sizeof small_idx), &size);
    for (size_t length = 0; length < size; length++) {
        data_refused(file_write(folder, "y.gz", bytes, length), length == 0 ? "is empty" : "is cut short");
        data_refused(file_write(folder, "y.txt.gz", bytes, length), length == 0 ? "is empty" : "is cut short");
        data_refused(file_write(folder, "y.csv.gz", bytes, length), length == 0 ? "is empty" : "is cut short");
    }
    bytes[size - 8] ^= 1; /* the checksum */
    data_refused(file_write(folder, "y.gz", bytes, size), "damaged: incorrect data check");
    bytes[size - 8] ^= 1;
    bytes[size] = 'x'; /* file_read left room */
    data_refused(file_write(folder, "y.gz", bytes, size + 1), "is cut short");
    free(bytes);
    data_refused(file_write(folder, "y.gz", small_idx, sizeof small_idx), "is not gzip, or damaged");
    folder_remove(folder);
}

#endif

/* ---- headers that lie */

static void header_refused(const char *folder, const char *dictionary, const char *expected) {
    char file[4096] = "\x93NUMPY\x01";
    const size_t length = strlen(dictionary);
    file[8] = (char)(length & 255);
    file[9] = (char)(length >> 8);
    memcpy(file + 10, dictionary, length);
    data_refused(file_write(folder, "x.npy", file, 10 + length + 8), expected);
}

#define HEADER(SHAPE) "{'descr': '<f8', 'fortran_order': False, 'shape': " SHAPE ", }\n"

Test(host_hostile, npy_headers_that_lie) {
    char *folder = folder_new();
    header_refused(folder, HEADER("(1000000,)"), "is cut short: [1000000] of float64 takes 8000");
    header_refused(folder, HEADER("(0,)"), "goes on behind");
    header_refused(folder, HEADER("(4294967296, 4294967296)"), "more elements than memory has addresses");
    header_refused(folder, HEADER("(4194305, 4194305, 211106198978564)"), "more elements than memory has addresses");
    header_refused(folder, HEADER("(1152921504606846975,)"), "more elements");
    header_refused(folder, HEADER("(0, 4294967296, 4294967296)"), "more elements");
    header_refused(folder, HEADER("(18446744073709551616,)"), "does not fit 64 bits");
    header_refused(folder, HEADER("(-1,)"), "no whole number");
    header_refused(folder, HEADER("(1.5,)"), "is missing in its header");
    header_refused(folder, HEADER("1"), "'(' is missing");
    header_refused(folder, HEADER("(1,"), "no whole number");
    header_refused(folder, HEADER("(1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1)"),
                   "more than 32 axes");
    header_refused(folder, "{'descr': '<f8', 'shape': (1,)}", "'fortran_order' is missing");
    header_refused(folder, "{'descr': '<f8', 'descr': '<f8', 'shape': (1,)}", "'descr' twice");
    header_refused(folder, "{'descr': '<f8', 'fortran_order': 0, 'shape': (1,)}", "neither True nor False");
    header_refused(folder, "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'x': 1}", "'x', which no .npy has");
    header_refused(folder, "{'descr': '<f16', 'fortran_order': False, 'shape': (1,)}", "'<f16'");
    header_refused(folder, "{'descr': '', 'fortran_order': False, 'shape': (1,)}", "type ''");
    header_refused(folder, "{'descr': '<f8", "is missing in its header");
    header_refused(folder, "{'descr\x1b[2J': 1}", "'descr?[2J'");
    header_refused(folder, HEADER("(1,)") "x", "goes on behind '}'");
    header_refused(folder, "", "'{' is missing");
    folder_remove(folder);
}

Test(host_hostile, npy_prefixes_that_lie) {
    char *folder = folder_new();
    data_refused(file_write(folder, "x.npy", "\x93NUMPY\x02\x00\xf0\xff\xff\xff", 12),
                 "promises a header of 4294967280");
    data_refused(file_write(folder, "x.npy", "\x93NUMPY\x02\x00\x00\x00\x0f\x00", 12), "is cut short: it ends within");
    data_refused(file_write(folder, "x.npy", "\x93NUMPY\x04\x00..", 10), "is of .npy version 4.0");
    data_refused(file_write(folder, "x.npy", "\x93NUMPX\x01\x00..", 10), "does not begin with");
    data_refused(file_write(folder, "x.npy", small_idx, sizeof small_idx), "does not begin with");
    folder_remove(folder);
}

Test(host_hostile, idx_headers_that_lie) {
    static const uint8_t huge[] = {0, 0, 14, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1};
    static const uint8_t large[] = {0, 0, 8, 2, 255, 255, 255, 255, 0, 0, 4, 0, 1};
    static const uint8_t type[] = {0, 0, 10, 1, 0, 0, 0, 1, 1}, none[] = {0, 0, 8, 0, 1};
    static const uint8_t ranks[] = {0, 0, 8, 255, 1}, start[] = {0, 1, 8, 1, 0, 0, 0, 1, 1};
    char *folder = folder_new();
    data_refused(file_write(folder, "x", huge, sizeof huge), "more elements than memory has addresses");
    data_refused(file_write(folder, "x", large, sizeof large), "[4294967295, 1024] of uint8 takes 4398046510092 bytes");
    data_refused(file_write(folder, "x", type, sizeof type), "0x0a is no type of elements");
    data_refused(file_write(folder, "x", none, sizeof none), "promises 0 axes");
    data_refused(file_write(folder, "x", ranks, sizeof ranks), "promises 255 axes");
    data_refused(file_write(folder, "x", start, sizeof start), "does not begin with two zero bytes");
    folder_remove(folder);
}

#ifdef GR_HAVE_ZLIB
/* In a .gz a promise of terabytes cannot be checked against the file's size: memory must not follow it. */
Test(host_hostile, packed_lies_take_no_memory) {
    static const uint8_t large[] = {0, 0, 8, 2, 255, 255, 255, 255, 0, 0, 4, 0, 1};
    char *folder = folder_new();
    const char *path = gzip_write(folder, "x.gz", large, sizeof large);
#ifndef GRADC_SANITIZED
    const struct rlimit limit = {1 << 30, 1 << 30};
    cr_assert_eq(setrlimit(RLIMIT_AS, &limit), 0);
#endif
    data_refused(path, "takes 4398046510092 bytes, it has 13");
    folder_remove(folder);
}

#endif

/* ---- what is no data file */

Test(host_hostile, what_cannot_be_opened) {
    char *folder = folder_new();
    data_refused("", "empty name");
    data_refused(".gz", "empty name");
    data_refused(path_in(folder, "absent.npy"), "absent.npy: cannot be opened: No such file");
    data_refused(path_in(folder, "absent.csv:1-3"), "absent.csv: cannot be opened: No such file");
    data_refused(path_in(folder, "absent.gz"), "cannot be opened");
    data_refused(folder, "is a directory; name a data file in it");
    mkdir(path_in(folder, "d.csv.gz"), 0777);
    data_refused(path_in(folder, "d.csv.gz"), "is a directory");
    data_refused("/dev/null", "is neither a file nor a pipe");
    data_refused(path_in(folder, "a\x1b[2J\nb"), "a?[2J?b: cannot be opened");
    data_refused(file_write(folder, "e.npy", "", 0), "is empty");
    data_refused(file_write(folder, "e.txt", "", 0), "is empty");
    data_refused(file_write(folder, "e.csv", "", 0), "is empty");
    data_refused(file_write(folder, "e", "", 0), "is empty");
    data_refused(file_write(folder, "notes", "hello", 5), "is neither IDX nor .npy, and its name ends in none of");
    data_refused(file_write(folder, "a.npz", "PK\3\4....", 8), "is a zip archive; save each array");
    folder_remove(folder);
}

Test(host_hostile, gzip_under_another_name) {
    static const char *const names[] = {"x.npy", "x.csv", "x.txt", "x"};
    char *folder = folder_new();
    for (size_t i = 0; i < COUNT(names); i++) {
        data_refused(file_write(folder, names[i], "\x1f\x8b\x08", 3), "is gzipped; give it a name that ends in .gz");
    }
    folder_remove(folder);
}

Test(host_hostile, unreadable) {
    if (geteuid() == 0) cr_skip_test("root reads everything");
    char *folder = folder_new();
    const char *path = file_write(folder, "x.txt", "a", 1);
    chmod(path, 0);
    data_refused(path, "cannot be opened: Permission denied");
    folder_remove(folder);
}

Test(host_hostile, long_names_are_cut_in_messages) {
    char name[7000];
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = 0;
    data_refused(name, "xxxx");
}

/* ---- pipes */

static void put_on_stdin(const void *bytes, size_t size) {
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(write(ends[1], bytes, size), (ssize_t)size);
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
}

Test(host_hostile, npy_on_standard_input) {
    static const double expected[] = {0, 1, -1, 100, -100, 7, -7, 127, -128, 42, 3, -3};
    size_t size;
    uint8_t *bytes = file_read(FIXTURES "i4-little.npy", &size);
    put_on_stdin(bytes, size);
    gr_data *data = data_open("-");
    values_are(data, expected, 12);
    gr_data_close(data);
    for (size_t length = 0; length < size; length += 7) {
        put_on_stdin(bytes, length);
        data_refused("-", length == 0 ? "standard input: is empty" : "standard input: is cut short");
    }
    put_on_stdin(small_idx, sizeof small_idx);
    data_refused("-", "standard input: is no .npy file");
    put_on_stdin("\x1f\x8b", 2);
    data_refused("-", "is gzipped");
    free(bytes);
}

/* ---- files that change */

Test(host_hostile, files_that_change_while_they_are_read) {
    char *folder = folder_new();
    uint8_t out[6];
    const uint64_t row = 0;
    gr_error error = {""};
    const struct timespec times[2] = {{1000, 0}, {1000, 0}};
    const char *path = file_write(folder, "x", small_idx, sizeof small_idx);
    gr_data *data = data_open(path);
    cr_assert(gr_data_copy(data, &row, 1, GR_BYTE, out, &error));
    cr_assert_eq(truncate(path, 3), 0);
    cr_assert_not(gr_data_copy(data, &row, 1, GR_BYTE, out, &error));
    cr_assert_not_null(strstr(error.text, "was changed while it was read: 3 bytes, and 28"), "%s", error.text);
    gr_data_close(data);
    data = data_open(file_write(folder, "x", small_idx, sizeof small_idx));
    cr_assert_eq(utimensat(AT_FDCWD, path, times, 0), 0);
    cr_assert_not(gr_data_copy(data, &row, 1, GR_BYTE, out, &error));
    cr_assert_not_null(strstr(error.text, "was written to while it was read"), "%s", error.text);
    gr_data_close(data);
    data = data_open(file_write(folder, "x", small_idx, sizeof small_idx));
    cr_assert_eq(unlink(path), 0); /* the name is gone; what was opened is not */
    cr_assert(gr_data_copy(data, &row, 1, GR_BYTE, out, &error), "%s", error.text);
    gr_data_close(data);
    folder_remove(folder);
}

Test(host_hostile, the_guard_ends_the_process_with_status_3, .exit_code = 3) {
    char *folder = folder_new();
    const char *path = file_write(folder, "x", small_idx, sizeof small_idx);
    const int file = open(path, O_RDWR);
    const volatile uint8_t *bytes = mmap(NULL, sizeof small_idx, PROT_READ, MAP_SHARED, file, 0);
    cr_assert(bytes != MAP_FAILED && ftruncate(file, 0) == 0);
    folder_remove(folder);
    gr_data_guard();
    exit(bytes[0] + 10); /* SIGBUS */
}

/* ---- random damage */

static uint32_t next_random(uint32_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    return *state ^= *state << 5;
}

/* Opens it if it can, and reads its first and last rows as every type. */
static void read_whatever(const char *file) {
    gr_error error = {""};
    gr_data *data = gr_data_open(file, &error);
    if (data == NULL) {
        message_is_clean(&error);
        return;
    }
    const uint64_t size = gr_data_row_size(data), count = gr_data_rows(data);
    const uint64_t rows[2] = {0, count - 1};
    char described[64];
    gr_data_describe(data, described, sizeof described);
    if (count > 0 && size < 100000) {
        double *out = malloc((size_t)(2 * size + 1) * sizeof *out);
        for (int type = GR_FLOAT; type <= GR_BYTE; type++) {
            if (!gr_data_copy(data, rows, 2, type, out, &error)) message_is_clean(&error);
        }
        free(out);
    }
    gr_data_close(data);
}

static void mutate(const char *folder, const char *name, const uint8_t *bytes, size_t size, int times) {
    static const uint8_t telling[] = {0, 1, 8, 127, 128, 255, '9', '0', ',', '"', '(', ')', '\'', '}', '-', '\n'};
    uint32_t state = 2463534242u;
    uint8_t *copy = malloc(size + 16);
    for (int i = 0; i < times; i++) {
        size_t length = size;
        memcpy(copy, bytes, size);
        for (uint32_t n = next_random(&state) % 4; n-- > 0;) {
            const uint32_t kind = next_random(&state) % 4, at = next_random(&state) % (uint32_t)size;
            const uint8_t to =
                (uint8_t)(kind == 0 ? next_random(&state) : telling[next_random(&state) % sizeof telling]);
            copy[kind == 1 ? at % (size < 120 ? size : 120) : at] = to; /* headers more often */
        }
        if (next_random(&state) % 4 == 0) length = next_random(&state) % (uint32_t)size;
        read_whatever(file_write(folder, name, copy, length));
    }
    free(copy);
}

Test(host_hostile, random_damage, .timeout = 300) {
    static const char table[] = "a,\"b,c\",d\n1,2.5e3,-0.125\n\"4\",nan,6\r\n7,8,9\n\n10,11,12345678901234567890\n";
    char *folder = folder_new();
    for (size_t i = 0; i < COUNT(fixtures); i++) {
        size_t size;
        uint8_t *bytes = file_read(path_in(GRADC_TESTS "/host/fixtures", fixtures[i]), &size);
        mutate(folder, "x.npy", bytes, size, 600);
        free(bytes);
    }
    mutate(folder, "x", small_idx, sizeof small_idx, 2000);
    mutate(folder, "x.csv", (const uint8_t *)table, sizeof table - 1, 3000);
    mutate(folder, "x.txt", (const uint8_t *)table, sizeof table - 1, 20);
    folder_remove(folder);
}

#ifdef GR_HAVE_ZLIB
Test(host_hostile, random_damage_of_gzip, .timeout = 300) {
    char *folder = folder_new();
    size_t size;
    uint8_t *bytes = file_read(FIXTURES "members.npy.gz", &size);
    mutate(folder, "x.npy.gz", bytes, size, 1000);
    mutate(folder, "x.csv.gz", bytes, size, 300);
    mutate(folder, "x.txt.gz", bytes, size, 300);
    free(bytes);
    folder_remove(folder);
}
#else
Test(host_hostile, gzip_without_zlib) {
    data_refused(FIXTURES "members.npy.gz", "gzip is not supported: this was compiled without zlib");
}
#endif
