#include "compiler/support/str.h"
#include <ctype.h>
#include <string.h>

enum { FIRST_SLOTS = 256, LONGEST_COMPARED = 63 };

uint32_t hash_bytes(const void *data, size_t size) {
    const unsigned char *bytes = data;
    uint32_t hash = UINT32_C(2166136261);
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * UINT32_C(16777619);
    return hash;
}

int utf8_decode(const char *text, size_t length, uint32_t *code) {
    static const uint32_t least_of_length[] = {0, 0, 0x80, 0x800, 0x10000};
    if (length == 0) return 0;
    unsigned first = (unsigned char)text[0];
    int count = first < 0x80 ? 1 : first < 0xC0 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF8 ? 4 : 0;
    if (count == 0 || (size_t)count > length) return 0;
    *code = count == 1 ? first : first & (0x7FU >> count);
    for (int i = 1; i < count; i++) {
        unsigned next = (unsigned char)text[i];
        if ((next & 0xC0) != 0x80) return 0;
        *code = *code << 6 | (next & 0x3F);
    }
    bool surrogate = *code >= 0xD800 && *code <= 0xDFFF;
    return *code < least_of_length[count] || surrogate || *code > 0x10FFFF ? 0 : count;
}

void interner_open(Interner *interner, Arena *arena) {
    *interner = (Interner){.arena = arena, .capacity = FIRST_SLOTS};
    interner->slots = ARENA_ARRAY(arena, Name, FIRST_SLOTS);
}

static bool same_text(Name name, const char *text, size_t length) {
    return strncmp(name, text, length) == 0 && name[length] == '\0';
}

/* The slot that holds the text, or the free one where it belongs. */
static Name *find_slot(Name *slots, size_t capacity, const char *text, size_t length) {
    size_t at = hash_bytes(text, length) & (capacity - 1);
    while (slots[at] && !same_text(slots[at], text, length))
        at = (at + 1) & (capacity - 1);
    return &slots[at];
}

static void double_slots(Interner *interner) {
    size_t capacity = interner->capacity * 2;
    Name *slots = ARENA_ARRAY(interner->arena, Name, capacity);
    for (size_t i = 0; i < interner->capacity; i++) {
        Name name = interner->slots[i];
        if (name) *find_slot(slots, capacity, name, strlen(name)) = name;
    }
    interner->slots = slots;
    interner->capacity = capacity;
}

Name intern(Interner *interner, const char *text, size_t length) {
    Name *slot = find_slot(interner->slots, interner->capacity, text, length);
    if (*slot) return *slot;
    if (interner->count + 1 > interner->capacity / 2) {
        double_slots(interner);
        slot = find_slot(interner->slots, interner->capacity, text, length);
    }
    char *name = arena_alloc(interner->arena, length + 1);
    memcpy(name, text, length);
    interner->count++;
    return *slot = name;
}

Name intern_text(Interner *interner, const char *text) {
    return intern(interner, text, strlen(text));
}

Name intern_print(Interner *interner, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const char *text = arena_print_list(interner->arena, format, arguments);
    va_end(arguments);
    return intern_text(interner, text);
}

static bool same_but_for_case(const char *a, const char *b) {
    while (*a && tolower((unsigned char)*a) == tolower((unsigned char)*b))
        a++, b++;
    return *a == *b;
}

static int least(int a, int b) {
    return a < b ? a : b;
}

/* Insertions, deletions, substitutions and exchanges of neighbours that turn a into b (optimal string alignment). */
static int edit_distance(const char *a, int m, const char *b, int n) {
    int rows[3][LONGEST_COMPARED + 1];
    for (int j = 0; j <= n; j++)
        rows[0][j] = j;
    for (int i = 1; i <= m; i++) {
        int *row = rows[i % 3], *above = rows[(i - 1) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (int j = 1; j <= n; j++) {
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], above2[j - 2] + 1);
        }
    }
    return rows[m % 3][n];
}

const char *nearest_name(const char *name, const char *const *candidates, int count) {
    size_t length = strlen(name);
    if (length > LONGEST_COMPARED) return NULL;
    const char *nearest = NULL;
    int best = (int)length / 3 + 1; /* one letter in three may be wrong */
    for (int i = 0; i < count; i++) {
        size_t other = strlen(candidates[i]);
        if (other > LONGEST_COMPARED || strcmp(candidates[i], name) == 0) continue;
        int distance = edit_distance(name, (int)length, candidates[i], (int)other);
        if (length > 1 && distance > 1 && same_but_for_case(name, candidates[i])) distance = 1;
        if (distance < best) best = distance, nearest = candidates[i];
    }
    return nearest;
}
