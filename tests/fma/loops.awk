# Innermost loops in the output of objdump -d --no-show-raw-insn, a line each:
#   function, instructions, fused multiply-adds, multiplications, vector stores, vectors read from the stack
/^[0-9a-f]+ <.*>:$/ {
    name = $2
    gsub(/[<>:]/, "", name)
    n = 0
    split("", where)
    next
}
/^ +[0-9a-f]+:/ {
    address = $1
    sub(/:/, "", address)
    text[++n] = $0
    where[address] = n
    if ($2 ~ /^j/ && ($3 in where)) loop(where[$3], n)
}
function loop(first, last,    i, word, fma, mul, store, stack) {
    fma = mul = store = stack = 0
    for (i = first; i <= last; i++) {
        split(text[i], word)
        if (i < last && word[2] ~ /^j/ && (word[3] in where) && where[word[3]] >= first && where[word[3]] <= i) return
        fma += word[2] ~ /^vfn?m(add|sub)/
        mul += word[2] ~ /^vmulp/
        store += word[2] ~ /^vmov/ && text[i] ~ /,-?(0x[0-9a-f]+)?\(/
        stack += text[i] ~ /\(%rsp/ && text[i] ~ /%[yz]mm/
    }
    print name, last - first + 1, fma, mul, store, stack
}
