# examples/asia: the posterior marginals against an independent enumeration, the published values, and its own samples.
. "$CHECKS"

# worlds: reads lines of evidence (-1, 0, 1 of asia, tub, smoke, lung, bronc, either, xray, dysp), prints P(evidence) and
# P(yes | evidence) of each variable. Tables as P(yes | parents).
worlds() {
    awk -F, '
        function p(yes, value) { return value ? yes : 1 - yes }
        {
            total = 0
            for (v = 0; v < 8; v++) sum[v] = 0
            for (w = 0; w < 256; w++) {
                agrees = 1
                for (v = 0; v < 8; v++) {
                    x[v] = int(w / 2 ^ v) % 2
                    if ($(v + 1) != -1 && $(v + 1) != x[v]) agrees = 0
                }
                if (!agrees || x[5] != (x[1] || x[3])) continue
                joint = p(0.01, x[0]) * p(x[0] ? 0.05 : 0.01, x[1]) * p(0.5, x[2]) * p(x[2] ? 0.1 : 0.01, x[3])
                joint *= p(x[2] ? 0.6 : 0.3, x[4]) * p(x[5] ? 0.98 : 0.05, x[6])
                joint *= p(x[4] ? (x[5] ? 0.9 : 0.8) : (x[5] ? 0.7 : 0.1), x[7])
                total += joint
                for (v = 0; v < 8; v++) sum[v] += joint * x[v]
            }
            printf "%.9g", total
            for (v = 0; v < 8; v++) printf ",%.9g", (total > 0 ? sum[v] / total : 0)
            print ""
        }'
}

# Every variable unobserved, no and yes in turn, and some of everything
awk 'BEGIN {
    srand(1)
    for (q = 0; q < 60; q++) {
        line = ""
        for (v = 0; v < 8; v++) line = line (v ? "," : "") (q == 0 ? -1 : q <= 16 ? (v == int((q - 1) / 2) ? q % 2 : -1) : int(4 * rand()) % 3 - 1)
        print line
    }
}' >evidence.csv
cat >>evidence.csv <<'END_OF_EVIDENCE'
-1,-1,-1,-1,-1,-1,-1,1
-1,-1,-1,-1,-1,-1,1,1
1,-1,-1,-1,-1,-1,1,-1
1,-1,-1,-1,-1,-1,-1,1
-1,-1,0,-1,-1,-1,-1,1
END_OF_EVIDENCE
worlds <evidence.csv >wanted.csv
"$GRADC" "$ROOT/examples/asia/asia.grad" -q --emit-main --entries=query,enumerated -o . &&
    cc -O1 asia_main.c asia.c $("$GRADC" --libs) -o asia || not_ok "asia is built"
for entry in query enumerated; do
    ./asia $entry -q --data evidence=evidence.csv --out probability=p.csv --out posterior=q.csv >/dev/null
    paste -d, p.csv q.csv >got.csv
    worst=$(paste -d, wanted.csv got.csv | awk -F, '
        NF != 18 { print "a line of " NF; exit }
        { for (c = 1; c <= 9; c++) { d = $c - $(c + 9); if (d < 0) d = -d; if (d > worst) worst = d } }
        END { print (NR != 65 ? NR " lines" : worst > 2e-6 ? "off by " worst : "right") }')
    [ "$worst" = right ] && ok "$entry of 65 rows of evidence" || not_ok "$entry: $worst"
done
# Lauritzen and Spiegelhalter's network: tub, lung, either, bronc, xray, dysp; lung given dysp, and xray too; ...
known=$(awk -F, 'NR == 1 { printf "%.6f %.6f %.6f %.6f %.6f %.6f", $2, $4, $6, $5, $7, $8 }
    NR == 61 || NR == 62 { printf " %.6f", $4 }
    NR == 63 || NR == 64 { printf " %.6f", $2 }
    NR == 65 { printf " %.6f", $5 }' q.csv)
[ "$known" = "0.010400 0.055000 0.064828 0.450000 0.110290 0.435971 0.102759 0.621253 0.337716 0.087751 0.753945" ] &&
    ok "known posteriors" || not_ok "known posteriors: $known"

# Samples agree within 4.5 standard deviations (asia.sh prints three), and impossible evidence is told.
GRADC=$GRADC CFLAGS=-O1 sh "$ROOT/examples/asia/asia.sh" xray=yes dysp=yes >output 2>&1 || cat output
awk 'function far(a, d) { return a - $2 > 1.5 * d + 1e-6 || $2 - a > 1.5 * d + 1e-6 }
    NF == 7 && $5 ~ /^\+-/ { rows++; if (far($3, 0) || far($4, substr($5, 3)) || far($6, substr($7, 3))) bad++ }
    $1 == "tub" && substr($5, 3) > 0.001 && substr($7, 3) > 0.0003 { spread++ }
    END { exit !(rows == 8 && !bad && spread == 1) }' output && ok "samples agree" || { not_ok "samples"; cat output; }
expect "a variable that is none" 2 "asia.sh: facts are VARIABLE=yes or VARIABLE=no, of asia tub smoke lung bronc either xray dysp" \
    env "GRADC=$GRADC" sh "$ROOT/examples/asia/asia.sh" flu=yes
