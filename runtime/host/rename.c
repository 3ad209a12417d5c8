#include "runtime/host/rename.h"

#include "runtime/host/file.h"
#include "runtime/host/json.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_MAP = 1 << 20, MAX_STARS = 9 };

static const char blanks[] = " \t\r";

/* ---- the map's text */

typedef struct gr_rule {
    char *old, *new; /* new is NULL where tensors are left out */
    int line;
    int rank; /* of the permutation, or -1: axes stay */
    uint8_t axes[GR_ARRAY_MAX_RANK];
    bool used;
} gr_rule;

typedef struct gr_map {
    const char *path;
    char *text;
    gr_rule *rules;
    size_t count, room;
    gr_error *error;
} gr_map;

static bool wrong(const gr_map *map, int line, const char *what) {
    return gr_fail(map->error, "%s:%d: %s", map->path, line, what);
}

static bool read_text(gr_map *map) {
    uint64_t size;
    const int descriptor = gr_file_open(map->path, &size, map->error);
    if (descriptor < 0) return false;
    bool done = size <= MAX_MAP || gr_fail(map->error, "%s: a map has at most %d bytes", map->path, MAX_MAP);
    if (done) {
        map->text = calloc(1, (size_t)size + 1);
        done = map->text ? gr_file_read(descriptor, map->path, 0, map->text, size, map->error)
                         : gr_fail(map->error, "%s: out of memory", map->path);
    }
    close(descriptor);
    return done && (strlen(map->text) == size || gr_fail(map->error, "%s: is no text: it has a zero byte", map->path));
}

static int count_stars(const char *text) {
    int stars = 0;
    for (; *text; text++)
        stars += *text == '*';
    return stars;
}

/* "1,0": each axis once. */
static bool read_axes(const gr_map *map, gr_rule *rule, const char *text) {
    static const char needed[] = "transpose= needs each axis once, from 0: transpose=1,0";
    uint32_t seen = 0;
    rule->rank = 0;
    for (;; text++) {
        char *end;
        const unsigned long axis = *text >= '0' && *text <= '9' ? strtoul(text, &end, 10) : GR_ARRAY_MAX_RANK;
        if (axis >= GR_ARRAY_MAX_RANK || rule->rank == GR_ARRAY_MAX_RANK || (seen >> axis & 1))
            return wrong(map, rule->line, needed);
        seen |= (uint32_t)1 << axis;
        rule->axes[rule->rank++] = (uint8_t)axis;
        text = end;
        if (*text != ',') break;
    }
    const bool whole = *text == 0 && (rule->rank == 32 || seen == ((uint32_t)1 << rule->rank) - 1);
    return whole || wrong(map, rule->line, needed);
}

/* The next word of a line, ended by a zero byte; NULL where there is none or a comment begins. */
static char *next_word(char **at) {
    char *word = *at + strspn(*at, blanks);
    if (*word == 0 || *word == '#') return NULL;
    *at = word + strcspn(word, blanks);
    if (**at) *(*at)++ = 0;
    return word;
}

static bool add_rule(gr_map *map, const gr_rule *rule) {
    if (map->count == map->room) {
        const size_t room = 2 * map->room + 16;
        gr_rule *larger = realloc(map->rules, room * sizeof *larger);
        if (!larger) return gr_fail(map->error, "%s: out of memory", map->path);
        map->rules = larger;
        map->room = room;
    }
    map->rules[map->count++] = *rule;
    return true;
}

static bool read_line(gr_map *map, char *line, int number) {
    static const char transpose[] = "transpose=";
    gr_rule rule = {.line = number, .rank = -1};
    for (const char *c = line, *end = line + strlen(line); c < end;) {
        const size_t size = strchr(blanks, *c) ? 1 : gr_utf8_size((const unsigned char *)c, end);
        if (size == 0) return wrong(map, number, "what is no UTF-8 text");
        c += size;
    }
    rule.old = next_word(&line);
    if (!rule.old) return true;
    rule.new = next_word(&line);
    if (!rule.new) return wrong(map, number, "a line is OLD NEW [transpose=1,0], or OLD - to leave a tensor out");
    const bool left_out = strcmp(rule.new, "-") == 0;
    if (count_stars(rule.old) > MAX_STARS) return wrong(map, number, "at most 9 * in a name");
    if (!left_out && count_stars(rule.new) != count_stars(rule.old))
        return wrong(map, number, "OLD and NEW need equally many *");
    const char *option = next_word(&line);
    if (option && (left_out || strncmp(option, transpose, sizeof transpose - 1) != 0))
        return gr_fail(map->error, "%s:%d: what is '%.100s'? %s", map->path, number, option,
                       left_out ? "Nothing follows '-'" : "Only transpose=1,0 may follow");
    if (option && !read_axes(map, &rule, option + sizeof transpose - 1)) return false;
    if (next_word(&line)) return wrong(map, number, "the line goes on behind transpose=");
    if (left_out) rule.new = NULL;
    return add_rule(map, &rule);
}

