# import: files beside the model, once each, with paths of their own; and what can be wrong with them.
. "$CHECKS"

mkdir models
cat >models/net.grad <<'END'
model net
import blocks
import losses
size N = 1..4
body = blocks.Block(3)
entry train(x[N, 3]) -> loss {
    loss = losses.square(body(x) + blocks.offset * blocks.K)
    minimize loss with sgd(lr = 0.1)
}
END
cat >models/blocks.grad <<'END'
import losses
size K = 2
param offset = 0.5
module Block(width) {
    param w[width] = 1
    fn (x) = x * w
}
entry unused(x) -> y { y = x + losses.square(x) }
END
printf 'fn square(x) = mean(x^2)\n' >models/losses.grad
expect "a model of three files" 0 "wrote net.h, net.c, gr.h and gr_kernel.h" "$GRADC" models/net.grad
if grep -q 'float body_w\[3\];' net.h && grep -q 'float blocks_offset;' net.h && ! grep -q unused net.h; then
    ok "parameters are called after their file, its entries stay there"
else
    not_ok "parameters are called after their file, its entries stay there"
    grep -n 'float\|unused' net.h
fi
expect_status "it depends on all of them" 0 "$GRADC" models/net.grad --force -q --depfile=net.d
expect "in order" 0 "net.h net.c gr.h gr_kernel.h: models/net.grad models/blocks.grad models/losses.grad" cat net.d

printf 'import nosuch\nentry f(x) -> y { y = x }\n' >missing.grad
expect "no such file" 1 "missing.grad:1:1: error: cannot read nosuch.grad: No such file or directory
    import nosuch
    ^~~~~~~~~~~~~" "$GRADC" check missing.grad
printf 'import b\nentry f(x) -> y { y = x }\n' >a.grad
printf 'import a\n' >b.grad
expect "a circle" 1 "b.grad:1:1: error: a.grad imports itself, directly or through others
    import a
    ^~~~~~~~" "$GRADC" check a.grad
printf 'import wrong\nentry f(x) -> y { y = wrong.g(x) }\n' >uses.grad
printf 'fn g(x) = x + zz\n' >wrong.grad
expect "an error in an imported file" 1 "wrong.grad:1:15: error: \`zz\` is not defined
    fn g(x) = x + zz
                  ^~
uses.grad:2:23: note: in the call of g
    entry f(x) -> y { y = wrong.g(x) }
                          ^~~~~~~~~~" "$GRADC" check uses.grad
printf 'import losses\nimport losses\nentry f(x) -> y { y = x }\n' >twice.grad
cp models/losses.grad .
expect "imported twice" 1 "twice.grad:2:8: error: \`losses\` is declared twice
    import losses
           ^~~~~~" "$GRADC" check twice.grad
