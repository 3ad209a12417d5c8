#!/bin/sh
# How close the emitted matrix product comes to the processor's multiply-add peak, under both compilers.
#     sh tests/bench/product.sh GRADC [TARGET]
set -eu
gradc=$1
target=${2:-native}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$gradc" compile "$here/product.grad" -o "$work" --target="$target" -q
macro=$(sed -n 's/^#define GR_KERNEL_TARGET *//p' "$work/product.c")
for cc in gcc clang; do
    command -v "$cc" >/dev/null || continue
    "$cc" -std=c11 -O2 -DBENCH_TARGET="$macro" -I"$work" "$here/product.c" "$work/product.c" -o "$work/bench"
    echo "$cc -O2, $macro"
    "$work/bench"
done
