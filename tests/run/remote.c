#define _POSIX_C_SOURCE 200809L
#include "tests/run/remote.h"
#include "tests/remote/wire.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct Remote {
    pid_t process;
    FILE *to, *from;
};

enum { NO_ANSWER = -1 };

Remote *remote_open(Arena *arena, const char *command) {
    int down[2], up[2];
    if (pipe(down) != 0 || pipe(up) != 0) return NULL;
    signal(SIGPIPE, SIG_IGN); /* a remote that is gone is a missing answer */
    pid_t process = fork();
    if (process < 0) return NULL;
    if (process == 0) {
        dup2(down[0], STDIN_FILENO);
        dup2(up[1], STDOUT_FILENO);
        close(down[0]);
        close(down[1]);
        close(up[0]);
        close(up[1]);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    close(down[0]);
    close(up[1]);
    Remote *remote = ARENA_NEW(arena, Remote);
    *remote = (Remote){process, fdopen(down[1], "wb"), fdopen(up[0], "rb")};
    return remote;
}

void remote_close(Remote *remote) {
    fclose(remote->to);
    fclose(remote->from);
    waitpid(remote->process, NULL, 0);
}

static void *dense_for(const Instance *instance, const gr_tensor *tensor) {
    return arena_alloc(instance->model->arena, gr_elements(tensor) * gr_type_size(tensor->type));
}

static void put_tensors(const Instance *instance) {
    const gr_model *emitted = instance->model->emitted;
    for (int t = 0; t < emitted->tensor_count; t++) {
        const gr_tensor *tensor = &emitted->tensors[t];
        void *dense = dense_for(instance, tensor);
        gr_read(tensor, instance->contents, instance->trainer, dense);
        wire_put_elements(instance->model->remote->to, dense, tensor->type, (int64_t)gr_elements(tensor));
    }
}

static bool get_tensors(Instance *instance) {
    const gr_model *emitted = instance->model->emitted;
    for (int t = 0; t < emitted->tensor_count; t++) {
        const gr_tensor *tensor = &emitted->tensors[t];
        void *dense = dense_for(instance, tensor);
        if (!wire_get_elements(instance->model->remote->from, dense, tensor->type, (int64_t)gr_elements(tensor)))
            return false;
        gr_write(tensor, instance->contents, instance->trainer, dense);
    }
    return true;
}

int remote_init(Instance *instance, uint64_t seed) {
    Remote *remote = instance->model->remote;
    uint64_t status;
    wire_put(remote->to, WIRE_INIT);
    wire_put(remote->to, seed);
    fflush(remote->to);
    return wire_get(remote->from, &status) && get_tensors(instance) ? (int)status : NO_ANSWER;
}

static bool get_outputs(Remote *remote, Call *call) {
    for (int a = 0; a < call->entry->argument_count; a++) {
        const gr_argument *argument = &call->entry->arguments[a];
        if (argument->role != GR_INPUT && !wire_get_elements(remote->from, call->arguments[a], argument->type,
                                                             gr_argument_elements(argument, call->sizes)))
            return false;
    }
    return true;
}

int remote_run(Call *call, Instance *instance) {
    Remote *remote = instance->model->remote;
    uint64_t status;
    wire_put(remote->to, WIRE_CALL);
    wire_put(remote->to, (uint64_t)(call->entry - instance->model->emitted->entries));
    wire_put(remote->to, instance->work.seed);
    wire_put(remote->to, instance->work.draws);
    for (int s = 0; s < call->entry->size_count; s++)
        wire_put(remote->to, (uint64_t)call->sizes[s]);
    put_tensors(instance);
    for (int a = 0; a < call->entry->argument_count; a++) {
        const gr_argument *argument = &call->entry->arguments[a];
        if (argument->role != GR_OUTPUT)
            wire_put_elements(remote->to, call->arguments[a], argument->type,
                              gr_argument_elements(argument, call->sizes));
    }
    fflush(remote->to);
    bool answered = wire_get(remote->from, &status) && wire_get(remote->from, &instance->work.draws) &&
                    get_tensors(instance) && get_outputs(remote, call);
    return answered ? (int)status : NO_ANSWER;
}
