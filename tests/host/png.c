/* Sheets of images, read back by libpng. */
#define _XOPEN_SOURCE 700 /* setrlimit */
#include "runtime/host/png.h"
#include "tests/host/watch.h"
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifdef GR_HAVE_PNG
#include <png.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

typedef struct Picture {
    unsigned width, height;
    unsigned char *pixels; /* red, green, blue */
} Picture;

static gr_array array_of(enum gr_element element, int rank, const uint64_t *shape) {
    const uint16_t one = 1;
    gr_array array = {.element = element, .rank = rank, .big_endian = *(const unsigned char *)&one == 0};
    gr_error error;
    memcpy(array.shape, shape, (size_t)rank * sizeof *shape);
    cr_assert(gr_array_measure(&array, "array", &error));
    return array;
}

static Picture write_and_read(const gr_array *array, const void *values) {
    const char *path = watch_path("sheet.png");
    gr_error error;
    cr_assert(gr_png_write(path, array, values, &error), "%s", error.text);
    png_image image = {.version = PNG_IMAGE_VERSION};
    cr_assert(png_image_begin_read_from_file(&image, path));
    image.format = PNG_FORMAT_RGB;
    Picture picture = {image.width, image.height, malloc(PNG_IMAGE_SIZE(image))};
    cr_assert(png_image_finish_read(&image, NULL, picture.pixels, 0, NULL));
    return picture;
}

static int pixel(const Picture *picture, unsigned x, unsigned y, unsigned channel) {
    return picture->pixels[(y * picture->width + x) * 3 + channel];
}

Test(png, puts_images_into_a_grid) {
    const uint8_t values[5 * 2 * 3] = {0,  1,  2,  3,  4,  5,  10, 11, 12, 13, 14, 15, 20, 21, 22,
                                       23, 24, 25, 30, 31, 32, 33, 34, 35, 40, 41, 42, 43, 44, 45};
    const gr_array array = array_of(GR_ELEMENT_UINT8, 3, (const uint64_t[]){5, 2, 3});
    Picture picture = write_and_read(&array, values);
    cr_assert_eq(picture.width, 2 * 4 + 1); /* two columns: 9 x 10 pixels */
    cr_assert_eq(picture.height, 3 * 3 + 1);
    for (unsigned n = 0; n < 5; n++)
        for (unsigned y = 0; y < 2; y++)
            for (unsigned x = 0; x < 3; x++)
                cr_assert_eq(pixel(&picture, 1 + n % 2 * 4 + x, 1 + n / 2 * 3 + y, 0), values[n * 6 + y * 3 + x]);
    cr_assert_eq(pixel(&picture, 0, 0, 0), 128);
    cr_assert_eq(pixel(&picture, 6, 8, 0), 128); /* the sixth place is empty */
    free(picture.pixels);
}

Test(png, keeps_colours_apart) {
    const float values[3 * 1 * 2] = {0, 1, 0.5f, 0.25f, 1, 0}; /* red, green, blue of two pixels */
    const gr_array array = array_of(GR_ELEMENT_FLOAT32, 4, (const uint64_t[]){1, 3, 1, 2});
    Picture picture = write_and_read(&array, values);
    const int wanted[2][3] = {{0, 128, 255}, {255, 64, 0}};
    for (unsigned x = 0; x < 2; x++)
        for (unsigned c = 0; c < 3; c++)
            cr_assert_eq(pixel(&picture, 1 + x, 1, c), wanted[x][c]);
    free(picture.pixels);
}

Test(png, stretches_reals_beyond_one_and_clips_ints) {
    const double reals[4] = {-2, 0, 2, NAN};
    gr_array array = array_of(GR_ELEMENT_FLOAT64, 3, (const uint64_t[]){1, 1, 4});
    Picture picture = write_and_read(&array, reals);
    const int stretched[4] = {0, 128, 255, 0};
    for (unsigned x = 0; x < 4; x++)
        cr_assert_eq(pixel(&picture, 1 + x, 1, 0), stretched[x]);
    free(picture.pixels);
    const int32_t ints[4] = {-5, 0, 77, 999};
    array = array_of(GR_ELEMENT_INT32, 3, (const uint64_t[]){1, 1, 4});
    picture = write_and_read(&array, ints);
    const int clipped[4] = {0, 0, 77, 255};
    for (unsigned x = 0; x < 4; x++)
        cr_assert_eq(pixel(&picture, 1 + x, 1, 0), clipped[x]);
    free(picture.pixels);
}

Test(png, what_is_not_finite_is_black) {
    const float values[4] = {INFINITY, -INFINITY, NAN, 1};
    const gr_array array = array_of(GR_ELEMENT_FLOAT32, 3, (const uint64_t[]){1, 1, 4});
    Picture picture = write_and_read(&array, values);
    for (unsigned x = 0; x < 4; x++)
        cr_assert_eq(pixel(&picture, 1 + x, 1, 0), x == 3 ? 255 : 0);
    free(picture.pixels);
}

Test(png, reals_of_16_bits_are_reals) {
    const uint16_t values[2] = {0x3c00, 0x3800}; /* 1, 0.5 */
    const gr_array array = array_of(GR_ELEMENT_FLOAT16, 3, (const uint64_t[]){1, 1, 2});
    Picture picture = write_and_read(&array, values);
    cr_assert_eq(pixel(&picture, 1, 1, 0), 255);
    cr_assert_eq(pixel(&picture, 2, 1, 0), 128);
    free(picture.pixels);
}

Test(png, full_disk_leaves_no_sheet) {
    static uint8_t noise[64 * 64];
    uint32_t random = 1;
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (uint8_t)((random = random * 1664525u + 1013904223u) >> 24);
    const gr_array array = array_of(GR_ELEMENT_UINT8, 3, (const uint64_t[]){1, 64, 64});
    const char *path = watch_path("full.png");
    gr_error error = {""};
    struct rlimit old, full;
    getrlimit(RLIMIT_FSIZE, &old);
    full = (struct rlimit){1000, old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &full);
    const bool written = gr_png_write(path, &array, noise, &error);
    setrlimit(RLIMIT_FSIZE, &old);
    cr_assert_not(written);
    cr_assert_not_null(strstr(error.text, "full.png"), "%s", error.text);
    cr_assert_neq(access(path, F_OK), 0);
}

static void refuse(const char *path, const gr_array *array, const char *part) {
    static const float values[64];
    gr_error error = {""};
    cr_assert_not(gr_png_write(path, array, values, &error));
    cr_assert_not_null(strstr(error.text, part), "%s", error.text);
}

Test(png, refuses_what_is_no_picture) {
    gr_array array = array_of(GR_ELEMENT_FLOAT32, 2, (const uint64_t[]){2, 16});
    refuse("/tmp/x.png", &array, "[2, 16] are no images");
    array = array_of(GR_ELEMENT_FLOAT32, 3, (const uint64_t[]){0, 4, 4});
    refuse("/tmp/x.png", &array, "there is no image");
    array = array_of(GR_ELEMENT_FLOAT32, 3, (const uint64_t[]){1, 1, 70000});
    refuse("/tmp/x.png", &array, "too large");
    array = array_of(GR_ELEMENT_FLOAT32, 3, (const uint64_t[]){1, 4, 4});
    refuse("/nowhere/x.png", &array, "/nowhere/x.png");
}
#endif
