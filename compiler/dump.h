/* `gradc dump`, and listening to a compilation for it and for -v. */
#ifndef GRADC_DUMP_H
#define GRADC_DUMP_H

#include "compiler/command.h"
#include <time.h>

typedef struct Listener {
    const Command *command;
    Writer dump; /* what --after asks for, as text */
    struct timespec last;
} Listener;

/* From here on the compilation that gets command->compile tells the listener about its stages. */
void open_listener(Listener *listener, Command *command);

int run_dump(Command *command);

#endif
