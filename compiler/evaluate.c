/* `gradc eval MODEL ENTRY`: inputs from .npy files or as numbers, initial values from the seed, outputs as text or
 * .npy. What it computes is the definition of what the emitted C must compute, in double precision. */
#define _POSIX_C_SOURCE 200809L
#include "compiler/evaluate.h"
#include "compiler/eval/eval.h"
#include "compiler/messages.h"
#include "runtime/host/npy.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- what stands behind --data INPUT=FILE ---- */

/* An input as it was given: its numbers in row-major order, and the shape that they had. */
typedef struct Given {
    Argument *argument;
    const char *where; /* the file, or the number as text */
    int rank;
    int64_t dims[GR_ARRAY_MAX_RANK];
    int64_t count;
    double *values;
} Given;

typedef struct Evaluator {
    Command *command;
    Compilation *compilation;
    Arena *arena;
    const Entry *entry;
    Given *given; /* by position of the input; argument NULL: not given */
    int64_t *sizes;
    bool *known; /* by Size.position */
} Evaluator;

__attribute__((format(printf, 2, 3))) static bool wrong(Evaluator *evaluator, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const char *message = arena_print_list(evaluator->arena, format, arguments);
    va_end(arguments);
    return compilation_fail(evaluator->compilation, COMPILE_COMMAND_WRONG, "%s", message);
}

static Argument *find_argument(Evaluator *evaluator, const char *name, bool output) {
    const Entry *entry = evaluator->entry;
    VEC(const char *) names = {0};
    for (int i = 0; i < (output ? entry->outputs.count : entry->inputs.count); i++) {
        Argument *argument = output ? entry->outputs.at[i] : entry->inputs.at[i];
        if (strcmp(argument->name, name) == 0) return argument;
        vec_push(evaluator->arena, &names, argument->name);
    }
    const char *near = nearest_name(name, names.at, names.count);
    wrong(evaluator, "entry %s has no %s %s%s%s", entry->name, output ? "output" : "input", name,
          near ? "; did you mean " : "", near ? arena_print(evaluator->arena, "%s?", near) : "");
    return NULL;
}

static unsigned char *read_whole(Evaluator *evaluator, const char *path, size_t *length) {
    errno = 0;
    FILE *file = fopen(path, "rb");
    size_t capacity = 1 << 16;
    unsigned char *bytes = arena_alloc(evaluator->arena, capacity);
    *length = 0;
    while (file != NULL && errno == 0) {
        size_t got = fread(bytes + *length, 1, capacity - *length, file);
        *length += got;
        if (got == 0 && ferror(file) && errno == 0) errno = EIO;
        if (got == 0) break;
        if (*length < capacity) continue;
        unsigned char *larger = arena_alloc(evaluator->arena, 2 * capacity);
        memcpy(larger, bytes, *length);
        bytes = larger;
        capacity *= 2;
    }
    int error = errno;
    if (file != NULL) fclose(file);
    if (file != NULL && error == 0) return bytes;
    wrong(evaluator, "cannot read %s: %s", path, strerror(error));
    return NULL;
}

/* Row-major position `at` in a file whose first axis varies fastest. */
static uint64_t fortran_position(const gr_array *array, uint64_t at) {
    uint64_t position = 0, stride = 1, index[GR_ARRAY_MAX_RANK];
    for (int a = array->rank - 1; a >= 0; a--) {
        index[a] = at % array->shape[a];
        at /= array->shape[a];
    }
    for (int a = 0; a < array->rank; a++) {
        position += index[a] * stride;
        stride *= array->shape[a];
    }
    return position;
}

static bool read_npy(Evaluator *evaluator, const char *path, Given *given) {
    gr_error error;
    gr_array array;
    size_t length;
    uint64_t header;
    const unsigned char *bytes = read_whole(evaluator, path, &length);
    if (bytes == NULL) return false;
    if (!gr_npy_header_size(bytes, length, path, &header, &error)) return wrong(evaluator, "%s", error.text);
    if (header > length) return wrong(evaluator, "%s: the file ends in its header", path);
    if (!gr_npy_read_header(bytes, (size_t)header, path, &array, &error)) return wrong(evaluator, "%s", error.text);
    if (gr_array_end(&array) > length)
        return wrong(evaluator, "%s: the file ends early: %llu bytes of %llu", path, (unsigned long long)length,
                     (unsigned long long)gr_array_end(&array));
    size_t size = gr_element_size(array.element);
    given->rank = array.rank;
    given->count = (int64_t)array.count;
    given->values = ARENA_ARRAY(evaluator->arena, double, given->count);
    for (int a = 0; a < array.rank; a++)
        given->dims[a] = (int64_t)array.shape[a];
    for (uint64_t i = 0; i < array.count; i++) {
        uint64_t at = array.fortran_order ? fortran_position(&array, i) : i;
        gr_array_decode(&array, bytes + array.offset + at * size, size, 1, &given->values[i]);
    }
    return true;
}

