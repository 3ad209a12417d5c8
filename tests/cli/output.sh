# What is written beside or in place of the four files: --single-file, --depfile, --line.
. "$CHECKS"
digits=$ROOT/examples/digits/digits.grad
warnings="-std=c11 -O1 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wdouble-promotion -Werror"

wrong() { # wrong WHAT STATUS MESSAGE ARGUMENT...
    what=$1
    status=$2
    message=$3
    shift 3
    expect "$what" "$status" "gradc: error: $message" "$GRADC" "$@"
}

# ---- --single-file: two models in one program, their headers in one translation unit, with and without gr.h

mkdir one
expect "--single-file" 0 "one: wrote digits.h and digits.c" "$GRADC" "$digits" -o one --single-file
printf 'model twice\nentry f(x[3]) -> y[3] { y = 2*x }\n' >twice.grad
expect_status "another one" 0 "$GRADC" twice.grad -o one --single-file -q
expect_files "two files each" one digits.c digits.h twice.c twice.h
grep -q '^#include "gr' one/* && not_ok "nothing else is included" || ok "nothing else is included"
cat >one/main.c <<'END'
#include "twice.h"
#include "digits.h"
#include "twice.h"
#include <stdlib.h>
GR_ALIGNED static digits model;
int main(void) {
    static float image[64];
    float x[3] = {1, 2, 3}, y[3];
    int32_t digit[1];
    gr_work work = {NULL, 0, 0, 0, 0, NULL, 0, NULL};
    work.scratch_size = DIGITS_PREDICT_SCRATCH(1);
    work.scratch = malloc(work.scratch_size);
    if (digits_init(&model, NULL, 7) != GR_OK || digits_predict(&model, &work, 1, image, digit) != GR_OK) return 1;
    if (twice_f(&work, x, y) != GR_OK || y[2] != 6.0f) return 2;
    free(work.scratch);
    return digits_model.abi == GR_ABI && twice_model.abi == GR_ABI ? 0 : 3;
}
END
cp one/main.c one/main.cpp
for compiler in gcc clang; do
    command -v "$compiler" >/dev/null || continue
    # shellcheck disable=SC2086
    "$compiler" $warnings one/main.c one/digits.c one/twice.c -o one/program >log 2>&1 && ./one/program &&
        ok "both in one program, by $compiler" || { not_ok "both in one program, by $compiler" && head -5 log; }
done
g++ -std=c++11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only one/main.cpp >log 2>&1 && ok "headers in C++" || { not_ok "headers in C++" && head -5 log; }
"$GRADC" "$digits" -o one -q --name=apart && { printf '#include "gr.h"\n#include "digits.h"\n#include "apart.h"\nint main(void) { return GR_OK; }\n' >one/mixed.c; } &&
    gcc $warnings -fsyntax-only one/mixed.c && ok "beside a model with a gr.h of its own" || not_ok "beside a model with a gr.h of its own"
for target in generic x86-64-v4; do
    expect_status "--single-file for $target" 0 "$GRADC" "$digits" -o one --single-file -q --target=$target
    gcc $warnings -c one/digits.c -o one/digits.o >log 2>&1 && ok "which compiles" || { not_ok "which compiles" && head -5 log; }
done
wrong "with a value" 2 "--single-file takes no value" "$digits" --single-file=yes
wrong "of another command" 2 '--single-file is an option of `gradc compile`' check "$digits" --single-file

# ---- --depfile

mkdir out
name='a b$c#d:e\ f.grad'
cp twice.grad "$name"
expect_status "--depfile" 0 "$GRADC" "$name" -o out --depfile=out/model.d -q
expect "names what was written, and from what" 0 'out/twice.h out/twice.c out/gr.h out/gr_kernel.h: a\ b$$c\#d\:e\\\ f.grad' cat out/model.d
printf 'all: out/twice.h\nout/twice.h:\n\t@echo remade; touch $@\n-include out/model.d\n' >Makefile
touch -d '1 hour ago' out/twice.h 2>/dev/null || touch -t 202001010000 out/twice.h
expect "make sees a newer model" 0 remade make -s
expect "and no other" 0 "" make -s
expect_status "again over its own file" 0 "$GRADC" "$name" -o out --depfile=out/model.d -q
"$GRADC" - -q -o out --depfile=out/model.d <twice.grad && expect "standard input is no file" 0 'out/twice.h out/twice.c out/gr.h out/gr_kernel.h:' cat out/model.d
expect_status "with --single-file" 0 "$GRADC" twice.grad -o out --depfile=out/model.d --single-file -q
expect "two targets" 0 'out/twice.h out/twice.c: twice.grad' cat out/model.d
printf 'out/x.o: x.c\n' >out/of_gcc.d
expect_status "over a compiler's" 0 "$GRADC" twice.grad -o out --depfile=out/of_gcc.d -q

rm -rf out && mkdir out
wrong "a file of somebody else" 2 \
    "twice.grad exists, and gradc did not write it: choose another --depfile, or use --force" \
    twice.grad -o out --depfile=twice.grad
wrong "the C itself" 2 "--depfile=out/twice.c: this file is to be the C itself" twice.grad -o out --depfile=out/twice.c
wrong "no such directory" 3 "cannot write nowhere/x.d: No such file or directory" twice.grad -o out --depfile=nowhere/x.d
wrong "a directory" 3 "cannot write out: Is a directory" twice.grad -o out --depfile=out
[ ! -c /dev/full ] || wrong "a device" 3 "cannot write /dev/full: it is not a plain file" twice.grad -o out --depfile=/dev/full
wrong "no value" 2 "--depfile needs a value: --depfile=FILE" twice.grad --depfile=
wrong "of another command, too" 2 '--depfile is an option of `gradc compile`' plan twice.grad --depfile=x.d
newline='two
lines.grad'
cp twice.grad "$newline"
wrong "a path that cannot be said" 2 "--depfile=out/x.d: a path with a line end cannot stand in a file of dependencies" \
    "$newline" -o out --depfile=out/x.d
expect_status "without --depfile it may" 0 "$GRADC" check "$newline"
expect_files "nothing is written where one of all cannot be" out
(
    ulimit -f 64
    wrong "a disk that is full" 3 "cannot write out/gr_kernel.h: File too large" twice.grad -o out --depfile=out/x.d
)
expect_files "a full disk leaves nothing" out
grep -q 'entry f(' twice.grad && ok "the model is as it was" || not_ok "the model is as it was"

# ---- --line

mkdir lines
odd='lines/tw"o\ é.grad'
printf 'model lined\nentry f(x[40]) -> y[40] {\n    a = 2*x\n\n    y = a / sum(a)\n}\n' >"$odd"
expect_status "--line" 0 "$GRADC" "$odd" -o lines --line -q
for compiler in gcc clang; do
    command -v "$compiler" >/dev/null || continue
    # shellcheck disable=SC2086
    "$compiler" $warnings -g -c lines/lined.c -o lines/lined.o >log 2>&1 && ok "--line compiles with $compiler" || { not_ok "--line compiles with $compiler" && head -5 log; }
    objdump --dwarf=decodedline lines/lined.o >table 2>&1
    grep -q -F 'tw"o\ é.grad' table && ok "debug information by $compiler names the model" || not_ok "debug information by $compiler names the model"
done
# What is not of the model stays where it is: the line below a directive that names the C is the line that it says.
awk '/^#line/ && /lined\.c"$/ { returns++; if ($2 != NR + 1) { print "line", NR; bad = 1 } } END { exit bad || returns == 0 }' lines/lined.c &&
    ok "the C's own lines are counted on" || not_ok "the C's own lines are counted on"
grep '^#line' lines/lined.c | awk '{ print $2 }' | sort -u >numbers
grep -q -x 5 numbers && ok "line 5 of the model is named" || not_ok "line 5 of the model is named"
for model in "$ROOT"/tests/models/*.grad "$digits"; do
    expect_status "--line --single-file $(basename "$model")" 0 "$GRADC" "$model" -o lines --name=lined --line --single-file -q --force
    gcc $warnings -fsyntax-only lines/lined.c >log 2>&1 || { not_ok "$(basename "$model") compiles" && head -5 log; }
done
grep -v '^#line' lines/lined.c | tr -d ' \n' >with.txt
"$GRADC" "$digits" -o lines --name=lined --single-file -q --force && tr -d ' \n' <lines/lined.c >without.txt
sed -i 's/--line//' with.txt
cmp -s with.txt without.txt && ok "the directives are all that differs" || not_ok "the directives are all that differs"
