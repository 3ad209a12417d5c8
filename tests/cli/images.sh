# examples/lenet and examples/dcgan: every command of theirs, for a few steps, on data that are drawn here.
. "$CHECKS"
CC="${CC:-cc} -O0" && export CC # compiling takes longest

images() { # images FILE: 72 of them, made of digits in ASCII
    { printf '\0\0\010\003\0\0\0\110\0\0\0\034\0\0\0\034' && seq 1 20000 | head -c $((72 * 28 * 28)); } | gzip >"$1"
}
labels() {
    { printf '\0\0\010\001\0\0\0\110' && for i in 1 2 3 4 5 6; do printf '\0\1\2\3\4\5\6\7\10\11\0\1'; done; } | gzip >"$1"
}
mkdir drawn
for part in train t10k; do
    images drawn/$part-images-idx3-ubyte.gz
    labels drawn/$part-labels-idx1-ubyte.gz
done

# runs WHAT COMMAND...
runs() {
    what=$1
    shift
    "$@" >output 2>&1 </dev/null && ok "$what" || { not_ok "$what: status $?"; tail -20 output; }
}
runs "LeNet-5 on a folder of data" sh "$ROOT/examples/lenet/lenet.sh" drawn --steps=2 -o folder.run
runs "LeNet-5 on the digits" sh "$ROOT/examples/lenet/lenet.sh" none --steps=20 -o digits.run
grep -q 'best accuracy 0\.[3-9]' output && ok "and learns them" || { not_ok "learns nothing"; cat output; }

runs "a DCGAN, and its judge" sh "$ROOT/examples/dcgan/dcgan.sh" drawn --steps=4
[ "$(wc -c <dcgan.run/samples.npy)" -eq $((128 + 100 * 100 * 32 * 32 * 4)) ] && ok "ten thousand samples" || not_ok "samples.npy"
head -c 4 dcgan.run/sheet.png | grep -q PNG && ok "a sheet of samples" || not_ok "a sheet of samples"
awk '$1 != "confidence" { share += $2; classes++ } END { exit !(classes == 10 && share > 0.999 && share < 1.001) }' \
    dcgan.run/spread.txt && ok "ten shares that add up to 1" || { not_ok "shares"; cat dcgan.run/spread.txt; }
