#include "compiler/weights.h"
#include "compiler/messages.h"
#include "compiler/support/json.h"
#include "compiler/support/writer.h"
#include "runtime/host/rename.h"
#include "runtime/host/weights.h"
#include <stdlib.h>
#include <string.h>

/* ---- what a file holds ---- */

static const char *shape_words(Arena *arena, const gr_stored_tensor *tensor) {
    const char *text = "";
    for (int axis = 0; axis < tensor->rank; axis++)
        text = arena_print(arena, "%s%s%llu", text, axis == 0 ? "" : ", ", (unsigned long long)tensor->shape[axis]);
    return arena_print(arena, "[%s]", text);
}

/* Characters: what is no first byte of one. */
static int width_of(const char *name) {
    int width = 0;
    for (; *name; name++)
        width += (*name & 0xc0) != 0x80;
    return width;
}

static void write_table(Writer *writer, const gr_stored_tensor *tensors, size_t count) {
    enum { WIDEST = 60 };
    int width = 0;
    for (size_t i = 0; i < count; i++) {
        int own = width_of(tensors[i].name);
        if (own > width && own <= WIDEST) width = own;
    }
    for (size_t i = 0; i < count; i++) {
        int blanks = width - width_of(tensors[i].name);
        write_line(writer, "%s%*s  %-7s  %s", tensors[i].name, blanks > 0 ? blanks : 0, "",
                   gr_stored_name(tensors[i].type), shape_words(writer->arena, &tensors[i]));
    }
}

static void write_objects(Writer *writer, const gr_stored_tensor *tensors, size_t count) {
    for (size_t i = 0; i < count; i++)
        write_line(writer, "{\"name\": %s, \"type\": \"%s\", \"shape\": %s}",
                   json_string(writer->arena, tensors[i].name), gr_stored_name(tensors[i].type),
                   shape_words(writer->arena, &tensors[i]));
}

static void print_tensors(Command *command, const gr_weights *weights) {
    size_t count;
    const gr_stored_tensor *tensors = gr_weights_tensors(weights, &count);
    Writer writer;
    writer_open(&writer, command->arena);
    (command->json ? write_objects : write_table)(&writer, tensors, count);
    print_output(command, writer_text(&writer), writer.length);
}

/* ---- from one file into another ---- */

typedef struct Conversion {
    const gr_weights *from;
    const gr_renaming *renaming;
    bool from_failed; /* it was the file that is read which made an end */
} Conversion;

/* One of the new tensors, for the writer: elements in the byte order of this machine. */
static bool give_tensor(void *context, size_t index, void *dense, gr_error *error) {
    Conversion *conversion = context;
    const gr_renamed *origin = &conversion->renaming->origins[index];
    const gr_stored_tensor *tensor = &conversion->renaming->tensors[index];
    const size_t size = gr_stored_size(tensor->type), count = (size_t)tensor->count;
    uint8_t *bytes = origin->transposed ? malloc(count * size + 1) : dense;
    if (!bytes) return gr_fail(error, "'%.100s': out of memory", tensor->name);
    const bool done = gr_weights_read(conversion->from, origin->from, bytes, error);
    if (done && origin->transposed) gr_rename_elements(conversion->renaming, index, bytes, dense);
    if (done) gr_stored_swap(dense, size, count);
    if (origin->transposed) free(bytes);
    conversion->from_failed = !done;
    return done;
}

static void print_converted(const Command *command, const gr_renaming *renaming) {
    if (command->quiet || command->json) return;
    unsigned long long elements = 0;
    for (size_t i = 0; i < renaming->count; i++)
        elements += renaming->tensors[i].count;
    printf("wrote %s: %zu tensor%s, %llu number%s\n", command->output, renaming->count, renaming->count == 1 ? "" : "s",
           elements, elements == 1 ? "" : "s");
}

static int convert(const Command *command, const gr_weights *from, gr_error *error) {
    size_t count, metadata_count;
    const gr_stored_tensor *tensors = gr_weights_tensors(from, &count);
    const gr_metadata *metadata = gr_weights_metadata(from, &metadata_count);
    gr_renaming renaming;
    if (!gr_weights_check_name(command->output, error) || !gr_rename(command->map, tensors, count, &renaming, error))
        return COMPILE_COMMAND_WRONG;
    Conversion conversion = {from, &renaming, false};
    const bool done = gr_weights_write(command->output, renaming.tensors, renaming.count, metadata, metadata_count,
                                       give_tensor, &conversion, error);
    if (done) print_converted(command, &renaming);
    gr_renaming_free(&renaming);
    return done ? COMPILE_DONE : conversion.from_failed ? COMPILE_COMMAND_WRONG : COMPILE_MACHINE_FAILED;
}

int run_weights(Command *command) {
    gr_error error;
    gr_weights *weights = gr_weights_open(command->compile.path, &error);
    int status = COMPILE_COMMAND_WRONG;
    if (weights && command->output) {
        status = convert(command, weights, &error);
    } else if (weights) {
        print_tensors(command, weights);
        status = COMPILE_DONE;
    }
    gr_weights_close(weights);
    if (status != COMPILE_DONE) print_failure(command, error.text);
    return finish_output(command, status);
}
