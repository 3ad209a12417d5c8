#include "runtime/host/csv.h"
#include "runtime/host/number.h"

#include <stdlib.h>
#include <string.h>

typedef struct gr_field {
    const char *text; /* without the quotes around it; quotes within are still doubled */
    size_t length;
} gr_field;

typedef struct gr_csv {
    const char *at, *end;
    uint64_t line;       /* at which `at` stands, from 1 */
    uint64_t row_line;   /* at which the last record began */
    gr_field *fields;    /* of the last record */
    size_t count, space; /* fields, and room for them */
    size_t *columns;     /* the chosen ones */
    size_t chosen;
    const char *file;
    gr_error *error;
} gr_csv;

static bool exhausted(gr_csv *csv) {
    return gr_fail(csv->error, "%s: memory is exhausted", csv->file);
}

static unsigned long long line_of(const gr_csv *csv) {
    return (unsigned long long)csv->row_line;
}

/* ---- records */

static bool at_line_end(const gr_csv *csv) {
    return csv->at == csv->end || *csv->at == '\n' || *csv->at == '\r';
}

static void skip_line_end(gr_csv *csv) {
    if (csv->at == csv->end) return;
    if (*csv->at == '\r' && csv->at + 1 < csv->end && csv->at[1] == '\n') csv->at++;
    csv->at++;
    csv->line++;
}

static bool add_field(gr_csv *csv, const char *text, size_t length) {
    if (csv->count == csv->space) {
        if (csv->space >= GR_CSV_MAX_COLUMNS) {
            return gr_fail(csv->error, "%s:%llu: has more than %d columns", csv->file, line_of(csv),
                           GR_CSV_MAX_COLUMNS);
        }
        const size_t space = csv->space ? csv->space * 2 : 64;
        gr_field *fields = realloc(csv->fields, space * sizeof *fields);
        if (fields == NULL) return exhausted(csv);
        csv->fields = fields;
        csv->space = space;
    }
    csv->fields[csv->count++] = (gr_field){text, length};
    return true;
}

/* A field in quotes; `at` stands behind the first. */
static bool read_quoted(gr_csv *csv) {
    const char *start = csv->at;
    const uint64_t first_line = csv->line;
    for (; csv->at < csv->end; csv->at++) {
        const bool lone_return = *csv->at == '\r' && !(csv->at + 1 < csv->end && csv->at[1] == '\n');
        if (*csv->at == '\n' || lone_return) csv->line++;
        if (*csv->at != '"') continue;
        if (csv->at + 1 < csv->end && csv->at[1] == '"') {
            csv->at++;
            continue;
        }
        const size_t length = (size_t)(csv->at++ - start);
        if (!at_line_end(csv) && *csv->at != ',') {
            return gr_fail(csv->error, "%s:%llu: text goes on behind the closing quote of a field", csv->file,
                           (unsigned long long)csv->line);
        }
        return add_field(csv, start, length);
    }
    return gr_fail(csv->error, "%s:%llu: a quote is not closed before the file ends", csv->file,
                   (unsigned long long)first_line);
}

static bool read_field(gr_csv *csv) {
    if (csv->at < csv->end && *csv->at == '"') {
        csv->at++;
        return read_quoted(csv);
    }
    const char *start = csv->at;
    while (!at_line_end(csv) && *csv->at != ',')
        csv->at++;
    return add_field(csv, start, (size_t)(csv->at - start));
}

static void skip_empty_lines(gr_csv *csv) {
    for (;;) {
        const char *start = csv->at;
        while (csv->at < csv->end && (*csv->at == ' ' || *csv->at == '\t'))
            csv->at++;
        if (csv->at == csv->end) return;
        if (!at_line_end(csv)) {
            csv->at = start;
            return;
        }
        skip_line_end(csv);
    }
}

/* The next record. `*more` is false at the end of the file. */
static bool read_record(gr_csv *csv, bool *more) {
    csv->count = 0;
    skip_empty_lines(csv);
    csv->row_line = csv->line;
    *more = csv->at < csv->end;
    if (!*more) return true;
    for (;;) {
        if (!read_field(csv)) return false;
        if (at_line_end(csv)) break;
        csv->at++; /* the comma */
        if (csv->at == csv->end && !add_field(csv, csv->at, 0)) return false;
        if (csv->at == csv->end) break;
    }
    skip_line_end(csv);
    return true;
}

/* ---- the header */

