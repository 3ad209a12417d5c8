# Names that mean something in C, in every role; comments, labels and paths that would end a comment or a string of C.
# The model with odd names (words.txt) must compile without a warning and compute what its twin with plain names does.
. "$CHECKS"
here=$ROOT/tests/names
warnings="-std=c11 -O0 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wdouble-promotion -Werror"
tr ' ' '\n' <"$here/words.txt" >odd.txt
awk '{ print "plain" NR "q" }' odd.txt >plain.txt

compiles() { # compiles WHAT COMMAND...
    what=$1
    shift
    if "$@" >log 2>&1; then
        ok "$what"
    else
        not_ok "$what"
        head -20 log
    fi
}

# twins ROLE COMPILER OPTION...: the twins by that compiler, from gradc with the options
twins() {
    role=$1
    compiler=$2
    shift 2
    rm -rf pair && mkdir pair
    for name in odd plain; do
        awk -v role="$role" -f "$here/model.awk" <$name.txt >pair/$name.grad
        "$GRADC" pair/$name.grad -q -o pair "$@" || not_ok "gradc takes the $name names as $role"
    done
    [ ! -f pair/gr.h ] || rm pair/gr.h pair/gr_kernel.h
    # shellcheck disable=SC2086
    compiles "names as $role, $*, by $compiler" "$compiler" $warnings -Ipair -I"$ROOT/runtime/core" -o twins \
        "$here/twins.c" pair/odd.c pair/plain.c "$ROOT/runtime/core/tensors.c" &&
        expect "the same numbers as with plain names" 0 "" ./twins
}
twins param gcc --target=generic
twins argument clang --target=generic --real=double
twins entry gcc --target=generic --single-file
twins size clang --target=x86-64-v3
twins local gcc --target=x86-64-v3 --single-file
twins index clang --target=x86-64-v3 --real=double
twins module gcc --target=generic --line

# ---- every macro of the standard headers as an argument, seen by a user who includes them all

for header in assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg \
    stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar wchar wctype; do
    echo "#include <$header.h>"
done >use.c
gcc -std=c11 -dM -E use.c | awk '/^#define [A-Za-z][A-Za-z0-9_]* / { print $2 }' | grep -v -x -E 'and|or|not|true|false|assert' >macros.txt
[ "$(wc -l <macros.txt)" -gt 300 ] && ok "there are macros" || not_ok "there are macros"
rm -rf pair && mkdir pair
awk -v role=argument -f "$here/model.awk" <macros.txt >pair/odd.grad
expect_status "gradc takes macros as arguments" 0 "$GRADC" pair/odd.grad -q -o pair --target=generic
cp use.c pair/use.c && echo '#include "odd.h"' >>pair/use.c
# shellcheck disable=SC2086
compiles "and a user of them takes the header" gcc $warnings -fsyntax-only pair/use.c

# ---- what would end a comment or a string

rm -rf pair && mkdir pair
model='pair/a"b\c*/d??/e%s.grad'
mkdir -p "${model%/*}"
cat >"$model" <<'END'
model odd # */ int injected_1; /*
size n = 1..4 # ends in a backslash: \
param w[3] ~ normal(0, 1) # trigraph ??/
fn f(x) { # // */ #error %s %n
    assert len(shape(x)) == 2, "*/ %s ??/ \" { len(shape(x)) }" # "
    return x * 2 # \
}
entry g(x[n, 3]) -> y[n] { # ??/
    y = sum(f(x) * w, axis = 1) # */ #define injected_2 \
} # /* //
END
for options in "" "--line" "--line --single-file"; do
    # shellcheck disable=SC2086
    expect_status "gradc takes such comments $options" 0 "$GRADC" "$model" -q --force -o pair --target=generic $options
    for compiler in gcc clang; do
        # shellcheck disable=SC2086
        compiles "and $compiler what it made" $compiler $warnings -trigraphs -c pair/odd.c -o pair/odd.o
        nm pair/odd.o | grep -q injected && not_ok "nothing is injected" || ok "nothing is injected"
    done
done
