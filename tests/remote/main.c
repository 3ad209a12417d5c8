/* One model on another processor, called by the tests' harness as wire.h says. Compiled with the emitted pair and the
 * runtime's tensors.c; MODEL is its NAME_model, declared in MODEL_HEADER. */
#include MODEL_HEADER
#include "tests/remote/wire.h"
#include <stdlib.h>

enum { RIM = 64, RIM_BYTE = 0xA5, MOST = 32 };

static void stop(const char *why) {
    fprintf(stderr, "remote model: %s\n", why);
    exit(EXIT_FAILURE);
}

/* Memory full of NaNs, with a rim in front and behind that nobody may touch. */
static void *block(size_t size) {
    unsigned char *memory = (unsigned char *)malloc(size + 2 * RIM);
    if (!memory) stop("no memory");
    memset(memory, RIM_BYTE, size + 2 * RIM);
    memset(memory + RIM, 0xFF, size);
    return memory + RIM;
}

static int is_whole(const void *inside, size_t size) {
    const unsigned char *memory = (const unsigned char *)inside;
    for (size_t i = 0; i < RIM; i++)
        if (memory[-(ptrdiff_t)i - 1] != RIM_BYTE || memory[size + i] != RIM_BYTE) return 0;
    return 1;
}

/* The size given is the one that block got; 0 where its rim was written. */
static int block_free(void *inside, size_t size) {
    const int whole = is_whole(inside, size);
    free((unsigned char *)inside - RIM);
    return whole;
}

static uint64_t get(void) {
    uint64_t word;
    if (!wire_get(stdin, &word)) stop("the request ends early");
    return word;
}

static size_t tensor_bytes(const gr_tensor *tensor) {
    return gr_elements(tensor) * gr_type_size(tensor->type);
}

static void get_tensors(void *model, void *trainer) {
    for (int t = 0; t < MODEL.tensor_count; t++) {
        const gr_tensor *tensor = &MODEL.tensors[t];
        void *dense = block(tensor_bytes(tensor));
        if (!wire_get_elements(stdin, dense, tensor->type, (int64_t)gr_elements(tensor))) stop(tensor->name);
        gr_write(tensor, model, trainer, dense);
        block_free(dense, tensor_bytes(tensor));
    }
}

static void put_tensors(const void *model, const void *trainer) {
    for (int t = 0; t < MODEL.tensor_count; t++) {
        const gr_tensor *tensor = &MODEL.tensors[t];
        void *dense = block(tensor_bytes(tensor));
        gr_read(tensor, model, trainer, dense);
        wire_put_elements(stdout, dense, tensor->type, (int64_t)gr_elements(tensor));
        block_free(dense, tensor_bytes(tensor));
    }
}

static void answer_call(void *model, void *trainer) {
    const gr_entry *entry = &MODEL.entries[get()];
    gr_work work = {0};
    int sizes[MOST];
    void *arguments[MOST];
    size_t bytes[MOST];
    int whole = 1;
    work.seed = get();
    work.draws = get();
    if (entry->size_count > MOST || entry->argument_count > MOST) stop("many arguments");
    for (int s = 0; s < entry->size_count; s++)
        sizes[s] = (int)get();
    get_tensors(model, trainer);
    for (int a = 0; a < entry->argument_count; a++) {
        const gr_argument *argument = &entry->arguments[a];
        const int64_t count = gr_argument_elements(argument, sizes);
        bytes[a] = (size_t)count * gr_type_size(argument->type);
        arguments[a] = block(bytes[a]);
        if (argument->role != GR_OUTPUT && !wire_get_elements(stdin, arguments[a], argument->type, count))
            stop(argument->name);
    }
    work.scratch_size = entry->scratch + entry->scratch_per_thread;
    work.scratch = block(work.scratch_size);
    const int status = entry->run(model, trainer, &work, sizes, arguments);
    whole = block_free(work.scratch, work.scratch_size) && is_whole(model, MODEL.model_size) &&
            is_whole(trainer, MODEL.trainer_size);
    for (int a = 0; a < entry->argument_count; a++)
        whole = whole && is_whole(arguments[a], bytes[a]);
    wire_put(stdout, (uint64_t)(whole ? status : WIRE_BROKEN));
    wire_put(stdout, work.draws);
    put_tensors(model, trainer);
    for (int a = 0; a < entry->argument_count; a++) {
        const gr_argument *argument = &entry->arguments[a];
        if (argument->role != GR_INPUT)
            wire_put_elements(stdout, arguments[a], argument->type, gr_argument_elements(argument, sizes));
        block_free(arguments[a], bytes[a]);
    }
}

int main(void) {
    void *model = block(MODEL.model_size), *trainer = block(MODEL.trainer_size);
    uint64_t what;
    while (wire_get(stdin, &what)) {
        if (what == WIRE_INIT) {
            wire_put(stdout, (uint64_t)MODEL.init(model, trainer, get()));
            put_tensors(model, trainer);
        } else if (what == WIRE_CALL) {
            answer_call(model, trainer);
        } else {
            stop("an unknown request");
        }
        fflush(stdout);
    }
    block_free(model, MODEL.model_size);
    block_free(trainer, MODEL.trainer_size);
    return EXIT_SUCCESS;
}
