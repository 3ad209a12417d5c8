/* Real data sets, where they lie beside the repository; nothing is tested without them. */
#include "tests/host/files.h"

#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#define SETS GRADC_ROOT "/../shared/data/"

static gr_data *set_open(const char *file, const char *described) {
    char text[64];
    if (access(SETS "README.md", R_OK) != 0) cr_skip_test("the data sets are not there");
    gr_data *data = data_open(file);
    cr_assert_str_eq(gr_data_describe(data, text, sizeof text), described);
    return data;
}

#ifdef GR_HAVE_ZLIB
Test(host_sets, mnist) {
    static const uint64_t rows[] = {0, 1, 59999};
    int32_t digits[3];
    uint8_t image[784];
    long sum = 0;
    gr_error error;
    gr_data *images = set_open(SETS "mnist/train-images-idx3-ubyte.gz", "[60000, 28, 28] of uint8");
    gr_data *labels = set_open(SETS "mnist/train-labels-idx1-ubyte.gz", "[60000] of uint8");
    cr_assert(gr_data_copy(labels, rows, 3, GR_INT32, digits, &error));
    cr_assert(digits[0] == 5 && digits[1] == 0 && digits[2] == 8);
    cr_assert(gr_data_copy(images, rows, 1, GR_BYTE, image, &error));
    for (int i = 0; i < 784; i++) {
        sum += image[i];
    }
    cr_assert_eq(sum, 27525);
    gr_data_close(images);
    gr_data_close(labels);
}

Test(host_sets, frey_faces) {
    gr_data_close(set_open(SETS "freyfaces/faces-images-idx3-ubyte.gz", "[1965, 28, 20] of uint8"));
}
#endif

Test(host_sets, iris) {
    static const uint64_t row = 149;
    float out[4];
    gr_error error;
    gr_data *data = set_open(SETS "iris/iris.csv:0-3", "[150, 4] of float64");
    cr_assert(gr_data_copy(data, &row, 1, GR_FLOAT, out, &error));
    cr_assert(out[0] == 5.9f && out[1] == 3.0f && out[2] == 5.1f && out[3] == 1.8f);
    gr_data_close(data);
}

Test(host_sets, tiny_shakespeare) {
    gr_data_close(set_open(SETS "tinyshakespeare/input.txt", "[1115394] of uint8"));
}
