#define GR_REAL          float
#define GR_KERNEL_TARGET GR_TARGET_GENERIC
#define KERNEL_TABLE     kernel_float_generic
#include "tests/unit/runtime_kernel.inc"
