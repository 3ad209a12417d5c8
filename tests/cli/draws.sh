# What is drawn has the distribution that it should have: frequencies of fixed seeds, each within 4 standard deviations.
. "$CHECKS"

cat >draws.grad <<'END'
size M = 20000
entry draw() -> c[4], l[3], i[5], first[7], sorted: bool, wrong: int, large {
    z[M] ~ categorical([1, 0, 3, 4])
    c = mean(one_hot(z, 4), axis = 0)
    y[M] ~ categorical(logits = [0.0, log(2.0), -50.0])
    l = mean(one_hot(y, 3), axis = 0)
    k[M] ~ integers(-2, 3)
    i = mean(one_hot(k + 2, 5), axis = 0)
    p[2000, 7] ~ permutation()
    first = mean(one_hot(p[:, 0], 7), axis = 0)
    ordered = sort(p)
    sorted = max(abs(ordered - ordered[0])) == 0 and max(abs(ordered[0] - [0, 1, 2, 3, 4, 5, 6])) == 0
    w[3] ~ categorical(0 * y[:4])
    wrong = sum(w)
    x[M] ~ integers(0, 2147483647)
    large = mean(real(x)) / 2147483647
}
END
"$GRADC" eval draws.grad draw >said 2>&1 || cat said

# frequencies NAME COUNT PROBABILITY...: the numbers that were printed for NAME, from so many draws
frequencies() {
    awk -v name="$1" -v count="$2" -v wanted="$(shift 2 && echo "$*")" '
        $1 == name {
            n = split(wanted, p, " ")
            gsub(/[][,]/, " ")
            good = NF == n + 2
            for (k = 1; k <= n; k++) {
                miss = $(k + 2) - p[k]
                if (miss * miss > 16 * p[k] * (1 - p[k]) / count + 1e-12) good = 0
            }
        }
        END { print (good ? "ok " : "not ok ") "frequencies of " name; exit !good }' said || grep "^$1 " said
}
frequencies c 20000 0.125 0 0.375 0.5
frequencies l 20000 0.33333 0.66667 0
frequencies i 20000 0.2 0.2 0.2 0.2 0.2
frequencies first 2000 0.142857 0.142857 0.142857 0.142857 0.142857 0.142857 0.142857
grep -qx 'sorted = true' said && ok "permutations hold every position once" || not_ok "permutations: $(grep sorted said)"
grep -qx 'wrong = -3' said && ok "weights of 0 give -1" || not_ok "weights of 0: $(grep wrong said)"
awk '$1 == "large" { good = $3 > 0.4918 && $3 < 0.5082 } END { print (good ? "ok" : "not ok") " ints of 31 bits have their mean" }' said
