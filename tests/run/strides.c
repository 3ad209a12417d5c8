/* A kernel that walks two arrays at different strides, as gcc compiles it: see GR_SAFE in gr_kernel.h. Whether a model
 * comes to grief there depends on what else is inlined, so the kernel stands alone. */
#include "tests/emit/scratch.h"
#include <criterion/criterion.h>

static const char source[] =
    "#define GR_REAL float\n"
    "#define GR_KERNEL_TARGET TARGET\n"
    "#include \"gr_kernel.h\"\n"
    "typedef struct tiny_call {\n"
    "    unsigned char *scratch;\n"
    "} tiny_call;\n"
    "GR_KERNELS_BEGIN\n"
    "GR_KERNEL void transpose(const tiny_call *call, int first_i, int last_i) {\n"
    "    const gr_real *const x = (void *)(call->scratch + 0); /* [4, 5] */\n"
    "    gr_real *const x_t = (void *)(call->scratch + 1152); /* [5, 4] */\n"
    "    for (int i = first_i; i < last_i; i++)\n"
    "        for (int j = 0; j < 5; j++)\n"
    "            x_t[i + j * 4] = gr_lane_0(gr_all(x[i * 5 + j]));\n"
    "}\n"
    "GR_KERNELS_END\n"
    "int main(void) {\n"
    "    static gr_real scratch[512];\n"
    "    tiny_call call = {(unsigned char *)scratch};\n"
    "    int faults = 0;\n"
    "    for (int i = 0; i < 20; i++)\n"
    "        scratch[i] = (gr_real)(i + 1);\n"
    "    transpose(&call, 0, 4);\n"
    "    for (int i = 0; i < 20; i++)\n"
    "        faults += scratch[1152 / sizeof(gr_real) + (size_t)(i % 5 * 4 + i / 5)] != scratch[i];\n"
    "    return faults;\n"
    "}\n";

Test(strides, a_kernel_that_transposes_is_called) {
    static const char *const targets[] = {"GR_TARGET_GENERIC", "GR_TARGET_X86_64_V3"};
    Memory memory = {0};
    Arena arena;
    cr_assert(setjmp(memory.on_exhausted) == 0);
    arena_open(&arena, &memory);
    const char *folder = scratch_folder(&arena);
    scratch_write(&arena, folder, "strides.c", source);
    for (size_t t = 0; t < sizeof targets / sizeof *targets; t++) {
        if (t > 0 && !scratch_run(&arena, folder, "grep -qw avx2 /proc/cpuinfo")) continue;
        for (int level = 0; level <= 3; level++)
            cr_expect(scratch_run(&arena, folder, "gcc -std=c11 -DTARGET=%s -O%d -o strides strides.c && ./strides",
                                  targets[t], level),
                      "%s, -O%d", targets[t], level);
    }
    scratch_remove(&arena, folder);
    memory_close_all(&memory);
}
