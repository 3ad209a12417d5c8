/* Reads programs from their text form: statements, stores and entries. */
#include "compiler/ir/reader.h"
#include <string.h>

/* ---- types and what is looked up ---- */

Type reader_type(Reader *reader, bool *is_byte) {
    Type type = {.elem = ELEM_REAL};
    Dim dims[RANK_LIMIT];
    int rank = 0;
    if (is_byte && (*is_byte = reader_accept_word(reader, "byte")))
        type.elem = ELEM_INT;
    else if (reader_accept_word(reader, "int"))
        type.elem = ELEM_INT;
    else if (reader_accept_word(reader, "bool"))
        type.elem = ELEM_BOOL;
    else if (!reader_accept_word(reader, "real"))
        reader_error(reader, reader_span(reader), "expected a type");
    reader_expect(reader, '[');
    for (bool more = !reader_at(reader, ']'); more && rank < RANK_LIMIT; more = reader_accept(reader, ','))
        dims[rank++] = reader_dim(reader);
    reader_expect(reader, ']');
    type.shape = shape_of(reader->arena, rank, dims);
    return type;
}

Node *reader_node(Reader *reader) {
    Node *node = NULL;
    if (reader->token != TOKEN_NODE)
        reader_error(reader, reader_span(reader), "expected a node");
    else if (reader->whole >= 0 && reader->whole < reader->numbered.count)
        node = reader->numbered.at[reader->whole];
    if (!node) reader_error(reader, reader_span(reader), "no such node stands above");
    if (reader->failed) return NULL;
    reader_next(reader);
    return node;
}

Store *reader_store(Reader *reader) {
    Span span = reader_span(reader);
    Name path = reader_name(reader, "the path of a store");
    for (int i = 0; i < reader->program->stores.count; i++)
        if (reader->program->stores.at[i]->path == path) return reader->program->stores.at[i];
    for (int i = 0; i < reader->program->constants.count; i++)
        if (reader->program->constants.at[i]->path == path) return reader->program->constants.at[i];
    for (int i = 0; reader->entry && i < reader->entry->inputs.count; i++) {
        Store *state = reader->entry->inputs.at[i]->state;
        if (state && state->path == path) return state;
    }
    reader_error(reader, span, "there is no store %s", path);
    return NULL;
}

Argument *reader_argument(Reader *reader, ArgumentRole role) {
    Span span = reader_span(reader);
    Name name = reader_name(reader, "an argument of the entry");
    if (reader->entry) {
        bool input = role == ARGUMENT_INPUT;
        int count = input ? reader->entry->inputs.count : reader->entry->outputs.count;
        Argument **arguments = input ? reader->entry->inputs.at : reader->entry->outputs.at;
        for (int i = 0; i < count; i++)
            if (arguments[i]->name == name) return arguments[i];
    }
    reader_error(reader, span, "the entry has no %s %s", role == ARGUMENT_INPUT ? "input" : "output", name);
    return NULL;
}

/* ---- sizes, stores, entries ---- */

static void read_size(Reader *reader) {
    Size *size = ARENA_NEW(reader->arena, Size);
    size->span = reader_span(reader);
    size->name = reader_name(reader, "the name of a size");
    reader_expect(reader, '=');
    size->low = reader_whole(reader, "the least value");
    if (!reader->failed && reader->token != TOKEN_RANGE) reader_error(reader, reader_span(reader), "expected ..");
    if (!reader->failed) reader_next(reader);
    Span last = reader_span(reader);
    size->high = reader_whole(reader, "the largest value");
    if (size->high < size->low || size->high > ELEMENT_LIMIT)
        reader_error(reader, last, "a size ends between its begin and %lld", (long long)ELEMENT_LIMIT);
    size->position = reader->program->sizes.count;
    if (!reader->failed) vec_push(reader->arena, &reader->program->sizes, size);
}

static StoreKind read_store_kind(Reader *reader) {
    static const char *const kinds[] = {"param", "state", "slot", "step", "rate"};
    if (reader_accept_word(reader, "const")) return STORE_CONST;
    for (int i = 0; i < (int)(sizeof kinds / sizeof *kinds); i++)
        if (reader_accept_word(reader, kinds[i])) return (StoreKind)i;
    reader_error(reader, reader_span(reader), "expected param, state, slot, step or rate");
    return STORE_PARAM;
}

/* The entry that owns a store stands below it: its name is kept until all are read. */
typedef struct Owned {
    Store *store;
    Name entry;
    Span span;
} Owned;

typedef VEC(Owned) OwnedList;

static void read_store(Reader *reader, OwnedList *owned) {
    Store *store = ARENA_NEW(reader->arena, Store);
    store->span = reader_span(reader);
    store->path = reader_name(reader, "a path");
    for (int i = 0; i < reader->program->stores.count; i++)
        if (reader->program->stores.at[i]->path == store->path)
            reader_error(reader, store->span, "%s stands twice", store->path);
    store->kind = read_store_kind(reader);
    store->type = reader_type(reader, NULL);
    store->position = reader->program->stores.count;
    if (reader_accept_word(reader, "of")) {
        Span span = reader_span(reader);
        Owned item = {store, reader_name(reader, "an entry"), span};
        vec_push(reader->arena, owned, item);
    }
    if (reader->failed) return;
    if (store->kind == STORE_CONST)
        vec_push(reader->arena, &reader->program->constants, store);
    else
        vec_push(reader->arena, &reader->program->stores, store);
    if (store->kind == STORE_RATE) reader->program->rate = store;
    reader->entry = NULL;
    Graph *init = reader_graph(reader);
    if (init->nodes.count > 0) store->init = init;
}

