/* Which axis of a buffer is innermost: channels where convolutions meet, but only in what nobody else sees. */
#include "compiler/compile.h"
#include <criterion/criterion.h>

static bool row_major(const Buffer *buffer) {
    int64_t stride = 1;
    for (int a = buffer->shape.rank - 1; a > 0; a--) {
        if (dim_high(buffer->strides[a]) != stride) return false;
        stride *= dim_high(buffer->shape.dims[a]);
    }
    return true;
}

typedef struct Count {
    int channels_innermost, other_orders;
} Count;

static Count count_orders(const Routine *routine) {
    Count count = {0};
    for (int b = 0; b < routine->buffers.count; b++) {
        const Buffer *buffer = routine->buffers.at[b];
        bool own = buffer->place == BUFFER_ARENA || buffer->place == BUFFER_LOCAL;
        if (buffer->copy_of != NULL || buffer->view_of != NULL) continue;
        cr_expect(own || row_major(buffer), "what others hold stays as they have it");
        if (!own || row_major(buffer)) continue;
        int64_t row = 1;
        for (int a = 1; a < buffer->shape.rank; a++)
            row *= dim_high(buffer->shape.dims[a]);
        cr_expect_eq(dim_high(buffer->strides[0]), row, "rows stay whole: threads hold some of them");
        bool channels = buffer->shape.rank == 4 && dim_high(buffer->strides[1]) == 1;
        *(channels ? &count.channels_innermost : &count.other_orders) += 1;
    }
    return count;
}

Test(axes, channels_are_innermost_between_convolutions) {
    Memory memory = {0};
    Arena arena;
    cr_assert(setjmp(memory.on_exhausted) == 0);
    arena_open(&arena, &memory);
    CompileOptions options = {.path = GRADC_TESTS "/models/channels.grad", .target = target_find("x86-64-v3")};
    Compilation compilation;
    compilation_open(&compilation, &arena, &options);
    cr_assert(compile_to_graph(&compilation) && compile_to_routines(&compilation));
    Count count = count_orders(compilation.emitter->routines[0]);
    cr_expect(count.channels_innermost >= 6, "%d", count.channels_innermost);
    cr_expect_eq(count.other_orders, 0);
    memory_close_all(&memory);
}
