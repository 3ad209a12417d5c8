/* Tables as text, and the numbers in them. */
#include "runtime/host/number.h"
#include "tests/host/files.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *write_csv(const char *folder, const char *text, const char *columns) {
    file_write(folder, "t.csv", text, strlen(text));
    static char path[8192];
    snprintf(path, sizeof path, "%s/t.csv%s%s", folder, columns ? ":" : "", columns ? columns : "");
    return path;
}

/* The table is 2 x 2 and holds 1 2 3 4. */
static void is_1234(const char *folder, const char *text, const char *columns) {
    static const double expected[] = {1, 2, 3, 4};
    gr_data *data = data_open(write_csv(folder, text, columns));
    cr_assert(gr_data_rows(data) == 2 && gr_data_row_size(data) == 2, "%s", text);
    values_are(data, expected, 4);
    gr_data_close(data);
}

Test(host_csv, lines_quotes_and_headers) {
    char *folder = folder_new();
    is_1234(folder, "1,2\n3,4\n", NULL);
    is_1234(folder, "1,2\n3,4", NULL);
    is_1234(folder, "1,2\r\n3,4\r\n", NULL);
    is_1234(folder, "1,2\r3,4\r", NULL);
    is_1234(folder, "\n  \n1,2\n\n\n3,4\n\t\n", NULL);
    is_1234(folder,
            "\xef\xbb\xbf"
            "1,2\n3,4\n",
            NULL);
    is_1234(folder, " 1 ,\t2\n+3,4.0e0\n", NULL);
    is_1234(folder, "\"1\",\"2\"\n\"3\",4\n", NULL);
    is_1234(folder, "a,b\n1,2\n3,4\n", NULL);
    is_1234(folder, "\"a,\n\"\"x\",b\n1,2\n3,4\n", NULL);
    is_1234(folder, ",a\n1,2\n3,4\n", NULL);
    is_1234(folder, "0,label\n1,2\n3,4\n", NULL); /* a number as name, where the next is none */
    folder_remove(folder);
}

Test(host_csv, chosen_columns) {
    static const char table[] = "id,x-1,\"y,z\",3,name\n9,1,2,0,anna\n9,3,4,0,bo\n";
    char *folder = folder_new();
    is_1234(folder, table, "1,2");
    is_1234(folder, table, "1-2");
    is_1234(folder, table, "x-1,\"y,z\"");
    is_1234(folder, table, "x-1-2");
    is_1234(folder, "1,5,2\n3,5,4\n", "0,2");
    data_refused(write_csv(folder, table, NULL), "t.csv:2: column 4: 'anna' is no number; choose columns");
    data_refused(write_csv(folder, table, "colour"), "has no column 'colour'; it has 5 with names, numbered from 0");
    data_refused(write_csv(folder, table, "5"), "has no column '5'");
    data_refused(write_csv(folder, table, "0-9"), "has no column '0-9'");
    data_refused(write_csv(folder, table, "2-1"), "run backwards");
    data_refused(write_csv(folder, table, "0,1,0-1"), "column 0 is chosen twice");
    data_refused(write_csv(folder, table, ""), "no columns are listed");
    data_refused(write_csv(folder, table, "0,"), "has no column ''");
    data_refused(write_csv(folder, table, "99999999999999999999"), "has no column");
    data_refused(write_csv(folder, "a,a\n1,2\n", "a"), "several columns 'a'");
    data_refused(write_csv(folder, table, "name"), "'anna' is no number");
    folder_remove(folder);
}

Test(host_csv, one_column_is_a_vector) {
    static const double expected[] = {3, -0.0, NAN, INFINITY};
    char *folder = folder_new();
    gr_data *data = data_open(write_csv(folder, "y\n3\n-0\nNaN\ninf\n", NULL));
    cr_assert_eq(gr_data_array(data)->rank, 1);
    values_are(data, expected, 4);
    gr_data_close(data);
    folder_remove(folder);
}

Test(host_csv, a_header_alone_has_no_rows) {
    char *folder = folder_new();
    gr_data *data = data_open(write_csv(folder, "a,b\n", NULL));
    cr_assert_eq(gr_data_rows(data), 0);
    cr_assert_eq(gr_data_row_size(data), 2);
    gr_error error;
    double none;
    cr_assert(gr_data_copy(data, NULL, 0, GR_DOUBLE, &none, &error));
    gr_data_close(data);
    folder_remove(folder);
}

Test(host_csv, a_first_row_with_text_is_data_when_the_next_is_alike) {
    static const double expected[] = {5.1, 4.9};
    char *folder = folder_new();
    gr_data *data = data_open(write_csv(folder, "5.1,setosa\n4.9,setosa\n", "0"));
    values_are(data, expected, 2);
    gr_data_close(data);
    folder_remove(folder);
}

