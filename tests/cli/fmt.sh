# gradc fmt: in place, from standard input, --check; whole or not at all.
. "$CHECKS"

printf 'size N=3\n\n\n\nx = N # c\n' >odd.grad
cp odd.grad kept.grad
chmod 640 odd.grad
printf 'size N = 3\n\nx = N  # c\n' >wanted
same() { # same WHAT FILE FILE
    cmp -s "$2" "$3" && ok "$1" || not_ok "$1: $(diff "$2" "$3" | head -5)"
}

expect "--check tells the first line that differs" 1 'odd.grad:1:1: error: not in the standard layout: gradc fmt would write `size N = 3`
    size N=3
    ^~~~~~~~' "$GRADC" fmt --check odd.grad
same "--check writes nothing" odd.grad kept.grad
ln -s odd.grad link.grad
expect "fmt says nothing" 0 "" "$GRADC" fmt link.grad
same "the file is in its standard layout" odd.grad wanted
[ -L link.grad ] && ok "a link stays a link" || not_ok "a link stays a link"
[ "$(stat -c %a odd.grad)" = 640 ] && ok "the mode stays" || not_ok "the mode stays: $(stat -c %a odd.grad)"
expect "--check of a formatted file" 0 "" "$GRADC" fmt odd.grad --check
"$GRADC" fmt - <kept.grad >got && same "from standard input to standard output" got wanted
"$GRADC" fmt - --check <kept.grad >got 2>&1
[ $? -eq 1 ] && grep -q '^<stdin>:1:1: error: not in' got && ok "--check of standard input" || not_ok "--check of standard input"

printf 'size N=3\nx = = N\n' >broken.grad
cp broken.grad kept.grad
expect_status "a file that does not parse" 1 "$GRADC" fmt broken.grad
same "it is not touched" broken.grad kept.grad
"$GRADC" fmt - <broken.grad >got 2>/dev/null
[ ! -s got ] && ok "nor is anything written" || not_ok "nor is anything written"

printf '\357\273\277size N = 3\n' >mark.grad
expect_status "a byte order mark is no layout" 1 "$GRADC" fmt --check mark.grad
printf 'size N = 3\r\n' >crlf.grad
expect_status "nor is CR LF" 1 "$GRADC" fmt --check crlf.grad
printf 'size N = 3' >cut.grad
expect_status "nor a last line without an end" 1 "$GRADC" fmt --check cut.grad
printf 'size N = 3\n\n' >more.grad
expect_status "nor empty lines at the end" 1 "$GRADC" fmt --check more.grad
printf '\n\n  ' >blank.grad
expect_status "nor blanks alone" 1 "$GRADC" fmt --check blank.grad
for file in mark crlf cut more blank; do
    "$GRADC" fmt $file.grad
    expect_status "$file.grad after fmt" 0 "$GRADC" fmt --check $file.grad
done
: >empty.grad
expect "an empty file" 0 "" "$GRADC" fmt --check empty.grad

mkdir folder.grad
expect_status "a file that is not there" 2 "$GRADC" fmt missing.grad
expect_status "a folder" 2 "$GRADC" fmt folder.grad
expect "no file" 2 'gradc: error: which model? Name a .grad file, or - for standard input' "$GRADC" fmt
expect "-o" 2 'gradc: error: `gradc fmt` does not take -o' "$GRADC" fmt odd.grad -o out
expect "--check elsewhere" 2 'gradc: error: --check is an option of `gradc fmt`' "$GRADC" compile odd.grad --check
if [ -c /dev/full ]; then
    "$GRADC" fmt - <odd.grad >/dev/full 2>/dev/null
    [ $? -eq 3 ] && ok "a full disk" || not_ok "a full disk"
fi
awk 'BEGIN { printf "x = [1"; for (i = 0; i < 300000; i++) printf ", %d", i; print "]" }' >long.grad
timeout 60 "$GRADC" fmt long.grad && [ "$(wc -l <long.grad)" -gt 10000 ] && ok "a line of 2 MB" || not_ok "a line of 2 MB"
[ "$(ls -A | grep -c '\.new-')" -eq 0 ] && ok "no temporary is left" || not_ok "a temporary is left"

for model in "$ROOT"/examples/*/*.grad "$ROOT"/frontend/prelude/*.grad; do
    expect "$(basename "$model") is in its standard layout" 0 "" "$GRADC" fmt --check "$model"
done
