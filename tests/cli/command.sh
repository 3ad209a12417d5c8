# The command line itself: every mistake in it, with the whole message.
. "$CHECKS"

usage='usage: gradc [COMMAND] MODEL.grad [OPTIONS]      MODEL may be - (standard input)
       gradc --help'
printf 'model tiny\nentry double(x[3]) -> y[3] { y = 2*x }\n' >tiny.grad

expect "no arguments: usage" 2 "$usage" "$GRADC"
"$GRADC" >output 2>errors
[ ! -s output ] && ok "usage goes to the error stream" || not_ok "usage goes to the error stream"
rm -f output errors

expect_status "--help" 0 "$GRADC" --help
expect_status "--help behind a command" 0 "$GRADC" compile --help
expect "--version" 0 "gradc 0.1.0" "$GRADC" --version

wrong() { # wrong WHAT MESSAGE ARGUMENT...
    what=$1
    message=$2
    shift 2
    expect "$what" 2 "gradc: error: $message" "$GRADC" "$@"
}
wrong "unknown command" "unknown command cmpile; did you mean compile?" cmpile tiny.grad
wrong "unknown option" "unknown option --targt; did you mean --target?" tiny.grad --targt=native
wrong "unknown option, like none" "unknown option --frobnicate" tiny.grad --frobnicate
wrong "unknown short option" "unknown option -x" tiny.grad -x
wrong "no model" "which model? Name a .grad file, or - for standard input" compile
wrong "two models" "one model at a time: tiny.grad and b.grad are given" tiny.grad b.grad
wrong "an empty name" "the name of the model file is empty" compile ""
wrong "no value" "-o needs a value: -o DIR" tiny.grad -o
wrong "an empty value" "--name needs a value: --name=NAME" tiny.grad --name=
wrong "a value too many" "--force takes no value" tiny.grad --force=yes
wrong "an option twice" "--name is given twice" tiny.grad --name=a --name=b
wrong "a definition twice" "-D K is given twice" tiny.grad -D K=1 -DK=2
wrong "half a definition" "-D K: write -D NAME=VALUE" tiny.grad -D K
wrong "no such target" \
    "--target=x86-64-v5: choose one of native, x86-64-v4, x86-64-v3, neon, generic; did you mean x86-64-v4?" \
    tiny.grad --target=x86-64-v5
wrong "no such type" "--real=half: choose one of float, double" tiny.grad --real=half
wrong "contradiction" "-q and -v contradict each other" tiny.grad -q -v
wrong "dump without a pass" "dump needs --after=PASS; --after=list names all" dump tiny.grad
wrong "no such pass" "--after=parsw: there is no such pass, did you mean parse; --after=list names all" \
    dump tiny.grad --after=parsw
wrong "--after elsewhere" '--after is an option of `gradc dump`' tiny.grad --after=parse
expect_status "--werror without a warning" 0 "$GRADC" check tiny.grad --werror
wrong "--werror has no value" "--werror takes no value" tiny.grad --werror=all
wrong "a keyword as name" "--name=static: this is a word of C, C++ or their libraries" tiny.grad --name=static
wrong "the runtime's name" "--name=gr_kernel: this belongs to gradc's runtime" tiny.grad --name=gr_kernel
wrong "no name of C" "--name=9to5: this is no C name (letters, digits and '_', a letter first)" tiny.grad --name=9to5

cp tiny.grad -- -odd.grad
expect_status "-- ends the options" 0 "$GRADC" check -- -odd.grad
expect_status "options behind the file" 0 "$GRADC" tiny.grad -q --name=later
expect_status "dump --after=list" 0 "$GRADC" dump --after=list
expect "one object a line" 2 '{"severity": "error", "message": "cannot read nosuch.grad: No such file or directory"}' \
    "$GRADC" check nosuch.grad --json
expect "colour when asked for" 2 "$(printf 'gradc: \033[31merror:\033[0m cannot read ./x: No such file or directory')" \
    "$GRADC" check ./x --color=always
if [ -c /dev/full ]; then
    "$GRADC" --help >/dev/full 2>errors
    [ $? -eq 3 ] && [ "$(cat errors)" = "gradc: error: cannot write to standard output: No space left on device" ] &&
        ok "help to a full disk" || not_ok "help to a full disk: $(cat errors)"
fi

cat >mixed.grad <<'END'
fn mixed(S) {
    u[..S] ~ normal(0, 1)
    v[..S] ~ normal(0, 1)
    return u @ v
}
param w[512, 512] ~ mixed()
entry f(x[512]) -> y[512] { y = x @ w }
END
expect "a first value that needs memory" 1 "mixed.grad:6:7: error: the first value of w needs 1120 KB of memory for parts of it, but NAME_init has 1024 KB, on the stack: sampling alone, or arithmetic element by element, needs none
    param w[512, 512] ~ mixed()
          ^" "$GRADC" mixed.grad
