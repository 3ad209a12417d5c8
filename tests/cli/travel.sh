# examples/weights, with PyTorch where python3 has it.
. "$CHECKS"
if sh "$ROOT/examples/weights/travel.sh" >output 2>&1 </dev/null; then
    ok "examples/weights runs"
else
    not_ok "examples/weights"
    cat output
fi
grep -q 'equal' output && ok "equal predictions" || not_ok "equal predictions"
if grep -q 'PyTorch and safetensors for it are not installed' output; then
    echo "no PyTorch: the journey went by .npz"
else
    [ "$(grep -c ': equal$' output)" -eq 2 ] && ok "in PyTorch, and back" || not_ok "in PyTorch, and back"
fi
[ "$(grep -c 'is in cloud' output)" -eq 3 ] && ok "baked into a program" || not_ok "baked into a program"
