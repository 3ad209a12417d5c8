# Whether two values are the same, as far as the first one, what is shown, has decimals: awk -f same.awk, a line each
function words(text, into) {
    gsub(/[][,]/, " & ", text)
    return split(text, into, " ")
}
{ text[NR] = text[NR] $0 }
END {
    n = words(text[1], shown)
    if (n == 0 || n != words(text[2], got)) exit 1
    for (i = 1; i <= n; i++) {
        if (shown[i] == got[i]) continue
        if (shown[i] !~ /^-?[0-9]+(\.[0-9]+)?$/ || got[i] !~ /^-?[0-9]/) exit 1
        dot = index(shown[i], ".")
        digits = dot ? length(shown[i]) - dot : 8
        difference = shown[i] - got[i]
        if (difference < 0) difference = -difference
        if (difference > 0.5000001 * 10^-digits) exit 1
    }
}