static Argument *read_argument(Reader *reader, ArgumentRole role, int position) {
    Argument *argument = ARENA_NEW(reader->arena, Argument);
    *argument = (Argument){.role = role, .position = position, .low = 0, .high = -1, .span = reader_span(reader)};
    argument->name = reader_name(reader, "the name of an argument");
    reader_expect(reader, ':');
    argument->type = reader_type(reader, &argument->is_byte);
    if (!reader_accept_word(reader, "in")) return argument;
    argument->low = reader_signed(reader, "the least value");
    if (!reader->failed && reader->token == TOKEN_RANGE)
        reader_next(reader);
    else
        reader_error(reader, reader_span(reader), "expected ..");
    argument->high = reader_signed(reader, "the largest value");
    return argument;
}

static const Size *accept_size(Reader *reader) {
    for (int i = 0; i < reader->program->sizes.count; i++)
        if (reader_accept_word(reader, reader->program->sizes.at[i]->name)) return reader->program->sizes.at[i];
    return NULL;
}

static Entry *earlier_entry(Reader *reader) {
    Span span = reader_span(reader);
    Name name = reader_name(reader, "the name of an entry");
    for (int e = 0; !reader->failed && e < reader->program->entries.count; e++)
        if (reader->program->entries.at[e]->name == name) return reader->program->entries.at[e];
    reader_error(reader, span, "no entry above is called %s", name);
    return NULL;
}

/* What stands behind the arguments of an entry. */
static void read_facts(Reader *reader, Entry *entry) {
    entry->training = reader_accept_word(reader, "training");
    entry->draws = reader_accept_word(reader, "draws");
    if (reader_accept_word(reader, "step")) entry->step = reader_store(reader);
    if (reader_accept_word(reader, "evaluates")) entry->evaluates = earlier_entry(reader);
    if (!reader_accept_word(reader, "sizes")) return;
    for (const Size *size = accept_size(reader); size; size = accept_size(reader))
        vec_push(reader->arena, &entry->sizes, size);
}

static Store *state_of_argument(Reader *reader, Entry *entry, Argument *argument) {
    Store *store = ARENA_NEW(reader->arena, Store);
    *store = (Store){.kind = STORE_ARGUMENT, .type = argument->type, .span = argument->span, .argument = argument};
    store->path = intern_text(reader->names, arena_print(reader->arena, "%s.%s", entry->name, argument->name));
    return store;
}

static void read_entry(Reader *reader) {
    Entry *entry = ARENA_NEW(reader->arena, Entry);
    entry->span = reader_span(reader);
    entry->name = reader_name(reader, "the name of an entry");
    reader_expect(reader, '(');
    for (bool more = !reader_at(reader, ')'); more; more = reader_accept(reader, ',')) {
        ArgumentRole role = reader_accept_word(reader, "state") ? ARGUMENT_STATE : ARGUMENT_INPUT;
        Argument *input = read_argument(reader, role, entry->inputs.count);
        if (role == ARGUMENT_STATE) input->state = state_of_argument(reader, entry, input);
        vec_push(reader->arena, &entry->inputs, input);
    }
    reader_expect(reader, ')');
    bool more = !reader->failed && reader->token == TOKEN_ARROW;
    if (more) reader_next(reader);
    for (; more; more = reader_accept(reader, ',')) {
        Argument *output = read_argument(reader, ARGUMENT_OUTPUT, entry->outputs.count);
        vec_push(reader->arena, &entry->outputs, output);
    }
    read_facts(reader, entry);
    if (reader->failed) return;
    vec_push(reader->arena, &reader->program->entries, entry);
    reader->entry = entry;
    entry->graph = reader_graph(reader);
}

/* ---- programs ---- */

static void find_owners(Reader *reader, const OwnedList *owned) {
    for (int i = 0; i < owned->count; i++) {
        const Owned *item = &owned->at[i];
        for (int e = 0; e < reader->program->entries.count; e++)
            if (reader->program->entries.at[e]->name == item->entry)
                item->store->entry = reader->program->entries.at[e];
        if (!item->store->entry) diag_error(reader->diagnostics, item->span, "there is no entry %s", item->entry);
    }
}

static void read_declaration(Reader *reader, OwnedList *owned) {
    if (reader_accept_word(reader, "model"))
        reader->program->name = reader_name(reader, "the name of the model");
    else if (reader_accept_word(reader, "size"))
        read_size(reader);
    else if (reader_accept_word(reader, "store"))
        read_store(reader, owned);
    else if (reader_accept_word(reader, "entry"))
        read_entry(reader);
    else
        reader_error(reader, reader_span(reader), "expected model, size, store, entry or a node");
    if (reader->failed) reader_skip_line(reader);
}

Program *read_program(Arena *arena, Interner *names, Diagnostics *diagnostics, const Source *source) {
    Program *program = ARENA_NEW(arena, Program);
    *program = (Program){.arena = arena, .name = intern_text(names, "model"), .source = source};
    Reader reader = {.arena = arena, .names = names, .diagnostics = diagnostics, .source = source, .program = program};
    int errors = diagnostics->errors;
    OwnedList owned = {0};
    reader_next(&reader);
    while (reader.token != TOKEN_END && !diagnostics->full)
        read_declaration(&reader, &owned);
    find_owners(&reader, &owned);
    return diagnostics->errors == errors ? program : NULL;
}
