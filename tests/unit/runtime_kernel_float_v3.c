#define GR_REAL          float
#define GR_KERNEL_TARGET GR_TARGET_X86_64_V3
#define KERNEL_TABLE     kernel_float_v3
#include "tests/unit/runtime_kernel.inc"
