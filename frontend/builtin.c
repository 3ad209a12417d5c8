/* Functions that the language cannot define itself; all others are in the prelude. */
#include "frontend/builtin.h"
#include "frontend/form.h"
#include <math.h>
#include <string.h>

/* ---- arguments ---- */

const Value absent = {.kind = VALUE_LIST}; /* a list without elements array: nobody can write one */

bool is_absent(Value value) {
    return value.kind == VALUE_LIST && value.u.list == NULL;
}

/* One parameter of "x, axis?, keep?". */
static const char *next_param(const char *params, char *name, bool *optional) {
    while (*params == ',' || *params == ' ')
        params++;
    if (*params == 0) return NULL;
    size_t length = strcspn(params, ",?");
    memcpy(name, params, length);
    name[length] = 0;
    *optional = params[length] == '?';
    return params + length + *optional;
}

/* The parameters as they are bound: names, which of them may be absent, and how many. */
typedef struct Params {
    char names[PARAM_LIMIT][32];
    bool optional[PARAM_LIMIT];
    int count;
} Params;

static Params params_of(const Builtin *builtin) {
    Params params = {.count = 0};
    const char *at = builtin->params;
    while ((at = next_param(at, params.names[params.count], &params.optional[params.count])) != NULL)
        params.count++;
    return params;
}

static int param_number(const Params *params, const char *name) {
    int p = 0;
    while (p < params->count && strcmp(params->names[p], name) != 0)
        p++;
    return p;
}

static bool is_always_named(const char *name) {
    return strcmp(name, "axis") == 0 || strcmp(name, "keep") == 0;
}

static Value place_builtin_arg(Elaborator *e, const Builtin *builtin, const Params *params, const CallArgs *args, int a,
                               int p, Span span, Value *values) {
    const CallArg *arg = &args->at[a];
    if (p >= params->count && arg->name != NULL)
        return refuse(e, arg->span, "%s(%s) has no argument `%s`", builtin->name, builtin->params, arg->name);
    if (p >= params->count)
        return refuse(e, span, "%s(%s): %d arguments are too many", builtin->name, builtin->params, args->count);
    if (arg->name == NULL && is_always_named(params->names[p]))
        return refuse(e, arg->span, "%s(%s): `%s` is always named, as in %s = ...", builtin->name, builtin->params,
                      params->names[p], params->names[p]);
    if (!is_absent(values[p])) return refuse(e, arg->span, "%s: `%s` is given twice", builtin->name, params->names[p]);
    values[p] = arg->value;
    return value_bool(true);
}

bool bind_builtin(Elaborator *e, const Builtin *builtin, const CallArgs *args, Span span, Value *values) {
    const Params params = params_of(builtin);
    int next = 0;
    for (int p = 0; p < params.count; p++)
        values[p] = absent;
    for (int a = 0; a < args->count; a++) {
        int p = args->at[a].name != NULL ? param_number(&params, args->at[a].name) : next++;
        if (is_poison(place_builtin_arg(e, builtin, &params, args, a, p, span, values))) return false;
    }
    for (int p = 0; p < params.count; p++)
        if (is_absent(values[p]) && !params.optional[p]) {
            refuse(e, span, "%s(%s) needs the argument `%s`", builtin->name, builtin->params, params.names[p]);
            return false;
        }
    return true;
}

Value call_builtin(Elaborator *e, const Builtin *builtin, const CallArgs *args, Span span) {
    Value values[PARAM_LIMIT];
    if (strcmp(builtin->params, "*") == 0) { /* any number */
        Value *all = ARENA_ARRAY(e->arena, Value, args->count + 1);
        for (int a = 0; a < args->count; a++)
            all[a] = args->at[a].value;
        all[args->count] = absent;
        return builtin->call(e, builtin, all, span);
    }
    return bind_builtin(e, builtin, args, span, values) ? builtin->call(e, builtin, values, span) : poison;
}

bool int_argument(Elaborator *e, const Builtin *builtin, const char *name, Value value, Span span, int64_t *out) {
    if (is_poison(value)) return false;
    if (value.kind != VALUE_INT) {
        refuse(e, span, "%s: `%s` is an int that is known while compiling, not %s", builtin->name, name,
               value_text(e, value));
        return false;
    }
    *out = value.u.integer;
    return true;
}

