/* What --profile adds to NAME.c: which kernels there are and what they do, and how much the processor can. */
#include "compiler/emit/parts.h"
#include "compiler/kernels/work.h"

/* ---- the stages of a routine, in the order of the text */

typedef struct StageVisit {
    const Routine *routine;
    int step, stage;
} StageVisit;

/* The kernel of the next stage, whose place in it is visit->stage; NULL behind the last. */
static const Kernel *next_stage(StageVisit *visit) {
    for (; visit->step < visit->routine->row.count; visit->step++, visit->stage = -1) {
        const Kernel *kernel = visit->routine->row.at[visit->step]->kernel;
        if (kernel != NULL && ++visit->stage < kernel->stages.count) return kernel;
    }
    return NULL;
}

int stage_count(const Routine *routine) {
    StageVisit visit = {routine, 0, -1};
    int count = 0;
    while (next_stage(&visit) != NULL)
        count++;
    return count;
}

int stage_number(const Routine *routine, const Stage *stage) {
    StageVisit visit = {routine, 0, -1};
    int number = 0;
    for (const Kernel *kernel; (kernel = next_stage(&visit)) != NULL; number++)
        if (kernel->stages.at[visit.stage] == stage) return number;
    internal_error("stage %s is not in the routine", stage->name);
}

/* ---- the table */

/* "c, r": c + r * rows is the number at both ends of the rows' range. */
static void add_amount(Items *items, double at_low, double at_high, const Size *rows) {
    double per_row = 0;
    if (rows != NULL && rows->high > rows->low) per_row = (at_high - at_low) / (double)(rows->high - rows->low);
    items_add(items, "%.17g, %.17g", rows == NULL ? at_high : at_high - per_row * (double)rows->high, per_row);
}

static void write_stage(Writer *writer, const Emitter *emitter, const Entry *entry, const Kernel *kernel, int stage) {
    Arena *arena = emitter->arena;
    bool is_double = emitter->options->target->is_double;
    const Size *rows = entry->sizes.count > 0 ? entry->sizes.at[0] : NULL;
    const Work high = stage_work(arena, kernel, stage, is_double, rows, rows != NULL ? rows->high : 0);
    const Work low = stage_work(arena, kernel, stage, is_double, rows, rows != NULL ? rows->low : 0);
    SourceLines lines = stage_lines(arena, emitter->program, kernel->stages.at[stage]);
    const char *source = "";
    if (lines.count > 0)
        source = arena_print(arena, "%s:%d: %s", emitter->options->source_name, span_line(lines.at[0]),
                             source_line(arena, lines.at[0]));
    Items items = {.arena = arena};
    items_add(&items, "%s", string_literal(arena, kernel->stages.at[stage]->name));
    items_add(&items, "%s", string_literal(arena, source));
    add_amount(&items, low.flops, high.flops, rows);
    add_amount(&items, low.read + low.written, high.read + high.written, rows);
    write_filled(writer, "{", &items, "},");
}

/* Returns how many there are. */
static int write_stages(Writer *writer, const Emitter *emitter, Items *first) {
    const Program *program = emitter->program;
    int count = 0;
    for (int e = 0; e < program->entries.count; e++) {
        StageVisit visit = {entry_routine(emitter, program->entries.at[e]), 0, -1};
        items_add(first, "%d", count);
        for (const Kernel *kernel; (kernel = next_stage(&visit)) != NULL; count++) {
            if (count == 0) write_line(writer, "static const gr_stage model_stages[] = {");
            write_stage(writer, emitter, program->entries.at[e], kernel, visit.stage);
        }
    }
    items_add(first, "%d", count);
    if (count > 0) write_line(writer, "};");
    return count;
}

/* ---- probes */

static const char probes[] =
    "\n"
    "static double model_compute(int64_t passes, int threads) {\n"
    "    double sum = 0;\n"
    "#ifdef _OPENMP\n"
    "#pragma omp parallel num_threads(threads) reduction(+ : sum)\n"
    "#endif\n"
    "    sum += gr_probe_compute(passes, (gr_real)0.5);\n"
    "    (void)threads;\n"
    "    return sum;\n"
    "}\n"
    "\n"
    "static double model_read(const void *memory, size_t bytes, int threads) {\n"
    "    const int blocks = (int)(bytes / sizeof(gr_real) / GR_PROBE_BLOCK);\n"
    "    double sum = 0;\n"
    "#ifdef _OPENMP\n"
    "#pragma omp parallel num_threads(threads) reduction(+ : sum)\n"
    "    {\n"
    "        int first, last;\n"
    "        gr_share(blocks, 1, omp_get_thread_num(), omp_get_num_threads(), &first, &last);\n"
    "        sum += gr_probe_read(memory, first, last);\n"
    "    }\n"
    "#else\n"
    "    (void)threads;\n"
    "    sum = gr_probe_read(memory, 0, blocks);\n"
    "#endif\n"
    "    return sum;\n"
    "}\n"
    "\n";

void emit_profile(Writer *writer, const Emitter *emitter) {
    Items first = {.arena = emitter->arena};
    int count = write_stages(writer, emitter, &first);
    write_filled(writer, "static const int model_first[] = {", &first, "};");
    write_raw(writer, probes, sizeof probes - 1);
    write_line(writer, "static const gr_profile profile_table = {");
    write_line(writer, ".first = model_first,");
    if (count > 0) write_line(writer, ".stages = model_stages,");
    write_line(writer, ".pass_flops = GR_PROBE_FLOPS,");
    write_line(writer, ".compute = model_compute,");
    write_line(writer, ".read = model_read,");
    write_line(writer, "};");
    write_text(writer, "\n");
}
