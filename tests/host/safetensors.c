/* safetensors: what is well formed is read, all else is refused with one line. */
#include "runtime/host/safetensors.h"
#include "tests/host/files.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A file of this header and so many bytes of data, 0, 1, 2, ... */
static const char *write_file(const char *folder, const char *header, size_t header_size, size_t data) {
    uint8_t *bytes = malloc(8 + header_size + data);
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)((uint64_t)header_size >> (8 * i));
    memcpy(bytes + 8, header, header_size);
    for (size_t i = 0; i < data; i++)
        bytes[8 + header_size + i] = (uint8_t)i;
    const char *path = file_write(folder, "x.safetensors", bytes, 8 + header_size + data);
    free(bytes);
    return path;
}

static void refused(const char *path, const char *expected) {
    gr_error error;
    gr_safetensors *file = gr_safetensors_open(path, &error);
    cr_assert_null(file, "%s was opened: %s", path, expected);
    message_is_clean(&error);
    cr_assert_not_null(strstr(error.text, expected), "%s\nlacks: %s", error.text, expected);
    cr_assert_not_null(strstr(error.text, path), "%s", error.text);
}

static gr_safetensors *opened(const char *path) {
    gr_error error;
    gr_safetensors *file = gr_safetensors_open(path, &error);
    cr_assert_not_null(file, "%s", error.text);
    return file;
}

#define TENSOR(NAME, TYPE, SHAPE, BEGIN, END)                                                                          \
    "\"" NAME "\":{\"dtype\":\"" TYPE "\",\"shape\":" SHAPE ",\"data_offsets\":[" #BEGIN "," #END "]}"

Test(host_safetensors, well_formed) {
    static const char *const headers[] = {
        "{}",
        "{} \n\t\r ",
        "{\"__metadata__\":{}}",
        "{" TENSOR("a", "U8", "[0]", 0, 0) "," TENSOR("b", "F64", "[3,0,2]", 0, 0) "}",
        "{" TENSOR("a", "F32", "[0,18446744073709551615,18446744073709551615]", 0, 0) "}",
    };
    char *folder = folder_new();
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        gr_safetensors_close(opened(write_file(folder, headers[i], strlen(headers[i]), 0)));

    static const char header[] = "{ \"b\" : {\"shape\":[2, 1],\"data_offsets\":[4,12],\"dtype\":\"F32\"},"
                                 "\"__metadata__\":{\"k\":\"a\\nb\\u00e9\\ud83d\\ude00\\/\",\"format\":\"pt\"}," TENSOR(
                                     "\\u0061\xc3\xa9", "I32", "[]", 0, 4) "}";
    gr_safetensors *file = opened(write_file(folder, header, sizeof header - 1, 12));
    size_t count;
    gr_error error;
    uint8_t bytes[8];
    const gr_stored_tensor *all = gr_safetensors_tensors(file, &count);
    cr_assert(count == 2 && all[0].type == GR_STORED_I32 && all[0].rank == 0 && all[0].count == 1);
    cr_assert_str_eq(all[0].name, "a\xc3\xa9");
    const gr_stored_tensor *b = gr_safetensors_find(file, "b");
    cr_assert(b == &all[1] && b->rank == 2 && b->shape[0] == 2 && b->shape[1] == 1 && b->count == 2);
    cr_assert(gr_safetensors_read(file, b, bytes, &error));
    cr_assert(bytes[0] == 4 && bytes[7] == 11);
    cr_assert_null(gr_safetensors_find(file, "c"));
    const gr_metadata *metadata = gr_safetensors_metadata(file, &count);
    cr_assert(count == 2);
    cr_assert_str_eq(metadata[1].key, "k");
    cr_assert_str_eq(metadata[1].value, "a\nb\xc3\xa9\xf0\x9f\x98\x80/");
    gr_safetensors_close(file);
    folder_remove(folder);
}

