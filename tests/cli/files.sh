# Where the model comes from and where the C goes: one clear message, and files as a whole set or not at all.
. "$CHECKS"
set="digits.c digits.h gr.h gr_kernel.h"
model=$ROOT/examples/digits/digits.grad

files() { # files WHAT MESSAGE STATUS ARGUMENT...
    what=$1
    message=$2
    status=$3
    shift 3
    expect "$what" "$status" "gradc: error: $message" "$GRADC" "$@"
}

files "no such model" "cannot read nosuch.grad: No such file or directory" 2 nosuch.grad
files "a directory as model" "cannot read $ROOT: Is a directory" 2 "$ROOT"
files "no such output directory" "cannot write to the directory nowhere: No such file or directory" 2 "$model" -o nowhere
files "output to a device" "cannot write to /dev/full: it is not a directory" 2 "$model" -o /dev/full
touch plain
files "output to a file" "cannot write to plain: it is not a directory" 2 "$model" -o plain
rm plain
expect_files "nothing is left behind" .

mkdir out
expect "a whole set" 0 "out: wrote digits.h, digits.c, gr.h and gr_kernel.h" "$GRADC" "$model" -o out
expect_files "four files" out $set
expect "again over its own files" 0 "" "$GRADC" compile "$model" -q -o out/
expect_files "still four files" out $set

rm -rf out && mkdir out
echo 'int main(void) { return 0; }' >out/digits.c
files "a stranger's file" \
    "out/digits.c exists, and gradc did not write it: choose another --name or -o, or use --force" 2 "$model" -o out
expect_files "it stays alone" out digits.c
grep -q main out/digits.c && ok "and is as it was" || not_ok "and is as it was"
expect_status "--force" 0 "$GRADC" "$model" -o out --force
grep -q main out/digits.c && not_ok "--force overwrites" || ok "--force overwrites"
rm out/gr.h && mkdir out/gr.h
files "a directory in the way" "cannot write out/gr.h: Is a directory" 3 "$model" -o out
expect_files "nothing of it is written" out digits.c digits.h gr.h gr_kernel.h

rm -rf out && mkdir out
(
    ulimit -f 2
    files "a disk that is full (here: a limit of 1 KB a file)" "cannot write out/digits.h: File too large" 3 "$model" -o out ||
        true
)
expect_files "a full disk leaves nothing" out

if [ "$(id -u)" != 0 ]; then
    chmod 500 out
    files "a directory that is read-only" "cannot write out/digits.h: Permission denied" 3 "$model" -o out
    chmod 700 out
fi

cp "$model" "two words.grad"
expect "the model line names the files" 0 "wrote digits.h, digits.c, gr.h and gr_kernel.h" "$GRADC" "two words.grad"
expect_status "--name" 0 "$GRADC" "$model" --name=ocr
[ -f ocr.c ] && [ -f ocr.h ] && ok "--name names the files" || not_ok "--name names the files"
rm -f ./*.c ./*.h ./*.grad
"$GRADC" - --name=fed -q <"$model" && ok "standard input" || not_ok "standard input"
expect_files "from standard input" . fed.c fed.h gr.h gr_kernel.h out

# memory: the text alone needs more than there is
head -c 60000000 /dev/zero | tr '\0' ' ' >large.grad
(
    ulimit -v 300000
    expect "out of memory" 3 "gradc: error: out of memory" "$GRADC" check large.grad
)
