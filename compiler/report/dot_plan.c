#include "compiler/kernels/kernels.h"
#include "compiler/report/dot.h"

/* One routine while it is drawn. */
typedef struct Drawing {
    Writer *writer;
    Arena *arena;
    int entry;
    bool *drawn; /* by Buffer.position: its node stands already */
} Drawing;

/* ---- buffers ---- */

static const char *buffer_node(const Drawing *drawing, const Buffer *buffer, bool written) {
    buffer = buffer_root(buffer);
    bool stored = written && buffer->place == BUFFER_STORAGE;
    return arena_print(drawing->arena, "e%d_%s%d", drawing->entry, stored ? "new" : "b", buffer->position);
}

static const char *buffer_text(Arena *arena, const Buffer *buffer, bool written) {
    const char *name = buffer_label(arena, buffer), *shape = shape_text(arena, buffer->shape);
    if (buffer->place == BUFFER_STORAGE && written) return arena_print(arena, "%s <-", name);
    if (buffer->place == BUFFER_BORDER || buffer->place == BUFFER_STORAGE)
        return arena_print(arena, "%s\n%s%s", name, elem_name(buffer->elem), shape);
    return arena_print(arena, "%s\n%s%s\n%s %lld, %lld bytes", name, elem_name(buffer->elem), shape,
                       buffer->place == BUFFER_ARENA ? "scratch" : "thread's", (long long)buffer->offset,
                       (long long)buffer->bytes);
}

static void write_buffer(const Drawing *drawing, const Buffer *buffer, bool written) {
    buffer = buffer_root(buffer);
    static const char *const colours[] = {[BUFFER_BORDER] = "#d8e8f8",
                                          [BUFFER_STORAGE] = "#f8e8c8",
                                          [BUFFER_ARENA] = "#f0f0f0",
                                          [BUFFER_LOCAL] = "white"};
    bool stored = written && buffer->place == BUFFER_STORAGE;
    if (!stored && drawing->drawn[buffer->position]) return;
    if (!stored) drawing->drawn[buffer->position] = true;
    write_text(drawing->writer, "        %s [shape=oval, fillcolor=\"%s\", label=%s];\n",
               buffer_node(drawing, buffer, written), colours[buffer->place],
               dot_label(drawing->arena, buffer_text(drawing->arena, buffer, written)));
}

/* ---- stages ---- */

/* Views and copies are called after what they show. */
static const char *read_name(Arena *arena, const Buffer *buffer) {
    const Buffer *shown = buffer_root(buffer);
    while (shown->copy_of != NULL)
        shown = shown->copy_of;
    return shown->name ? shown->name : buffer_label(arena, shown);
}

static const char *list_of(Arena *arena, const Stage *stage, const char **indices, IndexKind kind) {
    const char *list = "";
    for (int i = 0; i < stage->index_count; i++)
        if (stage->indices[i].kind == kind)
            list = arena_print(arena, "%s%s%s < %s", list, *list ? ", " : "", indices[i],
                               dim_text(arena, stage->indices[i].size));
    return list;
}

/* Every total and every result in a line of its own. */
static const char *stage_text(Arena *arena, const Stage *stage) {
    Notation notation = {arena, &stage->body, index_notation(arena, stage->index_count, stage->indices),
                         ARENA_ARRAY(arena, NotedRead, stage->reads.count),
                         ARENA_ARRAY(arena, const char *, stage->totals.count)};
    for (int r = 0; r < stage->reads.count; r++)
        notation.reads[r] = (NotedRead){read_name(arena, stage->reads.at[r].buffer),
                                        stage->reads.at[r].buffer->shape.rank, stage->reads.at[r].axes};
    const char *space = list_of(arena, stage, notation.indices, INDEX_FREE);
    const char *text = *space ? arena_print(arena, "for %s", space) : "once";
    for (int t = 0; t < stage->totals.count; t++) {
        notation.totals[t] = arena_print(arena, "t%d", t);
        text = arena_print(arena, "%s\nt%d = %s[%s] %s", text, t, reduction_notation(stage->totals.at[t].reduce),
                           list_of(arena, stage, notation.indices, INDEX_REDUCED),
                           expr_notation(&notation, stage->totals.at[t].value));
    }
    for (int r = 0; r < stage->results.count; r++)
        text = arena_print(arena, "%s\n%s = %s", text, buffer_label(arena, stage->results.at[r].buffer),
                           expr_notation(&notation, stage->results.at[r].value));
    return text;
}

static void write_stage(const Drawing *drawing, const Stage *stage, const char *name) {
    write_text(drawing->writer, "        %s [label=%s];\n", name,
               dot_label(drawing->arena, stage_text(drawing->arena, stage)));
    for (int r = 0; r < stage->results.count; r++)
        if (stage->results.at[r].buffer->place == BUFFER_LOCAL)
            write_buffer(drawing, stage->results.at[r].buffer, true);
}

