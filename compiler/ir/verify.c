/* The rules that every graph keeps between passes: those of each operation (its check), and those of the whole. */
#include "compiler/ir/text.h"
#include "compiler/ops/op.h"

typedef struct Verifier {
    Arena *arena;
    const char *where; /* "entry train", or NULL for a graph alone */
    const char *why;   /* lines, NULL: nothing is wrong */
} Verifier;

static void wrong(Verifier *verifier, const Node *node, const char *what) {
    Arena *arena = verifier->arena;
    const char *line = verifier->where ? arena_print(arena, "%s: %s", verifier->where, what) : what;
    if (node) line = arena_print(arena, "%s: %%%d (%s)", line, node->id, op_table[node->op].name);
    verifier->why = arena_print(arena, "%s%s\n", verifier->why ? verifier->why : "", line);
}

/* ---- nodes ---- */

/* Arguments stand above, in the same graph. */
static bool args_stand_above(const Graph *graph, const Node *node) {
    for (int i = 0; i < node->arg_count; i++) {
        const Node *arg = node->args[i];
        if (!arg || arg->id < 0 || arg->id >= node->id || graph->nodes.at[arg->id] != arg) return false;
    }
    return true;
}

static const char *check_expr(const Body *body, int expr) {
    const Expr *e = &body->exprs.at[expr];
    Elem elems[3] = {ELEM_REAL, ELEM_REAL, ELEM_REAL}, result;
    if (e->kind != EXPR_CALL) return NULL; /* lookups are checked by the nest's own rule */
    for (int i = 0; i < scalar_table[e->u.call.fn].arity; i++) {
        int arg = e->u.call.args[i];
        if (arg < 0 || arg >= expr) return "the body uses an expression before it stands";
        elems[i] = body_elem(body, arg);
    }
    bool fits = scalar_result(e->u.call.fn, elems, &result) && result == e->elem;
    return fits ? NULL : "the body calls a function with types that do not fit";
}

static void verify_body(Verifier *verifier, const Node *node) {
    const Body *body = &node->u.nest.body;
    for (int i = 0; i < body->exprs.count; i++) {
        const char *what = check_expr(body, i);
        if (what) wrong(verifier, node, what);
    }
}

static const char *check_shape(Shape shape) {
    int64_t count;
    if (shape.rank > RANK_LIMIT) return "too many axes";
    for (int i = 0; i < shape.rank; i++) {
        if ((shape.dims[i].factor == 0) != (shape.dims[i].size == NULL)) return "a malformed dimension";
        if (dim_low(shape.dims[i]) < 0) return "a dimension can be negative";
    }
    return shape_elements(shape, &count) ? NULL : "too many elements";
}

static void verify(Verifier *verifier, const Graph *graph, bool is_body);

/* A body ends in yields, begins in formals, and is well formed before the rule of its owner looks at it. */
static bool verify_region(Verifier *verifier, const Node *node) {
    const char *before = verifier->why;
    if (node->u.region == NULL) wrong(verifier, node, "there is no body");
    if (node->u.region != NULL) verify(verifier, node->u.region->body, true);
    return verifier->why == before;
}

/* What an operation's own rule may take for granted is checked before it is asked. */
static void verify_node(Verifier *verifier, const Graph *graph, int position) {
    const Node *node = graph->nodes.at[position];
    if (node->id != position) wrong(verifier, node, "the number of a node is not its position");
    if (node->id != position) return;
    if (!args_stand_above(graph, node)) {
        wrong(verifier, node, "an argument does not stand above in the same graph");
        return;
    }
    if (op_table[node->op].leaf && node->arg_count > 0) wrong(verifier, node, "a leaf has arguments");
    const char *what = check_shape(node->type.shape);
    if (what) wrong(verifier, node, what);
    if (op_has_region(node->op) && !verify_region(verifier, node)) return;
    what = op_table[node->op].check(verifier->arena, node);
    if (what) wrong(verifier, node, what);
    if (node->op == OP_nest) verify_body(verifier, node);
}

static void verify_roots(Verifier *verifier, const Graph *graph) {
    int next = 0;
    for (int i = 0; i < graph->nodes.count; i++) {
        const Node *node = graph->nodes.at[i];
        if (!op_table[node->op].root) continue;
        if (next == graph->roots.count || graph->roots.at[next] != node)
            wrong(verifier, node, "the roots are not the root nodes in order");
        next++;
    }
    if (next < graph->roots.count) wrong(verifier, NULL, "there are more roots than root nodes");
}

static void verify(Verifier *verifier, const Graph *graph, bool is_body) {
    for (int i = 0; i < graph->nodes.count; i++) {
        Op op = graph->nodes.at[i]->op;
        bool of_body = op == OP_formal || op == OP_yield;
        if (of_body != is_body && (of_body || op_is_root(op)))
            wrong(verifier, graph->nodes.at[i], is_body ? "a root in a body" : "it stands outside of a body");
        verify_node(verifier, graph, i);
    }
    verify_roots(verifier, graph);
}

/* ---- programs ---- */

