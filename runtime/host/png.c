#include "runtime/host/png.h"

#ifdef GR_HAVE_PNG
#include "runtime/host/replace.h"
#include <math.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

enum { MARGIN = 1, MARGIN_GREY = 128, MAX_SIDE = 65535 };

/* Where images stand on the sheet, and how numbers become brightness: (value - low) * scale. */
typedef struct Sheet {
    const gr_array *shape;
    const uint8_t *values;
    uint64_t images, channels, height, width; /* of one image */
    uint64_t columns, rows;                   /* of the grid */
    double low, scale;
} Sheet;

/* ---- the grid */

static bool read_shape(Sheet *sheet, const char *path, gr_error *error) {
    const gr_array *shape = sheet->shape;
    const int rank = shape->rank;
    char text[256];
    gr_array_write_shape(shape, text, sizeof text);
    if (rank < 3)
        return gr_fail(error, "%s: %s are no images: [n, h, w] or [n, c, h, w] are; reshape(x, [n, h, w]) in the model",
                       path, text);
    const bool has_channels = rank > 3 && (shape->shape[rank - 3] == 1 || shape->shape[rank - 3] == 3);
    sheet->width = shape->shape[rank - 1];
    sheet->height = shape->shape[rank - 2];
    sheet->channels = has_channels ? shape->shape[rank - 3] : 1;
    sheet->images = 1;
    for (int a = 0; a < rank - 2 - has_channels; a++)
        sheet->images *= shape->shape[a];
    return shape->count > 0 || gr_fail(error, "%s: %s: there is no image", path, text);
}

static bool lay_out(Sheet *sheet, const char *path, gr_error *error) {
    const double ratio = (double)sheet->height / (double)sheet->width;
    sheet->columns = (uint64_t)ceil(sqrt((double)sheet->images * ratio));
    if (sheet->columns < 1) sheet->columns = 1;
    if (sheet->columns > sheet->images) sheet->columns = sheet->images;
    sheet->rows = (sheet->images + sheet->columns - 1) / sheet->columns;
    const double wide = (double)sheet->columns * ((double)sheet->width + MARGIN) + MARGIN;
    const double high = (double)sheet->rows * ((double)sheet->height + MARGIN) + MARGIN;
    return (wide <= MAX_SIDE && high <= MAX_SIDE) ||
           gr_fail(error, "%s: a sheet of %.0f x %.0f pixels is too large: at most %d", path, wide, high, MAX_SIDE);
}

/* ---- brightness */

static double value_at(const Sheet *sheet, uint64_t at) {
    double value;
    const size_t size = gr_element_size(sheet->shape->element);
    gr_array_decode(sheet->shape, sheet->values + at * size, size, 1, &value);
    return value;
}

static void choose_scale(Sheet *sheet) {
    const enum gr_element element = sheet->shape->element;
    sheet->low = 0;
    sheet->scale = element == GR_ELEMENT_BOOL ? 255 : 1;
    if (element != GR_ELEMENT_FLOAT16 && element != GR_ELEMENT_FLOAT32 && element != GR_ELEMENT_FLOAT64) return;
    double low = 0, high = 1, least = INFINITY, most = -INFINITY;
    for (uint64_t at = 0; at < sheet->shape->count; at++) {
        const double value = value_at(sheet, at);
        if (!isfinite(value)) continue;
        least = fmin(least, value);
        most = fmax(most, value);
    }
    if (least < 0 || most > 1) {
        low = least;
        high = most;
    }
    sheet->low = low;
    sheet->scale = high > low ? 255 / (high - low) : 0;
}

static uint8_t brightness(const Sheet *sheet, uint64_t at) {
    const double value = value_at(sheet, at), bright = (value - sheet->low) * sheet->scale;
    return !isfinite(value) || !(bright > 0) ? 0 : bright > 255 ? 255 : (uint8_t)(bright + 0.5);
}

/* ---- a line of pixels */

