# What the values shown for an entry are: awk -v entry=NAME -f given.awk CLAIMS MODEL. Fields separated by tabs:
#   size NAME VALUE
#   scalar NAME VALUE              an input's
#   array NAME VALUE TYPE SHAPE
#   shown NAME VALUE               what the entry gives; an input's second value is what a `state` argument becomes
function shape_of(value, i, c, depth, rank, count, closed, text) {
    for (i = 1; i <= length(value); i++) {
        c = substr(value, i, 1)
        if (c == "[" && ++depth > rank) count[rank = depth] = 1
        if (c == "]") closed[depth--] = 1
        if (c == "," && !closed[depth]) count[depth]++ # of the first list at each depth
    }
    for (i = 1; i <= rank; i++) text = text (i > 1 ? ", " : "") count[i]
    return text
}
function read_head(head, parts, count, i, name, type) {
    sub(/^entry [^(]*\(/, "", head)
    sub(/\) *->.*|\) *\{.*/, "", head)
    gsub(/\[[^]]*\]/, "", head)
    count = split(head, parts, /, */)
    for (i = 1; i <= count; i++) {
        name = parts[i]
        sub(/^state /, "", name)
        type = "real"
        if (match(name, /: */)) {
            type = substr(name, RSTART + RLENGTH)
            name = substr(name, 1, RSTART - 1)
        }
        input[name] = type == "byte" ? "int" : type # as which bytes read
    }
}
BEGIN { FS = "\t" }
FILENAME == ARGV[1] && $1 == "value" && $2 == entry {
    names[++shown] = $3
    values[shown] = $4
}
FILENAME == ARGV[1] { next }
/^size / {
    split($0, word, " ")
    size[word[2]] = 1
}
index($0, "entry " entry "(") == 1 { read_head($0) }
END {
    for (v = 1; v <= shown; v++) {
        name = names[v]
        if (name in size)
            print "size\t" name "\t" values[v]
        else if (!(name in input) || given[name]++)
            print "shown\t" name "\t" values[v]
        else if (values[v] == "[]")
            print "array\t" name "\tzeros(0)\t" input[name] "\t0"
        else if (values[v] ~ /^\[/)
            print "array\t" name "\t" values[v] "\t" input[name] "\t" shape_of(values[v])
        else
            print "scalar\t" name "\t" values[v]
    }
}
