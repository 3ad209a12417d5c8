#!/bin/sh
# Runs one script of tests/*/ in an empty directory, for run.sh: prints what it says of failures and a line of its own,
# in one piece, and appends "PASSED FAILED" to the file TOTALS.
work=$(mktemp -d)
started=$(date +%s)
(cd "$work" && sh "$1") >"$work.log" 2>&1
status=$?
good=$(grep -c '^ok ' "$work.log")
bad=$(grep -c '^not ok ' "$work.log")
[ "$status" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
[ "$good" -gt 0 ] || [ "$bad" -gt 0 ] || bad=1
echo "$good $bad" >>"$TOTALS"
failures=$([ "$bad" -eq 0 ] || grep -v '^ok ' "$work.log")
printf '%s%s passed, %s failed (%s s)\n' "${failures:+$failures
}${1#"$ROOT"/}: " "$good" "$bad" $(($(date +%s) - started))
rm -rf "$work" "$work.log"
