/* Evaluations of random programs, and passes that must not change them. */
#include "compiler/passes/pipeline.h"
#include "tests/random/check.h"
#include "tests/random/program.h"
#include "tests/run/call.h"
#include <float.h>
#include <math.h>

void choose_sizes(const Program *program, int k, int64_t *sizes) {
    static const int64_t odd[] = {2, 17, 5, 13};
    for (int s = 0; s < program->sizes.count; s++) {
        const Size *size = program->sizes.at[s];
        int64_t value = k == 0 ? size->low : k == 1 ? size->high : odd[(k + s) % 4];
        sizes[size->position] = value < size->low ? size->low : value > size->high ? size->high : value;
    }
}

/* Depends on the name alone, so that reducing a program leaves what it is called with. */
static Tensor content_of(Evaluation *evaluation, const Argument *argument, uint64_t seed) {
    Tensor tensor = tensor_of_type(evaluation, argument->type);
    for (const char *name = argument->name; *name; name++)
        seed = seed * 31 + (uint64_t)*name;
    for (int64_t i = 0; i < tensor.count; i++) {
        double value = draw_value(argument->type.elem, argument->is_byte, argument->low, argument->high, &seed);
        tensor.values[i] = (double)(float)value;
    }
    return tensor;
}

Evaluation evaluation_new(Arena *arena, const Program *program, const int64_t *sizes, uint64_t seed, EvalMode mode) {
    const Entry *entry = program->entries.at[0];
    Evaluation evaluation = {
        .arena = arena, .program = program, .mode = mode, .sizes = sizes, .seed = 7, .margin = INFINITY};
    evaluate_initial(&evaluation);
    evaluation.tick = seed;
    evaluation.inputs = ARENA_ARRAY(arena, Tensor, entry->inputs.count);
    evaluation.outputs = ARENA_ARRAY(arena, Tensor, entry->outputs.count);
    for (int i = 0; i < entry->inputs.count; i++)
        evaluation.inputs[i] = content_of(&evaluation, entry->inputs.at[i], seed);
    return evaluation;
}

static bool sane_tensor(const Tensor *tensor) {
    for (int64_t i = 0; i < tensor->count; i++)
        if (!isfinite(tensor->values[i]) || fabs(tensor->values[i]) > 1e15) return false;
    return true;
}

bool is_sane(const Program *program, const Entry *entry, const Evaluation *evaluation) {
    for (int i = 0; i < entry->graph->nodes.count; i++)
        if (entry->graph->nodes.at[i]->type.elem == ELEM_INT)
            for (int64_t e = 0; e < evaluation->values[i].count; e++)
                if (fabs(evaluation->values[i].values[e]) > INT32_MAX) return false;
    for (int o = 0; o < entry->outputs.count; o++)
        if (!sane_tensor(&evaluation->outputs[o])) return false;
    for (int s = 0; s < program->stores.count; s++)
        if (!sane_tensor(&evaluation->stores[s])) return false;
    return true;
}

/* ---- passes ---- */

/* NULL, or where the two evaluations of one program differ. */
static const char *difference(Arena *arena, const Program *program, const Evaluation *exact, const Evaluation *rounded,
                              const Evaluation *got) {
    const Entry *entry = program->entries.at[0];
    const char *what = exact->finite == got->finite ? NULL : "a loss is finite, or not";
    const char *name = "loss";
    for (int o = 0; o < entry->outputs.count && !what; o++) {
        double tolerance = tensor_tolerance(&exact->outputs[o], &rounded->outputs[o], true);
        what = tensor_difference(arena, &exact->outputs[o], &got->outputs[o], tolerance);
        name = entry->outputs.at[o]->name;
    }
    for (int s = 0; s < program->stores.count && !what; s++) {
        double tolerance = tensor_tolerance(&exact->stores[s], &rounded->stores[s], true);
        what = tensor_difference(arena, &exact->stores[s], &got->stores[s], tolerance);
        name = program->stores.at[s]->path;
    }
    return what ? arena_print(arena, "%s: %s", name, what) : NULL;
}

typedef struct PassCheck {
    Arena *arena;
    Program *program; /* its first entry's graph is replaced */
    const int64_t *sizes;
    Evaluation exact, rounded; /* of what autodiff made */
    uint64_t seed;
    Verdict *verdict;
} PassCheck;

/* Runs pass number `p` (all up to the last, quietly, if not `each`) and compares. */
static void check_pass(PassCheck *check, int p, bool looks) {
    Diagnostics diagnostics;
    diagnostics_open(&diagnostics, check->arena);
    Entry *entry = check->program->entries.at[0];
    const char *why = NULL;
    entry->graph = pass_table[p].run(entry->graph, &diagnostics);
    if (!verify_graph(check->arena, entry->graph, &why))
        verdict_set(check->verdict, FAULT_PASS, "pass %s breaks the graph: %s", pass_table[p].name, why);
    if (!looks || check->verdict->fault) return;
    Evaluation got = evaluation_new(check->arena, check->program, check->sizes, check->seed, EVAL_DOUBLE);
    evaluate_graph(&got, entry->graph);
    const char *what = difference(check->arena, check->program, &check->exact, &check->rounded, &got);
    if (what) verdict_set(check->verdict, FAULT_PASS, "behind pass %s: %s", pass_table[p].name, what);
}

static void check_at(Arena *arena, Program *program, int k, Verdict *verdict) {
    int64_t sizes[8] = {0};
    choose_sizes(program, k, sizes);
    Graph *graph = program->entries.at[0]->graph; /* behind autodiff */
    PassCheck check = {arena, program, sizes, .seed = (uint64_t)k, .verdict = verdict};
    for (uint64_t tries = 0;; tries++) {
        check.seed += 100;
        check.exact = evaluation_new(arena, program, sizes, check.seed, EVAL_DOUBLE);
        evaluate_graph(&check.exact, graph);
        if (!is_sane(program, program->entries.at[0], &check.exact) || tries == 5)
            verdict_set(verdict, FAULT_REJECTED, "values are not sane, or decisions too near");
        if (check.exact.margin > MARGIN || verdict->fault) break;
    }
    if (verdict->fault) return;
    check.rounded = evaluation_new(arena, program, sizes, check.seed, EVAL_FLOAT);
    evaluate_graph(&check.rounded, graph);
    if (!is_sane(program, program->entries.at[0], &check.rounded))
        verdict_set(verdict, FAULT_REJECTED, "not sane in float");
    for (int p = 0; p < pass_count && !verdict->fault; p++)
        if (pass_table[p].run != pass_autodiff) check_pass(&check, p, k == 1 || p == pass_count - 1);
    program->entries.at[0]->graph = graph;
}

void check_passes(Arena *arena, const char *text, Verdict *verdict) {
    const char *why;
    Program *program = program_parse(arena, text, &why);
    Diagnostics diagnostics;
    diagnostics_open(&diagnostics, arena);
    if (!program) internal_error("a random program is none: %s", why);
    Entry *entry = program->entries.at[0];
    entry->graph = pass_autodiff(entry->graph, &diagnostics);
    if (diagnostics.errors > 0) verdict_set(verdict, FAULT_REJECTED, "%s", diagnostics.items.at[0]->message);
    if (!verdict->fault && !verify_graph(arena, entry->graph, &why))
        verdict_set(verdict, FAULT_PASS, "pass autodiff breaks the graph: %s", why);
    for (int k = 0; k < SIZE_CHOICES && !verdict->fault; k++)
        if (k < 2 || program->sizes.count > 0) check_at(arena, program, k, verdict);
}
