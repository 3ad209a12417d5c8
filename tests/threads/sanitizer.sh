# Two threads on one const model, under the thread sanitizer of both compilers.
. "$CHECKS"
"$GRADC" "$ROOT/examples/digits/digits.grad" -q || not_ok "digits"
for compiler in gcc clang; do
    if $compiler -std=c11 -O1 -g -fsanitize=thread -I. "$ROOT/tests/threads/two_threads.c" digits.c -o two -lpthread; then
        expect_status "$compiler: no race" 0 ./two
    else
        not_ok "$compiler: builds with the thread sanitizer"
    fi
done
