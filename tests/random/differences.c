/* Gradients of random programs against central differences.
 *
 * For a marker g = grad loss x, x becomes an input of its own, and every stop, those in loops too, is held at the value
 * that it had; then the loss is a function of x alone, and what passes made of g is its derivative in a few directions.
 * Second order needs nothing more: a loss that is made of gradients is a function of x as well. */
#include "compiler/passes/pipeline.h"
#include "tests/random/check.h"
#include "tests/random/program.h"
#include "tests/run/call.h"
#include <math.h>
#include <string.h>

#define STEP 1e-4

typedef struct Subject {
    Arena *arena;
    const char *text;
    const int64_t *sizes;
    uint64_t seed;
    Tensor *values;       /* by node of the text: of grads, of their losses and variables */
    Evaluation *function; /* the loss of a gradient, as a function of input number `variable` */
    const Graph *graph;
    int variable;
} Subject;

static Program *parse(const Subject *subject) {
    const char *why;
    Program *program = program_parse(subject->arena, subject->text, &why);
    if (!program) internal_error("a random program is none: %s", why);
    return program;
}

static Graph *expand(const Subject *subject, Graph *graph, Graph *pass(Graph *, Diagnostics *)) {
    Diagnostics diagnostics;
    diagnostics_open(&diagnostics, subject->arena);
    graph = pass_dead(pass(graph, &diagnostics), &diagnostics);
    return diagnostics.errors > 0 ? NULL : graph;
}

/* Everything that is asked for later, evaluated as it stands. */
static bool evaluate_base(Subject *subject) {
    Program *program = parse(subject);
    Graph *graph = program->entries.at[0]->graph;
    VEC(Node *) wanted = {0};
    drop_roots(program);
    const int count = graph->nodes.count;
    subject->values = ARENA_ARRAY(subject->arena, Tensor, count);
    for (int i = 0; i < count; i++) {
        Node *node = graph->nodes.at[i];
        if (node->op != OP_grad) continue;
        vec_push(subject->arena, &wanted, node);
        for (int a = 0; a < node->arg_count; a++)
            vec_push(subject->arena, &wanted, node->args[a]);
    }
    for (int w = 0; w < wanted.count; w++)
        add_result(program, wanted.at[w]);
    Evaluation evaluation = evaluation_new(subject->arena, program, subject->sizes, subject->seed, EVAL_DOUBLE);
    Graph *expanded = expand(subject, graph, pass_autodiff);
    if (!expanded) return false;
    evaluate_graph(&evaluation, expanded);
    for (int w = 0; w < wanted.count; w++)
        subject->values[wanted.at[w]->id] = evaluation.outputs[w];
    return evaluation.margin > MARGIN;
}

static bool depends_on_grad(const Node *node) { /* those in bodies of loops are part of the function */
    if (node->op == OP_grad) return true;
    for (int a = 0; a < node->arg_count; a++)
        if (depends_on_grad(node->args[a])) return true;
    return false;
}

/* The loss of grad number `number` as a function; false where that has no meaning. */
static bool make_function(Subject *subject, int number) {
    Program *program = parse(subject);
    drop_roots(program);
    Entry *entry = program->entries.at[0];
    Node *grad = entry->graph->nodes.at[number], *loss = grad->args[0], *variable = grad->args[1];
    if (variable->arg_count > 0 && depends_on_grad(loss)) return false;
    Evaluation evaluation = evaluation_new(subject->arena, program, subject->sizes, subject->seed, EVAL_DOUBLE);
    Tensor *inputs = ARENA_ARRAY(subject->arena, Tensor, entry->inputs.count + 1);
    for (int i = 0; i < entry->inputs.count; i++)
        inputs[i] = evaluation.inputs[i];
    evaluation.inputs = inputs;
    const Tensor value = subject->values[variable->id];
    subject->variable = node_to_input(program, variable)->position;
    inputs[subject->variable] = value;
    add_result(program, loss);
    evaluation.outputs = ARENA_ARRAY(subject->arena, Tensor, 1);
    subject->function = ARENA_NEW(subject->arena, Evaluation);
    evaluation.tape = ARENA_NEW(subject->arena, StopTape);
    *subject->function = evaluation;
    subject->graph = expand(subject, entry->graph, expand_gradients);
    if (!subject->graph) return false;
    evaluate_graph(subject->function, subject->graph);
    subject->function->tape->plays = true;
    return true;
}