Test(host_safetensors, evil_headers) {
    static const struct {
        const char *header;
        size_t data;
        const char *expected;
    } cases[] = {
        {"", 0, "'{' is missing"},
        {" {}", 0, "'{' is missing"},
        {"[]", 0, "'{' is missing"},
        {"{", 0, "is missing"},
        {"{}}", 0, "more behind"},
        {"{},", 0, "more behind"},
        {"{}", 1, "goes on behind"},
        {"{\"a\":1}", 0, "'{' is missing"},
        {"{\"a\":{}}", 0, "is missing"},
        {"{\"a\":{\"a\":{\"a\":{}}}}", 0, "which no tensor has"},
        {"{\"a\":[[[[[[]]]]]]}", 0, "is missing"},
        {"{\"a\" {}}", 0, "':' is missing"},
        {"{" TENSOR("a", "F32", "[1]", 0, 4) ",}", 4, "is missing"},
        {"{" TENSOR("a", "F32", "[1]", 0, 4) "," TENSOR("a", "F32", "[1]", 4, 8) "}", 8, "has 'a' twice"},
        {"{" TENSOR("a", "F32", "[1]", 0, 4) "," TENSOR("\\u0061", "F32", "[1]", 4, 8) "}", 8, "has 'a' twice"},
        {"{\"__metadata__\":{},\"__metadata__\":{}}", 0, "twice"},
        {"{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", 0, "has 'k' twice"},
        {"{\"__metadata__\":{\"k\":1}}", 0, "is missing"},
        {"{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}", 0, "has 'dtype' twice"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 0, "lacks 'data_offsets'"},
        {"{" TENSOR("a", "F33", "[1]", 0, 4) "}", 4, "of type 'F33'"},
        {"{" TENSOR("a", "f32", "[1]", 0, 4) "}", 4, "of type 'f32'"},
        {"{" TENSOR("a", "F32", "[-1]", 0, 4) "}", 4, "no whole number"},
        {"{" TENSOR("a", "F32", "[1.0]", 0, 4) "}", 4, "']' is missing"},
        {"{" TENSOR("a", "F32", "[01]", 0, 4) "}", 4, "no whole number"},
        {"{" TENSOR("a", "F32", "[1,]", 0, 4) "}", 4, "no whole number"},
        {"{" TENSOR("a", "F32", "[18446744073709551616]", 0, 4) "}", 4, "beyond 64 bits"},
        {"{" TENSOR("a", "F32", "[4194305,4194305,211106198978564]", 0, 16) "}", 16, "not what its shape"},
        {"{" TENSOR("a", "F32", "[4611686018427387904]", 0, 0) "}", 0, "not what its shape"},
        {"{" TENSOR("a", "F32", "[2]", 0, 4) "}", 4, "not what its shape"},
        {"{" TENSOR("a", "F32", "[1]", 4, 0) "}", 4, "not what its shape"},
        {"{" TENSOR("a", "F32", "[1]", 0, 4) "}", 3, "is cut short"},
        {"{" TENSOR("a", "F32", "[1]", 0, 4) "}", 5, "goes on behind"},
        {"{" TENSOR("a", "F32", "[1]", 1, 5) "}", 5, "hole"},
        {"{" TENSOR("a", "F32", "[1]", 18446744073709551611, 18446744073709551615) "}", 4, "hole"},
        {"{" TENSOR("a", "U8", "[4]", 0, 4) "," TENSOR("b", "U8", "[4]", 2, 6) "}", 6, "overlaps"},
        {"{" TENSOR("a", "U8", "[4]", 0, 4) "," TENSOR("b", "U8", "[4]", 0, 4) "}", 4, "overlaps"},
        {"{" TENSOR("a", "U8", "[4]", 0, 4) "," TENSOR("b", "U8", "[4]", 5, 9) "}", 9, "hole"},
        {"{\"a", 0, "without end"},
        {"{\"\\", 0, "unknown escape"},
        {"{\"\\u", 0, "four digits"},
        {"{\"\\u12", 0, "four digits"},
        {"{\"\\ud800\"", 0, "surrogate"},
        {"{\"\\ud800\\u0041\"", 0, "surrogate"},
        {"{\"\\udc00\"", 0, "surrogate"},
        {"{\"\\u0000\"", 0, "control character"},
        {"{\"a\\n\"", 0, "control character"},
        {"{\"\\x41\"", 0, "unknown escape"},
        {"{\"a\nb\"", 0, "no UTF-8"},
        {"{\"\xff\"", 0, "no UTF-8"},
        {"{\"\xc0\x80\"", 0, "no UTF-8"},
        {"{\"\xed\xa0\x80\"", 0, "no UTF-8"},
        {"{\"\xe2\x82\"", 0, "no UTF-8"},
        {"{\"\xf4\x90\x80\x80\"", 0, "no UTF-8"},
        {"{\"\xe2", 0, "no UTF-8"},
    };
    char *folder = folder_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        refused(write_file(folder, cases[i].header, strlen(cases[i].header), cases[i].data), cases[i].expected);
    refused(write_file(folder, "{\0}", 3, 0), "is missing");
    refused(write_file(folder, "{}\0", 3, 0), "more behind");
    folder_remove(folder);
}

Test(host_safetensors, evil_lengths_and_files) {
    static const uint64_t lengths[] = {3, 100000000, 100000001, UINT64_MAX, (uint64_t)1 << 63, UINT64_MAX - 7};
    char *folder = folder_new();
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        uint8_t bytes[10] = {0, 0, 0, 0, 0, 0, 0, 0, '{', '}'};
        for (int k = 0; k < 8; k++)
            bytes[k] = (uint8_t)(lengths[i] >> (8 * k));
        refused(file_write(folder, "x", bytes, sizeof bytes), lengths[i] > 100000000 ? "promises" : "is cut short");
    }
    refused(folder, "is a directory");
    refused(path_in(folder, "nothing"), "cannot be opened");
    const char *fifo = path_in(folder, "fifo");
    cr_assert_eq(mkfifo(fifo, 0600), 0);
    refused(fifo, "is no regular file");
    folder_remove(folder);
}

