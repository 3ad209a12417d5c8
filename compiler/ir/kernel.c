#include "compiler/ir/kernel.h"

Buffer *buffer_root(const Buffer *buffer) {
    while (buffer->view_of != NULL)
        buffer = buffer->view_of;
    return (Buffer *)buffer;
}

Kernel *buffer_maker(const Buffer *buffer) {
    while (buffer->maker == NULL && buffer->view_of != NULL)
        buffer = buffer->view_of;
    return buffer->maker;
}

Kernel *maker_around(const Buffer *buffer, const Sequence *sequence) {
    Kernel *maker = buffer_maker(buffer);
    return maker != NULL && maker->sequence == sequence ? maker : NULL;
}

int loop_depth(const Loop *loop) {
    int depth = 0;
    for (; loop->around != NULL; loop = loop->around)
        depth++;
    return depth;
}

void kernel_stages(Arena *arena, const Kernel *kernel, Stages *out) {
    for (int s = 0; s < kernel->stages.count; s++)
        vec_push(arena, out, kernel->stages.at[s]);
    if (kernel->loop != NULL) sequence_stages(arena, &kernel->loop->body, out);
}

void sequence_stages(Arena *arena, const Sequence *sequence, Stages *out) {
    for (int k = 0; k < sequence->kernels.count; k++)
        kernel_stages(arena, sequence->kernels.at[k], out);
}

bool stage_writes(const Stage *stage, const Buffer *buffer) {
    for (int r = 0; r < stage->results.count; r++)
        if (stage->results.at[r].buffer == buffer) return true;
    return false;
}

bool stage_reads(const Stage *stage, const Buffer *root) {
    for (int r = 0; r < stage->reads.count; r++)
        if (buffer_root(stage->reads.at[r].buffer) == root) return true;
    return false;
}

bool kernel_reads(const Kernel *kernel, const Buffer *buffer) {
    const Buffer *root = buffer_root(buffer);
    for (int s = 0; s < kernel->stages.count; s++)
        if (stage_reads(kernel->stages.at[s], root)) return true;
    for (int k = 0; kernel->loop != NULL && k < kernel->loop->body.kernels.count; k++)
        if (kernel_reads(kernel->loop->body.kernels.at[k], root)) return true;
    return false;
}
