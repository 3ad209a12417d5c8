# The examples of the documents: every ```grad block is a model that compiles, or is refused with exactly the errors that
# its comments tell, and computes the values that they show; ```console blocks are commands and what they print.
#
#   # error: MESSAGE       below a line or behind it; what is not claimed must not be told
#   # x = [1, 2]           in an entry or behind it: an input of the entry that is given, or an output that comes; the
#                          value of a bounded size. As many decimals count as are shown.
#   # name.grad            as the first line: the block's file, for an import or a command in a later block
. "$CHECKS"
here=$ROOT/tests/docs
tab=$(printf '\t')

# npy FILE VALUE TYPE: a list of numbers as an array, made by gradc itself
npy() {
    shape=$(printf '%s\n' "$2" | awk '{
        for (i = 1; i <= length($0); i++) {
            c = substr($0, i, 1)
            if (c == "[") { depth++; if (depth > rank) { rank = depth; n[rank] = 1 } }
            if (c == "]") { depth--; full[depth + 1] = 1 }
            if (c == "," && !full[depth]) n[depth]++
        }
        for (i = 1; i <= rank; i++) printf "%s%d", (i > 1 ? ", " : ""), n[i]
    }')
    printf 'entry value() -> y[%s]: %s { y = %s }\n' "$shape" "$3" "$2" >npy.grad
    "$GRADC" eval npy.grad value --out "y=$1" >/dev/null
}

# type_of NAME ENTRY MODEL: the type of an input that is written in the entry's head
type_of() {
    type=$(sed -n "s/^entry $2(.*[( ]$1\(\[[^]]*\]\)*: \([a-z]*\).*/\2/p" "$3")
    echo "${type:-real}"
}

# evaluate MODEL ENTRY: the values shown for one entry, against `gradc eval`
evaluate() {
    model=$1
    entry=$2
    head=$(sed -n "s/^entry $entry(\(.*\)/\1/p" "$model" | sed 's/) *->.*//; s/) *{.*//')
    set --
    : >shown
    while IFS=$tab read -r what value; do
        if grep -Eq "^size $what *=" "$model"; then
            set -- "$@" -D "$what=$value"
        elif printf '%s\n' "$head" | grep -Eq "(^|[ (])$what(\[|:|,|\$)" && ! grep -Eq "^$what$tab" given; then
            case $value in
            \[*) npy "$what.npy" "$value" "$(type_of "$what" "$entry" "$model")" && set -- "$@" --data "$what=$what.npy" ;;
            *) set -- "$@" --data "$what=$value" ;;
            esac
            printf '%s\t\n' "$what" >>given
        else
            printf '%s\t%s\n' "$what" "$value" >>shown
        fi
    done <pairs
    : >given
    if ! "$GRADC" eval "$model" "$entry" "$@" >values 2>told; then
        cat told
        return 1
    fi
    bad=0
    while IFS=$tab read -r what value; do
        { printf '%s\n' "$value" | tr '\n' ' '; echo; sed -n "/^$what = /,\$p" values |
            awk 'NR > 1 && /^[A-Za-z_]/ { exit } { sub(/^[A-Za-z_0-9]* = /, ""); printf "%s ", $0 }'; } >two
        if ! awk -f "$here/same.awk" two; then
            echo "  $entry: shown $what = $value, but it computes"
            sed 's/^/    /' values
            bad=1
        fi
    done <shown
    return $bad
}

# model FILE: what a ```grad block claims is what gradc says
model() {
    name=$(sed -n '1s/^# \([a-z_]*\.grad\)$/\1/p' "$1")
    name=${name:-example.grad}
    cp "$1" "$name"
    checked=$name
    if ! grep -q '^entry ' "$name"; then # a file to import
        printf 'import %s\nentry of_it() -> y { y = 0 }\n' "${name%.grad}" >importing.grad
        checked=importing.grad
    fi
    awk -f "$here/claims.awk" "$name" >claims
    "$GRADC" check "$checked" >told 2>&1
    status=$?
    awk -v "file=$name" -f "$here/told.awk" told >got
    grep '^error' claims | sort >wanted_errors
    grep '^error' got | sort >got_errors
    if ! cmp -s wanted_errors got_errors || { [ -s wanted_errors ] && [ $status -ne 1 ]; } ||
        { [ ! -s wanted_errors ] && [ $status -ne 0 ]; }; then
        diff wanted_errors got_errors
        cat told
        return 1
    fi
    if grep '^note' claims | grep -v -x -F -f got; then
        echo "  is shown, but gradc does not say it:"
        cat told
        return 1
    fi
    if ! "$GRADC" fmt --check "$name" >told 2>&1 && grep -q 'standard layout' told; then
        cat told
        return 1
    fi
    if [ -s wanted_errors ] && grep '^value' claims; then
        echo "  a model that is refused computes nothing: show these values in another one"
        return 1
    fi
    for entry in $(sed -n "s/^value$tab\([^$tab]*\)$tab.*/\1/p" claims | sort -u); do
        sed -n "s/^value$tab$entry$tab//p" claims >pairs
        : >given
        values=$((values + $(wc -l <pairs)))
        evaluate "$name" "$entry" || return 1
    done
}

# console FILE: each command behind `$ ` prints what stands below it
console() {
    : >printed
    sed -n 's/^\$ //p' "$1" >commands
    while IFS= read -r command; do
        printf '$ %s\n' "$command" >>printed
        PATH=$(dirname "$GRADC"):$PATH sh -c "$command" >>printed 2>&1 </dev/null
    done <commands
    diff "$1" printed
}

count=0
values=0
: >list
for document in "$ROOT"/README.md "$ROOT"/docs/*.md "$ROOT"/docs/*/*.md "$ROOT"/examples/*/*.md; do
    [ -f "$document" ] || continue
    (cd "$ROOT" && printf '%s\n' "${document#"$ROOT"/}") >path
    cp "$document" document.md
    awk -v "at=$count" -f "$here/blocks.awk" document.md | sed "s|document.md|$(cat path)|" >>list
    count=$(wc -l <list)
done
while read -r number kind place; do
    if [ "$kind" != open ] && $([ "$kind" = grad ] && echo model || echo console) "$number.$kind" >why 2>&1 </dev/null; then
        ok "$place"
    else
        not_ok "$place"
        sed 's/^/  /' why
    fi
done <list

# An extraction that finds nothing must fail: the reference has at least so many.
enough() { # enough WHAT COUNT LEAST
    if [ "$2" -ge "$3" ]; then ok "$2 $1"; else not_ok "only $2 $1, there were $3"; fi
}
enough "models in the documents" "$(grep -c ' grad ' list)" 134
enough "commands in the documents" "$(grep -c ' console ' list)" 4
enough "values shown" "$values" 290
enough "errors shown" "$(cat ./[0-9]*.grad | grep -c '# error: ')" 100