static bool is_blank_field(gr_field field) {
    for (size_t i = 0; i < field.length; i++) {
        if (field.text[i] != ' ' && field.text[i] != '\t') return false;
    }
    return true;
}

static bool is_number(gr_field field) {
    double value;
    return gr_read_number(field.text, field.length, &value) != GR_NUMBER_NONE;
}

/* Looks at the second record, then stands behind the first again; its fields are those of the first. */
static bool has_header(gr_csv *csv, bool *header) {
    const gr_csv behind_first = *csv;
    const size_t count = csv->count;
    size_t numbers = 0;
    for (size_t i = 0; i < count; i++) {
        numbers += is_number(csv->fields[i]);
    }
    *header = numbers == 0;
    if (numbers == 0 || numbers == count) return true;
    gr_field *fields = malloc(count * sizeof *fields);
    if (fields == NULL) return exhausted(csv);
    memcpy(fields, csv->fields, count * sizeof *fields);
    bool more;
    const bool done = read_record(csv, &more);
    for (size_t i = 0; done && more && csv->count == count && i < count; i++) {
        if (!is_blank_field(fields[i]) && !is_number(fields[i]) && is_number(csv->fields[i])) *header = true;
    }
    memcpy(csv->fields, fields, count * sizeof *fields);
    free(fields);
    csv->at = behind_first.at;
    csv->line = behind_first.line;
    csv->row_line = behind_first.row_line;
    csv->count = count;
    return done;
}

/* ---- the choice of columns */

typedef struct gr_choice {
    const gr_csv *csv; /* its fields are the header, or the first row */
    bool header;
    uint8_t *taken; /* [columns] */
} gr_choice;

static bool same_name(gr_field a, gr_field b) {
    return a.length == b.length && memcmp(a.text, b.text, a.length) == 0;
}

/* 1: found at *column; 0: there is none; -1: several columns have that name. */
static int find_column(const gr_choice *choice, gr_field name, size_t *column) {
    int found = 0;
    for (size_t i = 0; choice->header && i < choice->csv->count; i++) {
        if (!same_name(choice->csv->fields[i], name)) continue;
        if (found++ == 0) *column = i;
    }
    if (found > 0) return found > 1 ? -1 : 1;
    if (name.length == 0 || name.length > 9) return 0;
    *column = 0;
    for (size_t i = 0; i < name.length; i++) {
        if (name.text[i] < '0' || name.text[i] > '9') return 0;
        *column = *column * 10 + (size_t)(name.text[i] - '0');
    }
    return *column < choice->csv->count;
}

/* first-last, with '-' anywhere that makes columns of both sides, since names may contain it. */
static bool find_range(const gr_choice *choice, gr_field field, size_t *first, size_t *last) {
    for (size_t i = 1; i + 1 < field.length; i++) {
        if (field.text[i] != '-') continue;
        const gr_field low = {field.text, i}, high = {field.text + i + 1, field.length - i - 1};
        if (find_column(choice, low, first) == 1 && find_column(choice, high, last) == 1) return true;
    }
    return false;
}

static bool take_columns(gr_choice *choice, gr_csv *csv, gr_field field) {
    size_t first = 0, last = 0;
    const int found = find_column(choice, field, &first);
    const int length = field.length < 200 ? (int)field.length : 200;
    if (found < 0) {
        return gr_fail(csv->error, "%s: has several columns '%.*s'; choose by number, from 0", csv->file, length,
                       field.text);
    }
    if (found == 1) {
        last = first;
    } else if (!find_range(choice, field, &first, &last)) {
        return gr_fail(csv->error, "%s: has no column '%.*s'; it has %zu%s, numbered from 0", csv->file, length,
                       field.text, csv->count, choice->header ? " with names" : " without names");
    }
    if (first > last) {
        return gr_fail(csv->error, "%s: the columns '%.*s' run backwards", csv->file, length, field.text);
    }
    for (size_t i = first; i <= last; i++) {
        if (choice->taken[i]++) return gr_fail(csv->error, "%s: column %zu is chosen twice", csv->file, i);
        csv->columns[csv->chosen++] = i;
    }
    return true;
}