Test(host_csv, mistakes_are_named_with_their_line) {
    char *folder = folder_new();
    data_refused(write_csv(folder, "1,2\n3\n", NULL), "t.csv:2: has 1 fields, where line 1 has 2");
    data_refused(write_csv(folder, "a,b\r\n\r\n1,2\r\n1,2,3\r\n", NULL), "t.csv:4: has 3 fields, where line 1 has 2");
    data_refused(write_csv(folder, "1,2\n3,4,", NULL), "t.csv:2: has 3 fields");
    data_refused(write_csv(folder, "1,2\n3,\n", NULL), "t.csv:2: column 1 is empty");
    data_refused(write_csv(folder, "1,2\n3,0x10\n", NULL), "column 1: '0x10' is no number");
    data_refused(write_csv(folder, "1,2\n3,1e999\n", NULL), "'1e999' is beyond the largest number");
    data_refused(write_csv(folder, "a,b\n\"1\n", NULL), "t.csv:2: a quote is not closed");
    data_refused(write_csv(folder, "a,b\n\"1\"2,3\n", NULL), "t.csv:2: text goes on behind the closing quote");
    data_refused(write_csv(folder, "\"a\nb\",c\n1,2\nx,2\n", NULL), "t.csv:4: column 0: 'x' is no number");
    data_refused(write_csv(folder, "1;2\n3;4\n", NULL), "'3;4' is no number; fields are separated by commas");
    data_refused(write_csv(folder, "1,5\n2\x1b[31m,1\n", NULL), "'2?[31m' is no number");
    data_refused(write_csv(folder, "", NULL), "t.csv: is empty");
    data_refused(write_csv(folder, "\n\n \n", NULL), "t.csv: is empty");
    folder_remove(folder);
}

Test(host_csv, misfits_of_a_table_are_named) {
    char *folder = folder_new();
    gr_error error = {""};
    const uint64_t row = 1;
    int32_t out[2];
    gr_data *data = data_open(write_csv(folder, "1,2\n3,4.5\n", NULL));
    cr_assert_not(gr_data_copy(data, &row, 1, GR_INT32, out, &error));
    cr_assert_not_null(strstr(error.text, "t.csv: row 1, column 1 (from 0): 4.5 does not fit"), "%s", error.text);
    gr_data_close(data);
    folder_remove(folder);
}

Test(host_csv, a_line_of_commas_takes_little_memory) {
    char *folder = folder_new(), *commas = malloc(5000000);
    memset(commas, ',', 5000000);
    file_write(folder, "t.csv", commas, 5000000);
    data_refused(path_in(folder, "t.csv"), "has more than 1048576 columns");
    free(commas);
    folder_remove(folder);
}

#ifdef GR_HAVE_ZLIB
Test(host_csv, gzipped_with_columns) {
    static const double expected[] = {2, 4};
    char *folder = folder_new(), path[8192];
    snprintf(path, sizeof path, "%s:b", gzip_write(folder, "t.csv.gz", "a,b\n1,2\n3,4\n", 12));
    gr_data *data = data_open(path);
    values_are(data, expected, 2);
    gr_data_close(data);
    folder_remove(folder);
}

#endif

/* ---- numbers */

static double number(const char *text) {
    double value = -1;
    cr_assert_eq(gr_read_number(text, strlen(text), &value), GR_NUMBER, "%s", text);
    return value;
}

Test(host_numbers, are_those_of_the_library) {
    char text[64];
    srand(1);
    for (int i = 0; i < 100000; i++) {
        const double value = (rand() - RAND_MAX / 2) * pow(10, rand() % 600 - 310);
        snprintf(text, sizeof text, "%.*g", 1 + rand() % 20, value);
        if (strstr(text, "inf")) continue;
        cr_assert_eq(number(text), strtod(text, NULL), "%s", text);
        snprintf(text, sizeof text, "%.*f", rand() % 12, (rand() - RAND_MAX / 2) / 1024.0);
        cr_assert_eq(number(text), strtod(text, NULL), "%s", text);
    }
}

Test(host_numbers, hard_ones) {
    static char long_zeros[3000], long_digits[3000];
    cr_assert_eq(number("9007199254740993"), 9007199254740992.0);
    cr_assert_eq(number("2.2250738585072011e-308"), 2.2250738585072011e-308);
    cr_assert_eq(number("1e-400"), 0);
    cr_assert_eq(number("0e999999999999999999"), 0);
    cr_assert_eq(number(".5"), 0.5);
    cr_assert_eq(number("5."), 5);
    cr_assert(signbit(number("-0")));
    snprintf(long_zeros, sizeof long_zeros, "%.*f", 2000, 1e-200);
    cr_assert_eq(number(long_zeros), 1e-200);
    memset(long_digits, '9', 300);
    cr_assert_eq(number(long_digits), 1e300);
}

Test(host_numbers, what_is_none) {
    static const char *const texts[] = {"",      " ",     ".",        "-",   "1e",  "1e+",    "e5",
                                        "0x1p3", "1_000", "1,5",      "1 2", "--1", "nan(1)", "infin",
                                        "1.2.3", "1d5",   "\xd9\xa1", "1f",  "+ 1"};
    double value;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        cr_assert_eq(gr_read_number(texts[i], strlen(texts[i]), &value), GR_NUMBER_NONE, "%s", texts[i]);
    }
}

Test(host_numbers, the_locale_does_not_matter) {
    static const double expected[] = {0.1234567890123456789, 2.5};
    if (!setlocale(LC_ALL, "de_DE.UTF-8") && !setlocale(LC_ALL, "de_DE") && !setlocale(LC_ALL, "fr_FR.UTF-8")) {
        cr_skip_test("no locale with a decimal comma is installed");
    }
    char *folder = folder_new();
    gr_data *data = data_open(write_csv(folder, "0.1234567890123456789\n2.5\n", NULL));
    values_are(data, expected, 2);
    gr_data_close(data);
    folder_remove(folder);
}
