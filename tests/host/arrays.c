/* .npy, IDX and text files: what is read is what independent writers wrote. */
#include "runtime/host/npy.h"
#include "tests/host/files.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(list) (sizeof(list) / sizeof *(list))

static const double of_signed[] = {0, 1, -1, 100, -100, 7, -7, 127, -128, 42, 3, -3};
static const double of_unsigned[] = {0, 1, 2, 100, 255, 7, 9, 127, 128, 42, 3, 5};
static const double of_bools[] = {0, 1, 1, 0, 0, 0, 1, 1, 1, 0, 1, 0};
static const double of_reals[] = {0.0, -0.0,    1.5,         -2.25,          INFINITY,   -INFINITY,
                                  NAN, 65504.0, 1.0 / 16384, 1.0 / 16777216, 1.0 / 1024, -1.0};

static const double *values_of(char kind) {
    return kind == 'b' ? of_bools : kind == 'u' ? of_unsigned : kind == 'i' ? of_signed : of_reals;
}

static void fixture_is(const char *name, const double *expected, size_t count) {
    gr_data *data = data_open(path_in(GRADC_TESTS "/host/fixtures", name));
    values_are(data, expected, count);
    gr_data_close(data);
}

Test(host_arrays, npy_of_every_type_order_and_endianness) {
    static const char *const codes[] = {"b1", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"};
    for (size_t i = 0; i < COUNT(codes); i++) {
        char name[64];
        snprintf(name, sizeof name, "%s-little.npy", codes[i]);
        fixture_is(name, values_of(codes[i][0]), 12);
        snprintf(name, sizeof name, "%s-big-fortran.npy", codes[i]);
        fixture_is(name, values_of(codes[i][0]), 12);
    }
}

Test(host_arrays, npy_versions_2_and_3) {
    fixture_is("version-2.npy", of_signed, 12);
    fixture_is("version-3.npy", of_signed, 12);
}

Test(host_arrays, npy_of_other_shapes) {
    static const double five[] = {0, 1, 2, 3, 4}, one = 1.5;
    double many[120];
    for (int i = 0; i < 120; i++) {
        many[i] = i;
    }
    fixture_is("one-axis.npy", five, 5);
    fixture_is("axes-fortran.npy", many, 120);
    fixture_is("scalar.npy", &one, 1);
    gr_data *empty = data_open(FIXTURES "no-rows.npy"), *scalar = data_open(FIXTURES "scalar.npy");
    cr_assert_eq(gr_data_rows(empty), 0);
    cr_assert_eq(gr_data_row_size(empty), 4);
    cr_assert(gr_data_has_rows(empty));
    cr_assert_not(gr_data_has_rows(scalar));
    gr_data_close(empty);
    gr_data_close(scalar);
}

Test(host_arrays, rows_come_in_the_order_asked_for) {
    static const uint64_t rows[] = {2, 0, 2};
    static const int32_t expected[] = {-128, 42, 3, -3, 0, 1, -1, 100, -128, 42, 3, -3};
    int32_t out[12];
    gr_error error;
    gr_data *data = data_open(FIXTURES "i8-big-fortran.npy");
    cr_assert(gr_data_copy(data, rows, 3, GR_INT32, out, &error));
    cr_assert_arr_eq(out, expected, sizeof expected);
    gr_data_close(data);
}

static void does_not_fit(const char *file, uint64_t row, int type, const char *expected) {
    double room[16];
    gr_error error = {""};
    gr_data *data = data_open(file);
    cr_assert_not(gr_data_copy(data, &row, 1, type, room, &error), "%s row %d", file, (int)row);
    message_is_clean(&error);
    cr_assert_not_null(strstr(error.text, expected), "\"%s\" says not: %s", error.text, expected);
    gr_data_close(data);
}

Test(host_arrays, numbers_that_do_not_fit_are_named_with_their_place) {
    does_not_fit(FIXTURES "f4-little.npy", 0, GR_INT32, "f4-little.npy: row 0, column 2 (from 0): 1.5 does not fit");
    does_not_fit(FIXTURES "f4-little.npy", 1, GR_INT32,
                 "row 1, column 0 (from 0): inf does not fit; the input takes ints");
    does_not_fit(FIXTURES "i4-little.npy", 0, GR_BYTE,
                 "row 0, column 2 (from 0): -1 does not fit; the input takes bytes");
    does_not_fit(FIXTURES "i4-little.npy", 0, GR_BOOL, "bools: 0 or 1");
    does_not_fit(FIXTURES "extremes-i8.npy", 0, GR_INT32, "row 0 (from 0): -9.22337204e+18 does not fit");
    does_not_fit(FIXTURES "extremes-i8.npy", 1, GR_INT32, "ints");
    does_not_fit(FIXTURES "extremes-i8.npy", 2, GR_INT32, "row 2 (from 0): 2.14748365e+09 does not fit");
    does_not_fit(FIXTURES "extremes-u8.npy", 0, GR_INT32, "ints");
    does_not_fit(FIXTURES "extremes-u8.npy", 1, GR_INT32, "ints");
    does_not_fit(FIXTURES "i4-little.npy", 3, GR_INT32, "has 3 rows; there is no row 3");
    does_not_fit(FIXTURES "i4-little.npy", UINT64_MAX, GR_INT32, "there is no row");
}

Test(host_arrays, the_largest_and_smallest_ints_fit) {
    static const uint64_t rows[] = {3, 4};
    int32_t out[2];
    float reals[2];
    gr_error error;
    gr_data *data = data_open(FIXTURES "extremes-i8.npy");
    cr_assert(gr_data_copy(data, rows, 2, GR_INT32, out, &error));
    cr_assert(out[0] == INT32_MIN && out[1] == INT32_MAX);
    cr_assert(gr_data_copy(data, rows, 2, GR_FLOAT, reals, &error));
    cr_assert(reals[0] == -2147483648.0f && reals[1] == 2147483648.0f);
    gr_data_close(data);
}

/* One number, as double, into a float. */
static bool fits_float(const char *folder, double value, float *out) {
    gr_array array = {.element = GR_ELEMENT_FLOAT64, .rank = 1, .shape = {1}};
    uint8_t file[128 + 8];
    gr_error error;
    const uint64_t row = 0;
    const size_t size = gr_npy_write_header(&array, file, sizeof file);
    memcpy(file + size, &value, sizeof value); /* tests run on little-endian machines */
    gr_data *data = data_open(file_write(folder, "x.npy", file, size + 8));
    const bool fits = gr_data_copy(data, &row, 1, GR_FLOAT, out, &error);
    gr_data_close(data);
    return fits;
}

Test(host_arrays, doubles_beyond_float_are_refused) {
    char *folder = folder_new();
    float out;
    cr_assert(fits_float(folder, 3.4028234663852886e38, &out) && out > 3.4e38f);
    cr_assert(fits_float(folder, 1e-300, &out) && out == 0);
    cr_assert(fits_float(folder, -(double)INFINITY, &out) && isinf(out));
    cr_assert(fits_float(folder, (double)NAN, &out) && isnan(out));
    cr_assert_not(fits_float(folder, 3.5e38, &out));
    cr_assert_not(fits_float(folder, -1e300, &out));
    folder_remove(folder);
}

Test(host_arrays, types_that_are_no_numbers_are_refused) {
    data_refused(FIXTURES "complex.npy", "holds elements of type '<c8'");
    data_refused(FIXTURES "text.npy", "holds elements of type '<U2'");
    data_refused(FIXTURES "object.npy", "holds elements of type '|O'");
    data_refused(FIXTURES "date.npy", "holds elements of type '<M8[D]'");
    data_refused(FIXTURES "structure.npy", "holds structures");
}

static void idx_is(const char *folder, int type, const void *elements, size_t size, const double *expected) {
    uint8_t file[64] = {0, 0, (uint8_t)type, 2, 0, 0, 0, 2, 0, 0, 0, 2};
    memcpy(file + 12, elements, 4 * size);
    gr_data *data = data_open(file_write(folder, "some-idx2", file, 12 + 4 * size));
    cr_assert_eq(gr_data_array(data)->rank, 2);
    values_are(data, expected, 4);
    gr_data_close(data);
}

Test(host_arrays, idx_of_every_type) {
    static const uint8_t bytes[] = {0, 1, 127, 255}, shorts[] = {0, 0, 1, 0, 255, 254, 128, 0};
    static const uint8_t ints[] = {0, 0, 0, 7, 255, 255, 255, 255, 127, 255, 255, 255, 128, 0, 0, 0};
    static const uint8_t floats[] = {0x3f, 0x80, 0, 0, 0xc0, 0x20, 0, 0, 0x7f, 0x80, 0, 0, 0x80, 0, 0, 0};
    static const uint8_t doubles[32] = {0x3f, 0xf0, [8] = 0xc0, 0x04, [16] = 0x7f, 0xf0, [24] = 0x80};
    static const double of_u8[] = {0, 1, 127, 255}, of_i8[] = {0, 1, 127, -1}, of_i16[] = {0, 256, -2, -32768};
    static const double of_i32[] = {7, -1, 2147483647, -2147483648.0}, of_real[] = {1, -2.5, INFINITY, -0.0};
    char *folder = folder_new();
    idx_is(folder, 0x08, bytes, 1, of_u8);
    idx_is(folder, 0x09, bytes, 1, of_i8);
    idx_is(folder, 0x0b, shorts, 2, of_i16);
    idx_is(folder, 0x0c, ints, 4, of_i32);
    idx_is(folder, 0x0d, floats, 4, of_real);
    idx_is(folder, 0x0e, doubles, 8, of_real);
    folder_remove(folder);
}

Test(host_arrays, text_is_its_bytes) {
    static const char text[] = "First\r\n\xc3\xa4\0z";
    char *folder = folder_new(), described[64];
    uint8_t byte;
    const uint64_t row = 8;
    gr_error error;
    gr_data *data = data_open(file_write(folder, "a.txt", text, 11));
    cr_assert_str_eq(gr_data_describe(data, described, sizeof described), "[11] of uint8");
    cr_assert(gr_data_copy(data, &row, 1, GR_BYTE, &byte, &error));
    cr_assert_eq(byte, 0xa4);
    gr_data_close(data);
#ifdef GR_HAVE_ZLIB
    data = data_open(gzip_write(folder, "a.TXT.GZ", text, 11));
    cr_assert_eq(gr_data_rows(data), 11);
    gr_data_close(data);
#endif
    folder_remove(folder);
}

#ifdef GR_HAVE_ZLIB
Test(host_arrays, gzip_of_several_members) {
    fixture_is("members.npy.gz", of_signed, 12);
}
#endif

Test(host_arrays, written_headers_are_read_back) {
    uint8_t bytes[1536];
    gr_error error;
    for (int rank = 0; rank <= GR_ARRAY_MAX_RANK; rank++) {
        gr_array array = {.element = GR_ELEMENT_FLOAT32, .rank = rank}, read;
        for (int i = 0; i < rank; i++) {
            array.shape[i] = i == 0 ? UINT64_MAX / 8 : i == 5 ? 0 : 1;
        }
        uint64_t needed;
        const size_t size = gr_npy_write_header(&array, bytes, sizeof bytes);
        cr_assert(size <= sizeof bytes && size % 64 == 0);
        cr_assert(gr_npy_header_size(bytes, size, "x", &needed, &error) && needed == size);
        if (rank > 0) array.shape[0] = 12345; /* what memory could hold */
        const size_t smaller = gr_npy_write_header(&array, bytes, sizeof bytes);
        cr_assert(gr_npy_read_header(bytes, smaller, "x", &read, &error), "%s", error.text);
        cr_assert_eq(read.rank, rank);
        cr_assert_arr_eq(read.shape, array.shape, sizeof array.shape);
    }
}

Test(host_arrays, shapes_are_cut_when_long) {
    gr_array array = {.rank = 32};
    char text[40];
    for (int i = 0; i < 32; i++) {
        array.shape[i] = 1000;
    }
    gr_array_write_shape(&array, text, sizeof text);
    cr_assert_str_eq(text, "[1000, 1000, 1000, 1000, 1000, ...]");
}
