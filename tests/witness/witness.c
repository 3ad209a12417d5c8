/* An outside framework's numbers: the models of tests/models/prelude, run by the reference evaluator, against the files
 * that make.py wrote (which says what their lines mean). Emitted C and central differences are compared with the same
 * evaluator on the same models elsewhere (tests/run/models.c, tests/random/models.sh). Every function of numbers, every
 * function that is built in and every definition of the prelude must have its case. */
#include "compiler/eval/eval.h"
#include "compiler/passes/pipeline.h"
#include "frontend/elaborator.h"
#include "frontend/parse.h"
#include "frontend/source.h"
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOLERANCE 1e-9

static const char *const files[] = {"scalars", "activations", "arrays", "windows", "layers", "optimizers", "draws"};
enum { FILES = (int)(sizeof files / sizeof *files), TEXT_LIMIT = 1 << 20, NAME_ROOM = 64 };

typedef struct Witness {
    Memory memory;
    Arena arena;
    Interner names;
    Diagnostics diagnostics;
    const char *file;
    char *text; /* the lines of numbers, which are taken apart */
    Program *program;
    Entry *entry;
    Evaluation evaluation;
    double tolerance; /* absolute, or 0 */
    int calls;
    bool called; /* the inputs of this call are complete, and it has been evaluated */
    int cases, compared;
} Witness;

/* ---- reading ---- */

static char *read_text(Arena *arena, const char *path) {
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file, "%s is missing", path);
    char *text = arena_alloc(arena, TEXT_LIMIT);
    size_t length = fread(text, 1, TEXT_LIMIT - 1, file);
    cr_assert_lt(length, TEXT_LIMIT - 1, "%s is larger than the test thinks", path);
    text[length] = '\0';
    fclose(file);
    return text;
}

static void open_witness(Witness *w, const char *file) {
    const Source *source;
    if (setjmp(w->memory.on_exhausted) != 0) cr_assert_fail("out of memory");
    arena_open(&w->arena, &w->memory);
    interner_open(&w->names, &w->arena);
    diagnostics_open(&w->diagnostics, &w->arena);
    w->file = file;
    w->text = read_text(&w->arena, arena_print(&w->arena, GRADC_TESTS "/witness/%s.txt", file));
    const char *path = arena_print(&w->arena, GRADC_TESTS "/models/prelude/%s.grad", file);
    cr_assert_eq(source_read(&w->arena, &w->diagnostics, path, &source), SOURCE_OK, "%s is not read", path);
    const AstFile *tree = parse_file(&w->arena, &w->names, &w->diagnostics, source);
    w->program = elaborate(&w->arena, &w->names, &w->diagnostics, tree, &(ElaborateOptions){0});
    cr_assert(w->program != NULL && w->diagnostics.errors == 0, "%s is not right", path);
    for (int s = 0; s < w->program->stores.count; s++) {
        Store *store = w->program->stores.at[s];
        if (store->init != NULL) store->init = pass_autodiff(store->init, &w->diagnostics);
    }
    for (int e = 0; e < w->program->entries.count; e++) {
        Entry *entry = w->program->entries.at[e];
        entry->graph = pass_autodiff(entry->graph, &w->diagnostics);
    }
}

static void read_numbers(const Witness *w, Tensor *tensor, const char *name) {
    for (int64_t i = 0; i < tensor->count; i++) {
        const char *word = strtok(NULL, " ");
        cr_assert_not_null(word, "%s, %s: %s has too few numbers", w->file, w->entry->name, name);
        char *end;
        tensor->values[i] = strtod(word, &end);
        cr_assert_eq(*end, '\0', "%s, %s: %s is no number", w->file, w->entry->name, word);
    }
    cr_assert_null(strtok(NULL, " "), "%s, %s: %s has too many numbers", w->file, w->entry->name, name);
}

/* ---- running ---- */

static Tensor *store_named(Witness *w, const char *path) {
    for (int s = 0; s < w->program->stores.count; s++) {
        const Store *store = w->program->stores.at[s];
        if (strcmp(store->path, path) == 0) return &w->evaluation.stores[store->position];
    }
    cr_assert_fail("%s, %s: no store %s", w->file, w->entry->name, path);
    return NULL;
}