/* A number in place of a file. */
static bool read_number(Evaluator *evaluator, const char *text, Given *given) {
    char *end;
    double value = strtod(text, &end);
    if (*text == '\0' || *end != '\0') return false;
    given->values = ARENA_ARRAY(evaluator->arena, double, 1);
    given->values[0] = value;
    given->count = 1;
    return true;
}

static bool value_fits(const Argument *argument, double value) {
    bool whole = value == floor(value);
    if (argument->type.elem == ELEM_REAL) return true;
    if (argument->type.elem == ELEM_BOOL) return value == 0 || value == 1;
    if (!whole || value < INT32_MIN || value > INT32_MAX) return false;
    if (argument->is_byte && (value < 0 || value > UINT8_MAX)) return false;
    return argument->low > argument->high || (value >= (double)argument->low && value <= (double)argument->high);
}

static bool check_values(Evaluator *evaluator, const Given *given) {
    const Argument *argument = given->argument;
    for (int64_t i = 0; i < given->count; i++) {
        if (value_fits(argument, given->values[i])) continue;
        const char *range = "";
        if (argument->low <= argument->high)
            range =
                arena_print(evaluator->arena, " in %lld..%lld", (long long)argument->low, (long long)argument->high);
        return wrong(evaluator, "%s: element %lld is %.9g, but the input %s is %s%s", given->where, (long long)i,
                     given->values[i], argument->name, argument->is_byte ? "byte" : elem_name(argument->type.elem),
                     range);
    }
    return true;
}

static bool read_given(Evaluator *evaluator, const Assignment *assignment) {
    Argument *argument = find_argument(evaluator, assignment->name, false);
    if (argument == NULL) return false;
    Given *given = &evaluator->given[argument->position];
    if (given->argument != NULL) return wrong(evaluator, "--data %s is given twice", assignment->name);
    *given = (Given){.argument = argument, .where = assignment->value};
    if (!read_number(evaluator, assignment->value, given) && !read_npy(evaluator, assignment->value, given))
        return false;
    return check_values(evaluator, given);
}

/* ---- sizes ---- */

static bool shape_differs(Evaluator *evaluator, const Given *given) {
    const char *shape = "[";
    for (int a = 0; a < given->rank; a++)
        shape = arena_print(evaluator->arena, "%s%s%lld", shape, a == 0 ? "" : ", ", (long long)given->dims[a]);
    return wrong(evaluator, "%s has shape %s], but the input %s is %s", given->where, shape, given->argument->name,
                 type_text(evaluator->arena, given->argument->type));
}

/* The size that makes a dimension so large. */
static bool take_size(Evaluator *evaluator, const Given *given, Dim dim, int64_t extent) {
    if (dim_is_constant(dim)) return dim.constant == extent || shape_differs(evaluator, given);
    const Size *size = dim.size;
    int64_t value = (extent - dim.constant) / dim.factor;
    if (dim.constant + dim.factor * value != extent) return shape_differs(evaluator, given);
    if (value < size->low || value > size->high)
        return wrong(evaluator, "%s: %s is %lld, but its range is %lld..%lld", given->where, size->name,
                     (long long)value, (long long)size->low, (long long)size->high);
    if (evaluator->known[size->position] && evaluator->sizes[size->position] != value)
        return wrong(evaluator, "%s: %s is %lld, but %lld by another input", given->where, size->name, (long long)value,
                     (long long)evaluator->sizes[size->position]);
    evaluator->known[size->position] = true;
    evaluator->sizes[size->position] = value;
    return true;
}

