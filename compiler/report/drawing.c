/* The arena over time, drawn in letters.
 *
 *          step 0 1 2 3 4
 *     65,536    . A A A .
 *         64    B B . . .
 *
 * Lines are ranges of bytes between the borders of buffers, the lowest at the bottom, so that the smallest is seen too;
 * a large range gets several. Where there are more borders or steps than a reader follows, lines are equal ranges and
 * columns several steps, and a letter stands for the largest buffer there. */
#include "compiler/report/report.h"
#include <string.h>

enum { MOST_LINES = 40, MOST_COLUMNS = 48, TALL = 15 };

typedef struct Range {
    int64_t begin, end;
} Range;
typedef VEC(Range) Ranges;

static bool in_arena(const Buffer *buffer) {
    return buffer->place == BUFFER_ARENA && is_planned(buffer) && buffer->bytes > 0;
}

/* ---- lines ---- */

typedef VEC(int64_t) Borders;

static void add_border(Arena *arena, Borders *borders, int64_t border) {
    int at = 0;
    while (at < borders->count && borders->at[at] < border)
        at++;
    if (at < borders->count && borders->at[at] == border) return;
    vec_push(arena, borders, border);
    for (int b = borders->count - 1; b > at; b--)
        borders->at[b] = borders->at[b - 1];
    borders->at[at] = border;
}

static void add_equal(Arena *arena, Ranges *ranges, int64_t begin, int64_t end, int count) {
    int64_t height = (end - begin + count - 1) / count;
    for (int64_t at = begin; at < end; at += height)
        vec_push(arena, ranges, (Range){at, at + height < end ? at + height : end});
}

static Ranges lines_of(Arena *arena, const Routine *routine) {
    Borders borders = {0};
    Ranges ranges = {0};
    add_border(arena, &borders, 0);
    add_border(arena, &borders, routine->arena_bytes);
    for (int b = 0; b < routine->buffers.count; b++) {
        const Buffer *buffer = routine->buffers.at[b];
        if (!in_arena(buffer)) continue;
        add_border(arena, &borders, buffer->offset);
        add_border(arena, &borders, buffer->offset + buffer->bytes);
    }
    if (borders.count > MOST_LINES - TALL) {
        add_equal(arena, &ranges, 0, routine->arena_bytes, MOST_LINES);
        return ranges;
    }
    int spare = 2 * borders.count < TALL ? 2 * borders.count : TALL; /* lines to share out by size */
    for (int b = 0; b + 1 < borders.count; b++) {
        int64_t bytes = borders.at[b + 1] - borders.at[b];
        add_equal(arena, &ranges, borders.at[b], borders.at[b + 1], 1 + (int)(bytes * spare / routine->arena_bytes));
    }
    return ranges;
}

/* ---- cells ---- */

static int64_t common(int64_t begin_a, int64_t end_a, int64_t begin_b, int64_t end_b) {
    int64_t begin = begin_a > begin_b ? begin_a : begin_b, end = end_a < end_b ? end_a : end_b;
    return end > begin ? end - begin : 0;
}

/* The letter of the buffer that covers most of the bytes and steps. */
static char cell(const Routine *routine, const char *letters, Range bytes, Range steps) {
    char letter = '.';
    int64_t most = 0;
    for (int b = 0; b < routine->buffers.count; b++) {
        const Buffer *buffer = routine->buffers.at[b];
        if (!in_arena(buffer)) continue;
        int64_t covered = common(bytes.begin, bytes.end, buffer->offset, buffer->offset + buffer->bytes) *
                          common(steps.begin, steps.end, buffer->first, buffer->last + 1);
        if (covered > most) letter = letters[b], most = covered;
    }
    return letter;
}

void draw_arena(Writer *writer, const Routine *routine, const char *letters) {
    Arena *arena = writer->arena;
    Ranges lines = lines_of(arena, routine), columns = {0};
    add_equal(arena, &columns, 0, routine->row.count,
              routine->row.count < MOST_COLUMNS ? routine->row.count : MOST_COLUMNS);
    int width = (int)strlen(arena_print(arena, "%lld", (long long)columns.at[columns.count - 1].begin)) + 1;
    const char *head = "";
    for (int c = 0; c < columns.count; c++)
        head = arena_print(arena, "%s%*lld", head, width, (long long)columns.at[c].begin);
    write_line(writer, "%15s%s", "step", head);
    for (int l = lines.count - 1; l >= 0; l--) {
        const char *line = "";
        for (int c = 0; c < columns.count; c++)
            line = arena_print(arena, "%s%*c", line, width, cell(routine, letters, lines.at[l], columns.at[c]));
        write_line(writer, "%15s%s", count_text(arena, lines.at[l].begin), line);
    }
}
