# What the comments of a model claim, one a line, fields separated by tabs:
#   error LINE MESSAGE       `# error: MESSAGE` behind a line or below it, going on in comments indented by 3 and more
#   note LINE MESSAGE        the same for notes
#   value ENTRY NAME TEXT    `# NAME = TEXT`, several separated by commas, in an entry or behind it
function tell() {
    if (kind) print kind "\t" line "\t" message
    kind = ""
}
{
    comment = $0
    own = sub(/^ *#/, "", comment) # the comment is a line of its own
    if (!own && !sub(/^.*# /, " ", comment)) comment = ""
    if (own && kind && comment ~ /^   /) {
        sub(/^ +/, " ", comment)
        message = message comment
        next
    }
    tell()
    if (!own) code = FNR
    if ($1 == "entry") {
        entry = $2
        sub(/\(.*/, "", entry)
    }
    if (comment ~ /^ (error|note): /) {
        line = code
        kind = substr(comment, 2, index(comment, ":") - 2)
        message = substr(comment, index(comment, ":") + 2)
        next
    }
    while (match(comment, /^ [A-Za-z_][A-Za-z_0-9]* = (-?[0-9.][-+0-9.e]*|true|false|nan|-?inf|\[[^A-Za-z=]*((true|false|nan|inf)[^A-Za-z=]*)*\])(, |$)/)) {
        value = substr(comment, 2, RLENGTH - 1)
        comment = " " substr(comment, RLENGTH + 1)
        sub(/, $/, "", value)
        name = substr(value, 1, index(value, " = ") - 1)
        print "value\t" entry "\t" name "\t" substr(value, index(value, " = ") + 3)
    }
}
END { tell() }
