# The emitted pair for whoever may include it: C11 and C++11, both compilers, all warnings, every target, with OpenMP,
# two models in one program, and no name without a prefix.
. "$CHECKS"
warnings="-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wdouble-promotion -Werror"
model=$ROOT/examples/digits/digits.grad
"$GRADC" "$model" -q || not_ok "digits"

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
printf '#include "digits.h"\n#include "digits.h"\nint main(void) { return digits_model.abi == GR_ABI ? 0 : 1; }\n' >use.c
cp use.c use.cpp
for compiler in gcc clang; do
    compiles "$compiler: header in C11" $compiler -std=c11 $warnings -c use.c
    compiles "$compiler: header in C99 with extensions" $compiler -std=gnu99 -Wall -Wextra -Werror -c use.c
done
for compiler in g++ clang++; do
    compiles "$compiler: header in C++11" $compiler -std=c++11 $warnings -c use.cpp
    compiles "$compiler: header in C++20" $compiler -std=c++20 $warnings -c use.cpp
done

for target in x86-64-v4 x86-64-v3 generic; do
    for real in float double; do
        "$GRADC" "$model" -q --target=$target --real=$real || not_ok "$target $real"
        for compiler in gcc clang; do
            for level in -O0 -O3; do
                compiles "$compiler $level: $target in $real" $compiler -std=c11 $level $warnings -c digits.c
            done
        done
    done
done
"$GRADC" "$model" -q
compiles "gcc -fopenmp" gcc -std=c11 -O2 -fopenmp $warnings -c digits.c
compiles "without checks" gcc -std=c11 -O2 -DGR_NO_CHECKS $warnings -c digits.c

gcc -std=c11 -O2 -c digits.c
foreign=$(nm -g --undefined-only digits.o | awk '{ print $2 }' | grep -v -x -E 'memcpy|memset|__cpu_model|__cpu_indicator_init|_GLOBAL_OFFSET_TABLE_|__stack_chk_fail' | tr '\n' ' ')
[ -z "$foreign" ] && ok "needs memcpy and memset alone" || not_ok "needs $foreign"
names=$(nm -g --defined-only digits.o | awk '{ print $3 }' | grep -v '^digits_' | tr '\n' ' ')
[ -z "$names" ] && ok "all names begin with digits_" || not_ok "foreign names: $names"
writable=$(objdump -t digits.o | awk '/O \.(data|bss)\t/ { print $NF }' | tr '\n' ' ')
[ -z "$writable" ] && ok "nothing that can be written" || not_ok "can be written: $writable"

"$GRADC" "$model" -q --name=other
printf '#include "digits.h"\n#include "other.h"\nint main(void) { return digits_model.abi - other_model.abi; }\n' >two.c
compiles "two models in one program" gcc -std=c11 -O1 $warnings two.c digits.c other.c -o two
./two && ok "and it runs" || not_ok "and it runs"
