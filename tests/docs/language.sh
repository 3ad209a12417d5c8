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

# evaluate MODEL ENTRY: the values shown for one entry, against `gradc eval`; arrays are made by gradc itself
evaluate() {
    model=$1
    entry=$2
    set --
    awk -v "entry=$entry" -f "$here/given.awk" claims "$model" >given
    while IFS=$tab read -r kind input value type shape; do
        case $kind in
        size) set -- "$@" -D "$input=$value" ;;
        scalar) set -- "$@" --data "$input=$value" ;;
        array)
            printf 'entry value() -> y[%s]: %s { y = %s }\n' "$shape" "$type" "$value" >npy.grad
            "$GRADC" eval npy.grad value --out "y=$input.npy" >/dev/null || return 1
            set -- "$@" --data "$input=$input.npy"
            ;;
        esac
    done <given
    if ! "$GRADC" eval "$model" "$entry" "$@" >values 2>told; then
        cat told
        return 1
    fi
    awk -f "$here/same.awk" given values
}

# model FILE: what a ```grad block claims is what gradc says
model() {
    read -r name <"$1"
    case $name in
    "# "*.grad)
        name=${name#??}
        grep -q '^entry ' "$1" && checked=$name || checked=importing.grad
        printf 'import %s\nentry of_it() -> y { y = 0 }\n' "${name%.grad}" >importing.grad
        ;;
    *) name=example.grad checked=example.grad ;;
    esac
    cp "$1" "$name"
    awk -f "$here/claims.awk" "$name" >claims
    "$GRADC" check "$checked" >told 2>&1
    if [ $? -gt 1 ] || ! entries=$(awk -v "file=$name" -f "$here/told.awk" claims told); then
        echo "$entries"
        cat told
        return 1
    fi
    if ! "$GRADC" fmt --check "$name" >told 2>&1 && grep 'standard layout' told; then return 1; fi
    values=$((values + ${entries%% *}))
    for entry in ${entries#"${entries%% *}"}; do
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
while read -r number what place; do
    case $what in
    grad) model "$number.grad" ;;
    console) console "$number.console" ;;
    *) false ;; # a fence that is not closed
    esac >why 2>&1 </dev/null
    if [ $? -eq 0 ]; then
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
enough "models in the documents" "$(grep -c ' grad ' list)" 135
enough "commands in the documents" "$(grep -c ' console ' list)" 4
enough "values shown" "$values" 300
enough "errors shown" "$(cat ./[0-9]*.grad | grep -c '# error: ')" 105