/* The loss at x + step * direction. */
static double value_at(Subject *subject, const double *direction, double step) {
    Tensor *input = &subject->function->inputs[subject->variable], base = *input;
    Tensor moved = tensor_new(subject->arena, base.elem, base.rank, base.dims);
    for (int64_t i = 0; i < base.count; i++)
        moved.values[i] = base.values[i] + step * direction[i];
    *input = moved;
    subject->function->tape->next = 0;
    evaluate_graph(subject->function, subject->graph);
    *input = base;
    return subject->function->outputs[0].values[0];
}

/* Differences at two steps tell how far they can be trusted: where the loss has a kink, they disagree. */
static void compare_direction(Subject *subject, int number, const double *direction, Report *report, Verdict *verdict) {
    double f[5], expected = 0;
    const Tensor *gradient = &subject->values[number];
    for (int i = 0; i < 5; i++)
        f[i] = value_at(subject, direction, (i - 2) * STEP);
    for (int64_t i = 0; i < gradient->count; i++)
        expected += gradient->values[i] * direction[i];
    double one = (f[3] - f[1]) / (2 * STEP), two = (f[4] - f[0]) / (4 * STEP), found = (4 * one - two) / 3;
    double bend = (f[3] - 2 * f[2] + f[1]) / STEP, wide_bend = (f[4] - 2 * f[2] + f[0]) / (2 * STEP);
    double scale = fmax(fmax(1, fabs(found)), fabs(f[2])), doubt = fabs(one - two) + fabs(2 * bend - wide_bend);
    bool smooth = doubt < 1e-3 * scale;
    report->compared += smooth;
    report->skipped += !smooth;
    if (!smooth || fabs(found - expected) <= 1e-6 * scale + 10 * doubt) return;
    verdict_set(verdict, FAULT_GRADIENT, "%%%d: derivative %.9g, differences say %.9g (%.2g)", number, expected, found,
                doubt);
}

static void check_grad(Subject *subject, int number, Report *report, Verdict *verdict) {
    int64_t count = subject->values[number].count;
    if (count == 0 || !make_function(subject, number)) return;
    double *direction = ARENA_ARRAY(subject->arena, double, count);
    uint64_t stream = (uint64_t)number;
    for (int64_t i = 0; i < count; i++)
        direction[i] = 2 * draw_number(&stream) - 1;
    compare_direction(subject, number, direction, report, verdict);
    for (int element = 0; element < 2 && !verdict->fault; element++) {
        memset(direction, 0, (size_t)count * sizeof *direction);
        direction[(int64_t)(draw_number(&stream) * (double)count)] = 1;
        compare_direction(subject, number, direction, report, verdict);
    }
}

void check_gradients(Arena *arena, const char *text, Report *report, Verdict *verdict) {
    int64_t sizes[8] = {0};
    Subject subject = {.arena = arena, .text = text, .sizes = sizes, .seed = 201};
    Program *program = parse(&subject);
    drop_roots(program); /* as everywhere here: numbers of nodes are without them */
    const Graph *graph = program->entries.at[0]->graph;
    choose_sizes(program, 2, sizes);
    bool any = false;
    for (int i = 0; i < graph->nodes.count; i++)
        any |= graph->nodes.at[i]->op == OP_grad;
    if (!any || !evaluate_base(&subject)) return;
    for (int i = 0; i < graph->nodes.count && !verdict->fault; i++)
        if (graph->nodes.at[i]->op == OP_grad) check_grad(&subject, i, report, verdict);
}
