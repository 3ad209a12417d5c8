#!/bin/sh
# From a fresh Debian 12 to a trained classifier in plain C: sh examples/quickstart.sh [SEED]
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
seed=${1:-0}
build=$root/build-quickstart
out=$build/digits

step() {
    printf '\n== %s\n' "$1"
}

step "1 of 4: packages"
sh "$root/examples/packages.sh" gcc libc6-dev make cmake libclang-dev zlib1g-dev libpng-dev
echo "All there."

step "2 of 4: building gradc (in $build)"
mkdir -p "$out"
if ! { cmake -S "$root" -B "$build" && cmake --build "$build" --target gradc -j"$(nproc)"; } >"$build/log" 2>&1; then
    tail -30 "$build/log"
    echo "The build failed; all of its output is in $build/log" >&2
    exit 1
fi
"$build/gradc" --version

step "3 of 4: from digits.grad to C, and the C into a program"
cd "$root/examples/digits"
echo "gradc digits.grad -o $out"
"$build/gradc" digits.grad -o "$out"
echo "cc -O2 -I$out -o $out/digits-train train.c $out/digits.c"
cc -O2 -I"$out" -o "$out/digits-train" train.c "$out/digits.c"

step "4 of 4: training on 3,823 handwritten digits"
"$out/digits-train" "$seed" "$root/examples/digits"

cat <<END

These files are the whole model, ready for any C program:
  $out/digits.h      its interface: read this first
  $out/digits.c      training and prediction, no library needed
  $out/gr.h, gr_kernel.h  the runtime, headers only
The program that you have just seen is $out/digits-train, from examples/digits/train.c;
the model that it was made from is examples/digits/digits.grad. Change either and run this again.
END
