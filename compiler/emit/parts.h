/* What header.c, model.c, entry.c and emit.c share: where every store lies in the two structs, and the pieces of text
 * that signatures and comments are made of. */
#ifndef GRADC_EMIT_PARTS_H
#define GRADC_EMIT_PARTS_H

#include "compiler/emit/emit.h"

/* ---- reserved.c ---- */

bool name_is_word(const char *name);        /* what not even a field or a parameter may be called */
bool has_reserved_prefix(const char *name); /* begins as names of others do: what is made of it needs another letter */

/* ---- names.c: chosen once for a pair ---- */

typedef struct ArgumentNames {
    const char **inputs, **outputs; /* by Argument.position */
} ArgumentNames;

typedef struct Names {
    const char **entries;     /* by position in the program */
    const char **sizes;       /* by Size.position */
    ArgumentNames *arguments; /* by position of the entry */
    const char **initials;    /* by Store.position: functions that write first contents */
    Scope file;               /* all that stands at file scope in the pair, the model's own name and macros too */
    Scope model_fields, trainer_fields;
} Names;

void choose_names(Emitter *emitter);
void name_initials(Emitter *emitter); /* when the fields are placed, before any kernel is named */
const char *field_name(const Emitter *emitter, bool in_trainer, const char *wanted); /* a new field */
const char *size_macro(const Emitter *emitter, const Size *size);                    /* "DIGITS_N_MAX" */
const char *scratch_macro(const Emitter *emitter, const Entry *entry);               /* "DIGITS_TRAIN_SCRATCH" */
const char *upper_case(Arena *arena, const char *name);

/* ---- fields.c: the structs NAME and NAME_trainer ---- */

/* Where a store lies. */
typedef struct Place {
    const char *field;
    int64_t first, count; /* elements: from the field's start, and of the store */
    bool in_trainer;
    bool is_scalar; /* the field is one number, no array */
} Place;

/* The slots that an optimizer calls by one name, behind each other in the order of the parameters they belong to. */
typedef struct SlotArray {
    const char *field; /* "train_m" */
    const char *group; /* "@train.m" */
    Elem elem;
    int64_t count;
    VEC(const Store *) slots;
} SlotArray;

typedef struct Fields {
    bool has_model, has_trainer;
    Place *places; /* by Store.position */
    VEC(SlotArray *) arrays;
    int64_t model_bytes, trainer_bytes;
} Fields;

void place_fields(Emitter *emitter);
bool store_in_model(const Store *store);  /* a parameter or state: in NAME */
bool has_trained(const Emitter *emitter); /* there is NAME_trained */
/* Elements of storage between neighbours of each axis, [rank]: the layout that the routines use. */
const int64_t *store_strides(const Emitter *emitter, const Store *store);
bool store_is_dense(const Emitter *emitter, const Store *store); /* row-major */
bool store_starts_at_zero(const Store *store);

/* ---- text.c ---- */

const char *elem_type(const Emitter *emitter, Elem elem, bool is_byte);     /* "float", "int32_t", "uint8_t" */
const char *dim_words(const Emitter *emitter, Dim dim, const char *before); /* "64", "2 * n + 1", "call->n" */
const char *place_text(const Emitter *emitter, Span span);                  /* "digits.grad:6" */
const char *comment_safe(Arena *arena, const char *text);                   /* what cannot end or open a comment */
const char *count_text(Arena *arena, int64_t count);                        /* "38,440" */
const char *string_literal(Arena *arena, const char *text);                 /* with quotes */

/* A function's head as clang-format breaks it: "int digits_train(" and what its parameters are, with `end` behind. */
typedef struct Items {
    Arena *arena;
    VEC(const char *) texts;
} Items;

void items_add(Items *items, const char *format, ...) __attribute__((format(printf, 2, 3)));
void write_filled(Writer *writer, const char *head, const Items *items, const char *end);
/* A comment, its words filled into lines; `text` may hold newlines, where a line ends. */
void write_comment(Writer *writer, const char *text);

/* Lines of code with comments behind them, aligned as clang-format does. */
typedef struct Row {
    const char *code, *comment; /* comment without its marks, NULL: none */
} Row;

typedef struct Rows {
    Arena *arena;
    VEC(Row) rows;
} Rows;

void rows_add(Rows *rows, const char *comment, const char *format, ...) __attribute__((format(printf, 3, 4)));
void write_rows(Writer *writer, const Rows *rows);

/* ---- trace.c ---- */

/* Lines of C that belong to a line of the model; behind them the C's own count goes on. `out` is the text of NAME.c
 * from its beginning. */
void write_traced(Writer *out, const Emitter *emitter, const char *text, Span span);
void write_own_line(Writer *out, const Emitter *emitter);

/* ---- constant.c ---- */

/* Elements of an array's initialiser, as many in a line as it holds; each reads back as the same number. */
void write_elements(Writer *writer, const Emitter *emitter, Elem elem, const double *values, int64_t count);

/* ---- header.c ---- */

/* A file of the runtime, folded in for --single-file; without the line `drop`, if there is one. */
void write_embedded(Writer *writer, const char *name, const char *drop);
void write_stamp(Writer *writer, const Emitter *emitter, const char *extension); /* a comment that is left open */

/* ---- model.c ---- */

uint32_t model_signature(const Emitter *emitter); /* hash of names, shapes and types */

/* ---- profile.c: what --profile adds */

int stage_number(const Routine *routine, const Stage *stage); /* where its times are kept: its place among them all */
int stage_count(const Routine *routine);
void emit_profile(Writer *writer, const Emitter *emitter); /* const gr_profile model_profile */

/* ---- entry.c ---- */

typedef enum Signature { SIGNATURE_HEADER, SIGNATURE_SOURCE, SIGNATURE_CHECK } Signature;

/* The parameters of an entry in C: with shapes and ranges as comments (header), without, or all const (checks). */
Items entry_parameters(const Emitter *emitter, const Entry *entry, Signature signature);
Items init_parameters(const Emitter *emitter);
const Routine *entry_routine(const Emitter *emitter, const Entry *entry);
bool entry_draws(const Emitter *emitter, const Entry *entry);
double flops_per_row(const Emitter *emitter, const Entry *entry);
enum { SCRATCH_ALIGNMENT = 64 };
bool routine_needs_scratch(const Routine *routine);
int64_t scratch_shared(const Routine *routine); /* bytes of NAME_ENTRY_SCRATCH that do not depend on threads */
bool by_value(const Argument *argument);        /* a scalar input */

void emit_check_functions(Writer *writer);
void emit_init_call(Writer *writer, const Emitter *emitter);
bool has_initials(const Emitter *emitter);
const char *initial_name(const Emitter *emitter, const Store *store); /* "init_net_layers_0_w" */

#endif
