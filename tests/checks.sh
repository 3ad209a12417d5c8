# What the scripts of tests/*/ share; they run in an empty directory of their own.
#   . "$CHECKS"

ok() {
    echo "ok $1"
}

not_ok() {
    echo "not ok $1"
}

# expect WHAT STATUS MESSAGE COMMAND...: the command ends with that status and prints exactly that (both streams)
expect() {
    what=$1
    wanted_status=$2
    wanted=$3
    shift 3
    got=$("$@" 2>&1 </dev/null)
    status=$?
    if [ "$status" -eq "$wanted_status" ] && [ "$got" = "$wanted" ]; then
        ok "$what"
    else
        not_ok "$what"
        printf '  wanted status %s:\n%s\n  got status %s:\n%s\n' "$wanted_status" "$wanted" "$status" "$got"
    fi
}

# expect_status WHAT STATUS COMMAND...
expect_status() {
    what=$1
    wanted_status=$2
    shift 2
    "$@" >output 2>&1 </dev/null
    status=$?
    if [ "$status" -eq "$wanted_status" ]; then
        ok "$what"
    else
        not_ok "$what: status $status instead of $wanted_status"
        head -20 output
    fi
    rm -f output
}

# expect_files WHAT DIRECTORY NAME...: exactly these files are there (none: none)
expect_files() {
    what=$1
    directory=$2
    shift 2
    got=$(ls -A "$directory" | LC_ALL=C sort | tr '\n' ' ')
    wanted=$(printf '%s\n' "$@" | LC_ALL=C sort | tr '\n' ' ')
    [ $# -gt 0 ] || wanted=
    if [ "$got" = "$wanted" ]; then
        ok "$what"
    else
        not_ok "$what: '$got' instead of '$wanted'"
    fi
}