/* Arrows, and the buffers that belong to no kernel. */
static void connect_stage(const Drawing *drawing, const Stage *stage, const char *name) {
    for (int r = 0; r < stage->reads.count; r++) {
        bool before = false;
        for (int b = 0; b < r; b++)
            before |= stage->reads.at[b].buffer == stage->reads.at[r].buffer;
        if (before) continue;
        write_buffer(drawing, stage->reads.at[r].buffer, false);
        write_text(drawing->writer, "        %s -> %s;\n", buffer_node(drawing, stage->reads.at[r].buffer, false),
                   name);
    }
    for (int r = 0; r < stage->results.count; r++) {
        write_buffer(drawing, stage->results.at[r].buffer, true);
        write_text(drawing->writer, "        %s -> %s;\n", name,
                   buffer_node(drawing, stage->results.at[r].buffer, true));
    }
}

/* ---- steps ---- */

static const char *stage_node(const Drawing *drawing, int step, int stage) {
    return arena_print(drawing->arena, "e%d_s%d_%d", drawing->entry, step, stage);
}

static void write_kernel(const Drawing *drawing, const Kernel *kernel, int step) {
    Arena *arena = drawing->arena;
    const char *label =
        arena_print(arena, "step %d: %s", step, kernel->banded ? kernel->name : kernel->stages.at[0]->name);
    if (kernel->banded)
        label = arena_print(arena, "%s\nover %s by %d", label, dim_text(arena, kernel->band), kernel->block);
    write_text(drawing->writer,
               "        subgraph cluster_%d_%d {\n        label=%s; style=filled; color=\"#e8eef4\";\n", drawing->entry,
               step, dot_label(arena, label));
    for (int s = 0; s < kernel->stages.count; s++)
        write_stage(drawing, kernel->stages.at[s], stage_node(drawing, step, s));
    write_text(drawing->writer, "        }\n");
    for (int s = 0; s < kernel->stages.count; s++)
        connect_stage(drawing, kernel->stages.at[s], stage_node(drawing, step, s));
}

static void write_guard(const Drawing *drawing, const Buffer *loss, int step) {
    const char *name = stage_node(drawing, step, 0);
    write_buffer(drawing, loss, false);
    write_text(drawing->writer, "        %s [shape=diamond, fillcolor=\"#f8d0d0\", label=%s];\n        %s -> %s;\n",
               name, dot_label(drawing->arena, arena_print(drawing->arena, "step %d: finite?", step)),
               buffer_node(drawing, loss, false), name);
}

/* The steps of an entry or of a loop's round, which is a cluster of its own; `next` counts them as the plan does. */
static void write_sequence(const Drawing *drawing, const Sequence *sequence, int *next) {
    for (int s = 0; s < sequence->steps.count; s++) {
        const Step *step = &sequence->steps.at[s];
        if (step->kernel == NULL) {
            write_guard(drawing, step->loss, (*next)++);
        } else if (step->kernel->loop == NULL) {
            write_kernel(drawing, step->kernel, *next);
            (*next)++;
        } else {
            const Loop *loop = step->kernel->loop;
            const char *label = arena_print(drawing->arena, "%s rounds%s", dim_text(drawing->arena, loop->length),
                                            loop->reversed ? ", the last first" : "");
            write_text(drawing->writer, "        subgraph cluster_%d_loop%d {\n        label=%s; color=\"#808080\";\n",
                       drawing->entry, *next, dot_label(drawing->arena, label));
            write_sequence(drawing, &loop->body, next);
            write_text(drawing->writer, "        }\n");
        }
    }
}

static void write_routine(Writer *writer, const Routine *routine, int entry) {
    Drawing drawing = {writer, writer->arena, entry, ARENA_ARRAY(writer->arena, bool, routine->buffers.count)};
    int next = 0;
    write_sequence(&drawing, &routine->top, &next);
}

void write_plan_dot(Writer *writer, const Program *program, Routine *const *routines, const char *title) {
    Arena *arena = writer->arena;
    write_text(writer,
               "digraph %s {\n    graph [fontname=\"monospace\", fontsize=11];\n    node [shape=box, style=filled, "
               "fillcolor=white, fontname=\"monospace\", "
               "fontsize=10];\n",
               dot_label(arena, title));
    for (int e = 0; e < program->entries.count; e++) {
        write_text(writer, "    subgraph cluster_%d {\n        label=%s;\n", e,
                   dot_label(arena, arena_print(arena, "entry %s, %s", program->entries.at[e]->name, title)));
        write_routine(writer, routines[e], e);
        write_text(writer, "    }\n");
    }
    write_text(writer, "}\n");
}
