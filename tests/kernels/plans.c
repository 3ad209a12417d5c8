/* What must hold of the routines of every model, for every target: nothing is read before it is written, nothing that
 * is alive is overwritten, and nothing is stored in the model before a loss that guards it. */
#define _POSIX_C_SOURCE 200809L
#include "compiler/compile.h"
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

typedef struct ModelFile {
    char path[200];
} ModelFile;

/* What other files import may have none. */
static bool has_entries(const char *path) {
    char line[300];
    bool found = false;
    FILE *in = fopen(path, "r");
    cr_assert_not_null(in);
    while (!found && fgets(line, sizeof line, in) != NULL)
        found = strncmp(line, "entry ", 6) == 0;
    fclose(in);
    return found;
}

static struct criterion_test_params corpus(void) {
    static ModelFile files[200];
    glob_t found;
    cr_assert_eq(glob(GRADC_TESTS "/models/*.grad", 0, NULL, &found), 0);
    glob(GRADC_ROOT "/examples/*/*.grad", GLOB_APPEND, NULL, &found);
    size_t count = 0;
    for (size_t i = 0; i < found.gl_pathc && count < 200; i++)
        if (has_entries(found.gl_pathv[i]))
            snprintf(files[count++].path, sizeof files[0].path, "%s", found.gl_pathv[i]);
    globfree(&found);
    return cr_make_param_array(ModelFile, files, count, NULL);
}

/* Where stages stand in the order of execution. */
typedef struct Moment {
    int step, stage;
} Moment;

static bool before(Moment a, Moment b) {
    return a.step < b.step || (a.step == b.step && a.stage < b.stage);
}

static bool writes(const Stage *stage, const Buffer *buffer) {
    for (int r = 0; r < stage->results.count; r++)
        if (buffer_root(stage->results.at[r].buffer) == buffer_root(buffer)) return true;
    return false;
}

static bool reads(const Stage *stage, const Buffer *buffer) {
    for (int r = 0; r < stage->reads.count; r++)
        if (stage->reads.at[r].buffer == buffer) return true;
    return false;
}

/* The stage reads the buffer, and only the element that it writes. */
static bool reads_at_hand(const Stage *stage, const Buffer *buffer) {
    for (int r = 0; r < stage->reads.count; r++) {
        const StageRead *read = &stage->reads.at[r];
        for (int a = 0; read->buffer == buffer && a < buffer->shape.rank; a++) {
            int index;
            if (!affine_is_index(read->axes[a], &index) || index != a) return false;
        }
    }
    return true;
}

/* Calls `visit` for every stage in the order of execution. */
#define FOR_STAGES(routine, moment, stage_)                                                                            \
    for (Moment moment = {0, 0}; moment.step < (routine)->row.count; moment.step++)                                    \
        for (moment.stage = 0; (routine)->row.at[moment.step]->kernel != NULL &&                                       \
                               moment.stage < (routine)->row.at[moment.step]->kernel->stages.count;                    \
             moment.stage++)                                                                                           \
            for (const Stage *stage_ = (routine)->row.at[moment.step]->kernel->stages.at[moment.stage];                \
                 stage_ != NULL; stage_ = NULL)

static bool find_writer(const Routine *routine, const Buffer *buffer, Moment *when) {
    FOR_STAGES(routine, moment, stage)
    if (writes(stage, buffer)) {
        *when = moment;
        return true;
    }
    return false;
}

static void check_order(const Routine *routine, const char *where) {
    FOR_STAGES(routine, now, stage)
    for (int r = 0; r < stage->reads.count; r++) {
        const Buffer *buffer = stage->reads.at[r].buffer;
        Moment written;
        bool found = find_writer(routine, buffer, &written);
        bool scratch = buffer->place == BUFFER_ARENA || buffer->place == BUFFER_LOCAL;
        cr_expect(!scratch || found, "%s: a value is read that nobody computes", where);
        cr_expect(!found || before(written, now), "%s: a value is read before it is written", where);
        cr_expect(buffer->place != BUFFER_LOCAL || written.step == now.step, "%s: a local leaves its kernel", where);
    }
}

static void check_overwriting(const Routine *routine, const char *where) {
    FOR_STAGES(routine, now, writer)
    for (int r = 0; r < writer->results.count; r++) {
        const Buffer *to = writer->results.at[r].buffer;
        if (to->place != BUFFER_STORAGE) continue;
        FOR_STAGES(routine, then, reader)
        for (int b = 0; b < reader->reads.count; b++) {
            const Buffer *old = reader->reads.at[b].buffer;
            Moment written;
            if (old->place != BUFFER_STORAGE || old->store != to->store || old == to) continue;
            if (find_writer(routine, old, &written) && !before(now, written)) continue; /* what came after */
            bool good = then.step < now.step || (reader == writer && reads_at_hand(reader, old));
            cr_expect(good, "%s: %s is overwritten before it is read", where, to->store->path);
        }
    }
}

