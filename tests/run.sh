#!/bin/sh
# All tests: sh tests/run.sh [--long]. The last line is "N passed, N failed"; the status is 0 if none failed. --long: the
# whole corpus for every target and on other processors, not only a choice.
#
# gradc and its tests are built with gcc, with clang, and with the sanitizers, in build-tests/ (GRADC_TEST_BUILD names
# another place). Then every script tests/*/*.sh but the benchmarks is run with GRADC, the program to test, and CHECKS,
# the functions of checks.sh; it says "ok WHAT" or "not ok WHAT" a line.
set -u
[ "${1-}" != --long ] || export GRADC_LONG=1
export OMP_WAIT_POLICY=passive # two cores, two tests at a time, up to 7 threads each: who spins takes the other's time
root=$(cd "$(dirname "$0")/.." && pwd)
build=${GRADC_TEST_BUILD:-$root/build-tests}
passed=0
failed=0

count() { # count PASSED FAILED
    passed=$((passed + $1))
    failed=$((failed + $2))
}

# build NAME CMAKE-OPTION...: configures and builds everything into $build/NAME
build() {
    name=$1
    shift
    started=$(date +%s)
    mkdir -p "$build/$name"
    if { cmake -S "$root" -B "$build/$name" "$@" && cmake --build "$build/$name" -j"$(nproc)"; } \
        >"$build/$name/log" 2>&1; then
        echo "ok build with $name, warnings are errors ($(($(date +%s) - started)) s)"
        count 1 0
    else
        grep -E -A5 'error|Error' "$build/$name/log" | head -40
        echo "not ok build with $name (see $build/$name/log)"
        count 0 1
        return 1
    fi
}

# criterion NAME PROGRAM...: runs Criterion programs of a build and adds up what they report
criterion() {
    name=$1
    shift
    for program; do
        program=$build/$name/$program
        if [ ! -x "$program" ]; then
            echo "not ok $program was not built"
            count 0 1
            continue
        fi
        started=$(date +%s)
        "$program" --jobs "$(nproc)" --timeout 300 --filter "${filter:-*}" >"$program.log" 2>&1
        status=$?
        summary=$(sed -n 's/.*Tested: \([0-9]*\) | Passing: \([0-9]*\) .*/\1 \2/p' "$program.log" | tail -1)
        if [ -z "$summary" ]; then
            tail -20 "$program.log"
            echo "not ok $name: $(basename "$program") ended with status $status and no summary"
            count 0 1
            continue
        fi
        tested=${summary% *}
        good=${summary#* }
        count "$good" $((tested - good))
        if [ "$tested" -gt "$good" ] || [ "$status" -ne 0 ]; then
            grep -v -E '^\[(PASS|SKIP|RUN |====)' "$program.log" | head -100
            [ "$tested" -gt "$good" ] || count 0 1
        fi
        echo "$name: $(basename "$program"): $good of $tested passed ($(($(date +%s) - started)) s)"
    done
}

# scripts: runs all scripts, as many at a time as there are processors, and adds up what they report
scripts() {
    totals=$(mktemp)
    started=$(date +%s)
    GRADC=$build/gcc/gradc GRADC_CLANG=$build/clang/gradc CHECKS=$root/tests/checks.sh ROOT=$root TOTALS=$totals
    export GRADC GRADC_CLANG CHECKS ROOT TOTALS
    printf '%s\n' "$root"/tests/*/*.sh | grep -v '/tests/bench/' | sort -r | # bench measures, and has no right answer
        xargs -d '\n' -n 1 -P "$(nproc)" sh "$root/tests/script.sh"
    while read -r good bad; do count "$good" "$bad"; done <"$totals"
    ran=$(wc -l <"$totals")
    wanted=$(printf '%s\n' "$root"/tests/*/*.sh | grep -vc '/tests/bench/')
    [ "$ran" -eq "$wanted" ] || { echo "not ok $ran of $wanted scripts came to their end" && count 0 1; }
    rm -f "$totals"
    echo "scripts: $(($(date +%s) - started)) s"
}

sh "$root/examples/packages.sh" gcc g++ libc6-dev clang libclang-rt-14-dev binutils make cmake libclang-dev \
    zlib1g-dev libpng-dev pkg-config libcriterion-dev clang-format qemu-user gcc-aarch64-linux-gnu libc6-dev-arm64-cross \
    gcc-i686-linux-gnu libc6-dev-i386-cross gcc-s390x-linux-gnu libc6-dev-s390x-cross || exit 1

# What the emitted C computes does not depend on who compiled gradc: tests/fresh compares the texts.
warnings=-Werror
build gcc -DCMAKE_C_COMPILER=gcc -DCMAKE_C_FLAGS="$warnings" && criterion gcc gradc_tests gradc_run_tests
build clang -DCMAKE_C_COMPILER=clang -DCMAKE_C_FLAGS="$warnings" && criterion clang gradc_tests
ulimit -s 16384 2>/dev/null # the sanitizers take three times as much of it as the limits of recursion allow for
build sanitizers -DCMAKE_C_COMPILER=gcc -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS="$warnings -O1" \
    -DGRADC_SANITIZE=ON && criterion sanitizers gradc_tests &&
    filter='@(models/agree|emitted/)*' criterion sanitizers gradc_run_tests # the others compile without sanitizers

[ ! -x "$build/gcc/gradc" ] || scripts

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
