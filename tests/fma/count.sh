# What gcc and clang make of the matrix products at -O2 -std=c11: inner loops of nothing but loads and as many fused
# multiply-adds as the register tile has accumulators, without a store or an unfused multiplication.
. "$CHECKS"

count() { # count TARGET ACCUMULATORS REGISTER
    "$GRADC" "$ROOT/examples/digits/digits.grad" -q --target="$1" || not_ok "digits for $1"
    for compiler in gcc clang; do
        $compiler -O2 -std=c11 -c digits.c -o digits.o || not_ok "$compiler compiles digits.c for $1"
        objdump -d --no-show-raw-insn digits.o >listing
        awk -f "$ROOT/tests/fma/loops.awk" listing >loops
        full=$(awk -v tile="$2" '$3 == tile && $4 == 0 && $5 == 0 && $6 == 0' loops | wc -l)
        # forward through the wide layer in both entries, and two gradients
        if [ "$full" -ge 4 ]; then
            ok "$compiler, $1: $full inner loops with a tile of $2 fused multiply-adds"
        else
            not_ok "$compiler, $1: $full inner loops with a tile of $2 fused multiply-adds, not 4"
            cat loops
        fi
        grep -q "vfmadd.*%$3" listing && ok "$compiler, $1: on $3" || not_ok "$compiler, $1: no $3"
    done
}
count x86-64-v3 12 ymm
count x86-64-v4 24 zmm
