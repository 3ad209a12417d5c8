# examples/rbm, small: the likelihood that it tells against all states of the visible units, annealed importance sampling
# against the exact log Z, training, samples, pictures.
. "$CHECKS"

program() { # program MODEL OPTION...
    model=$1
    shift
    "$GRADC" "$ROOT/examples/rbm/$model.grad" -q --emit-main "$@" -o . &&
        cc -O1 "${model}_main.c" "$model.c" $("$GRADC" --libs) -o "$model" || not_ok "$model is built"
}
# Twelve pixels from the middle of each digit, and sixteen
for size in 12 16; do
    awk -F, -v size=$size '{
        for (i = 0; i < size; i++) {
            on = $(19 + 8 * int(i / 4) + i % 4) >= 8
            printf "%d%s", on, (i < size - 1 ? "," : "\n")
        }
    }' "$ROOT/examples/digits/optdigits.tra" >pixels$size.csv
done
awk 'BEGIN { for (w = 0; w < 4096; w++) for (i = 0; i < 12; i++) printf "%d%s", int(w / 2 ^ i) % 2, (i < 11 ? "," : "\n") }' >all.csv

program tiny -D D=12 -D H=8 -D K=2 -D STEPS=8000 -D TEMPERATURES=1000
./tiny train -q --data v=pixels12.csv --epochs=200 -o tiny.run
weights=--weights=tiny.run/last.safetensors
exact=$(./tiny exact -q $weights | sed -n 's/^log_z //p')
# Numbers are printed with four digits: Z is found again in the probabilities of all 4,096 images, which have all nine.
./tiny test -q $weights --data v=all.csv --data log_z=0 --out log_likelihood=all_scores.csv >/dev/null
./tiny exact -q $weights --seed=3 >again
./tiny ais -q $weights >estimate
summed=$(awk '{ z += exp($1) } END { printf "%.6f", log(z) }' all_scores.csv)
awk -v exact="$exact" -v summed="$summed" '
    BEGIN { d = exact - summed; exit !(exact > 2 && d < 0.006 && d > -0.006) }' &&
    ok "log Z by hidden and by visible units: $exact, $summed" || not_ok "log Z: $exact and $summed"
grep -q "^log_z $exact\$" again && ok "exact, whatever the seed" || not_ok "exact depends on the seed"
awk -v summed="$summed" '{ value[$1] = $2 }
    END {
        d = value["log_z"] - summed
        exit !(d < 0.02 && d > -0.02 && value["low"] - 0.006 <= summed && summed <= value["high"] + 0.006 && value["high"] - value["low"] < 0.1)
    }' estimate && ok "annealed importance sampling finds it" || { not_ok "AIS: not $summed"; cat estimate; }

# The machine explains the pixels better than independent ones do.
./tiny test -q $weights --data v=pixels12.csv --data log_z="$exact" | sed -n 's/^log_likelihood //p' >likelihood
awk -F, 'NR == FNR { likelihood = $1; next }
    { for (i = 1; i <= NF; i++) on[i] += $i; rows++ }
    END {
        for (i in on) { p = on[i] / rows; base += p * log(p) + (1 - p) * log(1 - p) }
        print "base rates", base, "machine", likelihood
        exit !(likelihood > base + 0.3 && likelihood < base + 3)
    }' likelihood pixels12.csv >output && ok "a machine learns: $(cat output)" || not_ok "a machine learns: $(cat output)"

program rbm -D SIDE=4 -D H=100 -D CHAINS=20 -D STEPS=4000 -D TEMPERATURES=200 -D GAP=5
# Independent pixels have -10.74.
for entry in train_cd train_pcd; do
    ./rbm $entry -q --data v=pixels16.csv --epochs=100 -o $entry.run
    ./rbm ais -q --weights=$entry.run/last.safetensors >estimate
    log_z=$(sed -n 's/^log_z //p' estimate)
    ./rbm test -q --weights=$entry.run/last.safetensors --data v=pixels16.csv --data log_z="$log_z" >output
    awk '{ value[$1] = $2 } END { exit !(value["log_likelihood"] > -10 && value["log_likelihood"] < -6 && value["pseudo"] > -9) }' output &&
        ok "$entry: $(tr '\n' ' ' <output)" || { not_ok "$entry"; cat output estimate; }
done
for entry in sample features; do
    ./rbm $entry -q --weights=train_pcd.run/last.safetensors --out image=$entry.png
    [ -s $entry.png ] && ok "$entry.png" || not_ok "$entry.png"
done
cmp -s sample.png features.png && not_ok "samples are features" || ok "two pictures"
