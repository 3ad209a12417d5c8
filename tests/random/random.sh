#!/bin/sh
# Random programs (tests/random/check.h says what is asked of them):
#   sh random.sh                      200 programs, the same ones each time, each emitted for one of the targets
#   sh random.sh --long SEED COUNT    the programs SEED, SEED + 1, .., for all targets that this processor has
#   sh random.sh FILE                 one program of graph text, for all targets
# --count COUNT checks another number of them; --no-emit leaves the emitted C out, --no-reduce prints faulty programs as
# they are, --show prints without checking.
# GRADC is the compiler beside which gradc_random was built. A faulty program is printed with its number, reduced:
# what is printed can stand in tests/models as it is.
exec "$(dirname "${GRADC:?}")/gradc_random" "$@"
