#!/bin/sh
# Gradients of the models in tests/models/design and tests/models/prelude against central differences, entry by entry:
# each is dumped as the frontend made it, before any pass, and checked as random programs are (random.sh).
. "$CHECKS"
checker=$(dirname "${GRADC:?}")/gradc_random
compared=0
for model in "$ROOT"/tests/models/design/*.grad "$ROOT"/tests/models/prelude/*.grad; do
    for entry in $(sed -n 's/^entry  *\([A-Za-z_0-9]*\).*/\1/p' "$model"); do
        what="$(basename "$model"): $entry"
        "$GRADC" dump "$model" --entries="$entry" --name=m --after=elaborate >entry.ir || not_ok "$what is not dumped"
        "$checker" --no-emit --no-reduce entry.ir >said 2>&1
        directions=$(sed -n 's/.* faults; \([0-9]*\) directions of gradients compared.*/\1/p' said)
        if [ "$what" = "looking.grad: saliency" ]; then # whose gradient is another one on purpose
            grep -q 'gradient: .* differences say' said && ok "$what" || not_ok "$what: guided gradients are true ones"
        elif grep -q '^# 1 programs agree' said; then
            ok "$what: ${directions:-0} directions"
            compared=$((compared + ${directions:-0}))
        else
            not_ok "$what"
            grep -v '^ *%' said | cut -c1-300 | head -5
        fi
    done
done
[ "$compared" -ge 100 ] || not_ok "only $compared directions of gradients are compared"
