# The blocks of a Markdown file that programs read: awk -v at=NUMBER -f blocks.awk FILE
# Block number N is written to N.grad or N.console; a line "N KIND FILE:LINE" for each is printed, N counting from at + 1.
/^```(grad|console)$/ && !kind {
    kind = substr($0, 4)
    at++
    block = at "." kind
    printf "" >block
    print at, kind, FILENAME ":" FNR
    next
}
/^```/ && kind {
    close(block)
    kind = ""
    next
}
/^```/ { other = !other }
kind { print >block }
END { if (kind || other) print at + 1, "open", FILENAME ":" FNR }