static const Argument *argument_named(const Witness *w, const char *name, bool output) {
    for (int i = 0; i < (output ? w->entry->outputs.count : w->entry->inputs.count); i++) {
        const Argument *argument = output ? w->entry->outputs.at[i] : w->entry->inputs.at[i];
        if (strcmp(argument->name, name) == 0) return argument;
    }
    cr_assert_fail("%s, %s: no argument %s", w->file, w->entry->name, name);
    return NULL;
}

static void begin_entry(Witness *w, const char *name) {
    static const int64_t no_sizes[1];
    w->entry = NULL;
    for (int e = 0; e < w->program->entries.count; e++)
        if (strcmp(w->program->entries.at[e]->name, name) == 0) w->entry = w->program->entries.at[e];
    cr_assert_not_null(w->entry, "%s: no entry %s", w->file, name);
    w->evaluation = (Evaluation){
        .arena = &w->arena, .program = w->program, .sizes = no_sizes, .seed = 1, .margin = INFINITY, .finite = true};
    evaluate_initial(&w->evaluation);
    w->tolerance = 0;
    w->calls = 0;
    w->cases++;
}

static void begin_call(Witness *w) {
    w->evaluation.inputs = ARENA_ARRAY(&w->arena, Tensor, w->entry->inputs.count + 1);
    w->evaluation.outputs = ARENA_ARRAY(&w->arena, Tensor, w->entry->outputs.count + 1);
    w->evaluation.tick = (uint64_t)w->calls++;
    w->called = false;
}

static void finish_call(Witness *w) {
    if (w->called) return;
    for (int i = 0; i < w->entry->inputs.count; i++)
        cr_assert_not_null(w->evaluation.inputs[i].values, "%s, %s: no numbers for %s", w->file, w->entry->name,
                           w->entry->inputs.at[i]->name);
    evaluate_graph(&w->evaluation, w->entry->graph);
    if (w->entry->step != NULL) w->evaluation.stores[w->entry->step->position].values[0]++; /* as emitted entries do */
    w->called = true;
}

static void compare(Witness *w, const char *name, const Tensor *got) {
    Tensor wanted = tensor_new(&w->arena, got->elem, got->rank, got->dims);
    read_numbers(w, &wanted, name);
    double largest = 1;
    for (int64_t i = 0; i < wanted.count; i++)
        largest = fmax(largest, fabs(wanted.values[i]));
    double tolerance = w->tolerance > 0 ? w->tolerance : TOLERANCE * largest;
    for (int64_t i = 0; i < wanted.count; i++, w->compared++)
        cr_expect(fabs(got->values[i] - wanted.values[i]) <= tolerance,
                  "%s, %s, call %d: %s[%lld] is %.17g, the framework's %.17g", w->file, w->entry->name, w->calls, name,
                  (long long)i, got->values[i], wanted.values[i]);
}

static void input_line(Witness *w, const char *name) {
    const Argument *argument = argument_named(w, name, false);
    Tensor *tensor = &w->evaluation.inputs[argument->position];
    *tensor = tensor_of_type(&w->evaluation, argument->type);
    read_numbers(w, tensor, name);
}

static void run_line(Witness *w, char *line) {
    const char *kind = strtok(line, " "), *name = strtok(NULL, " ");
    if (strcmp(kind, "entry") == 0) {
        begin_entry(w, name);
    } else if (strcmp(kind, "tolerance") == 0) {
        w->tolerance = strtod(name, NULL);
    } else if (strcmp(kind, "store") == 0) {
        read_numbers(w, store_named(w, name), name);
    } else if (strcmp(kind, "call") == 0) {
        begin_call(w);
    } else if (strcmp(kind, "in") == 0) {
        input_line(w, name);
    } else if (strcmp(kind, "out") == 0) {
        finish_call(w);
        compare(w, name, &w->evaluation.outputs[argument_named(w, name, true)->position]);
    } else {
        cr_assert_str_eq(kind, "then", "%s: no line begins with %s", w->file, kind);
        compare(w, name, store_named(w, name));
    }
}

