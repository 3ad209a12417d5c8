# Data files on 32 bits, AArch64 and a big-endian processor, where the cross compilers and qemu-user are installed: the
# same numbers, bit for bit, and the same order of rows as here.
. "$CHECKS"

printf '\0\0\014\2\0\0\0\2\0\0\0\2\0\0\0\7\377\377\377\377\177\377\377\377\200\0\0\0' >ints
printf '\0\0\015\1\0\0\0\2\077\200\0\0\300\040\0\0' >floats
printf 'a,b,name\n0.1,1e300,x\n-0,123456789012345678901,y\n' >table.csv
printf 'text' >text.txt
printf 'table turned transpose=2,0,1\n*.w *.weight transpose=1,0\n' >turn.map

try() { # try WHAT COMPILER [EMULATOR]
    if ! command -v "$2" >/dev/null || { [ $# -gt 2 ] && ! command -v "$3" >/dev/null; }; then
        echo "$1: not tested, $2${3:+ or $3} is missing"
    elif "$2" -std=c11 -O2 -Wall -Wextra -Werror -D_POSIX_C_SOURCE=200809L -D_FILE_OFFSET_BITS=64 -static -I"$ROOT" \
        -o "dump-$2" "$ROOT"/tests/host/cross/dump.c "$ROOT"/runtime/host/*.c "$ROOT"/runtime/core/tensors.c -lm; then
        # shellcheck disable=SC2086 # nothing, where there is no emulator
        ${3-} "./dump-$2" ints floats table.csv:a,b text.txt "$ROOT"/tests/host/fixtures/*.npy \
            "$ROOT"/tests/host/fixtures/reference.safetensors >"$2.text" 2>&1
        if [ ! -f here.text ]; then
            cp "$2.text" here.text
            grep -q '^ints: \[2, 2\] of int32$' here.text && ok "$1: data files" || not_ok "$1: data files"
        elif cmp -s here.text "$2.text"; then
            ok "$1: data files hold the same numbers"
        else
            not_ok "$1: data files differ"
            diff here.text "$2.text" | head -20
        fi
    else
        not_ok "$1: builds"
    fi
}

try "here" gcc
try "32 bits" i686-linux-gnu-gcc
try "AArch64" aarch64-linux-gnu-gcc qemu-aarch64
try "big-endian" s390x-linux-gnu-gcc qemu-s390x
