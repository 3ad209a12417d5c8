#!/bin/sh
# Asks asia.grad: sh asia.sh [VARIABLE=yes|no ...], for example sh asia.sh xray=yes dysp=yes
#
# Prints P(yes) of all variables given these: by the sum of products, by all 256 worlds, and by ancestral and Gibbs samples
# with three standard deviations. gradc is $GRADC, or on the path, or what quickstart.sh built.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
gradc=${GRADC:-$(command -v gradc || echo "$here/../../build-quickstart/gradc")}
if [ ! -x "$gradc" ]; then
    echo "gradc is not on the path: sh examples/quickstart.sh builds it" >&2
    exit 1
fi
names="asia tub smoke lung bronc either xray dysp"
for fact in "$@"; do
    case " $names " in
    *" ${fact%=*} "*) ;;
    *) fact= ;;
    esac
    case $fact in
    *=yes | *=no) ;;
    *) echo "asia.sh: facts are VARIABLE=yes or VARIABLE=no, of $names" >&2 && exit 2 ;;
    esac
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for name in $names; do
    value=-1
    for fact in "$@"; do
        [ "$fact" != "$name=yes" ] || value=1
        [ "$fact" != "$name=no" ] || value=0
    done
    echo $value
done >"$work/column.csv"
paste -s -d, "$work/column.csv" >"$work/row.csv"

# One program for all entries: asia ENTRY --data INPUT=FILE --out OUTPUT=FILE
"$gradc" "$here/asia.grad" -q --emit-main --target=native -o "$work"
# shellcheck disable=SC2046,SC2086 # lists of words
${CC:-cc} ${CFLAGS:--O2} "$work/asia_main.c" "$work/asia.c" $("$gradc" --libs) -o "$work/asia"

ask() { # ask ENTRY EVIDENCE OUTPUT...
    entry=$1 evidence=$2
    shift 2
    for output in "$@"; do
        set -- "$@" --out "$output=$work/$entry-$output.csv"
        shift
    done
    "$work/asia" "$entry" -q --data "evidence=$work/$evidence" "$@"
}
ask query row.csv probability posterior >/dev/null
ask enumerated row.csv posterior >/dev/null
kept=$(ask ancestral column.csv posterior deviation)
ask gibbs column.csv posterior deviation

echo "P(evidence) = $(cat "$work/query-probability.csv"); of a million ancestral samples, ${kept#kept } agree with it"
echo "        sum of products  256 worlds  ancestral samples    Gibbs samples"
tr , '\n' <"$work/query-posterior.csv" >"$work/query"
tr , '\n' <"$work/enumerated-posterior.csv" >"$work/enumerated"
echo "$names" | tr ' ' '\n' | paste -d' ' - "$work/query" "$work/enumerated" "$work/ancestral-posterior.csv" \
    "$work/ancestral-deviation.csv" "$work/gibbs-posterior.csv" "$work/gibbs-deviation.csv" |
    awk '{ printf "%-7s %.6f         %.6f    %.6f +-%.6f  %.6f +-%.6f\n", $1, $2, $3, $4, 3 * $5, $6, 3 * $7 }'
