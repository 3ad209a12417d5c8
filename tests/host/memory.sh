# Data files when memory is exhausted: every allocation in turn fails, once and from there on. One message, no crash, and
# what is reported otherwise is what is reported with memory.
. "$CHECKS"

awk 'BEGIN { print "a,b"; for (i = 0; i < 300; i++) print i ",1e-30" i }' >table.csv
printf '\0\0\010\1\0\0\0\4abcd' >bytes
gzip -c bytes >bytes.gz
gzip -c table.csv >table.csv.gz

zlib=
printf '#include <zlib.h>\nint main(void) { return zlibVersion() == 0; }\n' >zlib.c
gcc zlib.c -o zlib -lz 2>zlib.log && zlib="-DGR_HAVE_ZLIB -lz"
# shellcheck disable=SC2086 # two words, or none
if ! gcc -std=c11 -g -fsanitize=address,undefined -D_POSIX_C_SOURCE=200809L -D_FILE_OFFSET_BITS=64 -I"$ROOT" -o dump \
    -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc "$ROOT"/tests/host/cross/*.c "$ROOT"/runtime/host/*.c "$ROOT"/runtime/core/tensors.c $zlib -lm; then
    not_ok "the program builds"
    exit 1
fi

printf 'table turned transpose=2,0,1\n' >turn.map
weights="$ROOT/tests/host/fixtures/reference.safetensors"
[ -z "$zlib" ] || weights="$weights $ROOT/tests/host/fixtures/compressed.npz"
# shellcheck disable=SC2086 # two files
for file in $weights table.csv:b,a bytes bytes.gz table.csv.gz "$ROOT"/tests/host/fixtures/f4-little.npy; do
    name=$(basename "$file")
    ./dump "$file" >whole 2>&1
    [ "$(wc -l <whole)" -gt 2 ] || [ -z "$zlib" ] || not_ok "$name is read: $(cat whole)"
    call=1
    exhausted=0
    bad=0
    case $file in *.npz | *.safetensors) calls=140 ;; *) calls=30 ;; esac
    while [ "$call" -le "$calls" ]; do
        for on in "" 1; do
            if ! FAIL_AT=$call ${on:+env FAIL_ON=1} ./dump "$file" >text 2>&1; then
                bad=$((bad + 1))
                head -5 text
            elif grep -q -e 'memory is exhausted' -e 'out of memory' text; then
                exhausted=$((exhausted + 1))
            elif ! cmp -s whole text && [ "$(wc -l <text)" -gt 2 ]; then
                # the program's own row is not there: its shape, and no values
                bad=$((bad + 1))
                head -5 text
            fi
        done
        call=$((call + 1))
    done
    [ "$bad" -eq 0 ] && [ "$exhausted" -ge 1 ] && ok "$name: memory is exhausted at each allocation" ||
        not_ok "$name: $bad bad, $exhausted exhausted"
done