static bool read_map(gr_map *map) {
    if (!read_text(map)) return false;
    int number = 0;
    for (char *line = map->text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next) *next++ = 0;
        if (!read_line(map, line, ++number)) return false;
    }
    return true;
}

/* ---- matching: a '*' stands for any text of one byte or more, the earlier ones for as little as will do */

typedef struct gr_match {
    const char *at[MAX_STARS];
    size_t length[MAX_STARS];
} gr_match;

static const char *find(const char *text, const char *part, size_t size) {
    for (size_t left = strlen(text); left >= size; text++, left--) {
        if (memcmp(text, part, size) == 0) return text;
    }
    return NULL;
}

static bool matches(const char *pattern, const char *name, gr_match *match) {
    size_t part = strcspn(pattern, "*");
    if (strncmp(pattern, name, part) != 0) return false;
    name += part;
    pattern += part;
    for (int star = 0; *pattern == '*'; star++) {
        pattern++;
        part = strcspn(pattern, "*");
        const size_t left = strlen(name);
        if (left < 1 + part) return false;
        const char *place = pattern[part] ? find(name + 1, pattern, part) : name + left - part;
        if (!place || memcmp(place, pattern, part) != 0) return false;
        match->at[star] = name;
        match->length[star] = (size_t)(place - name);
        name = place + part;
        pattern += part;
    }
    return *name == 0;
}

/* The new name, with what the stars stood for. NULL when out of memory. */
static char *make_name(const char *pattern, const gr_match *match) {
    size_t size = strlen(pattern) + 1;
    int star = 0;
    for (const char *c = pattern; *c; c++)
        size += *c == '*' ? match->length[star++] : 0;
    char *name = malloc(size), *out = name;
    star = 0;
    for (const char *c = pattern; name && *c; c++) {
        if (*c == '*') {
            memcpy(out, match->at[star], match->length[star]);
            out += match->length[star++];
        } else {
            *out++ = *c;
        }
    }
    if (name) *out = 0;
    return name;
}

/* ---- applying it */

static gr_rule *find_rule(const gr_map *map, const char *name, gr_match *match) {
    for (size_t r = 0; r < map->count; r++) {
        if (matches(map->rules[r].old, name, match)) return &map->rules[r];
    }
    return NULL;
}

static bool transpose(const gr_map *map, const gr_rule *rule, gr_renamed *origin, uint64_t *shape) {
    const gr_stored_tensor *from = origin->from;
    origin->transposed = rule && rule->rank >= 0;
    if (origin->transposed && rule->rank != from->rank)
        return gr_fail(map->error, "%s:%d: '%.100s' has %d axes, transpose= names %d", map->path, rule->line,
                       from->name, from->rank, rule->rank);
    for (int axis = 0; axis < from->rank; axis++) {
        origin->axes[axis] = origin->transposed ? rule->axes[axis] : (uint8_t)axis;
        shape[axis] = from->shape[origin->axes[axis]];
    }
    return true;
}

/* Appends the tensor under its new name, unless it is left out. */
static bool rename_one(const gr_map *map, const gr_stored_tensor *from, gr_renaming *renaming, uint64_t **shapes) {
    gr_match match = {0};
    gr_rule *rule = find_rule(map, from->name, &match);
    if (rule) rule->used = true;
    if (rule && !rule->new) return true;
    const size_t i = renaming->count;
    renaming->names[i] = rule ? make_name(rule->new, &match) : strdup(from->name);
    if (!renaming->names[i]) return gr_fail(map->error, "%s: out of memory", from->name);
    renaming->count++;
    renaming->origins[i] = (gr_renamed){.from = from};
    if (!transpose(map, rule, &renaming->origins[i], *shapes)) return false;
    renaming->tensors[i] = *from;
    renaming->tensors[i].name = renaming->names[i];
    renaming->tensors[i].shape = *shapes;
    *shapes += from->rank;
    return true;
}

