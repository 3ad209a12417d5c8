# Solved indices are tested in the loops that they follow from, not once for every channel.
. "$CHECKS"

"$GRADC" "$ROOT/tests/models/channels.grad" -q -o . || not_ok "channels.grad is compiled"
for channels in 5 17; do
    awk -v size=$channels '
        { match($0, /^ */); indent = RLENGTH }
        inside && indent <= depth { inside = 0 }
        !inside && $0 ~ "for \\(int [a-z_0-9]+ = 0; [a-z_0-9]+ < " size ";" { inside = 1; depth = indent; loops++ }
        /continue;/ { tests++; within += inside }
        END { exit !(loops > 0 && tests > 0 && within == 0) }' channels.c &&
        ok "no test of solved indices within a loop over $channels channels" || not_ok "tests within loops over $channels channels"
done