static bool is_output_of(const Entry *entry, const Argument *argument) {
    for (int i = 0; i < entry->outputs.count; i++)
        if (entry->outputs.at[i] == argument) return true;
    return false;
}

static bool is_input_of(const Entry *entry, const Argument *argument) {
    for (int i = 0; i < entry->inputs.count; i++)
        if (entry->inputs.at[i] == argument) return true;
    return false;
}

static bool is_store_of(const Program *program, const Entry *entry, const Store *store) {
    for (int i = 0; store && i < program->constants.count; i++)
        if (program->constants.at[i] == store) return true;
    if (store && store->kind == STORE_ARGUMENT) return entry && is_input_of(entry, store->argument);
    int position = store ? store->position : -1;
    return position >= 0 && position < program->stores.count && program->stores.at[position] == store;
}

/* What nodes name belongs to the program and, arguments, to the entry (NULL: a store's init, which has none). */
static void verify_names(Verifier *verifier, const Program *program, const Entry *entry, const Graph *graph) {
    for (int i = 0; i < graph->nodes.count; i++) {
        const Node *node = graph->nodes.at[i];
        bool named = true;
        if (node->op == OP_input) named = entry && is_input_of(entry, node->u.input);
        if (node->op == OP_result) named = entry ? is_output_of(entry, node->u.input) : node->u.input == NULL;
        if (node->op == OP_store || node->op == OP_update) named = is_store_of(program, entry, node->u.store);
        if (op_has_region(node->op) && node->u.region != NULL)
            verify_names(verifier, program, entry, node->u.region->body);
        if (!named) wrong(verifier, node, "names what is not the program's or the entry's");
    }
}

static int count_results(const Graph *graph, const Argument *output) {
    int count = 0;
    for (int i = 0; i < graph->roots.count; i++)
        count += graph->roots.at[i]->op == OP_result && graph->roots.at[i]->u.input == output;
    return count;
}

static void verify_store(Verifier *verifier, const Program *program, const Store *store) {
    verifier->where = arena_print(verifier->arena, "store %s", store->path);
    for (int i = 0; i < store->type.shape.rank; i++)
        if (!dim_is_constant(store->type.shape.dims[i])) wrong(verifier, NULL, "its shape is not constant");
    bool counts = store->kind == STORE_STEP || store->kind == STORE_RATE;
    if (counts != (store->init == NULL)) wrong(verifier, NULL, counts ? "it has an init" : "it has no init");
    if (!store->init) return;
    verify(verifier, store->init, false);
    verify_names(verifier, program, NULL, store->init);
    bool one = store->init->roots.count == 1 && store->init->roots.at[0]->op == OP_result;
    if (!one || !type_equal(store->init->roots.at[0]->type, store->type))
        wrong(verifier, NULL, "its init is not one result of its type");
}

static void verify_argument(Verifier *verifier, const Argument *argument, ArgumentRole role, int position) {
    if (argument->position != position || argument->role != role)
        wrong(verifier, NULL, arena_print(verifier->arena, "argument %s is not in its place", argument->name));
    if (argument->is_byte && (argument->type.elem != ELEM_INT || role != ARGUMENT_INPUT))
        wrong(verifier, NULL, arena_print(verifier->arena, "%s is bytes, but no int input", argument->name));
}

static void verify_entry(Verifier *verifier, const Program *program, const Entry *entry) {
    verifier->where = arena_print(verifier->arena, "entry %s", entry->name);
    for (int i = 0; i < entry->inputs.count; i++)
        verify_argument(verifier, entry->inputs.at[i], entry->inputs.at[i]->state ? ARGUMENT_STATE : ARGUMENT_INPUT, i);
    verify(verifier, entry->graph, false);
    verify_names(verifier, program, entry, entry->graph);
    for (int i = 0; i < entry->outputs.count; i++) {
        const Argument *output = entry->outputs.at[i];
        verify_argument(verifier, output, ARGUMENT_OUTPUT, i);
        if (count_results(entry->graph, output) != 1)
            wrong(verifier, NULL, arena_print(verifier->arena, "output %s has not one result", output->name));
    }
}

bool verify_graph(Arena *arena, const Graph *graph, const char **why) {
    Verifier verifier = {.arena = arena, .why = *why};
    verify(&verifier, graph, false);
    bool right = verifier.why == *why;
    *why = verifier.why;
    return right;
}

bool verify_program(Arena *arena, const Program *program, const char **why) {
    Verifier verifier = {.arena = arena, .why = *why};
    for (int i = 0; i < program->constants.count; i++)
        verify_store(&verifier, program, program->constants.at[i]);
    for (int i = 0; i < program->stores.count; i++) {
        verify_store(&verifier, program, program->stores.at[i]);
        if (program->stores.at[i]->position != i) wrong(&verifier, NULL, "its position is not its place");
    }
    for (int i = 0; i < program->entries.count; i++)
        verify_entry(&verifier, program, program->entries.at[i]);
    bool right = verifier.why == *why;
    *why = verifier.why;
    return right;
}
