#include "compiler/report/report.h"
#include <string.h>

enum { GAP = 2 };

void table_add(Table *table, const char *cell) {
    vec_push(table->arena, &table->cells, cell);
}

/* Columns as the reader counts them: a character of UTF-8 is one. */
static int width_of(const char *text) {
    int width = 0;
    for (const char *c = text; *c; c++)
        width += ((unsigned char)*c & 0xC0) != 0x80;
    return width;
}

static int column_width(const Table *table, int column) {
    int width = 0;
    for (int c = column; c < table->cells.count; c += table->columns)
        if (width_of(table->cells.at[c]) > width) width = width_of(table->cells.at[c]);
    return width;
}

static int last_filled(const Table *table, int row) {
    int last = table->columns - 1;
    while (last > 0 && *table->cells.at[row * table->columns + last] == '\0')
        last--;
    return last;
}

void table_write_row(Writer *writer, const Table *table, int row) {
    const char *line = "";
    int last = last_filled(table, row);
    for (int c = 0; c <= last; c++) {
        const char *cell = table->cells.at[row * table->columns + c];
        int blanks = column_width(table, c) - width_of(cell), gap = c == 0 ? 0 : GAP;
        bool right = table->align[c] == 'r';
        line = arena_print(writer->arena, "%s%*s%s%*s", line, gap + (right ? blanks : 0), "", cell,
                           right || c == last ? 0 : blanks, "");
    }
    write_text(writer, "%*s%s\n", writer->level * 4, "", line);
}

void table_write(Writer *writer, const Table *table) {
    for (int row = 0; row * table->columns < table->cells.count; row++)
        table_write_row(writer, table, row);
}
