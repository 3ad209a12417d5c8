# What gradc tells about NAME.grad, as claims.awk writes it: awk -v file=NAME.grad -f told.awk. What is said of a place in
# the prelude belongs to the line of the file from which it was called.
/^[^ :]+:[0-9]+:[0-9]+: (error|note): / {
    split($1, place, ":")
    kind = $2
    sub(/:$/, "", kind)
    text = $0
    sub(/^[^ ]+ (error|note): /, "", text)
    if (place[1] == file) {
        if (held) print "error\t" place[2] "\t" held
        held = ""
        print kind "\t" place[2] "\t" text
    } else if (kind == "error") {
        held = text
    }
}
/^[^ :]+: (error|note): / { print "error\t0\t" $0 }
