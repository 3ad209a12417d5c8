/* A text by the trained net, whose weights are a part of the program: write [BEGINNING [TEMPERATURE [LENGTH [SEED]]]]
 */
#include "charlstm.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = sizeof(((charlstm *)0)->lstm_b) / sizeof(float) / 4 }; /* four gates */

/* What the net remembers between two characters is ours: it may be kept, copied, or begun anew. */
typedef struct Writer {
    gr_work work;
    float temperature;
    float h[WIDTH], c[WIDTH];
} Writer;

/* The net's next character after `last`, or -1. */
static int next(Writer *writer, int last) {
    int32_t letter = last, character;
    int status = charlstm_write(&charlstm_trained, &writer->work, writer->temperature, &letter, writer->h, writer->c,
                                &character);
    if (status == GR_OK) return character;
    fprintf(stderr, "write: %s\n", gr_message(status));
    return -1;
}

int main(int argc, char **argv) {
    static unsigned char scratch[CHARLSTM_WRITE_SCRATCH(1)];
    const char *beginning = argc > 1 ? argv[1] : "";
    const long length = argc > 3 ? atol(argv[3]) : 1000;
    Writer writer = {.work = {.scratch = scratch, .scratch_size = sizeof scratch}};
    writer.temperature = argc > 2 ? (float)atof(argv[2]) : 0.8F;
    writer.work.seed = argc > 4 ? strtoull(argv[4], NULL, 10) : 0;

    int character = next(&writer, '\n');
    for (; *beginning != '\0' && character >= 0; beginning++) { /* read, whatever the net would have written */
        putchar(*beginning);
        character = next(&writer, (unsigned char)*beginning);
    }
    for (long i = 0; i < length && character >= 0; i++) {
        putchar(character);
        character = next(&writer, character);
    }
    putchar('\n');
    return character < 0;
}
