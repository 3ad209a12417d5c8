# examples/charlstm and examples/vae, a few steps each on what the repository has.
. "$CHECKS"
export CC GRADC # compiling takes most of the time
CC='cc -O1'

# example NAME OPTION...: its script, without the folder of data
example() {
    name=$1
    shift
    mkdir "$name" && (cd "$name" && sh "$ROOT/examples/$name/$name.sh" none "$@") >output 2>&1 </dev/null
    status=$?
    [ $status -eq 0 ] && ok "examples/$name runs" || { not_ok "examples/$name: status $status"; cat output; }
}

example charlstm --steps=150 -q
[ "$(wc -c <charlstm/written.txt)" -eq 2000 ] && ok "2,000 characters are written" || not_ok "written.txt"
(cd charlstm && ./write "" 0.8 200) | head -c 200 >program
head -c 200 charlstm/written.txt | cmp - program && ok "the program writes what gradc run writes" || not_ok "another text"
charlstm/write "$(printf '\303\251')" >output 2>&1 && not_ok "a letter that is none" ||
    { grep -q 'write: an index is out of its range' output && ok "a letter that is none" || { not_ok "a letter that is none"; cat output; }; }
awk -F'"loss":' '/validate/ { loss = $2 + 0 } END { exit !(loss > 1 && loss < 2.8) }' charlstm/charlstm.run/log.jsonl &&
    ok "the text is learned" || { not_ok "the text is not learned"; cat charlstm/charlstm.run/log.jsonl; }

CC='cc -O0'
example vae --steps=100 -q
for sheet in drawn reconstructions; do
    head -c 4 vae/$sheet.png | grep -q PNG && ok "$sheet.png" || not_ok "$sheet.png"
done
awk '/^bound/ { bound = $2 } /^log_p/ { log_p = $2 } END { exit !(bound > -34 && bound < log_p && log_p < 0) }' output &&
    ok "the bound is learned, and is below log p" || { not_ok "the bound"; cat output; }
