# examples/embed: two models, two instances of one, threads; from C, C++ and Python.
. "$CHECKS"
cp "$ROOT"/examples/embed/* .
"$GRADC" curve.grad -q && "$GRADC" sides.grad -q || not_ok "the models"
warnings="-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror"
for compiler in gcc clang; do
    # shellcheck disable=SC2086 # a list of options
    if $compiler -std=c11 -O2 $warnings -o embed embed.c curve.c sides.c -lpthread -lm; then
        expect_status "$compiler: two models, two instances, threads" 0 ./embed
    else
        not_ok "$compiler: builds"
    fi
    if $compiler -std=c11 -O1 -g -fsanitize=thread -o embed embed.c curve.c sides.c -lpthread -lm; then
        expect_status "$compiler: no race" 0 ./embed
    else
        not_ok "$compiler: builds with the thread sanitizer"
    fi
done
gcc -std=c11 -O2 -c curve.c sides.c
for standard in c++11 c++17; do
    # shellcheck disable=SC2086
    if g++ -std=$standard -O2 -Wall -Wextra -Wpedantic -Wshadow -Werror -o embed embed.cpp curve.o sides.o -lpthread; then
        expect_status "$standard: two models, two instances, threads" 0 ./embed
    else
        not_ok "$standard: builds"
    fi
done
if python3 -c 'import numpy' 2>/dev/null; then
    gcc -std=c11 -O2 -shared -fPIC -o libcurve.so curve.c
    gcc -std=c11 -O2 -shared -fPIC -o libsides.so sides.c
    expect_status "Python: two models, two instances, threads" 0 python3 embed.py
else
    echo "no numpy: the Python part of examples/embed is not tested"
fi
