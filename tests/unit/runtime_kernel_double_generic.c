#define GR_REAL          double
#define GR_KERNEL_TARGET GR_TARGET_GENERIC
#define KERNEL_TABLE     kernel_double_generic
#include "tests/unit/runtime_kernel.inc"