typedef struct NumbersFile {
    char name[NAME_ROOM];
} NumbersFile;

ParameterizedTestParameters(witness, the_frameworks_numbers) {
    static NumbersFile parameters[FILES];
    for (int i = 0; i < FILES; i++)
        snprintf(parameters[i].name, NAME_ROOM, "%s", files[i]);
    return cr_make_param_array(NumbersFile, parameters, FILES, NULL);
}

ParameterizedTest(NumbersFile *file, witness, the_frameworks_numbers) {
    Witness w = {0};
    open_witness(&w, file->name);
    for (char *line = w.text, *end; *line != '\0'; line = end) {
        end = line + strcspn(line, "\n");
        if (*end != '\0') *end++ = '\0';
        if (*line != '\0') run_line(&w, line);
    }
    cr_expect_eq(w.cases, w.program->entries.count, "%s: %d entries have numbers, of %d", file->name, w.cases,
                 w.program->entries.count);
    cr_expect_gt(w.compared, w.cases);
    memory_close_all(&w.memory);
}

/* ---- nothing is left out ---- */

/* Has some file the entry NAME, or NAME_ for a word of the language? */
static bool has_case(Arena *arena, char *const *texts, const char *name) {
    for (int i = 0; i < FILES; i++) {
        if (strstr(texts[i], arena_print(arena, "\nentry %s\n", name)) != NULL) return true;
        if (strstr(texts[i], arena_print(arena, "\nentry %s_\n", name)) != NULL) return true;
    }
    return false;
}

/* What definitions of the prelude use among themselves. */
static bool is_part(const char *name) {
    static const char *const parts[] = {"fans",        "outputs_of_group", "merge_groups",
                                        "nothing_yet", "spread",           "padded_windows"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strcmp(parts[i], name) == 0) return true;
    return false;
}

/* The definitions of one text of the prelude. */
static int expect_definitions(Arena *arena, char *const *texts, const char *text) {
    int count = 0;
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        char name[NAME_ROOM];
        line += *line == '\n';
        if (sscanf(line, "fn %63[A-Za-z_0-9]", name) != 1 && sscanf(line, "module %63[A-Za-z_0-9]", name) != 1 &&
            sscanf(line, "optimizer %63[A-Za-z_0-9]", name) != 1)
            continue;
        count++;
        cr_expect(is_part(name) || has_case(arena, texts, name), "%s has no numbers of a framework", name);
    }
    return count;
}

static void expect_everything(Arena *arena) {
    static const char *const prelude[] = {"activations", "convolution", "initialisers", "layers",
                                          "losses",      "optimizers",  "schedules"};
    char *texts[FILES];
    int definitions = 0;
    for (int i = 0; i < FILES; i++)
        texts[i] = (char *)arena_print(arena, "\n%s",
                                       read_text(arena, arena_print(arena, GRADC_TESTS "/witness/%s.txt", files[i])));
    for (int fn = 0; fn < SCALAR_COUNT; fn++)
        cr_expect(has_case(arena, texts, scalar_table[fn].name), "%s has no numbers", scalar_table[fn].name);
    for (int i = 0; i < builtin_count; i++)
        cr_expect(has_case(arena, texts, builtin_table[i].name), "%s has no numbers", builtin_table[i].name);
    for (size_t i = 0; i < sizeof prelude / sizeof *prelude; i++) {
        const char *path = arena_print(arena, GRADC_TESTS "/../frontend/prelude/%s.grad", prelude[i]);
        definitions += expect_definitions(arena, texts, read_text(arena, path));
    }
    cr_expect_gt(definitions, 50);
}

Test(witness, everything_has_numbers) {
    Memory memory = {0};
    Arena arena;
    cr_assert(setjmp(memory.on_exhausted) == 0);
    arena_open(&arena, &memory);
    expect_everything(&arena);
    memory_close_all(&memory);
}
