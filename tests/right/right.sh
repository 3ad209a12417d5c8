# Right models that look wrong: each tests/right/*.grad says in its first line why it looks so. All are compiled, and the
# C is accepted by gcc with all warnings as errors; a few of them at a time, which is what takes the time.
. "$CHECKS"
warnings="-std=c11 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror"
count=0
mkdir out
for model in "$ROOT"/tests/right/*.grad; do
    name=$(basename "$model" .grad)
    count=$((count + 1))
    if ! "$GRADC" "$model" -o out --name=right_model -q --no-validate >log 2>&1; then
        not_ok "$name is refused"
        head -5 log
        continue
    fi
    [ ! -s log ] || { not_ok "$name is warned about" && head -5 log; }
    # shellcheck disable=SC2086
    if gcc $warnings -fsyntax-only out/right_model.c >log 2>&1; then
        ok "$name"
    else
        not_ok "$name: the C is refused"
        head -5 log
    fi
done
[ "$count" -ge 120 ] && ok "all are there" || not_ok "only $count models"
