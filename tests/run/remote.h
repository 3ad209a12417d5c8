/* An emitted model that runs elsewhere: tests/remote compiled for another processor and run by an emulator. */
#ifndef GRADC_TESTS_RUN_REMOTE_H
#define GRADC_TESTS_RUN_REMOTE_H

#include "tests/run/call.h"

/* A running process that serves the model, started by a command of the shell; belongs to the arena's owner until
 * remote_close. NULL where it cannot be started. */
Remote *remote_open(Arena *arena, const char *command);
void remote_close(Remote *remote);

/* What init and run of NAME_model do, with what the local instance holds before and holds after. WIRE_BROKEN, and
 * anything that is no answer, are statuses of no entry. */
int remote_init(Instance *instance, uint64_t seed);
int remote_run(Call *call, Instance *instance);

#endif