/* A million brackets are no million calls. */
Test(host_safetensors, nested_deep) {
    char *folder = folder_new(), *header = malloc(1000000);
    memset(header, '{', 1000000);
    refused(write_file(folder, header, 1000000, 0), "is missing");
    memset(header + 5, '[', 1000000 - 5);
    memcpy(header, "{\"a\":", 5);
    refused(write_file(folder, header, 1000000, 0), "is missing");
    free(header);
    folder_remove(folder);
}

Test(host_safetensors, a_hundred_thousand_tensors) {
    enum { COUNT = 100000 };
    char *folder = folder_new(), *header = malloc(COUNT * 80 + 8), *at = header;
    for (int i = 0; i < COUNT; i++)
        at += sprintf(at, "%s\"t%d\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[%d,%d]}", i ? "," : "{", i,
                      COUNT - 1 - i, COUNT - i);
    *at++ = '}';
    gr_safetensors *file = opened(write_file(folder, header, (size_t)(at - header), COUNT));
    uint8_t byte;
    gr_error error;
    const gr_stored_tensor *tensor = gr_safetensors_find(file, "t77777");
    cr_assert(gr_safetensors_read(file, tensor, &byte, &error));
    cr_assert_eq(byte, (uint8_t)(COUNT - 1 - 77777));
    gr_safetensors_close(file);
    free(header);
    folder_remove(folder);
}

Test(host_safetensors, cut_at_every_byte_and_flipped) {
    static const char header[] = "{\"__metadata__\":{\"k\":\"v\\u00e9\"}," TENSOR("a", "F32", "[1,2]", 0, 8) "," TENSOR(
        "b", "U8", "[]", 8, 9) "}";
    char *folder = folder_new();
    size_t size;
    uint8_t *bytes = file_read(write_file(folder, header, sizeof header - 1, 9), &size);
    for (size_t length = 0; length < size; length++)
        refused(file_write(folder, "x", bytes, length), length == 0 ? "is empty" : "is cut short");
    for (size_t at = 0; at < size - 9; at++) {
        for (int bit = 0; bit < 8; bit++) {
            gr_error error;
            bytes[at] ^= (uint8_t)(1 << bit);
            gr_safetensors *file = gr_safetensors_open(file_write(folder, "x", bytes, size), &error);
            if (!file) message_is_clean(&error);
            gr_safetensors_close(file);
            bytes[at] ^= (uint8_t)(1 << bit);
        }
    }
    free(bytes);
    folder_remove(folder);
}

static void decodes(enum gr_stored type, const char *bytes, double expected) {
    double value;
    gr_stored_decode(type, (const uint8_t *)bytes, 1, &value);
    if (isnan(expected)) {
        cr_assert(isnan(value), "%s", gr_stored_name(type));
    } else {
        cr_assert_eq(value, expected, "%s: %g, not %g", gr_stored_name(type), value, expected);
    }
}

/* Values from the definitions of the types (OCP 8-bit floating point, table 2; IEEE 754). */
Test(host_safetensors, all_types) {
    decodes(GR_STORED_BOOL, "\1", 1);
    decodes(GR_STORED_U8, "\xff", 255);
    decodes(GR_STORED_I8, "\xff", -1);
    decodes(GR_STORED_U16, "\xff\xff", 65535);
    decodes(GR_STORED_I16, "\0\x80", -32768);
    decodes(GR_STORED_U32, "\xff\xff\xff\xff", 4294967295.0);
    decodes(GR_STORED_I32, "\0\0\0\x80", -2147483648.0);
    decodes(GR_STORED_U64, "\0\0\0\0\0\0\0\x80", 9223372036854775808.0);
    decodes(GR_STORED_I64, "\xfe\xff\xff\xff\xff\xff\xff\xff", -2);
    decodes(GR_STORED_F16, "\xff\x7b", 65504);
    decodes(GR_STORED_BF16, "\x80\x3f", 1);
    decodes(GR_STORED_BF16, "\x80\xff", -(double)INFINITY);
    decodes(GR_STORED_F32, "\0\0\x80\x3f", 1);
    decodes(GR_STORED_F64, "\0\0\0\0\0\0\xf0\xbf", -1);
    decodes(GR_STORED_F8_E5M2, "\x7b", 57344);
    decodes(GR_STORED_F8_E5M2, "\x01", ldexp(1, -16));
    decodes(GR_STORED_F8_E5M2, "\x3c", 1);
    decodes(GR_STORED_F8_E5M2, "\xfc", -(double)INFINITY);
    decodes(GR_STORED_F8_E5M2, "\x7d", (double)NAN);
    decodes(GR_STORED_F8_E4M3, "\x7e", 448);
    decodes(GR_STORED_F8_E4M3, "\x01", ldexp(1, -9));
    decodes(GR_STORED_F8_E4M3, "\xb8", -1);
    decodes(GR_STORED_F8_E4M3, "\x7f", (double)NAN);
}
