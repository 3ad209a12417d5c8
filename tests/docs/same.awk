# Whether an entry gives what is shown, as far as that has decimals: awk -f same.awk GIVEN VALUES, the lines of given.awk and
# what gradc eval printed. Tells what differs; the status is 1 then.
function words(text, into) {
    gsub(/[][,]/, " & ", text)
    return split(text, into, " ")
}
function same(wanted, got, w, g, n, i, dot, digits, difference) {
    n = words(wanted, w)
    if (n == 0 || n != words(got, g)) return 0
    for (i = 1; i <= n; i++) {
        if (w[i] == g[i]) continue
        if (w[i] !~ /^-?[0-9]+(\.[0-9]+)?$/ || g[i] !~ /^-?[0-9]/) return 0
        dot = index(w[i], ".")
        digits = dot ? length(w[i]) - dot : 8
        difference = w[i] - g[i]
        if (difference < 0) difference = -difference
        if (difference > 0.5000001 * 10^-digits) return 0
    }
    return 1
}
FILENAME == ARGV[1] {
    split($0, field, "\t")
    if (field[1] == "shown") {
        names[++shown] = field[2]
        values[shown] = field[3]
    }
    next
}
/^[A-Za-z_][A-Za-z_0-9]* = / {
    name = $1
    sub(/^[^=]*= /, "")
}
{ got[name] = got[name] " " $0 }
END {
    for (v = 1; v <= shown; v++) {
        if (same(values[v], got[names[v]])) continue
        print "shown is " names[v] " = " values[v] ", computed" got[names[v]]
        wrong = 1
    }
    exit wrong
}