bool axis_number(Elaborator *e, const Builtin *builtin, Value value, int rank, Span span, int *axis) {
    int64_t at;
    if (!int_argument(e, builtin, "axis", value, span, &at)) return false;
    if (at < -rank || at >= rank) {
        refuse(e, span, "%s: axis %lld, but the tensor has %d ax%s", builtin->name, (long long)at, rank,
               rank == 1 ? "is" : "es");
        return false;
    }
    *axis = (int)(at < 0 ? at + rank : at);
    return true;
}

bool shape_argument(Elaborator *e, const Builtin *builtin, Value value, Span span, Shape *shape) {
    Values one = {0}, *list = &one;
    if (value.kind == VALUE_LIST)
        list = value.u.list;
    else
        vec_push(e->arena, &one, value);
    Dim *dims = ARENA_ARRAY(e->arena, Dim, list->count);
    for (int d = 0; d < list->count; d++)
        if (!value_as_dim(list->at[d], &dims[d]) || dim_low(dims[d]) < 0) {
            refuse(e, span, "%s: a shape is a list of sizes, and %s is none%s", builtin->name,
                   value_text(e, list->at[d]), no_size_hint(list->at[d]));
            return false;
        }
    *shape = (Shape){list->count, dims};
    int64_t elements;
    if (shape_elements(*shape, &elements)) return true;
    refuse(e, span, "a tensor of shape %s has more than %lld elements", shape_text(e->arena, *shape),
           (long long)ELEMENT_LIMIT);
    return false;
}

/* ---- elementwise ---- */

static Value call_scalar(Elaborator *e, const Builtin *builtin, const Value *args, Span span) {
    Scalar fn = (Scalar)builtin->detail;
    int arity = scalar_table[fn].arity;
    bool folds = true, ints = scalar_table[fn].types == SCALAR_TYPES_NUMBER;
    for (int a = 0; a < arity; a++) {
        folds &= is_number(args[a]);
        ints &= args[a].kind == VALUE_INT;
    }
    if (!folds) return elementwise(e, fn, arity, args, span);
    double value =
        scalar_value(fn, number_of(args[0]), arity > 1 ? number_of(args[1]) : 0, arity > 2 ? number_of(args[2]) : 0);
    return ints ? cast(e, ELEM_INT, value_real(value), span) : value_real(value);
}

static Value call_cast(Elaborator *e, const Builtin *builtin, const Value *args, Span span) {
    return cast(e, (Elem)builtin->detail, args[0], span);
}

static Value call_where(Elaborator *e, const Builtin *builtin, const Value *args, Span span) {
    (void)builtin;
    if (args[0].kind == VALUE_BOOL) return args[0].u.boolean ? args[1] : args[2];
    return elementwise(e, SCALAR_select, 3, args, span);
}

/* ---- reductions ---- */

static bool reduced_axes(Elaborator *e, const Builtin *builtin, Value axis, int rank, Span span, bool *axes) {
    int at;
    if (is_absent(axis)) {
        memset(axes, true, (size_t)rank);
        return true;
    }
    Values one = {0}, *list = &one;
    if (axis.kind == VALUE_LIST)
        list = axis.u.list;
    else
        vec_push(e->arena, &one, axis);
    for (int i = 0; i < list->count; i++) {
        if (!axis_number(e, builtin, list->at[i], rank, span, &at)) return false;
        if (axes[at]) {
            refuse(e, span, "%s: axis %d is named twice", builtin->name, at);
            return false;
        }
        axes[at] = true;
    }
    return true;
}

static Value list_reduction(Elaborator *e, const Builtin *builtin, const Values *list, Span span) {
    static const AstBinary ops[] = {AST_ADD, AST_ADD, AST_MULTIPLY};
    Reduce reduce = (Reduce)builtin->detail;
    Value total = reduce == REDUCE_SUM ? value_int(0) : value_int(1);
    for (int i = 0; i < list->count; i++)
        total = i == 0 ? list->at[0] : binary(e, ops[reduce], total, list->at[i], span);
    return total;
}

static bool all_numbers(Value value) {
    if (value.kind != VALUE_LIST) return is_number(value);
    for (int i = 0; i < value.u.list->count; i++)
        if (!is_number(value.u.list->at[i])) return false;
    return true;
}