static int compare_names(const void *a, const void *b) {
    return strcmp((*(const gr_stored_tensor *const *)a)->name, (*(const gr_stored_tensor *const *)b)->name);
}

static bool check_names(const gr_renaming *renaming, gr_error *error) {
    const gr_stored_tensor **sorted = malloc((renaming->count + 1) * sizeof *sorted);
    if (!sorted) return gr_fail(error, "out of memory");
    bool done = true;
    for (size_t i = 0; i < renaming->count; i++)
        sorted[i] = &renaming->tensors[i];
    qsort(sorted, renaming->count, sizeof *sorted, compare_names);
    for (size_t i = 1; done && i < renaming->count; i++) {
        if (strcmp(sorted[i - 1]->name, sorted[i]->name) != 0) continue;
        const char *first = renaming->origins[sorted[i - 1] - renaming->tensors].from->name;
        const char *second = renaming->origins[sorted[i] - renaming->tensors].from->name;
        done = gr_fail(error, "'%.100s' and '%.100s' would both be called '%.100s'", first, second, sorted[i]->name);
    }
    free(sorted);
    return done;
}

static bool allocate(gr_renaming *renaming, const gr_stored_tensor *tensors, size_t count, gr_error *error) {
    size_t axes = 0;
    for (size_t i = 0; i < count; i++)
        axes += (size_t)tensors[i].rank;
    renaming->tensors = malloc((count + 1) * sizeof *renaming->tensors);
    renaming->origins = malloc((count + 1) * sizeof *renaming->origins);
    renaming->names = malloc((count + 1) * sizeof *renaming->names);
    renaming->shapes = malloc((axes + 1) * sizeof *renaming->shapes);
    return (renaming->tensors && renaming->origins && renaming->names && renaming->shapes) ||
           gr_fail(error, "out of memory");
}

static bool refuse_unused(const gr_map *map, const gr_rule *rule, const gr_stored_tensor *tensors, size_t count) {
    gr_match match;
    size_t i = 0;
    while (i < count && !matches(rule->old, tensors[i].name, &match))
        i++;
    return gr_fail(map->error,
                   i < count ? "%s:%d: lines before this one have taken all that is called '%.100s'"
                             : "%s:%d: no tensor is called '%.100s'",
                   map->path, rule->line, rule->old);
}

static bool apply(const gr_map *map, const gr_stored_tensor *tensors, size_t count, gr_renaming *renaming) {
    uint64_t *shapes = renaming->shapes;
    for (size_t i = 0; i < count; i++) {
        if (!rename_one(map, &tensors[i], renaming, &shapes)) return false;
    }
    for (size_t r = 0; r < map->count; r++) {
        if (!map->rules[r].used) return refuse_unused(map, &map->rules[r], tensors, count);
    }
    return check_names(renaming, map->error);
}

bool gr_rename(const char *path, const gr_stored_tensor *tensors, size_t count, gr_renaming *renaming,
               gr_error *error) {
    gr_map map = {.path = path, .error = error};
    *renaming = (gr_renaming){0};
    const bool done =
        (!path || read_map(&map)) && allocate(renaming, tensors, count, error) && apply(&map, tensors, count, renaming);
    if (!done) gr_renaming_free(renaming);
    free(map.text);
    free(map.rules);
    return done;
}

void gr_renaming_free(gr_renaming *renaming) {
    for (size_t i = 0; i < renaming->count; i++)
        free(renaming->names[i]);
    free(renaming->names);
    free(renaming->tensors);
    free(renaming->origins);
    free(renaming->shapes);
    *renaming = (gr_renaming){0};
}

void gr_rename_elements(const gr_renaming *renaming, size_t index, const uint8_t *from, uint8_t *out) {
    const gr_stored_tensor *tensor = &renaming->tensors[index];
    const gr_renamed *origin = &renaming->origins[index];
    uint64_t dense[GR_ARRAY_MAX_RANK], strides[GR_ARRAY_MAX_RANK], stride = 1;
    for (int axis = tensor->rank - 1; axis >= 0; axis--) {
        dense[axis] = stride;
        stride *= origin->from->shape[axis];
    }
    for (int axis = 0; axis < tensor->rank; axis++)
        strides[axis] = dense[origin->axes[axis]];
    gr_array_gather(from, tensor->rank, tensor->shape, strides, gr_stored_size(tensor->type), out);
}
