# Whether gradc tells what is claimed: awk -v file=NAME.grad -f told.awk CLAIMS TOLD, the lines of claims.awk and what gradc
# printed. Every error is claimed and every claim is told; notes may be told that are not claimed. What is said of a place in
# the prelude belongs to the line of the file from which it was called. Prints the number of values claimed and the entries
# that they are of, or, with the status 1, what differs.
function error(line, message) {
    if (claimed["error", line, message]-- > 0) return
    print "not claimed: line " line ": " message
    wrong = 1
}
FILENAME == ARGV[1] {
    split($0, field, "\t")
    if (field[1] == "value" && ++values && !seen[field[2]]++) entries = entries " " field[2]
    if (field[1] == "value") next
    claimed[field[1], field[2], field[3]]++
    errors += field[1] == "error"
    next
}
/^[^ :]+:[0-9]+:[0-9]+: (error|note): / {
    split($1, place, ":")
    kind = $2
    text = $0
    sub(/^[^ ]+ (error|note): /, "", text)
    if (place[1] == file && held) {
        error(place[2], held)
        held = ""
    } else if (place[1] == file && kind == "error:") {
        error(place[2], text)
    } else if (place[1] == file) {
        claimed["note", place[2], text] = 0
    } else if (kind == "error:") {
        held = text
    }
}
END {
    for (claim in claimed) {
        if (claimed[claim] <= 0) continue
        split(claim, field, SUBSEP)
        print "not told: line " field[2] ": " field[1] ": " field[3]
        wrong = 1
    }
    if (errors && values) {
        print "a model that is refused computes nothing: show these values in another one"
        wrong = 1
    }
    if (!wrong) print values + 0 entries
    exit wrong
}
