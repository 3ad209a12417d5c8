#!/bin/sh
# Trains mnist.grad on images of 28 x 28 pixels: sh mnist.sh FOLDER [OPTION...]
#
# FOLDER holds MNIST, Fashion-MNIST or their kin as the four gzipped IDX files that they are published as. OPTIONs are
# those of `gradc run` (--epochs=3, -o DIR, ...). gradc is $GRADC, or on the path, or what quickstart.sh built.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
gradc=${GRADC:-$(command -v gradc || echo "$here/../../build-quickstart/gradc")}
folder=${1:?usage: sh mnist.sh FOLDER [OPTION...], with train-images-idx3-ubyte.gz and the three others in it}
shift
if [ ! -x "$gradc" ]; then
    echo "gradc is not on the path: sh examples/quickstart.sh builds it" >&2
    exit 1
fi

case " $* " in
*" --epochs="*) ;;
*) set -- --epochs=20 "$@" ;;
esac
case " $* " in
*" --halve="*) ;;
*) set -- --halve=3 "$@" ;;
esac

# The ten thousand test images decide which epoch is kept; they are not trained on.
exec "$gradc" run "$here/mnist.grad" train \
    --data image="$folder/train-images-idx3-ubyte.gz" --data label="$folder/train-labels-idx1-ubyte.gz" \
    --valid image="$folder/t10k-images-idx3-ubyte.gz" --valid label="$folder/t10k-labels-idx1-ubyte.gz" \
    --watch=accuracy:max "$@"
