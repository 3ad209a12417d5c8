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