/* Axes behind the rows may be grouped otherwise: [n, 28, 28] for [N, 784]. */
static bool take_sizes(Evaluator *evaluator, const Given *given) {
    Shape shape = given->argument->type.shape;
    if (given->rank == shape.rank) {
        for (int a = 0; a < shape.rank; a++)
            if (!take_size(evaluator, given, shape.dims[a], given->dims[a])) return false;
        return true;
    }
    int64_t wanted = 1, rows = given->rank > 0 ? given->dims[0] : 1;
    if (given->rank == 0 || shape.rank == 0) return shape_differs(evaluator, given);
    for (int a = 1; a < shape.rank; a++) {
        if (!dim_is_constant(shape.dims[a])) return shape_differs(evaluator, given);
        wanted *= shape.dims[a].constant;
    }
    if (rows * wanted != given->count) return shape_differs(evaluator, given);
    return take_size(evaluator, given, shape.dims[0], rows);
}

static bool all_sizes_known(Evaluator *evaluator) {
    for (int s = 0; s < evaluator->entry->sizes.count; s++) {
        const Size *size = evaluator->entry->sizes.at[s];
        if (!evaluator->known[size->position])
            return wrong(evaluator, "the size %s follows from no input: -D %s=NUMBER gives it", size->name, size->name);
    }
    return true;
}

/* ---- evaluation ---- */

static bool set_inputs(Evaluator *evaluator, Evaluation *evaluation) {
    for (int i = 0; i < evaluator->entry->inputs.count; i++) {
        const Argument *argument = evaluator->entry->inputs.at[i];
        const Given *given = &evaluator->given[i];
        evaluation->inputs[i] = tensor_of_type(evaluation, argument->type); /* states begin at 0 */
        if (given->argument != NULL)
            memcpy(evaluation->inputs[i].values, given->values, (size_t)given->count * sizeof *given->values);
        else if (argument->role != ARGUMENT_STATE)
            return wrong(evaluator, "the input %s, %s, is not given: --data %s=FILE.npy", argument->name,
                         type_text(evaluator->arena, argument->type), argument->name);
    }
    return true;
}

static bool read_inputs(Evaluator *evaluator) {
    const Assignments *data = &evaluator->command->data;
    for (int d = 0; d < data->count; d++)
        if (!read_given(evaluator, &data->at[d])) return false;
    for (int i = 0; i < evaluator->entry->inputs.count; i++)
        if (evaluator->given[i].argument != NULL && !take_sizes(evaluator, &evaluator->given[i])) return false;
    return true;
}

/* ---- results ---- */

static const char *number_text(Arena *arena, Elem elem, double value) {
    if (elem == ELEM_BOOL) return value != 0 ? "true" : "false";
    if (isnan(value)) return "nan"; /* whose sign says nothing */
    return elem == ELEM_INT ? arena_print(arena, "%.0f", value) : arena_print(arena, "%.9g", value);
}

/* Nested brackets, a line for each row. */
static void write_values(Writer *out, const Tensor *tensor, int axis, int64_t *at) {
    if (axis == tensor->rank) {
        write_text(out, "%s", number_text(out->arena, tensor->elem, tensor->values[(*at)++]));
        return;
    }
    write_text(out, "[");
    for (int64_t i = 0; i < tensor->dims[axis]; i++) {
        bool row = axis + 1 < tensor->rank;
        if (i > 0) write_text(out, row ? ",\n%*s" : ", ", row ? axis + 1 : 0, "");
        write_values(out, tensor, axis + 1, at);
    }
    write_text(out, "]");
}

static FileText npy_file(Arena *arena, const char *path, const Tensor *tensor) {
    static const enum gr_element elements[] = {
        [ELEM_REAL] = GR_ELEMENT_FLOAT64, [ELEM_INT] = GR_ELEMENT_INT32, [ELEM_BOOL] = GR_ELEMENT_BOOL};
    gr_array array = {.element = elements[tensor->elem], .rank = tensor->rank, .count = (uint64_t)tensor->count};
    unsigned char header[2048];
    for (int a = 0; a < tensor->rank; a++)
        array.shape[a] = (uint64_t)tensor->dims[a];
    size_t begin = gr_npy_write_header(&array, header, sizeof header), size = gr_element_size(array.element);
    unsigned char *bytes = arena_alloc(arena, begin + size * (size_t)tensor->count + 1);
    memcpy(bytes, header, begin);
    for (int64_t i = 0; i < tensor->count; i++) {
        uint64_t bits = 0;
        if (tensor->elem == ELEM_REAL)
            memcpy(&bits, &tensor->values[i], sizeof bits);
        else
            bits = (uint64_t)(int64_t)tensor->values[i];
        for (size_t b = 0; b < size; b++) /* little endian on every machine */
            bytes[begin + size * (size_t)i + b] = (unsigned char)(bits >> (8 * b));
    }
    return (FileText){path, (const char *)bytes, begin + size * (size_t)tensor->count};
}

