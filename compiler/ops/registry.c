#include "compiler/ops/rules.h"

enum { PLAIN, LEAF, ROOT, MARKER };

const OpDef op_table[OP_COUNT] = {
#define OP(name, kind, check, gradient, evaluate, lower)                                                               \
    [OP_##name] = {#name, (kind) == LEAF, (kind) == ROOT, (kind) == MARKER, check, gradient, evaluate, lower},
#include "compiler/ir/ops.def"
#undef OP
};

