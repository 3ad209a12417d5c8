# "stack below 4 KB", as the header of every model says: what gcc counts of a call, its entry, the function that runs the
# steps and the largest of the others, at -O2.
. "$CHECKS"

for model in examples/mnist/mnist tests/models/design/lstm; do
    for target in x86-64-v4 x86-64-v3 generic; do
        name=$(basename $model)
        "$GRADC" "$ROOT/$model.grad" -q --name=model --target=$target --force || { not_ok "$name for $target"; continue; }
        gcc -std=c11 -O2 -fopenmp -fstack-usage -c model.c -o model.o || { not_ok "gcc: $name for $target"; continue; }
        awk -F'\t' '{ sub(/.*:/, "", $1); bytes = $2 }
            $1 ~ /^(model_init|init_)/ { next }
            $1 ~ /^model_/ { if (bytes > entry) entry = bytes; next }
            $1 ~ /_run/ { if (bytes > run) run = bytes; next }
            bytes > other { other = bytes; which = $1 }
            END { print entry + run + other, which }' ./*.su >most
        read -r bytes which <most
        [ "$bytes" -lt 4096 ] && ok "$name for $target: $bytes bytes" || not_ok "$name for $target: $bytes bytes, $which"
        rm -f ./*.su
    done
done

cat >borrows.grad <<'END'
fn mixed(S) {
    u[..S] ~ normal(0, 1)
    v[..S] ~ normal(0, 1)
    return u @ v
}
param w[16, 16] ~ mixed()
entry f(x[16]) -> y[16] { y = x @ w }
END
"$GRADC" borrows.grad -q && grep -q 'stack below 4 KB   borrows_init [1-9][0-9,]* more' borrows.h && ok "what NAME_init borrows is told" || {
    not_ok "what NAME_init borrows is told"
    head -8 borrows.h
}