static const char *path_of_output(const Command *command, const char *name) {
    for (int o = 0; o < command->out.count; o++)
        if (strcmp(command->out.at[o].name, name) == 0) return command->out.at[o].value;
    return NULL;
}

static void give_results(Evaluator *evaluator, const Evaluation *evaluation) {
    VEC(FileText) files = {0};
    Writer text;
    writer_open(&text, evaluator->arena);
    for (int o = 0; o < evaluator->entry->outputs.count + evaluator->entry->inputs.count; o++) {
        bool output = o < evaluator->entry->outputs.count;
        const Argument *argument =
            output ? evaluator->entry->outputs.at[o] : evaluator->entry->inputs.at[o - evaluator->entry->outputs.count];
        if (!output && argument->role != ARGUMENT_STATE) continue;
        const Tensor *tensor = &(output ? evaluation->outputs : evaluation->inputs)[argument->position];
        const char *path = path_of_output(evaluator->command, argument->name);
        int64_t at = 0;
        if (path != NULL) {
            vec_push(evaluator->arena, &files, npy_file(evaluator->arena, path, tensor));
            continue;
        }
        write_text(&text, "%s = ", argument->name);
        write_values(&text, tensor, 0, &at);
        write_text(&text, "\n");
    }
    const char *why;
    if (files.count > 0 && !write_files(evaluator->arena, files.at, files.count, &why))
        compilation_fail(evaluator->compilation, COMPILE_MACHINE_FAILED, "%s", why);
    else
        print_output(evaluator->command, writer_text(&text), text.length);
}

static bool find_entry(Evaluator *evaluator, const char *name) {
    const Program *program = evaluator->compilation->program;
    VEC(const char *) names = {0};
    for (int e = 0; e < program->entries.count; e++) {
        if (strcmp(program->entries.at[e]->name, name) == 0) evaluator->entry = program->entries.at[e];
        vec_push(evaluator->arena, &names, program->entries.at[e]->name);
    }
    if (evaluator->entry != NULL) return true;
    const char *near = nearest_name(name, names.at, names.count);
    return wrong(evaluator, "the model has no entry %s%s%s", name, near ? "; did you mean " : "",
                 near ? arena_print(evaluator->arena, "%s?", near) : "");
}

static bool outputs_exist(Evaluator *evaluator) {
    for (int o = 0; o < evaluator->command->out.count; o++) {
        const char *name = evaluator->command->out.at[o].name;
        bool state = false;
        for (int i = 0; i < evaluator->entry->inputs.count; i++)
            state |= evaluator->entry->inputs.at[i]->role == ARGUMENT_STATE &&
                     strcmp(evaluator->entry->inputs.at[i]->name, name) == 0;
        if (!state && find_argument(evaluator, name, true) == NULL) return false;
    }
    return true;
}

static void evaluate_entry_of(Evaluator *evaluator) {
    const Program *program = evaluator->compilation->program;
    evaluator->given = ARENA_ARRAY(evaluator->arena, Given, evaluator->entry->inputs.count);
    evaluator->sizes = ARENA_ARRAY(evaluator->arena, int64_t, program->sizes.count);
    evaluator->known = ARENA_ARRAY(evaluator->arena, bool, program->sizes.count);
    if (!outputs_exist(evaluator) || !read_inputs(evaluator) || !all_sizes_known(evaluator)) return;
    Evaluation evaluation = {.arena = evaluator->arena,
                             .program = program,
                             .mode = EVAL_DOUBLE,
                             .sizes = evaluator->sizes,
                             .seed = evaluator->command->seed,
                             .margin = INFINITY};
    evaluation.inputs = ARENA_ARRAY(evaluator->arena, Tensor, evaluator->entry->inputs.count);
    evaluation.outputs = ARENA_ARRAY(evaluator->arena, Tensor, evaluator->entry->outputs.count);
    if (!set_inputs(evaluator, &evaluation)) return;
    evaluate_initial(&evaluation);
    evaluate_graph(&evaluation, evaluator->entry->graph);
    give_results(evaluator, &evaluation);
}

int run_eval(Command *command) {
    Compilation compilation;
    compilation_open(&compilation, command->arena, &command->compile);
    Evaluator evaluator = {.command = command, .compilation = &compilation, .arena = command->arena};
    if (compile_to_graph(&compilation) && find_entry(&evaluator, command->entry)) evaluate_entry_of(&evaluator);
    return finish_output(command, report(command, &compilation));
}
