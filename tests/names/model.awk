# A model that has the words of standard input in one role: awk -v role=ROLE -f model.awk <words. With other words in the
# same order it is the same model, so that both must compute the same numbers.
#
# param     parameters that an entry trains, with their slots beside them
# entry     entries
# argument  inputs, outputs and states of the caller
# size      sizes that are given at each call
# local     values within an entry, some of them tensors of their own
# index     indices and loop variables
# module    modules, instances and their parameters
{ word[NR] = $1 }

function shape(i) { return i % 3 + 1 }

function params(i) {
    for (i = 1; i <= NR; i++) printf "param %s[%d] ~ normal(0, 1)\n", word[i], shape(i)
    printf "entry train_(x_[3]) -> y_ {\n    y_ = 0"
    for (i = 1; i <= NR; i++) printf " +\n        sum(%s) * x_[%d]", word[i], i % 3
    printf "\n    minimize y_ with momentum(lr = 0.1)\n}\nentry predict_(x_[1]) -> y_ { y_ = x_[0]"
    for (i = 1; i <= NR; i++) printf " +\n    tanh(sum(%s))", word[i]
    printf " }\n"
}

function entries(i) {
    printf "param w_[3] ~ normal(0, 1)\n"
    for (i = 1; i <= NR; i++)
        if (i % 4) printf "entry %s(x_[3]) -> y_ { y_ = sum(w_ * x_) + %d }\n", word[i], i
        else printf "entry %s(x_[3]) -> y_ {\n    y_ = sum(w_ * x_)^2\n    minimize y_ with sgd(lr = 0.001)\n}\n", word[i]
}

function names(from, separator, i, list) { # every third word, in a list
    for (i = from; i <= NR; i += 3) list = list (list == "" ? "" : separator) word[i]
    return list
}

function arguments(i, n, list) {
    for (i = 1; i <= NR; i += 3) list = list (list == "" ? "" : ", ") word[i] (i % 2 ? "" : "[2]")
    for (i = 3; i <= NR; i += 3) list = list ", state " word[i] (i % 2 ? "[2]" : "")
    printf "entry border_(%s) -> %s {\n    all_ = sum([sum(e_) for e_ in [%s]])\n", list, names(2, ", "), names(1, ", ")
    for (i = 2; i <= NR; i += 3) printf "    %s = all_ * %d\n", word[i], i
    for (i = 3; i <= NR; i += 3) printf "    %s <- %s + %d + all_\n", word[i], word[i], i
    printf "}\n"
}

function sizes(i, list, sum) {
    for (i = 1; i <= NR; i++) {
        printf "size %s = 1..%d\n", word[i], shape(i) + 1
        list = list (i > 1 ? ", " : "") "x_" i "[" word[i] "]"
        sum = sum (i > 1 ? " + " : "") "sum(x_" i ") * " word[i]
    }
    printf "entry all_(%s) -> y_ { y_ = %s }\n", list, sum
}

function locals(i) {
    printf "param w_[4, 4] ~ normal(0, 1)\nentry f_(x_[4]) -> y_ {\n    y_ = 0\n"
    for (i = 1; i <= NR; i++) {
        if (i % 3) printf "    %s = x_ @ w_ + %d\n    y_ = y_ + sum(tanh(%s)) * %d\n", word[i], i, word[i], i
        else printf "    %s[i_] = softmax(x_ * %d)[i_]\n    y_ = y_ + sum(%s) * %d\n", word[i], i, word[i], i
    }
    printf "    minimize y_ with sgd(lr = 0.1)\n}\n"
}

function indices(i) {
    printf "param w_[3, 3] ~ normal(0, 1)\nentry f_(x_[3, 3]) -> y_ {\n    y_ = 0\n"
    for (i = 1; i < NR; i += 2) {
        printf "    a_[%s, b_] = sum[%s] x_[%s, %s] * w_[%s, b_]\n", word[i], word[i + 1], word[i], word[i + 1], word[i + 1]
        if (i % 4 == 1) printf "    y_ = y_ + sum(a_)\n"
        else printf "    scan %s in a_ {\n        y_ = 0.5 * y_ + sum(%s)\n    }\n", word[i], word[i]
    }
    printf "}\n"
}

function modules(i, n) {
    for (i = 1; i + 2 <= NR; i += 3) {
        printf "module %s(n_) {\n    param %s[n_] ~ normal(0, 1)\n", word[i], word[i + 1]
        printf "    fn (x) = (%s @ %s) * x\n}\n%s = %s(%d)\n", word[i + 1], word[i + 1], word[i + 2], word[i], shape(i)
    }
    printf "entry f_(x_) -> y_ {\n    y_ = x_\n"
    for (i = 1; i + 2 <= NR; i += 3) printf "    y_ = y_ + %s(x_ + %d)\n", word[i + 2], i
    printf "}\n"
}

END {
    if (role == "param") params()
    if (role == "entry") entries()
    if (role == "argument") arguments()
    if (role == "size") sizes()
    if (role == "local") locals()
    if (role == "index") indices()
    if (role == "module") modules()
}