/* The list is a line of CSV itself, so that names with commas can be quoted in it as in the file. */
static bool choose_columns(gr_csv *csv, bool header, const char *chosen) {
    csv->columns = malloc(csv->count * sizeof *csv->columns);
    if (csv->columns == NULL) return exhausted(csv);
    if (chosen == NULL) {
        for (size_t i = 0; i < csv->count; i++) {
            csv->columns[csv->chosen++] = i;
        }
        return true;
    }
    gr_csv list = {.at = chosen, .end = chosen + strlen(chosen), .line = 1, .file = csv->file, .error = csv->error};
    gr_choice choice = {.csv = csv, .header = header, .taken = calloc(csv->count, 1)};
    bool more, done = choice.taken != NULL ? read_record(&list, &more) : exhausted(csv);
    if (done && (!more || list.at < list.end)) {
        done = gr_fail(csv->error, "%s: no columns are listed behind ':'", csv->file);
    }
    for (size_t i = 0; done && i < list.count; i++) {
        done = take_columns(&choice, csv, list.fields[i]);
    }
    free(choice.taken);
    free(list.fields);
    return done;
}

/* ---- the values */

static bool fail_field(gr_csv *csv, size_t column, enum gr_number_result result) {
    const gr_field field = csv->fields[column];
    const int length = field.length < 60 ? (int)field.length : 60;
    if (is_blank_field(field)) {
        return gr_fail(csv->error, "%s:%llu: column %zu is empty; every row needs a number there", csv->file,
                       line_of(csv), column);
    }
    if (result == GR_NUMBER_TOO_LARGE) {
        return gr_fail(csv->error, "%s:%llu: column %zu: '%.*s' is beyond the largest number", csv->file, line_of(csv),
                       column, length, field.text);
    }
    const char *mend = csv->count == 1 && memchr(field.text, ';', field.length) != NULL
                           ? "fields are separated by commas, and '.' is the decimal point"
                           : "choose columns of numbers as in FILE.csv:0-3";
    return gr_fail(csv->error, "%s:%llu: column %zu: '%.*s' is no number; %s", csv->file, line_of(csv), column, length,
                   field.text, mend);
}

static bool read_row(gr_csv *csv, double *values) {
    for (size_t i = 0; i < csv->chosen; i++) {
        const gr_field field = csv->fields[csv->columns[i]];
        const enum gr_number_result result = gr_read_number(field.text, field.length, &values[i]);
        if (result != GR_NUMBER) return fail_field(csv, csv->columns[i], result);
    }
    return true;
}

static bool make_room(gr_csv *csv, gr_table *table, uint64_t *capacity) {
    if (table->rows < *capacity) return true;
    const uint64_t rows = *capacity ? *capacity * 2 : 16;
    if (rows > SIZE_MAX / 2 / sizeof(double) / csv->chosen) return exhausted(csv);
    double *values = realloc(table->values, (size_t)rows * csv->chosen * sizeof *values);
    if (values == NULL) return exhausted(csv);
    table->values = values;
    *capacity = rows;
    return true;
}

static bool read_rows(gr_csv *csv, bool header, gr_table *table) {
    const size_t width = csv->count;
    const unsigned long long first_line = line_of(csv);
    uint64_t capacity = 0;
    bool more = true;
    if (header && !read_record(csv, &more)) return false;
    while (more) {
        if (csv->count != width) {
            return gr_fail(csv->error, "%s:%llu: has %zu fields, where line %llu has %zu", csv->file, line_of(csv),
                           csv->count, first_line, width);
        }
        if (!make_room(csv, table, &capacity)) return false;
        if (!read_row(csv, table->values + (size_t)table->rows * csv->chosen)) return false;
        table->rows++;
        if (!read_record(csv, &more)) return false;
    }
    return true;
}

static bool read_table(gr_csv *csv, const char *chosen, gr_table *table) {
    bool more, header = false;
    if (!read_record(csv, &more)) return false;
    if (!more) return gr_fail(csv->error, "%s: is empty", csv->file);
    if (!has_header(csv, &header) || !choose_columns(csv, header, chosen)) return false;
    table->columns = csv->chosen;
    return read_rows(csv, header, table);
}

bool gr_csv_read(const char *text, size_t size, const char *chosen, const char *file, gr_table *table,
                 gr_error *error) {
    static const char mark[] = "\xef\xbb\xbf";
    gr_csv csv = {.at = text, .end = text + size, .line = 1, .file = file, .error = error};
    *table = (gr_table){0};
    if (size >= 3 && memcmp(text, mark, 3) == 0) csv.at += 3;
    const bool done = read_table(&csv, chosen, table);
    free(csv.fields);
    free(csv.columns);
    if (!done) {
        free(table->values);
        *table = (gr_table){0};
    }
    return done;
}