static Value call_reduce(Elaborator *e, const Builtin *builtin, const Value *args, Span span) {
    Reduce reduce = (Reduce)builtin->detail;
    bool adds = reduce == REDUCE_SUM || reduce == REDUCE_PROD;
    if (args[0].kind == VALUE_LIST && adds && all_numbers(args[0]))
        return list_reduction(e, builtin, args[0].u.list, span);
    if (is_indexed(args[0]))
        return refuse(e, span, "%s() of an element; beside indices write %s[i] ...", builtin->name, builtin->name);
    Node *node = node_of(e, args[0], span);
    if (node == NULL) return poison;
    int rank = node->type.shape.rank;
    bool *axes = ARENA_ARRAY(e->arena, bool, rank + 1);
    bool keep = !is_absent(args[2]) && args[2].kind == VALUE_BOOL && args[2].u.boolean;
    if (!reduced_axes(e, builtin, args[1], rank, span, axes)) return poison;
    if (rank == 0) return value_node(node);
    return reduce_axes(e, reduce, node, axes, keep, span);
}

/* argmax and argmin act on the last axis. */
static Value call_argument(Elaborator *e, const Builtin *builtin, const Value *args, Span span) {
    Node *node = node_of(e, args[0], span);
    if (node == NULL) return poison;
    int rank = node->type.shape.rank, axis = rank - 1;
    if (rank == 0) return refuse(e, span, "%s of a number", builtin->name);
    if (!is_absent(args[1]) && !axis_number(e, builtin, args[1], rank, span, &axis)) return poison;
    bool *axes = ARENA_ARRAY(e->arena, bool, rank);
    axes[axis] = true;
    return reduce_axes(e, (Reduce)builtin->detail, node, axes, false, span);
}

/* mean(x, axis): the sum over the number of elements, which may be a bounded size. */
static Value call_mean(Elaborator *e, const Builtin *builtin, const Value *args, Span span) {
    static const Builtin sum = {"mean", "x, axis?, keep?", call_reduce, REDUCE_SUM};
    (void)builtin;
    Node *node = real_node_of(e, args[0], span);
    if (node == NULL) return poison;
    int rank = node->type.shape.rank;
    bool *axes = ARENA_ARRAY(e->arena, bool, rank + 1);
    if (!reduced_axes(e, &sum, args[1], rank, span, axes)) return poison;
    Value count = value_real(1);
    for (int a = 0; a < rank; a++) {
        if (!axes[a]) continue;
        if (dim_low(node->type.shape.dims[a]) == 0)
            return refuse(e, span, "a mean may be over nothing: axis %d of %s can be empty", a,
                          type_text(e->arena, node->type));
        count = binary(e, AST_MULTIPLY, count, value_dim(node->type.shape.dims[a]), span);
    }
    Value of[] = {value_node(node), args[1], args[2]};
    return binary(e, AST_DIVIDE, call_reduce(e, &sum, of, span), count, span);
}

/* max(x, axis) reduces; max(a, b) is elementwise. */
static Value call_extreme(Elaborator *e, const Builtin *builtin, const Value *args, Span span) {
    bool max = builtin->detail == REDUCE_MAX;
    if (is_absent(args[1])) {
        if (args[0].kind == VALUE_LIST && all_numbers(args[0]) && args[0].u.list->count > 0) {
            Value best = args[0].u.list->at[0];
            for (int i = 1; i < args[0].u.list->count; i++) {
                Value item = args[0].u.list->at[i];
                if (max ? number_of(item) > number_of(best) : number_of(item) < number_of(best)) best = item;
            }
            return best;
        }
        Value of[] = {args[0], args[2], args[3]};
        return call_reduce(e, builtin, of, span);
    }
    if (!is_absent(args[2]) || !is_absent(args[3]))
        return refuse(e, span, "%s of two tensors is elementwise and has no axis", builtin->name);
    if (is_number(args[0]) && is_number(args[1])) {
        bool first = max ? number_of(args[0]) >= number_of(args[1]) : number_of(args[0]) <= number_of(args[1]);
        return args[first ? 0 : 1];
    }
    return elementwise(e, max ? SCALAR_max : SCALAR_min, 2, args, span);
}

/* ---- lists and shapes ---- */

static Value call_range(Elaborator *e, const Builtin *builtin, const Value *args, Span span) {
    int64_t first = 0, last, step = 1;
    if (!int_argument(e, builtin, "n", args[0], span, &last)) return poison;
    if (!is_absent(args[1])) {
        first = last;
        if (!int_argument(e, builtin, "last", args[1], span, &last)) return poison;
    }
    if (!is_absent(args[2]) && !int_argument(e, builtin, "step", args[2], span, &step)) return poison;
    if (step == 0) return refuse(e, span, "range: the step is 0");
    double count = ((double)last - (double)first) / (double)step;
    if (count > LIST_LIMIT) return refuse(e, span, "a list of more than %d elements", LIST_LIMIT);
    if (count > 0 && !take_steps(e, (int)count, span)) return poison;
    Value list = value_list(e, 0, NULL);
    for (int64_t i = first; step > 0 ? i < last : i > last;) {
        vec_push(e->arena, list.u.list, value_int(i));
        if (__builtin_add_overflow(i, step, &i)) break;
    }
    return list;
}

