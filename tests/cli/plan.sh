# gradc plan: what it says is what the emitted C does, and hangs together.
. "$CHECKS"

printf 'model tiny\nsize N = 1..8\nparam w[4, 3] = 0\nentry f(x[N, 4]) -> y[N, 3] { y = exp(x @ w) }\nentry same(a) -> b { b = a }\n' >tiny.grad
# By hand: 8 x 3 sums of 4 products are 192 operations, and 24 exponentials; x, w and y are 128, 48 and 96 bytes.
expect "a plan, whole" 0 'tiny.grad for generic, float, at the largest sizes, N = 8

tiny: 48 bytes
    w  param  [4, 3]  48  tiny.grad:3

nothing is trained

entry f, tiny.grad:4

    scratch: 0 bytes, and 128 for each thread; TINY_F_SCRATCH(1) is 192, with room to align

    each thread'"'"'s own, for one block of rows: 128 bytes
           buffer  holds       bytes  steps  offset
           y (%2)  real[N, 3]    128  0..0        0

    step  function  FLOPs  exp, log..  random  bytes moved  FLOP/byte
       0  f_rows      216          24       0          272      0.794
            2 stages over N, 48 at a time
            tiny.grad:4: entry f(x[N, 4]) -> y[N, 3] { y = exp(x @ w) }
          all         216          24       0          272      0.794

entry same, tiny.grad:5

    no scratch

    step  function  FLOPs  exp, log..  random  bytes moved  FLOP/byte
       0  same_b        0           0       0            8          0
          all           0           0       0            8          0' "$GRADC" plan tiny.grad --target=generic

expect_status "no model" 2 "$GRADC" plan
expect_status "a model that is wrong" 1 "$GRADC" plan "$ROOT/tests/errors/elaborate-broadcast.grad"
"$GRADC" plan - <tiny.grad >output 2>&1 && grep -q '^entry f, ' output && ok "from standard input" || not_ok "from standard input"
"$GRADC" plan tiny.grad --real=double --target=generic >output && grep -q '^tiny: 96 bytes$' output && ok "in double" || not_ok "in double"
"$GRADC" plan tiny.grad --entries=same >output && ! grep -q 'entry f' output && ok "of some entries" || not_ok "of some entries"
expect_files "nothing is written" . output tiny.grad
if [ -c /dev/full ]; then
    "$GRADC" plan tiny.grad >/dev/full 2>errors
    [ $? -eq 3 ] && [ "$(cat errors)" = "gradc: error: cannot write to standard output: No space left on device" ] &&
        ok "to a full disk" || not_ok "to a full disk: $(cat errors)"
fi
"$GRADC" plan tiny.grad >&- 2>errors
[ $? -eq 3 ] && grep -q 'cannot write to standard output' errors && ok "to a closed output" || not_ok "to a closed output"

