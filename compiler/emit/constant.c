/* Constants of the model: evaluated while compiling, written as arrays. */
#include "compiler/emit/parts.h"
#include "compiler/emit/stage.h"
#include "compiler/eval/eval.h"
#include <math.h>
#include <string.h>

static void add_constant(Emitter *emitter, Scope *scope, const Store *store) {
    for (int c = 0; c < emitter->constants.count; c++)
        if (emitter->constants.at[c].store == store) return;
    const char *name = scope_name(scope, arena_print(emitter->arena, "const_%s", store->path));
    vec_push(emitter->arena, &emitter->constants, ((Constant){store, name}));
}

static void add_constants_of(Emitter *emitter, Scope *scope, const Routine *routine) {
    for (int b = 0; routine != NULL && b < routine->buffers.count; b++) {
        const Store *store = routine->buffers.at[b]->store;
        if (store != NULL && store->kind == STORE_CONST) add_constant(emitter, scope, store);
    }
}

void find_constants(Emitter *emitter) {
    Scope *scope = &emitter->names->file;
    for (int e = 0; e < emitter->program->entries.count; e++)
        add_constants_of(emitter, scope, emitter->routines[e]);
    for (int s = 0; s < emitter->program->stores.count; s++)
        add_constants_of(emitter, scope, emitter->initials[s]);
}

const char *constant_name(const Emitter *emitter, const Store *store) {
    for (int c = 0; c < emitter->constants.count; c++)
        if (emitter->constants.at[c].store == store) return emitter->constants.at[c].name;
    internal_error("the constant %s has no array", store->path);
}

/* As a constant expression of C: infinities and NaN are quotients, which compilers fold. */
static const char *element_text(const Emitter *emitter, Elem elem, double value) {
    StageText text = {.arena = emitter->arena, .emitter = emitter};
    if (elem == ELEM_INT && value == INT32_MIN) return "INT32_MIN";
    if (elem != ELEM_REAL) return arena_print(emitter->arena, "%.0f", value);
    if (!emitter->options->target->is_double) value = (double)(float)value;
    if (isfinite(value)) return number_code(&text, value);
    return isnan(value) ? "GR_CONST_NAN" : value > 0 ? "GR_CONST_INFINITY" : "-GR_CONST_INFINITY";
}

enum { LINE_WIDTH = 120 };

void write_elements(Writer *writer, const Emitter *emitter, Elem elem, const double *values, int64_t count) {
    size_t column = 0;
    for (int64_t i = 0; i < count; i++) {
        const char *text = element_text(emitter, elem, values[i]);
        size_t length = strlen(text) + 2;
        if (column > 0 && column + length > LINE_WIDTH) {
            write_text(writer, "\n");
            column = 0;
        }
        write_text(writer, "%s%s,", column == 0 ? "    " : " ", text);
        column += column == 0 ? length + 3 : length;
    }
    write_text(writer, "\n");
}

void emit_constants(Writer *writer, const Emitter *emitter) {
    if (emitter->constants.count == 0) return;
    write_text(writer, "/* ---- constants */\n\n");
    for (int c = 0; c < emitter->constants.count; c++) {
        const Store *store = emitter->constants.at[c].store;
        const Evaluation evaluation = {.arena = emitter->arena, .program = emitter->program, .mode = EVAL_DOUBLE};
        const Tensor tensor = evaluate_constant(&evaluation, store);
        const char *type = store->type.elem == ELEM_REAL  ? "gr_real"
                           : store->type.elem == ELEM_INT ? "int32_t"
                                                          : "uint8_t";
        write_text(writer, "static const %s %s[%lld] = { /* %s */\n", type, emitter->constants.at[c].name,
                   (long long)(tensor.count > 0 ? tensor.count : 1), shape_text(emitter->arena, store->type.shape));
        write_elements(writer, emitter, tensor.elem, tensor.values, tensor.count);
        write_text(writer, "};\n\n");
    }
}
