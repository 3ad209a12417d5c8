# gradc dump: every stage as text and for Graphviz.
. "$CHECKS"
digits=$ROOT/examples/digits/digits.grad

wrong() { # wrong WHAT MESSAGE ARGUMENT...
    what=$1
    message=$2
    shift 2
    expect "$what" 2 "gradc: error: $message" "$GRADC" "$@"
}
wrong "no such format" "--format=svg: choose one of text, dot" dump "$digits" --after=plan --format=svg
wrong "a format without a pass" "dump needs --after=PASS; --after=list names all" dump "$digits" --format=dot
wrong "no value" "--format needs a value: --format=text|dot" dump "$digits" --format=
wrong "of another command" '--format is an option of `gradc dump`' check "$digits" --format=dot
wrong "what is no graph yet" "there is no graph after parse: --format=dot needs a later pass" dump "$digits" --after=parse --format=dot
expect_status "a model that is wrong" 1 "$GRADC" dump "$ROOT/tests/errors/elaborate-broadcast.grad" --after=plan --format=dot

for stage in $("$GRADC" dump --after=list | awk '{ print $1 }'); do
    expect_status "after $stage" 0 "$GRADC" dump "$digits" --after="$stage"
    [ "$stage" = parse ] && continue
    "$GRADC" dump "$digits" --after="$stage" --format=dot >"$stage.dot" 2>errors
    [ $? -eq 0 ] && [ ! -s errors ] && grep -q '^digraph "after ' "$stage.dot" && ok "after $stage for Graphviz" || not_ok "after $stage for Graphviz"
    command -v dot >/dev/null || continue
    dot -Tsvg "$stage.dot" >picture.svg 2>errors && [ ! -s errors ] && grep -q '</svg>' picture.svg &&
        ok "after $stage drawn" || not_ok "after $stage drawn: $(head -3 errors)"
done
"$GRADC" dump "$digits" --after=all --format=dot >all.dot && [ "$(grep -c '^digraph' all.dot)" -ge 3 ] && ok "all for Graphviz" || not_ok "all for Graphviz"
"$GRADC" dump "$digits" --after=dead-lowered --format=dot | grep -q 'x\[i, j\] = max(0, x\[i, j\])' && ok "in the notation of the model" || not_ok "in the notation of the model"
"$GRADC" dump "$digits" --after=plan --format=text >a && "$GRADC" dump "$digits" --after=plan >b && cmp -s a b && ok "text is what comes unasked" || not_ok "text is what comes unasked"
if [ -c /dev/full ]; then
    "$GRADC" dump "$digits" --after=plan --format=dot >/dev/full 2>errors
    [ $? -eq 3 ] && [ "$(cat errors)" = "gradc: error: cannot write to standard output: No space left on device" ] &&
        ok "to a full disk" || not_ok "to a full disk: $(cat errors)"
fi
"$GRADC" dump "$digits" --after=plan >&- 2>errors
[ $? -eq 3 ] && grep -q 'cannot write to standard output' errors && ok "to a closed output" || not_ok "to a closed output"