# The claims: the C compiler's sizeof and the emitted macros say the same numbers; buffers that are alive together do
# not overlap, lie below the peak, and the peak is not below the bound.
claims() { # claims WHAT MODEL NAME OPTION...
    what=$1
    model=$2
    name=$3
    shift 3
    rm -rf c && mkdir c
    "$GRADC" plan "$model" --json --name="$name" "$@" >plan.json || return
    "$GRADC" "$model" -q -o c --name="$name" "$@" || return
    {
        printf '#include "%s.h"\n#include <stdio.h>\n' "$name"
        printf '#define SIZE(what, type) printf("\\"%%s\\": {\\"bytes\\": %%zu,\\n", what, sizeof(type));\n'
        printf '#define SCRATCH(f) printf("\\"scratch_bytes\\": %%zu, \\"scratch_bytes_per_thread\\": %%zu,\\n", (size_t)f(0), f(1) - f(0));\n'
        printf 'int main(void) {\n'
        ! grep -q "^typedef struct $name {" c/*.h || printf 'SIZE("model", %s)\n' "$name"
        ! grep -q "^typedef struct ${name}_trainer {" c/*.h || printf 'SIZE("trainer", %s_trainer)\n' "$name"
        sed -n 's/^#define \([A-Z0-9_]*_SCRATCH\)(threads).*/SCRATCH(\1)/p' "c/$name.h"
        printf '}\n'
    } >c/sizes.c
    gcc -std=c11 c/sizes.c -o c/sizes && ./c/sizes >claims.txt
    missing=$(while read -r claim; do grep -q -F "$claim" plan.json || echo "$claim"; done <claims.txt)
    [ -s claims.txt ] && [ -z "$missing" ] && ok "$what: sizes" || not_ok "$what: the C has $missing"

    tr '{' '\n' <plan.json | awk '
        function field(name,    rest) {
            rest = $0
            if (!sub(".*\"" name "\": \"?", "", rest)) return ""
            sub(/[",}].*/, "", rest)
            return rest
        }
        /"peak_bytes"/ {
            count = 0; entries++
            peak["shared"] = field("peak_bytes") + 0; peak["thread"] = field("scratch_bytes_per_thread") + 0
            if (peak["shared"] < field("lower_bound_bytes") + 0) print "peak below the bound"
        }
        /"place"/ {
            n = count++; buffers++
            place[n] = field("place"); first[n] = field("first") + 0; last[n] = field("last") + 0
            begin[n] = field("offset") + 0; end[n] = begin[n] + field("bytes")
            if (end[n] > peak[place[n]]) print field("name"), "lies beyond the peak"
            for (b = 0; b < n; b++)
                if (place[b] == place[n] && begin[b] < end[n] && begin[n] < end[b] && first[b] < last[n] && first[n] < last[b])
                    print field("name"), "overlaps another"
        }
        END { if (entries == 0) print "no entries"; print buffers + 0 >"buffers.txt" }' >faults.txt
    [ -s buffers.txt ] && [ ! -s faults.txt ] && ok "$what: $(cat buffers.txt) buffers" || not_ok "$what: $(head -3 faults.txt)"
}
claims digits "$ROOT/examples/digits/digits.grad" digits
claims "digits in double" "$ROOT/examples/digits/digits.grad" digits --real=double --target=generic
for model in "$ROOT"/tests/models/*.grad; do
    claims "$(basename "$model")" "$model" "plan_model"
done

# FLOPs of products are those of NAME.h: rows times what it says of a row.
"$GRADC" plan "$ROOT/examples/digits/digits.grad" --json >plan.json
set -- $(grep -o '"lower_bound_bytes": [0-9]*, "flops": [0-9]*, "product_flops": [0-9]*' plan.json | sed 's/.* //')
[ "$1" = $((256 * 40448)) ] && [ "$2" = $((256 * 18944)) ] && ok "FLOPs are the header's" || not_ok "FLOPs are the header's: $*"

# A sum over the 3^40 paths of a chain is 39 small sums (pass contract); 40 indices are more than are searched for the
# best order.
awk 'BEGIN {
    print "param A[3, 3] ~ uniform(0.1, 1)"
    print "entry paths(e[3]) -> p {"
    for (i = 0; i < 40; i++) indices = indices (i ? ", i" : "i") i
    for (i = 1; i < 40; i++) factors = factors " * A[i" i - 1 ", i" i "]"
    print "    p = sum[" indices "] e[i0]" factors "\n}"
}' >chain.grad
"$GRADC" plan chain.grad --json >plan.json
flops=$(grep -o '"flops": [0-9]*' plan.json | head -1 | sed 's/.* //')
[ "$flops" -gt 600 ] && [ "$flops" -lt 1000 ] && ok "a chain of 40 factors: $flops FLOPs" || not_ok "a chain of 40 factors: $flops FLOPs"

# A matrix that is read along its other axis is copied once, before the loop, for all rounds.
cat >walk.grad <<'EOF'
param w[500, 400] ~ normal(0, 0.1)
entry walk(x[16, 400]) -> y[16, 400] {
    y = x
    repeat 1000 { y = tanh(tanh(y @ w') @ w) }
}
EOF
"$GRADC" plan walk.grad >plan.txt
grep -A1 'transpose_w' plan.txt | grep -q 'another order of axes' && ok "copied before the loop" || not_ok "w is not copied before the loop"