bool list_argument(Elaborator *e, const Builtin *builtin, Value value, Span span) {
    if (value.kind == VALUE_LIST) return take_steps(e, value.u.list->count, span);
    if (is_poison(value)) return false;
    refuse(e, span, "%s needs a list, not %s", builtin->name, value_text(e, value));
    return false;
}

static Value call_len(Elaborator *e, const Builtin *builtin, const Value *args, Span span) {
    if (!list_argument(e, builtin, args[0], span)) return poison;
    return value_int(args[0].u.list->count);
}

static Value call_enumerate(Elaborator *e, const Builtin *builtin, const Value *args, Span span) {
    if (!list_argument(e, builtin, args[0], span)) return poison;
    Value list = value_list(e, 0, NULL);
    for (int i = 0; i < args[0].u.list->count; i++) {
        Value pair[] = {value_int(i), args[0].u.list->at[i]};
        vec_push(e->arena, list.u.list, value_list(e, 2, pair));
    }
    return list;
}

static Value call_pairs(Elaborator *e, const Builtin *builtin, const Value *args, Span span) {
    if (!list_argument(e, builtin, args[0], span)) return poison;
    Value list = value_list(e, 0, NULL);
    for (int i = 0; i + 1 < args[0].u.list->count; i++)
        vec_push(e->arena, list.u.list, value_list(e, 2, &args[0].u.list->at[i]));
    return list;
}

static Value call_reversed(Elaborator *e, const Builtin *builtin, const Value *args, Span span) {
    if (!list_argument(e, builtin, args[0], span)) return poison;
    Value list = value_list(e, 0, NULL);
    for (int i = args[0].u.list->count - 1; i >= 0; i--)
        vec_push(e->arena, list.u.list, args[0].u.list->at[i]);
    return list;
}

static Value call_shape(Elaborator *e, const Builtin *builtin, const Value *args, Span span) {
    (void)builtin;
    Node *node = node_of(e, args[0], span);
    if (node == NULL) return poison;
    Value list = value_list(e, 0, NULL);
    for (int a = 0; a < node->type.shape.rank; a++)
        vec_push(e->arena, list.u.list, value_dim(node->type.shape.dims[a]));
    return list;
}

static Value call_rank(Elaborator *e, const Builtin *builtin, const Value *args, Span span) {
    (void)builtin;
    Node *node = node_of(e, args[0], span);
    return node == NULL ? poison : value_int(node->type.shape.rank);
}

/* ---- gradients and instances ---- */

static Value stop_leaf(Elaborator *e, const Value *leaves, int count, void *context) {
    const Span *span = context;
    (void)count;
    if (is_number(leaves[0])) return leaves[0];
    Node *node = node_of(e, leaves[0], *span);
    return node == NULL ? poison : value_node(build_stop(e->graph, node, origin_at(e, *span)));
}

static Value call_stop(Elaborator *e, const Builtin *builtin, const Value *args, Span span) {
    (void)builtin;
    if (is_number(args[0]) || args[0].kind == VALUE_SIZE) return args[0];
    if (args[0].kind == VALUE_LIST || args[0].kind == VALUE_INSTANCE)
        return map_form(e, args, 1, stop_leaf, &span, span);
    Node *node = node_of(e, args[0], span);
    return node == NULL ? poison : value_node(build_stop(e->graph, node, origin_at(e, span)));
}

static Value call_grad(Elaborator *e, const Builtin *builtin, const Value *args, Span span) {
    (void)builtin;
    return grad_of(e, args[0], args[1], span);
}

static Value call_params(Elaborator *e, const Builtin *builtin, const Value *args, Span span) {
    (void)builtin;
    bool has_form = is_tensor(args[0]) || args[0].kind == VALUE_LIST || args[0].kind == VALUE_INSTANCE;
    if (is_poison(args[0])) return poison;
    if (!has_form)
        return refuse(e, span, "params() needs an instance, a list or a tensor, not %s", value_text(e, args[0]));
    const Values leaves = form_leaves(e, args[0], span);
    return value_list(e, leaves.count, leaves.at);
}

