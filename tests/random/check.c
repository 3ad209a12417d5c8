#include "tests/random/check.h"
#include "compiler/kernels/target.h"
#include "tests/random/program.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *const fault_names[] = {"none",  "rejected", "text",    "pass", "gradient",
                                   "build", "value",    "threads", "crash"};

void verdict_set(Verdict *verdict, Fault fault, const char *format, ...) {
    if (verdict->fault) return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(verdict->message, sizeof verdict->message, format, arguments);
    va_end(arguments);
    verdict->fault = fault;
}

static void check_text(Arena *arena, const char *text, Verdict *verdict) {
    const char *why;
    const Program *program = program_parse(arena, text, &why);
    if (!program)
        verdict_set(verdict, FAULT_TEXT, "%s", why);
    else if (strcmp(program_text(arena, program), text) != 0)
        verdict_set(verdict, FAULT_TEXT, "printed again, it is another text");
}

typedef void Part(Arena *arena, const char *text, Report *report, Verdict *verdict);

static void text_part(Arena *arena, const char *text, Report *report, Verdict *verdict) {
    (void)report;
    check_text(arena, text, verdict);
}

static void pass_part(Arena *arena, const char *text, Report *report, Verdict *verdict) {
    (void)report;
    check_passes(arena, text, verdict);
}

/* One part on all programs; memory is given back behind each. */
static void on_all(Arena *arena, const char *const *texts, int count, const char *stage, Part *part, Report *report) {
    snprintf(report->stage, sizeof report->stage, "%s", stage);
    for (int t = 0; t < count; t++) {
        Arena own;
        report->graph = t;
        if (report->verdicts[t].fault) continue;
        arena_open(&own, arena->memory);
        part(&own, texts[t], report, &report->verdicts[t]);
        arena_close(&own);
    }
}

static bool has_target(int target) {
    const Target *best = target_find("native"), *wanted = target_find(target_names()[target]);
    return wanted->lanes <= best->lanes && strcmp(target_names()[target], "native") != 0 &&
           strcmp(target_names()[target], "neon") != 0;
}

void check_programs(Arena *arena, const char *const *texts, int count, const Checks *checks, Report *report) {
    on_all(arena, texts, count, "reading its text", text_part, report);
    on_all(arena, texts, count, "the passes", pass_part, report);
    if (!checks->only_passes) on_all(arena, texts, count, "differences", check_gradients, report);
    for (int t = 0; target_names()[t] && checks->emits; t++) {
        Arena own;
        if (!(checks->targets & 1U << t) || !has_target(t)) continue;
        arena_open(&own, arena->memory);
        report->target = t;
        check_emitted(&own, texts, count, t, !checks->only_emission, report);
        arena_close(&own);
    }
}
