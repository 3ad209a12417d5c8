# --profile: kernels tell their times, and nothing else changes.
. "$CHECKS"
export OMP_WAIT_POLICY=passive # other tests run beside

cat >net.grad <<'END'
model net

size N = 1..64

param w1[784, 256] ~ normal(0, 0.05)
param w2[256, 10] ~ normal(0, 0.05)

entry train(x[N, 784], label[N]: int) -> loss {
    h = relu(x @ w1)
    loss = mean(cross_entropy(h @ w2, label))
    minimize loss with adam(lr = 0.001)
}

entry predict(x[N, 784]) -> label[N]: int {
    label = argmax(relu(x @ w1) @ w2)
}
END
cat >data.grad <<'END'
entry data() -> x[150, 784], label[150]: int {
    x[150, 784] ~ normal(0, 1)
    class[150] ~ uniform(0, 10)
    label = int(class)
}
END
"$GRADC" run data.grad data --out x=x.npy --out label=label.npy -q --cc='cc -O1' && ok "data" || not_ok "data"

# ---- what is emitted

mkdir plain timed
"$GRADC" net.grad -q -o plain --emit-main --target=generic && "$GRADC" net.grad -q -o timed --emit-main --target=generic --profile || not_ok "compiles"
grep -q 'gr_lap\|profile\|timer' plain/net.c plain/net.h plain/net_main.c && not_ok "traces of --profile without it" || ok "without --profile nothing of it is emitted"
grep -v 'made by gradc' plain/net.h >a && grep -v 'made by gradc' timed/net.h >b && cmp a b && ok "the header is the same" || not_ok "another header"
grep -q 'gr_lap_end(&lap, ' timed/net.c && ok "kernels are timed" || not_ok "kernels are not timed"

"$GRADC" plan net.grad --target=generic --json | tr '{' '\n' | sed -n 's/^"function": "\([^"]*\)", "lines".*/\1/p' | sort >planned
sed -n '/^static const gr_stage model_stages/,/^};/s/^    {"\([^"]*\)".*/\1/p' timed/net.c | sort >listed.all
grep -v '^train_eval_' listed.all >listed # which plan does not make
[ -s planned ] && cmp planned listed && ok "the kernels are those of the plan" || { not_ok "other kernels than the plan's"; diff planned listed; }

# FLOPs: of all stages they are the plan's, at the largest sizes; of the product in predict 2 * N * 784 * 256 and relu's.
cat >sum.c <<'END'
#include "net.h"
#include <stdio.h>
int main(void) {
    const gr_profile *profile = net_model.profile;
    for (int e = 0; e < net_model.entry_count; e++) {
        double flops = 0, bytes = 0;
        for (int s = profile->first[e]; s < profile->first[e + 1]; s++) {
            const gr_stage *stage = &profile->stages[s];
            flops += stage->flops + 64 * stage->flops_per_row;
            bytes += stage->bytes + 64 * stage->bytes_per_row;
            if (e == 1 && stage->flops_per_row > 400000)
                printf("product %.0f %.0f\n", stage->flops, stage->flops_per_row);
        }
        printf("%s %.0f %.0f\n", net_model.entries[e].name, flops, bytes);
    }
    return 0;
}
END
for compiler in gcc clang; do
    command -v $compiler >/dev/null || continue
    $compiler -std=c11 -O1 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -Itimed sum.c timed/net.c -o sum 2>log &&
        ok "compiles without a warning, by $compiler" || { not_ok "$compiler"; head -5 log; }
done
./sum >sums
grep -q "^product 0 $((2 * 784 * 256 + 256))\$" sums && ok "FLOPs of a product" || { not_ok "FLOPs of a product"; cat sums; }
"$GRADC" plan net.grad --target=generic | sed -n 's/^entry \([a-z]*\),.*/\1/p; s/^ *all  *//p' | tr -d , |
    awk 'NF == 1 { name = $1 } NF > 1 { print name, $1, $4 }' >sums.plan
grep -v '^product\|^train_eval' sums | cmp - sums.plan && ok "work adds up to the plan's" || { not_ok "work is not the plan's"; cat sums sums.plan; }

# ---- what is printed, and that results are the same

# shares WHAT FILE: of each table they add up to 100 %
shares() {
    awk '/^[a-z_]+: [0-9]+ calls/ { sum = 0; rows = 0; tables++ }
         $2 == "%" && $NF != "all" && $1 ~ /^[0-9.]+$/ { sum += $1; rows++ }
         $2 == "%" && $NF == "all" { if (rows < 2 || sum < 100 - 0.06 * rows || sum > 100 + 0.06 * rows) bad++ }
         END { exit !(tables > 0 && bad == 0) }' "$2" && ok "$1: shares add up to 100 %" || { not_ok "$1: shares"; cat "$2"; }
}
"$GRADC" plan net.grad --target=native --json | tr '{' '\n' | sed -n 's/^"function": "\(train_[^"]*\)", "lines".*/\1/p' >native
settings="--data x=x.npy --data label=label.npy --batch=40 --epochs=2 --valid-split=0.2 -q"
for compiler in gcc clang; do
    command -v $compiler >/dev/null || continue
    for threads in 1 2; do
        run=$compiler.$threads
        # shellcheck disable=SC2086
        "$GRADC" run net.grad train $settings --threads=$threads --cc="$compiler -O1" -o $run.plain >output 2>&1 || cat output
        # shellcheck disable=SC2086
        "$GRADC" run net.grad train $settings --threads=$threads --cc="$compiler -O1" -o $run.timed --profile >output 2>&1 || cat output
        cmp $run.plain/last.safetensors $run.timed/last.safetensors && ok "$run: the same results" || not_ok "$run: other results"
        shares "$run" output
        grep -q '^train: 6 calls of 40 rows' output && grep -q '^train_eval: 2 calls of 30 rows' output &&
            grep -q 'peak of one thread: [0-9.]* GFLOP/s' output && ok "$run: entries and peak" || { not_ok "$run: entries and peak"; cat output; }
        for kernel in $(cat native); do
            grep -q " $kernel  \| $kernel\$" output || { not_ok "$run: $kernel is not in the table"; }
        done
    done
done

"$GRADC" run net.grad predict --data x=x.npy --profile --cc='cc -O1' --out label=- -q 2>table | head -c 6 | grep -q NUMPY && ok "results stay alone on standard output" || not_ok "standard output"
shares "an applied entry" table

# ---- a program that cannot

cc -O1 -o kept plain/net_main.c plain/net.c $("$GRADC" --libs) && ./kept train --data x=x.npy --data label=label.npy --profile -o no.run >output 2>&1
[ $? -eq 2 ] && grep -q 'net was compiled without --profile' output && ok "a program that was compiled without" || { not_ok "without"; cat output; }
[ ! -e no.run ] && ok "leaves no folder" || not_ok "a folder was left"
cc -O1 -o kept timed/net_main.c timed/net.c $("$GRADC" --libs) && ./kept predict --data x=x.npy --profile >table 2>/dev/null
shares "without OpenMP" table
"$GRADC" plan net.grad --profile >output 2>&1
[ $? -eq 2 ] && grep -q -- '--profile is an option of' output && ok "of compile and run alone" || { not_ok "plan --profile"; cat output; }
