/* Names in the emitted C: those of the model file as far as C allows, unique, never a keyword or a name of libc.
 *
 * What becomes visible is chosen once for a pair of files, in this order, so that the names on the border depend on
 * nothing but the model: entries, sizes, each entry's arguments, fields of the two structs. */
#include "compiler/emit/parts.h"
#include <ctype.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- scopes ---- */

/* The slot that holds the name, or the free one where it belongs. */
static int *slot_of(const Scope *scope, const char *name) {
    unsigned mask = (unsigned)scope->slot_count - 1, at = hash_bytes(name, strlen(name)) & mask;
    while (scope->slots[at] != 0 && strcmp(scope->taken.at[scope->slots[at] - 1].name, name) != 0)
        at = (at + 1) & mask;
    return &scope->slots[at];
}

static TakenName *find_taken(const Scope *scope, const char *name) {
    int slot = scope->slot_count > 0 ? *slot_of(scope, name) : 0;
    return slot > 0 ? &scope->taken.at[slot - 1] : NULL;
}

static bool is_taken(const Scope *scope, const char *name) {
    for (; scope != NULL; scope = scope->outer)
        if (find_taken(scope, name) != NULL) return true;
    return false;
}

/* At most half of the slots are in use. */
static void take(Scope *scope, const char *name) {
    enum { FIRST_SLOTS = 64 };
    if (find_taken(scope, name) != NULL) return;
    vec_push(scope->arena, &scope->taken, ((TakenName){name, 1}));
    if (scope->taken.count * 2 <= scope->slot_count) {
        *slot_of(scope, name) = scope->taken.count;
        return;
    }
    scope->slot_count = scope->slot_count > 0 ? scope->slot_count * 2 : FIRST_SLOTS;
    scope->slots = ARENA_ARRAY(scope->arena, int, scope->slot_count);
    for (int t = 0; t < scope->taken.count; t++)
        *slot_of(scope, scope->taken.at[t].name) = t + 1;
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Only what an identifier may hold; the '@' of the trainer's tensors is left out. What begins as names of others do
 * gets an 'x': C keeps those that begin with '_' and a capital, or with "__", for itself. */
const char *c_identifier(Arena *arena, const char *wanted) {
    if (*wanted == '@') wanted++;
    char *name = arena_print(arena, "%s", wanted);
    for (char *c = name; *c != '\0'; c++)
        if (!is_letter(*c) && !(*c >= '0' && *c <= '9')) *c = '_';
    bool first_fits = is_letter(*name) && (*name != '_' || !(isupper((unsigned char)name[1]) || name[1] == '_'));
    return first_fits && !has_reserved_prefix(name) ? name : arena_print(arena, "x%s", name);
}

/* name, name_, name_2, name_3, ...; M, xM_, xM_2, since M_2 begins as macros do. */
static const char *numbered(Arena *arena, const char *base, int round) {
    const char *name = round == 1 ? arena_print(arena, "%s_", base) : arena_print(arena, "%s_%d", base, round);
    return c_identifier(arena, name);
}

/* The first of them that is neither taken nor among the words that are refused. */
static const char *first_free(Scope *scope, const char *wanted, bool (*refused)(const char *name)) {
    Arena *arena = scope->arena;
    const char *base = c_identifier(arena, wanted), *name = base;
    TakenName *same = find_taken(scope, base);
    int round = same != NULL ? same->round : 1;
    for (; refused(name) || is_taken(scope, name); round++)
        name = numbered(arena, base, round);
    if (same != NULL) same->round = round;
    return name;
}

const char *scope_numbered(Scope *scope, const char *wanted) {
    const char *base = c_identifier(scope->arena, wanted), *name = base;
    TakenName *same = find_taken(scope, base);
    int round = same != NULL && same->round > 2 ? same->round : 2;
    for (; is_taken(scope, name) || name_is_reserved(name); round++)
        name = numbered(scope->arena, base, round);
    if (same != NULL) same->round = round;
    take(scope, name);
    return name;
}

const char *scope_name(Scope *scope, const char *wanted) {
    const char *name = first_free(scope, wanted, name_is_reserved);
    take(scope, name);
    return name;
}

/* The same for fields and parameters, which may be called like a function of libc. */
static const char *member_name(Scope *scope, const char *wanted) {
    const char *name = first_free(scope, wanted, name_is_word);
    take(scope, name);
    return name;
}

/* ---- the names of a pair ---- */

const char *upper_case(Arena *arena, const char *name) {
    char *upper = arena_print(arena, "%s", name);
    for (char *c = upper; *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
    return upper;
}

static const char *lower_case(Arena *arena, const char *name) {
    char *lower = arena_print(arena, "%s", name);
    for (char *c = lower; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    return lower;
}

static const char *public_macro(const Emitter *emitter, const char *middle, const char *end) {
    return upper_case(emitter->arena, arena_print(emitter->arena, "%s_%s%s", emitter->options->name, middle, end));
}

const char *size_macro(const Emitter *emitter, const Size *size) {
    return public_macro(emitter, size_name(emitter, size), "_MAX");
}

const char *scratch_macro(const Emitter *emitter, const Entry *entry) {
    return public_macro(emitter, entry_name(emitter, entry), "_SCRATCH");
}

/* What the pair defines whatever the model holds. */
static void take_fixed_names(const Emitter *emitter, Scope *file) {
    const char *name = emitter->options->name;
    static const char *const ends[] = {"_init", "_model", "_trainer", "_trained"};
    static const char *const macros[] = {"H", "API", "SIGNATURE"};
    static const char *const private[] = {"init_thunk", "size_table",   "tensor_table", "entry_table",  "profile_table",
                                          "init_call",  "call_threads", "call_range",   "check_overlap"};
    take(file, name);
    for (size_t i = 0; i < COUNT(ends); i++)
        take(file, arena_print(emitter->arena, "%s%s", name, ends[i]));
    for (size_t i = 0; i < COUNT(macros); i++)
        take(file, public_macro(emitter, macros[i], ""));
    for (size_t i = 0; i < COUNT(private); i++)
        take(file, private[i]);
}

/* Names that stand beside the arguments in a call's struct, in the signature, or in the functions of entry.c. */
static void take_words_of_calls(Scope *scope) {
    static const char *const taken[] = {"model",   "trainer", "work", "call", "threads", "status", "spans",
                                        "scratch", "locals",  "draw", "step", "sizes",   "at",     "arguments"};
    for (size_t i = 0; i < COUNT(taken); i++)
        take(scope, taken[i]);
}

static void name_sizes(const Emitter *emitter, Names *names, Scope *file) {
    const Program *program = emitter->program;
    Scope scope = {.arena = emitter->arena, .outer = file};
    take_words_of_calls(&scope);
    names->sizes = ARENA_ARRAY(emitter->arena, const char *, program->sizes.count);
    for (int s = 0; s < program->sizes.count; s++) {
        const char *lower = lower_case(emitter->arena, program->sizes.at[s]->name);
        names->sizes[s] = member_name(&scope, lower);
        take(file, public_macro(emitter, names->sizes[s], "_MAX"));
    }
}

/* Behind '_': what NAME.c has for every entry. */
static const char *const parts_of_entry[] = {"call", "run", "check", "thunk", "sizes", "arguments"};

static const char *part_of_entry(const Emitter *emitter, const char *name, size_t part) {
    return arena_print(emitter->arena, "%s_%s", name, parts_of_entry[part]);
}

static const char *public_name(const Emitter *emitter, const char *entry) {
    return arena_print(emitter->arena, "%s_%s", emitter->options->name, entry);
}

/* An entry's name stands behind NAME_ in what is public, and before _call, _run ... in what is private. */
static bool refused_for_entry(const Emitter *emitter, const Scope *file, const char *name) {
    static const char *const kept[] = {"gr", "omp", "init", "check", "call", "model"};
    for (size_t i = 0; i < COUNT(kept); i++)
        if (strcmp(name, kept[i]) == 0) return true;
    if (strcmp(name, emitter->options->name) == 0) return true;
    for (size_t i = 0; i < COUNT(parts_of_entry); i++) {
        const char *part = part_of_entry(emitter, name, i);
        if (is_taken(file, part) || name_is_reserved(part)) return true;
    }
    return is_taken(file, public_name(emitter, name)) || is_taken(file, public_macro(emitter, name, "_SCRATCH"));
}

static void name_entries(const Emitter *emitter, Names *names) {
    const Program *program = emitter->program;
    names->entries = ARENA_ARRAY(emitter->arena, const char *, program->entries.count);
    for (int e = 0; e < program->entries.count; e++) {
        const char *base = c_identifier(emitter->arena, program->entries.at[e]->name), *name = base;
        for (int round = 1; refused_for_entry(emitter, &names->file, name); round++)
            name = numbered(emitter->arena, base, round);
        names->entries[e] = name;
        take(&names->file, public_name(emitter, name));
        take(&names->file, public_macro(emitter, name, "_SCRATCH"));
        for (size_t i = 0; i < COUNT(parts_of_entry); i++)
            take(&names->file, part_of_entry(emitter, name, i));
    }
}

static void name_arguments(const Emitter *emitter, Names *names, int e) {
    const Entry *entry = emitter->program->entries.at[e];
    Arena *arena = emitter->arena;
    Scope scope = {.arena = arena, .outer = &names->file};
    take_words_of_calls(&scope);
    for (int i = 0; i < emitter->program->sizes.count; i++)
        take(&scope, names->sizes[i]);
    names->arguments[e].inputs = ARENA_ARRAY(arena, const char *, entry->inputs.count);
    names->arguments[e].outputs = ARENA_ARRAY(arena, const char *, entry->outputs.count);
    for (int i = 0; i < entry->inputs.count; i++)
        names->arguments[e].inputs[i] = member_name(&scope, entry->inputs.at[i]->name);
    for (int i = 0; i < entry->outputs.count; i++)
        names->arguments[e].outputs[i] = member_name(&scope, entry->outputs.at[i]->name);
}

void choose_names(Emitter *emitter) {
    Names *names = ARENA_NEW(emitter->arena, Names);
    names->file = (Scope){.arena = emitter->arena};
    take_fixed_names(emitter, &names->file);
    name_entries(emitter, names);
    name_sizes(emitter, names, &names->file);
    names->arguments = ARENA_ARRAY(emitter->arena, ArgumentNames, emitter->program->entries.count);
    for (int e = 0; e < emitter->program->entries.count; e++)
        name_arguments(emitter, names, e);
    names->model_fields = (Scope){.arena = emitter->arena, .outer = &names->file};
    names->trainer_fields = (Scope){.arena = emitter->arena, .outer = &names->file};
    static const char *const taken[] = {"seed", "lr_scale", "reserved"};
    for (size_t i = 0; i < COUNT(taken); i++)
        take(&names->trainer_fields, taken[i]);
    emitter->names = names;
}

void name_initials(Emitter *emitter) {
    Names *names = emitter->names;
    names->initials = ARENA_ARRAY(emitter->arena, const char *, emitter->program->stores.count);
    for (int s = 0; s < emitter->program->stores.count; s++) {
        const Store *store = emitter->program->stores.at[s];
        const Place *place = &emitter->fields->places[s];
        if (store_starts_at_zero(store)) continue;
        const char *wanted = place->first == 0 && !place->in_trainer
                                 ? arena_print(emitter->arena, "init_%s", place->field)
                                 : arena_print(emitter->arena, "init_%s_%lld", place->field, (long long)place->first);
        names->initials[s] = scope_name(&names->file, wanted);
    }
}

const char *field_name(const Emitter *emitter, bool in_trainer, const char *wanted) {
    return member_name(in_trainer ? &emitter->names->trainer_fields : &emitter->names->model_fields, wanted);
}

/* ---- looking them up ---- */

static int entry_position(const Emitter *emitter, const Entry *entry) {
    for (int e = 0; e < emitter->program->entries.count; e++)
        if (emitter->program->entries.at[e] == entry) return e;
    internal_error("entry %s is not in the program", entry->name);
}

const char *entry_name(const Emitter *emitter, const Entry *entry) {
    return emitter->names->entries[entry_position(emitter, entry)];
}

const char *size_name(const Emitter *emitter, const Size *size) {
    return emitter->names->sizes[size->position];
}

const char *argument_name(const Emitter *emitter, const Argument *argument) {
    for (int e = 0; e < emitter->program->entries.count; e++) {
        const Entry *entry = emitter->program->entries.at[e];
        for (int i = 0; i < entry->inputs.count; i++)
            if (entry->inputs.at[i] == argument) return emitter->names->arguments[e].inputs[i];
        for (int i = 0; i < entry->outputs.count; i++)
            if (entry->outputs.at[i] == argument) return emitter->names->arguments[e].outputs[i];
    }
    internal_error("argument %s is of no entry", argument->name);
}
