#define GR_REAL          double
#define GR_KERNEL_TARGET GR_TARGET_X86_64_V4
#define KERNEL_TABLE     kernel_double_v4
#include "tests/unit/runtime_kernel.inc"
