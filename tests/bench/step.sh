#!/bin/sh
# A training step of the digits example beside PyTorch's, one thread each, in turns; the best of each counts, and only the
# ratio means something.
#     sh tests/bench/step.sh GRADC PYTHON            PYTHON: one that has torch 2.13
set -eu
gradc=$1
python=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$gradc" compile "$here/../../examples/digits/digits.grad" -o "$work" --target=native -q
cc -std=c11 -O2 -I"$work" "$here/step.c" "$work/digits.c" -o "$work/step"
for rows in 1 32 128 256; do
    for turn in 1 2 3; do
        "$work/step" "$rows"
        "$python" "$here/step.py" "$rows"
    done | awk -v rows="$rows" '
        NR % 2 == 1 && (ours == 0 || $1 < ours) { ours = $1 }
        NR % 2 == 0 && (torch == 0 || $1 < torch) { torch = $1 }
        END { printf "batch %3d: gradc %8.1f us, PyTorch %8.1f us, %5.1f times as fast\n", rows, ours, torch, torch / ours }'
done
