/* Tables of numbers as text: fields between commas, after RFC 4180. */
#ifndef GR_HOST_CSV_H
#define GR_HOST_CSV_H

#include "runtime/host/error.h"
#include <stddef.h>
#include <stdint.h>

/* More columns than this are refused, so that a line of commas cannot take much memory. */
#define GR_CSV_MAX_COLUMNS (1 << 20)

/* What was read: the chosen columns of all rows. Owned by the caller, who frees it. */
typedef struct gr_table {
    uint64_t rows;
    size_t columns;
    double *values; /* (rows, columns) */
} gr_table;

/* Reads the table in a text of `size` bytes.
 *
 * Lines end with LF, CR LF or CR; empty ones are skipped, as is a byte order mark. Fields may be quoted, then hold
 * commas, line ends, and quotes as "". The first line is a header if none of its fields is a number, or if one is none
 * where the second line has a number. Every line has as many fields as the first.
 *
 * `chosen` lists columns as a line of the file would: names of the header (which win), 0-based numbers, and ranges of
 * either, first and last with '-' between: `0-3,label`. NULL chooses all. Every chosen field of a row must be a
 * number. Messages count lines of the file from 1. */
bool gr_csv_read(const char *text, size_t size, const char *chosen, const char *file, gr_table *table, gr_error *error);

#endif
