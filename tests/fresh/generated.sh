# generated/ holds what is emitted today.
. "$CHECKS"

for folder in "$ROOT"/generated/*/; do
    name=$(basename "$folder")
    mkdir "$name"
    "$GRADC" "$ROOT/examples/$name/$name.grad" -q -o "$name" || not_ok "$name is emitted"
    for file in "$folder"*; do
        if cmp -s "$file" "$name/$(basename "$file")"; then
            ok "generated/$name/$(basename "$file") is fresh"
        else
            not_ok "generated/$name/$(basename "$file") differs: gradc examples/$name/$name.grad -o generated/$name"
            diff "$file" "$name/$(basename "$file")" | head -20
        fi
    done
    missing=$(for file in "$name"/*; do [ -f "$folder$(basename "$file")" ] || echo "$file"; done)
    [ -z "$missing" ] && ok "generated/$name is complete" || not_ok "generated/$name lacks $missing"
done

# gradc built by clang emits the same.
for model in "$ROOT"/examples/*/*.grad "$ROOT"/tests/models/*.grad; do
    [ -x "$GRADC_CLANG" ] || break
    name=$(basename "$model" .grad)
    mkdir -p "gcc-$name" "clang-$name"
    "$GRADC" "$model" -q --no-validate -o "gcc-$name"
    "$GRADC_CLANG" "$model" -q --no-validate -o "clang-$name"
    diff -r "gcc-$name" "clang-$name" >difference && ok "$name is the same from both builds" || not_ok "$name differs: $(head -5 difference)"
done
