# examples/embed as plain C11 (--target=generic): here, and where Debian's cross compilers and qemu-user are installed on
# 32 bits, AArch64 and a big-endian processor. To install them: qemu-user, gcc-{i686,aarch64,s390x}-linux-gnu,
# libc6-dev-{i386,arm64,s390x}-cross.
. "$CHECKS"
cp "$ROOT"/examples/embed/embed.c "$ROOT"/examples/embed/*.grad .
"$GRADC" curve.grad -q --target=generic && "$GRADC" sides.grad -q --target=generic || not_ok "the models"

try() { # try WHAT COMPILER [EMULATOR]
    if ! command -v "$2" >/dev/null || { [ $# -gt 2 ] && ! command -v "$3" >/dev/null; }; then
        echo "$1: not tested, $2${3:+ or $3} is missing"
    elif "$2" -std=c11 -O2 -Wall -Wextra -Werror -static -o "embed-$2" embed.c curve.c sides.c -lpthread -lm; then
        # shellcheck disable=SC2086 # nothing, where there is no emulator
        expect_status "$1: two models, two instances, threads" 0 ${3-} "./embed-$2"
    else
        not_ok "$1: builds"
    fi
}

try "generic" gcc
try "generic, 32 bits" i686-linux-gnu-gcc
try "generic, AArch64" aarch64-linux-gnu-gcc qemu-aarch64
try "generic, big-endian" s390x-linux-gnu-gcc qemu-s390x
