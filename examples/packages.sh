#!/bin/sh
# Installs those of the named Debian packages that are missing: sh packages.sh gcc cmake ...
set -eu

missing=
for package in "$@"; do
    status=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
    [ "$status" = "install ok installed" ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "This is no Debian: please see to it that you have what these packages hold:$missing" >&2
    exit 0
fi
if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null; then
    as_root=sudo
else
    echo "Packages are missing, and you are neither root nor is there sudo. As root: apt-get install$missing" >&2
    exit 1
fi

echo "Installing$missing ..."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086 # both are lists of words
if ! { $as_root apt-get update && DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
    tail -20 "$log" >&2
    echo "Installing packages failed; see above." >&2
    exit 1
fi