static int guards_before(const Routine *routine, int step) {
    int count = 0;
    for (int s = 0; s < step; s++)
        count += routine->row.at[s]->loss != NULL;
    return count;
}

static void check_guards(const Routine *routine, const char *where) {
    for (int u = 0; u < routine->top.updates.count; u++) {
        const Update *update = &routine->top.updates.at[u];
        bool stored = false;
        FOR_STAGES(routine, now, stage)
        for (int r = 0; r < stage->results.count; r++) {
            const Buffer *to = stage->results.at[r].buffer;
            if (to->place != BUFFER_STORAGE || to->store != update->store) continue;
            stored = true;
            cr_expect(guards_before(routine, now.step) >= update->losses_before, "%s: %s is stored before its guards",
                      where, update->store->path);
        }
        cr_expect(stored, "%s: %s is never stored", where, update->store->path);
    }
    cr_expect_eq(guards_before(routine, routine->row.count), routine->losses.count, "%s: a loss is not guarded", where);
}

/* A buffer may begin where another ends its life if one stage reads this and writes that, element by element. */
static bool hands_over(const Routine *routine, const Buffer *old, const Buffer *new) {
    if (old->home != new->home || old->last != new->first || old->offset != new->offset || old->bytes != new->bytes)
        return false;
    const Kernel *kernel = routine->row.at[new->first]->kernel;
    for (int s = 0; s < kernel->stages.count; s++) {
        const Stage *stage = kernel->stages.at[s];
        if (!reads(stage, old)) continue;
        if (!writes(stage, new) || stage->totals.count > 0 || !reads_at_hand(stage, old)) return false;
    }
    for (int a = 0; a < old->shape.rank; a++)
        if (!dim_equal(old->strides[a], new->strides[a])) return false;
    return old->elem == new->elem;
}

static void check_places(const Routine *routine, const char *where) {
    for (int a = 0; a < routine->buffers.count; a++) {
        const Buffer *one = routine->buffers.at[a];
        if ((one->place != BUFFER_ARENA && one->place != BUFFER_LOCAL) || one->first < 0) continue;
        int64_t room = one->place == BUFFER_ARENA ? routine->arena_bytes : routine->local_bytes;
        cr_expect(one->offset >= 0 && one->offset % 64 == 0 && one->offset + one->bytes <= room,
                  "%s: a buffer leaves the scratch", where);
        for (int b = 0; b < a; b++) {
            const Buffer *other = routine->buffers.at[b];
            if (other->place != one->place || other->first < 0) continue;
            bool alive = one->first <= other->last && other->first <= one->last;
            bool overlap = one->offset < other->offset + other->bytes && other->offset < one->offset + one->bytes;
            cr_expect(!alive || !overlap || hands_over(routine, one, other) || hands_over(routine, other, one),
                      "%s: two buffers that are alive overlap", where);
        }
    }
    cr_expect(routine->live_bytes <= routine->arena_bytes, "%s: %lld bytes are no lower bound of %lld", where,
              (long long)routine->live_bytes, (long long)routine->arena_bytes);
}

static void check_model(const char *path, const char *target) {
    Memory memory = {0};
    Arena arena;
    cr_assert(setjmp(memory.on_exhausted) == 0);
    arena_open(&arena, &memory);
    CompileOptions options = {.path = path, .target = target_find(target)};
    Compilation compilation;
    compilation_open(&compilation, &arena, &options);
    cr_assert(compile_to_graph(&compilation) && compile_to_routines(&compilation), "%s", path);
    for (int e = 0; e < compilation.program->entries.count; e++) {
        const Routine *routine = compilation.emitter->routines[e];
        const char *where = arena_print(&arena, "%s, %s for %s", strrchr(path, '/') + 1,
                                        compilation.program->entries.at[e]->name, target);
        check_order(routine, where);
        check_overwriting(routine, where);
        check_guards(routine, where);
        check_places(routine, where);
    }
    memory_close_all(&memory);
}

ParameterizedTestParameters(plans, are_sound) {
    return corpus();
}

ParameterizedTest(ModelFile *file, plans, are_sound) {
    check_model(file->path, "generic");
    check_model(file->path, "x86-64-v3");
    check_model(file->path, "x86-64-v4");
}
