/* Data files for training and applying: one interface for all formats. Part of the host half of gradc's runtime; plain
 * C11 and POSIX, zlib for .gz where it was found.
 *
 *     gr_error error;
 *     gr_data *images = gr_data_open("train-images-idx3-ubyte.gz", &error);
 *     if (images == NULL) { fprintf(stderr, "%s\n", error.text); ... }
 *     float batch[2][784];
 *     const uint64_t rows[2] = {5, 59999};
 *     if (!gr_data_copy(images, rows, 2, GR_FLOAT, batch, &error)) ...
 *     gr_data_close(images);
 *
 * Formats, by the file's name: .npy, .csv, .txt (its bytes, one a row), else IDX, which is known by its first bytes;
 * each with .gz behind it is unpacked into memory. Plain files are mapped, so that only what is copied is read, and
 * they may be larger than memory; a CSV becomes doubles in memory, at most 4 times its size.
 *
 * No file can make these functions abort, and none takes more memory than a small multiple of the bytes that it really
 * holds (unpacked ones, with .gz), whatever its header promises. Every failure is one message in `error`. */
#ifndef GR_HOST_DATA_H
#define GR_HOST_DATA_H

#include "runtime/core/gr.h"
#include "runtime/host/array.h"

/* Rows of numbers: the first axis counts rows, the others are what one row holds. Reading does not change it, so that
 * several threads may copy from one. */
typedef struct gr_data gr_data;

/* Opens data as `--data INPUT=FILE` names it: FILE, FILE.csv:COLUMNS (see csv.h), FILE.csv.gz:COLUMNS, or "-", a .npy
 * on standard input. Header and length are checked here, a CSV's numbers and a .gz's checksum too. NULL on failure. */
gr_data *gr_data_open(const char *file, gr_error *error);
void gr_data_close(gr_data *data); /* NULL is nothing to close */

/* The name as it was given, without columns, for messages. */
const char *gr_data_name(const gr_data *data);
/* Element type and shape, rows first. A CSV has shape [rows, columns], or [rows] with one column. */
const gr_array *gr_data_array(const gr_data *data);
/* Whether there is an axis of rows; a .npy of shape () has none, and counts as one row of one element. */
bool gr_data_has_rows(const gr_data *data);
uint64_t gr_data_rows(const gr_data *data);
/* Elements of one row: the product of the other axes, 1 if there are none. */
uint64_t gr_data_row_size(const gr_data *data);
/* "[60000, 28, 28] of uint8", cut to what fits. Returns text. */
char *gr_data_describe(const gr_data *data, char *text, size_t size);

/* Copies `count` rows, in this order, into out[count][row_size]: dense, row-major, in the machine's byte order, of
 * type GR_FLOAT, GR_DOUBLE, GR_INT32, GR_BYTE or GR_BOOL (enum gr_type).
 *
 * Every number must fit: a whole number within 32 bits, 0..255 or 0..1 for the integer types (no NaN); for floats
 * none finite beyond the largest float. NaN and infinities stay what they are in floats, decimals are rounded, and so
 * are 64-bit integers beyond 2^53.
 *
 * A mapped file is checked before each call to have the size and time that it was opened with; false, with a message,
 * if it was changed meanwhile, as for a number that does not fit. Content of `out` is undefined then. */
bool gr_data_copy(const gr_data *data, const uint64_t *rows, size_t count, int type, void *out, gr_error *error);

/* For programs: a file that another program cuts short in the very moment of a copy makes the system send SIGBUS. This
 * has the process say so on standard error and exit with status 3 instead of dying without a word. It replaces the
 * process's handler of SIGBUS, therefore libraries leave it to main(). */
void gr_data_guard(void);

#endif
