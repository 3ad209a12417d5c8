#!/bin/sh
# Weights on a journey: trained by gradc, tuned by PyTorch, back in gradc, and at last a part of a C program. Without
# PyTorch the journey goes to NumPy's format and back. Works in the current folder: sh travel.sh (GRADC, PYTHON, CC name
# other programs).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
gradc=${GRADC:-gradc} python=${PYTHON:-python3} cc=${CC:-cc}
run() { "$gradc" run "$here/clouds.grad" "$@" -q; }

run draw --out point=points.npy --out cloud=clouds.npy
run train --data point=points.npy --data cloud=clouds.npy --batch=50 --epochs=30 -o clouds.run
run predict --data point=points.npy --weights=clouds.run/last.safetensors --out scores=scores.npy

"$gradc" weights clouds.run/last.safetensors -o torch.safetensors --map="$here/to_torch.map"
if "$python" -c 'import torch, safetensors, numpy' 2>/dev/null; then
    "$python" "$here/in_torch.py" tune
else
    echo "PyTorch and safetensors for it are not installed (pip install torch safetensors numpy): going by NumPy's format instead"
    "$gradc" weights torch.safetensors -o tuned.npz
    "$gradc" weights tuned.npz -o tuned.safetensors
fi
"$gradc" weights tuned.safetensors -o back.safetensors --map="$here/from_torch.map"
run predict --data point=points.npy --weights=back.safetensors --out scores=back.npy
if [ -f tuned.npy ]; then
    "$python" "$here/in_torch.py" compare
elif cmp scores.npy back.npy; then
    echo "there and back: equal predictions"
else
    exit 1
fi

"$gradc" "$here/clouds.grad" --entries=predict --weights=back.safetensors
"$cc" -O2 -I. -o show "$here/show.c" clouds.c
./show