/* Line `y` of the row `row` of the grid; the line is filled with the margin's grey. */
static void draw_images(const Sheet *sheet, uint64_t row, uint64_t y, uint8_t *line) {
    const uint64_t plane = sheet->height * sheet->width;
    for (uint64_t column = 0; column < sheet->columns; column++) {
        const uint64_t image = row * sheet->columns + column;
        if (image >= sheet->images) return;
        uint8_t *pixels = line + (MARGIN + column * (sheet->width + MARGIN)) * sheet->channels;
        for (uint64_t c = 0; c < sheet->channels; c++)
            for (uint64_t x = 0; x < sheet->width; x++)
                pixels[x * sheet->channels + c] =
                    brightness(sheet, (image * sheet->channels + c) * plane + y * sheet->width + x);
    }
}

/* ---- libpng: it leaves by longjmp where something fails */

typedef struct Stream {
    gr_replacement *file;
    gr_error *error;
    const char *path;
} Stream;

static void refuse(png_structp png, png_const_charp why) {
    const Stream *stream = png_get_error_ptr(png);
    if (strcmp(why, "write") != 0) gr_fail(stream->error, "%s: %s", stream->path, why);
    png_longjmp(png, 1);
}

static void ignore(png_structp png, png_const_charp why) {
    (void)png, (void)why;
}

static void write_bytes(png_structp png, png_bytep bytes, size_t size) {
    Stream *stream = png_get_io_ptr(png);
    if (!gr_replace_write(stream->file, bytes, size, stream->error)) png_error(png, "write"); /* which has said why */
}

static void write_sheet(png_structp png, png_infop info, const Sheet *sheet, uint8_t *line) {
    const uint64_t wide = sheet->columns * (sheet->width + MARGIN) + MARGIN;
    const uint64_t high = sheet->rows * (sheet->height + MARGIN) + MARGIN;
    png_set_IHDR(png, info, (png_uint_32)wide, (png_uint_32)high, 8,
                 sheet->channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (uint64_t y = 0; y < high; y++) {
        const uint64_t row = y / (sheet->height + MARGIN), within = y % (sheet->height + MARGIN);
        memset(line, MARGIN_GREY, (size_t)(wide * sheet->channels));
        if (within >= MARGIN) draw_images(sheet, row, within - MARGIN, line);
        png_write_row(png, line);
    }
    png_write_end(png, info);
}

static bool write_png(Stream *stream, const Sheet *sheet, uint8_t *line) {
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, stream, refuse, ignore);
    png_infop info = png != NULL ? png_create_info_struct(png) : NULL;
    if (info == NULL) {
        png_destroy_write_struct(&png, NULL);
        return gr_fail(stream->error, "%s: out of memory", stream->path);
    }
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_write_struct(&png, &info);
        return false;
    }
    png_set_write_fn(png, stream, write_bytes, NULL);
    write_sheet(png, info, sheet, line);
    png_destroy_write_struct(&png, &info);
    return true;
}

bool gr_png_write(const char *path, const gr_array *shape, const void *values, gr_error *error) {
    Sheet sheet = {.shape = shape, .values = values};
    if (!read_shape(&sheet, path, error) || !lay_out(&sheet, path, error)) return false;
    choose_scale(&sheet);
    uint8_t *line = malloc((size_t)((sheet.columns * (sheet.width + MARGIN) + MARGIN) * sheet.channels));
    Stream stream = {.file = gr_replace_begin(path, error), .error = error, .path = path};
    bool done = line != NULL && stream.file != NULL;
    if (line == NULL) gr_fail(error, "%s: out of memory", path);
    done = done && write_png(&stream, &sheet, line);
    free(line);
    if (stream.file == NULL) return false;
    if (done) return gr_replace_commit(stream.file, error);
    gr_replace_cancel(stream.file);
    return false;
}

#else

bool gr_png_write(const char *path, const gr_array *shape, const void *values, gr_error *error) {
    (void)shape, (void)values;
    return gr_fail(error, "%s: pictures are not supported: this was compiled without libpng; .npy is", path);
}

#endif
