/* What `gradc plan` says about a compiled model: what it remembers, what each entry needs, does and moves.
 *
 * Everything is known before any C is compiled, and is the same that the emitted C does: sizeof NAME, sizeof
 * NAME_trainer, NAME_ENTRY_SCRATCH(threads), the offsets in the scratch, the functions in NAME.c. Bytes and operations
 * are at the largest sizes. */
#ifndef GRADC_REPORT_REPORT_H
#define GRADC_REPORT_REPORT_H

#include "compiler/emit/parts.h"
#include "compiler/kernels/kernels.h"
#include "compiler/kernels/work.h"

/* The routines of the emitter are made. */
void write_plan(Writer *writer, const Emitter *emitter);      /* for people */
void write_plan_json(Writer *writer, const Emitter *emitter); /* one object, in one line */

/* ---- shared by the files of this room ---- */

int64_t store_bytes(const Emitter *emitter, const Store *store); /* of the field that holds it */
/* What is in the structs beside stores: seeds, reserved fields, and what alignment leaves free. */
int64_t other_model_bytes(const Emitter *emitter);
int64_t other_trainer_bytes(const Emitter *emitter);
Work entry_work(const Emitter *emitter, const Routine *routine);
bool is_planned(const Buffer *buffer); /* has a life and a place in the scratch */

/* ---- table.c: columns of text ---- */

typedef struct Table {
    Arena *arena;
    int columns;
    const char *align; /* a letter for each column: l or r */
    VEC(const char *) cells;
} Table;

void table_add(Table *table, const char *cell); /* row by row; the cell is not copied */
void table_write(Writer *writer, const Table *table);
void table_write_row(Writer *writer, const Table *table, int row); /* one row in the widths of all */

/* ---- drawing.c ---- */

/* The shared scratch over time: a column for each step, a line for each range of bytes, a letter for each buffer.
 * `letters` says which, by Buffer.position; 0: not drawn. */
void draw_arena(Writer *writer, const Routine *routine, const char *letters);

#endif
