# Recursion in every form, with as much in between as the brackets allow: the limits are reached before the stack is.
# gradc is run with half of the stack that it has by custom; a build with sanitizers needs 12 MB.
. "$CHECKS"
ulimit -s 4096

repeated() { # repeated COUNT TEXT
    awk -v count="$1" -v text="$2" 'BEGIN { while (count-- > 0) printf "%s", text }'
}

# refused WHAT DECLARATIONS VALUE: one error says that it is too deep
refused() {
    printf '%s\nentry f(x) -> y { y = %s }\n' "$2" "$3" >model.grad
    timeout 10 "$GRADC" check model.grad >log 2>&1
    status=$?
    if [ $status -eq 1 ] && grep -q -E 'error: .* (deep|without an end)' log && [ "$(grep -c 'error: ' log)" -eq 1 ]; then
        ok "$1"
    else
        not_ok "$1: status $status"
        head -3 log | cut -c1-200
    fi
}

# through WHAT BEFORE AFTER COUNT: a function that calls itself within so many of these
through() {
    refused "$1" "fn g(x) = $(repeated "$4" "$2")g(x)$(repeated "$4" "$3")" 'g(x)'
}

through "a call" '' '' 1
through "parentheses and signs" '(-' ')' 90
through "lists" '[' ']' 190
through "comprehensions" '[' ' for i in range(1)]' 90
through "calls" 'sum(' ')' 190
through "calls with three arguments" 'where(x > 0, 1, ' ')' 190
through "powers" '2 ^ ' '' 190
through "sums" '1 + (' ')' 190
through "index notation" 'sum[i < 3] (' ')' 90
through "positions" '[x][' ']' 90
through "functions without a name" '(fn (y) = ' ')(x)' 60
through "gradients" 'grad(x * ' ', x)' 90
through "map" 'map(fn (a) = a, [' '])[0]' 60
for block in 'if true' 'for i in range(1)'; do
    refused "blocks: $block" "fn g(x) { $(repeated 190 "$block { ")return g(x) $(repeated 190 '} ')}" 'g(x)'
    refused "blocks of modules: $block" "module A() { $(repeated 190 "$block { ")a = A() $(repeated 190 '} ')}
m = A()" x
done
refused "loops at run time" "fn g(x) {
$(repeated 60 'repeat 2 { ')x = g(x) $(repeated 60 '} ')
return x }" 'g(x)'
refused "the fallback of an argument" "fn g(x, y = $(repeated 90 '-(')g(x)$(repeated 90 ')')) = y" 'g(x)'
refused "the fallbacks of a module" "module A(inner = $(repeated 190 '[')A()$(repeated 190 ']')) { fn (x) = x }
m = A()" 'm(x)'
refused "lists of modules" "module A() { a = $(repeated 60 '[')A()$(repeated 60 ' for i in range(1)]') }
m = A()" x
refused "replacements" "fn a(x) = x
fn g(x) = $(repeated 60 '(')a(g(x))$(repeated 60 ' using a = g)')" 'g(x)'
refused "lists to be mapped" "fn g(x) = map(fn (a) = g(a), $(repeated 190 '[')x$(repeated 190 ']'))[0]" 'g(x)'
for inside in '-( )' 'where(a>0,1, )' 'w[int( )]'; do
    refused "elements: $inside" "fn g(a) = $(repeated 60 "${inside% *}")g(a)$(repeated 60 "${inside#* }")
param w[3] = 0" 'sum[i] g(w[i])'
done
refused "elements in blocks" "fn g(a) { $(repeated 190 'if true { ')return g(a) $(repeated 190 '} ')}
param w[3] = 0" 'sum[i] g(w[i])'
