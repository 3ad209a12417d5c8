/* The way from a graph to a routine, on one page; and how a routine is printed. */
#include "compiler/kernels/kernels.h"

bool stage_is_contraction(const Stage *stage) {
    if (stage->totals.count != 1 || stage->totals.at[0].reduce != REDUCE_SUM) return false;
    const Expr *value = &stage->body.exprs.at[stage->totals.at[0].value];
    return value->kind == EXPR_CALL && value->u.call.fn == SCALAR_mul;
}

static double stage_flops(const Stage *stage) {
    double points = 2;
    for (int i = 0; i < stage->free_count + stage->reduced_count; i++)
        points *= (double)dim_high(stage->indices[i].size);
    return stage_is_contraction(stage) ? points : 0;
}

/* Multiplications and additions of the contractions, at the largest sizes: all else is small beside them. */
static double count_flops(const Sequence *sequence) {
    double flops = 0;
    for (int k = 0; k < sequence->kernels.count; k++) {
        const Kernel *kernel = sequence->kernels.at[k];
        for (int s = 0; s < kernel->stages.count; s++)
            flops += stage_flops(kernel->stages.at[s]);
        if (kernel->loop != NULL) flops += count_flops(&kernel->loop->body) * (double)dim_high(kernel->loop->length);
    }
    return flops;
}

Routine *make_routine(Arena *arena, const Graph *graph, const Entry *entry, const Target *target) {
    Routine *routine = fuse_graph(arena, graph, entry);
    choose_layout(routine, target);
    schedule_steps(routine);
    plan_memory(routine, target->is_double);
    place_barriers(routine);
    routine->flops = count_flops(&routine->top);
    return routine;
}

/* ---- printing ---- */

const char *buffer_label(Arena *arena, const Buffer *buffer) {
    if (buffer->at != NULL) return arena_print(arena, "a position of %s", buffer_label(arena, buffer->view_of));
    if (buffer->copy_of != NULL) return arena_print(arena, "copy of %s", buffer_label(arena, buffer->copy_of));
    if (buffer->argument != NULL) return buffer->argument->name;
    if (buffer->store != NULL) return buffer->store->path;
    if (buffer->name != NULL && buffer->node != NULL)
        return arena_print(arena, "%s (%%%d)", buffer->name, buffer->node->id);
    return arena_print(arena, "%%%d", buffer->node != NULL ? buffer->node->id : buffer->position);
}

static const char *place_text(Arena *arena, const Buffer *buffer) {
    if (buffer->view_of != NULL) buffer = buffer_root(buffer);
    switch (buffer->place) {
    case BUFFER_BORDER: return "border";
    case BUFFER_STORAGE: return "storage";
    case BUFFER_ARENA:
        return arena_print(arena, "arena %lld..%lld, steps %d..%d", (long long)buffer->offset,
                           (long long)(buffer->offset + buffer->bytes), buffer->first, buffer->last);
    case BUFFER_LOCAL:
        return arena_print(arena, "local %lld..%lld", (long long)buffer->offset,
                           (long long)(buffer->offset + buffer->bytes));
    }
    return "";
}

static void print_stage(Writer *out, const Stage *stage) {
    Arena *arena = out->arena;
    const char *line = "stage";
    for (int i = 0; i < stage->index_count; i++) {
        const char *kind = (const char *[]){"", "reduced ", "solved "}[stage->indices[i].kind];
        const char *role = i == stage->tile.lane ? " lane" : i == stage->tile.row ? " row" : "";
        line = arena_print(arena, "%s %s%s < %s%s%s", line, kind, stage->indices[i].name,
                           dim_text(arena, stage->indices[i].size), role, i + 1 < stage->index_count ? "," : "");
    }
    write_line(out, "%s; tile %d x %d", line, stage->tile.rows, stage->tile.vectors);
    writer_indent(out, 1);
    for (int r = 0; r < stage->reads.count; r++)
        write_line(out, "reads %s", buffer_label(arena, stage->reads.at[r].buffer));
    for (int r = 0; r < stage->results.count; r++) {
        const Buffer *buffer = stage->results.at[r].buffer;
        write_line(out, "writes %s %s, %s", buffer_label(arena, buffer), shape_text(arena, buffer->shape),
                   place_text(arena, buffer));
    }
    writer_indent(out, -1);
}

static void print_sequence(Writer *out, const Sequence *sequence);

static void print_loop(Writer *out, const Loop *loop) {
    write_line(out, "%d..%d: loop %s%s", loop->first, loop->last, dim_text(out->arena, loop->length),
               loop->reversed ? " reversed" : "");
    writer_indent(out, 1);
    print_sequence(out, &loop->body);
    writer_indent(out, -1);
}

static void print_kernel(Writer *out, const Kernel *kernel) {
    const char *band = "";
    if (kernel->banded)
        band = arena_print(out->arena, " band %s by %d", dim_text(out->arena, kernel->band), kernel->block);
    write_line(out, "%d: kernel%s", kernel->position, band);
    writer_indent(out, 1);
    for (int t = 0; t < kernel->stages.count; t++)
        print_stage(out, kernel->stages.at[t]);
    writer_indent(out, -1);
}

static void print_sequence(Writer *out, const Sequence *sequence) {
    for (int s = 0; s < sequence->steps.count; s++) {
        const Step *step = &sequence->steps.at[s];
        if (step->kernel == NULL)
            write_line(out, "guard %s", buffer_label(out->arena, step->loss));
        else if (step->kernel->loop != NULL)
            print_loop(out, step->kernel->loop);
        else
            print_kernel(out, step->kernel);
    }
}

void print_routine(Writer *out, const Routine *routine) {
    print_sequence(out, &routine->top);
    write_line(out, "scratch %lld bytes, and %lld for each thread; at least %lld are alive at once",
               (long long)routine->arena_bytes, (long long)routine->local_bytes, (long long)routine->live_bytes);
}