static Value call_map(Elaborator *e, const Builtin *builtin, const Value *args, Span span) {
    (void)builtin;
    int count = 0;
    while (!is_absent(args[count]))
        count++;
    return map_value(e, args, count, span);
}

/* ---- distributions: only behind `~` ---- */

static Value call_distribution(Elaborator *e, const Builtin *builtin, const Value *args, Span span) {
    (void)args;
    return refuse(e, span, "%s is a distribution: draw from it by a statement, as in z[N, 3] ~ %s(...)", builtin->name,
                  builtin->name);
}

bool builtin_is_distribution(const Builtin *builtin) {
    return builtin->call == call_distribution;
}

static Value call_pad(Elaborator *e, const Builtin *builtin, const Value *args, Span span) {
    (void)builtin;
    return pad_axes(e, args[0], args[1], is_absent(args[2]) ? value_int(0) : args[2], span);
}

#define ONE_ARGUMENT(name, fn)                                                                                         \
    { name, "x", call_scalar, SCALAR_##fn }

const Builtin builtin_table[] = {
    ONE_ARGUMENT("exp", exp),
    ONE_ARGUMENT("log", log),
    ONE_ARGUMENT("expm1", expm1),
    ONE_ARGUMENT("log1p", log1p),
    ONE_ARGUMENT("sqrt", sqrt),
    ONE_ARGUMENT("sin", sin),
    ONE_ARGUMENT("cos", cos),
    ONE_ARGUMENT("tanh", tanh),
    ONE_ARGUMENT("sigmoid", sigmoid),
    ONE_ARGUMENT("softplus", softplus),
    ONE_ARGUMENT("erf", erf),
    ONE_ARGUMENT("floor", floor),
    ONE_ARGUMENT("abs", abs),
    ONE_ARGUMENT("sign", sign),
    {"int", "x", call_cast, ELEM_INT},
    {"real", "x", call_cast, ELEM_REAL},
    {"where", "c, a, b", call_where, 0},
    {"sum", "x, axis?, keep?", call_reduce, REDUCE_SUM},
    {"prod", "x, axis?, keep?", call_reduce, REDUCE_PROD},
    {"mean", "x, axis?, keep?", call_mean, 0},
    {"max", "x, b?, axis?, keep?", call_extreme, REDUCE_MAX},
    {"min", "x, b?, axis?, keep?", call_extreme, REDUCE_MIN},
    {"argmax", "x, axis?", call_argument, REDUCE_ARGMAX},
    {"argmin", "x, axis?", call_argument, REDUCE_ARGMIN},
    {"range", "n, last?, step?", call_range, 0},
    {"len", "xs", call_len, 0},
    {"enumerate", "xs", call_enumerate, 0},
    {"pairs", "xs", call_pairs, 0},
    {"reversed", "xs", call_reversed, 0},
    {"shape", "x", call_shape, 0},
    {"rank", "x", call_rank, 0},
    {"zeros", "dims", call_fill, 0},
    {"ones", "dims", call_fill, 1},
    {"eye", "n", call_eye, 0},
    {"one_hot", "i, K", call_one_hot, 0},
    {"broadcast", "x, dims", call_broadcast, 0},
    {"transpose", "x, order", call_transpose, 0},
    {"split", "x, n, axis?", call_split, 0},
    {"reshape", "x, dims", call_reshape, 0},
    {"flip", "x, axis?", call_flip, 0},
    {"concat", "list, axis?", call_concat, 0},
    {"stack", "list, axis?", call_stack, 0},
    {"cumsum", "x, axis?", call_cumsum, 0},
    {"sort", "x, axis?", call_sort, 0},
    {"top_k", "x, k, axis?", call_top_k, 0},
    {"at_label", "x, label", call_at_label, 0},
    {"pad", "x, widths, value?", call_pad, 0},
    {"stop", "x", call_stop, 0},
    {"grad", "e, x", call_grad, 0},
    {"params", "x", call_params, 0},
    {"map", "*", call_map, 0},
    {"uniform", "low, high", call_distribution, DISTRIBUTION_UNIFORM},
    {"normal", "mean, sd", call_distribution, DISTRIBUTION_NORMAL},
    {"bernoulli", "p", call_distribution, DISTRIBUTION_BERNOULLI},
    {"categorical", "p?, logits?", call_distribution, DISTRIBUTION_CATEGORICAL},
    {"integers", "a, b", call_distribution, DISTRIBUTION_INTEGERS},
    {"permutation", "", call_distribution, DISTRIBUTION_PERMUTATION},
};

const int builtin_count = sizeof builtin_table / sizeof *builtin_table;
