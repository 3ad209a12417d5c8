# gradc eval: an entry by the reference evaluator, on .npy files and numbers; and what can be wrong with them.
. "$CHECKS"

cat >m.grad <<'END'
size N = 1..4
param w[3] = 2
entry f(x[N, 3], k: int, state h[2]) -> y[N], z: int, b[N]: bool {
    y = x @ w + k
    z = argmax(y)
    b = y > 14
    h <- h + y[0]
}
entry g(label[N]: int, x[N, 4]) -> y { y = mean(cross_entropy(x, label)) }
entry free() -> y[2, 2] { y = eye(2) / 3 }
entry sized() -> y { y = sum(ones([N, 2])) }
entry train(x) -> loss {
    z[3] ~ normal(0, 1)
    loss = sum((w * z - x)^2)
    minimize loss with sgd(lr = 0.1)
}
END

# npy FILE DESCR ORDER SHAPE BYTES(octal escapes): a version 1 file
npy() {
    header="{'descr': '$2', 'fortran_order': $3, 'shape': $4, }"
    length=$((128 - 10))
    {
        printf '\223NUMPY\001\000\166\000'
        printf "%-$((length - 1))s\n" "$header"
        printf "$5"
    } >"$1"
}
npy x.npy '|u1' False '(2, 3)' '\001\002\003\004\005\006'
npy fortran.npy '>i2' True '(2, 3)' '\000\001\000\004\000\002\000\005\000\003\000\006'
npy labels.npy '|i1' False '(2,)' '\001\011'
npy cube.npy '|u1' False '(2, 3, 1)' '\001\002\003\004\005\006'
npy five.npy '|u1' False '(5, 3)' '\001\001\001\001\001\001\001\001\001\001\001\001\001\001\001'

expect "numbers, states, all types" 0 "y = [13, 31]
z = 1
b = [false, true]
h = [13, 13]" "$GRADC" eval m.grad f --data x=x.npy --data k=1
expect "another order of axes and bytes" 0 "y = [13, 31]
z = 1
b = [false, true]
h = [13, 13]" "$GRADC" eval m.grad f --data x=fortran.npy --data k=1
expect "axes behind the rows in other groups" 0 "y = [12, 30]
z = 1
b = [false, true]
h = [12, 12]" "$GRADC" eval m.grad f --data x=cube.npy --data k=0
expect "no inputs" 0 "y = [[0.333333333, 0],
 [0, 0.333333333]]" "$GRADC" eval m.grad free
expect "the seed decides" 0 same sh -c '"$0" eval m.grad train --data x=1 --seed=3 >a && "$0" eval m.grad train --data x=1 --seed=3 >b &&
    "$0" eval m.grad train --data x=1 --seed=4 >c && cmp -s a b && ! cmp -s a c && echo same' "$GRADC"
rm -f a b c
expect "results in files" 0 "z = 1" "$GRADC" eval m.grad f --data x=x.npy --data k=1 --out y=y.npy --out b=b.npy --out h=h.npy
expect "which can be data again" 0 "y = [79, 169]
z = 1
b = [true, true]
h = [92, 92]" sh -c 'printf "size N = 1..4\nentry f(x[N], state h[2]) -> y[N], z: int, b[N]: bool {\n y = 5 * x + 14\n z = argmax(y)\n b = y > 14\n h <- h + y[0]\n}\n" >n.grad
    "$0" eval n.grad f --data x=y.npy --data h=h.npy' "$GRADC"

wrong() { # wrong WHAT MESSAGE ARGUMENT...
    what=$1
    message=$2
    shift 2
    expect "$what" 2 "gradc: error: $message" "$GRADC" eval "$@"
}
wrong "no entry named" "which entry? gradc eval m.grad ENTRY" m.grad
wrong "no such entry" "the model has no entry fre; did you mean free?" m.grad fre
wrong "no such input" "entry f has no input y" m.grad f --data y=1
wrong "no such output" "entry f has no output q" m.grad f --data x=x.npy --data k=1 --out q=q.npy
wrong "an input is missing" "the input k, int[], is not given: --data k=FILE.npy" m.grad f --data x=x.npy
wrong "a size is not given" "the size N follows from no input: -D N=NUMBER gives it" m.grad sized
expect "a size by -D" 0 "y = 6" "$GRADC" eval m.grad sized -D N=3
wrong "a real for an int" "1.5: element 0 is 1.5, but the input k is int" m.grad f --data x=x.npy --data k=1.5
wrong "a label out of range" "labels.npy: element 1 is 9, but the input label is int in 0..3" m.grad g --data label=labels.npy --data x=x.npy
wrong "another shape" "labels.npy has shape [2], but the input x is real[N, 3]" m.grad f --data x=labels.npy --data k=1
wrong "too many rows" "five.npy: N is 5, but its range is 1..4" m.grad f --data x=five.npy --data k=1
wrong "no such file" "cannot read nosuch.npy: No such file or directory" m.grad f --data x=nosuch.npy
wrong "a directory" "cannot read .: Is a directory" m.grad f --data x=.
wrong "no .npy" "m.grad: is no .npy file: it does not begin with \\x93NUMPY" m.grad f --data x=m.grad
head -c 130 x.npy >short.npy
wrong "a file cut short" "short.npy: the file ends early: 130 bytes of 134" m.grad f --data x=short.npy
head -c 60 x.npy >header.npy
wrong "a header cut short" "header.npy: the file ends in its header" m.grad f --data x=header.npy
wrong "a seed" "--seed=-1: a whole number from 0 to 18446744073709551615" m.grad f --seed=-1
wrong "data without a name" "--data x.npy: write --data INPUT=FILE" m.grad f --data x.npy
expect "a disk that is full" 3 "gradc: error: cannot write to standard output: No space left on device" \
    sh -c '"$0" eval m.grad free >/dev/full' "$GRADC"
expect "no such folder" 3 "gradc: error: cannot write nowhere/y.npy: No such file or directory" "$GRADC" eval m.grad free --out y=nowhere/y.npy
expect "an error of the model" 1 "bad.grad:1:27: error: \`zz\` is not defined
    entry f(x) -> y { y = x + zz }
                              ^~" sh -c 'printf "entry f(x) -> y { y = x + zz }\n" >bad.grad; "$0" eval bad.grad f --data x=1' "$GRADC"
