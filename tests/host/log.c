#include "runtime/host/log.h"
#include "tests/host/watch.h"
#include <criterion/criterion.h>
#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static gr_log_line line_at(uint64_t step) {
    static const gr_named_value losses[] = {{"loss", 0.1f}};
    static const gr_named_value metrics[] = {{"accuracy", 0.5}};
    return (gr_log_line){1.5, 2, step, "train", losses, 1, metrics, 1, 1, 0.25};
}

static void expect_text(const char *path, const char *expected) {
    char *const text = watch_read(path, NULL);
    cr_assert_not_null(text);
    cr_expect_str_eq(text, expected);
    free(text);
}

#define LINE(step)                                                                                                     \
    "{\"time\":1.5,\"epoch\":2,\"step\":" #step ",\"entry\":\"train\",\"losses\":{\"loss\":0.100000001},"              \
    "\"metrics\":{\"accuracy\":0.5},\"rate_scale\":1,\"seconds\":0.25}\n"

Test(host_log, exact_lines) {
    gr_error error;
    gr_log log;
    const char *const path = watch_path("log.jsonl");
    cr_assert(gr_log_create(&log, path, &error));
    for (uint64_t step = 1; step <= 2; step++) {
        const gr_log_line line = line_at(step);
        cr_assert(gr_log_write(&log, &line, &error));
    }
    expect_text(path, LINE(1) LINE(2)); /* there while the log is open */
    gr_log_close(&log);
    cr_assert(gr_log_create(&log, path, &error));
    gr_log_close(&log);
    expect_text(path, "");
}

Test(host_log, hostile_values_and_names) {
    gr_error error;
    gr_log log;
    const gr_named_value values[] = {
        {"a\"b\\c\n\xff", NAN}, {"λ", INFINITY}, {"", -INFINITY}, {"h", 1e308}, {"n", -0.0}};
    const gr_log_line line = {-NAN, 1e-320, UINT64_MAX, "", values, 5, NULL, 0, 5e-324, -1};
    const char *const path = watch_path("log.jsonl");
    cr_assert(gr_log_create(&log, path, &error));
    cr_assert(gr_log_write(&log, &line, &error));
    gr_log_close(&log);
    expect_text(path,
                "{\"time\":\"nan\",\"epoch\":9.99988867e-321,\"step\":18446744073709551615,\"entry\":\"\",\"losses\":"
                "{\"a\\\"b\\\\c??\":\"nan\",\"λ\":\"inf\",\"\":\"-inf\",\"h\":1e+308,\"n\":-0},\"metrics\":{},"
                "\"rate_scale\":4.94065646e-324,\"seconds\":-1}\n");
}

/* Each way in which a log may end, what is left when going on after step 2. */
Test(host_log, resume) {
    static const struct {
        const char *before, *after;
    } cases[] = {
        {"", ""},
        {LINE(1) LINE(2), LINE(1) LINE(2)},
        {LINE(1) LINE(2) LINE(3) LINE(4), LINE(1) LINE(2)},
        {LINE(1) "{\"time\":1.5,\"ep", LINE(1)},
        {LINE(1) "{\"time\":1.5,\"epoch\":2,\"step\":2}", LINE(1)}, /* no newline */
        {LINE(1) "{\"time\":1.5,\"epoch\":2,\"step\":}\n", LINE(1)},
        {LINE(1) "{\"time\":1.5,\"epoch\":2,\"step\":99999999999999999999999,\"a\":1}\n", LINE(1)},
        {LINE(1) "\n" LINE(2), LINE(1)},
        {LINE(3) LINE(1), ""},
        {"something else\n" LINE(1), ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gr_error error;
        gr_log log;
        const char *const path = watch_path("log.jsonl");
        FILE *const file = fopen(path, "wb");
        fputs(cases[i].before, file);
        fclose(file);
        cr_assert(gr_log_resume(&log, path, 2, &error));
        expect_text(path, cases[i].after);
        const gr_log_line line = line_at(3);
        cr_assert(gr_log_write(&log, &line, &error));
        gr_log_close(&log);
        char *const text = watch_read(path, NULL);
        cr_expect_eq(strlen(text), strlen(cases[i].after) + strlen(LINE(3)), "case %zu", i);
        cr_expect_str_eq(text + strlen(cases[i].after), LINE(3));
        free(text);
    }
}

Test(host_log, cut_at_every_byte) {
    static const char whole[] = LINE(1) LINE(2);
    for (size_t size = 0; size < sizeof whole; size++) {
        gr_error error;
        gr_log log;
        const char *const path = watch_path("log.jsonl");
        FILE *const file = fopen(path, "wb");
        fwrite(whole, 1, size, file);
        fclose(file);
        cr_assert(gr_log_resume(&log, path, 2, &error));
        gr_log_close(&log);
        expect_text(path, size == sizeof whole - 1 ? whole : size >= strlen(LINE(1)) ? LINE(1) : "");
    }
}

Test(host_log, bytes_of_any_kind) {
    gr_error error;
    gr_log log;
    const char *const path = watch_path("log.jsonl");
    FILE *const file = fopen(path, "wb");
    fwrite(LINE(1), 1, strlen(LINE(1)), file);
    fwrite("{\"time\":\0,\"step\":1,}\n", 1, 21, file);
    fclose(file);
    cr_assert(gr_log_resume(&log, path, 2, &error));
    gr_log_close(&log);
    expect_text(path, LINE(1));
}

Test(host_log, missing_and_impossible_files) {
    gr_error error;
    gr_log log;
    cr_assert(gr_log_resume(&log, watch_path("new.jsonl"), 7, &error));
    gr_log_close(&log);
    cr_expect_not(gr_log_create(&log, "/nonexistent/log.jsonl", &error));
    cr_expect_str_eq(error.text, "/nonexistent/log.jsonl: cannot be written: No such file or directory");
    cr_expect_not(gr_log_create(&log, "/tmp", &error));
    cr_expect_not(gr_log_resume(&log, "/tmp", 1, &error));
}

Test(host_log, full_disk_is_told_once) {
    gr_error error;
    gr_log log;
    const gr_log_line line = line_at(1);
    cr_assert(gr_log_create(&log, "/dev/full", &error));
    cr_expect_not(gr_log_write(&log, &line, &error));
    cr_expect_str_eq(error.text, "/dev/full: nothing more is logged: No space left on device");
    cr_expect(gr_log_write(&log, &line, &error));
    gr_log_close(&log);
}

Test(host_log, closed_pipe_is_told_once) {
    gr_error error;
    gr_log log;
    const gr_log_line line = line_at(1);
    const char *const path = watch_path("pipe");
    cr_assert_eq(mkfifo(path, 0600), 0);
    const int reader = open(path, O_RDONLY | O_NONBLOCK);
    cr_assert(gr_log_create(&log, path, &error));
    cr_expect(gr_log_write(&log, &line, &error));
    close(reader);
    cr_expect_not(gr_log_write(&log, &line, &error)); /* SIGPIPE would end this process */
    cr_expect_not_null(strstr(error.text, "nothing more is logged: Broken pipe"));
    cr_expect(gr_log_write(&log, &line, &error));
    gr_log_close(&log);
}
