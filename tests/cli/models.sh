# Models that are wrong: exit status 1, an error with a place, nothing written. The messages are pinned in tests/errors.
. "$CHECKS"

wrong() { # wrong WHAT FILE
    timeout 20 "$GRADC" "$2" -o out >output 2>&1
    status=$?
    if [ "$status" -eq 1 ] && grep -q -E "^$2:[0-9]+:[0-9]+: error: " output; then
        ok "$1"
    else
        not_ok "$1: status $status"
        head -5 output
    fi
    expect_files "$1: nothing is written" out
    rm -rf out && mkdir out
}
mkdir out

head -c 200 "$ROOT/examples/digits/digits.grad" >cut.grad
wrong "cut off" cut.grad
head -c 4096 "$GRADC" >noise.grad
wrong "a binary" noise.grad
awk 'BEGIN { printf "entry f() -> y {\n y = "; for (i = 0; i < 100000; i++) printf "("; print "1" }' >deep.grad
wrong "100,000 parentheses" deep.grad
awk 'BEGIN { printf "entry f() -> y {\n"; for (i = 0; i < 100000; i++) printf "if true {"; print "}" }' >blocks.grad
wrong "100,000 blocks" blocks.grad
printf 'fn f(x) = f(x)\nentry e(x[3]) -> y[3] { y = f(x) }\n' >recursion.grad
wrong "recursion without end" recursion.grad
printf 'entry e(x[3], w[4]) -> y[3] { y = x + w }\n' >shapes.grad
wrong "shapes that do not match" shapes.grad
printf 'entry e(x[3]) -> y[3] { y = relux(x) }\n' >unknown.grad
wrong "an unknown name" unknown.grad
printf 'size A = 100000\nparam w[A, A, A, A, A] = 0\nentry e(x[3]) -> y { y = sum(w) }\n' >large.grad
wrong "a tensor whose size overflows" large.grad
printf 'model static\nentry e(x[3]) -> y[3] { y = 2*x }\n' >keyword.grad
wrong "a model that is a word of C" keyword.grad
: >empty.grad
timeout 20 "$GRADC" empty.grad -o out >output 2>&1
status=$?
[ "$status" -le 1 ] && ok "an empty file" || not_ok "an empty file: status $status"
