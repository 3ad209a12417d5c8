/* Fusion: which nests are written into their readers, which share a stage, which stages share a kernel.
 *
 *   inline   a reducer-free nest goes into its readers when it is cheap or read once, but never into the operands of a
 *            contraction, where it would be computed again and again
 *   stage    what follows a reduction over the same space runs on its registers; siblings over one space that read the
 *            same are computed together
 *   kernel   stages share a band exactly if every read between them is the identity on it
 *
 * The nodes are walked once, in their order, so that arguments are placed before users. A nest may still join an early
 * kernel: all that matters is that no kernel comes to wait for itself. */
#include "compiler/kernels/kernels.h"
#include "compiler/kernels/stage.h"

enum {
    COST_CHEAP = 2,  /* a body this cheap is computed again rather than stored */
    COST_DRAW = 60,  /* a random number */
    COST_LOOKUP = 4, /* an element at a computed position */
    COST_THEN = 12 /* dearer functions (exp, log, tanh) do not run on the registers of a tile, whose text is unrolled */
};

/* ---- names ---- */

/* A nest that the model does not name is called after the first named one that it goes into. */
static void name_nests(Fusion *fusion) {
    for (int n = fusion->graph->nodes.count - 1; n >= 0; n--) {
        const Node *node = fusion->graph->nodes.at[n];
        if (node->op != OP_nest) continue;
        Name name = node->label != NULL ? node->label : fusion->values[n].name;
        fusion->values[n].name = name;
        for (int a = 0; a < node->arg_count && name != NULL; a++) {
            Value *arg = &fusion->values[node->args[a]->id];
            if (node->args[a]->op == OP_nest) arg->name = name; /* the earlier reader overrides the later */
        }
    }
}

/* ---- what is inlined ---- */

static int expr_cost(const Expr *expr) {
    if (expr->kind == EXPR_DRAW) return COST_DRAW;
    if (expr->kind == EXPR_LOOKUP) return COST_LOOKUP;
    return expr->kind == EXPR_CALL ? scalar_table[expr->u.call.fn].cost : 0;
}

static void measure_cost(const Fusion *fusion, const Node *nest, Value *value) {
    const Body *body = &nest->u.nest.body;
    for (int e = 0; e < body->exprs.count; e++) {
        int cost = expr_cost(&body->exprs.at[e]);
        value->cost += cost;
        if (cost > value->dearest) value->dearest = cost;
    }
    for (int a = 0; a < nest->arg_count; a++) {
        const Value *arg = &fusion->values[nest->args[a]->id];
        if (!arg->inlined) continue;
        value->cost += arg->cost;
        if (arg->dearest > value->dearest) value->dearest = arg->dearest;
    }
}

static int64_t points(const Node *nest, bool with_reduced) {
    int64_t count = 1;
    for (int i = 0; i < nest->u.nest.index_count; i++) {
        const Index *index = &nest->u.nest.indices[i];
        if (index->kind == INDEX_FREE || (with_reduced && index->kind == INDEX_REDUCED)) {
            int64_t size = dim_high(index->size);
            count = count > INT64_MAX / (size > 0 ? size : 1) ? INT64_MAX : count * size;
        }
    }
    return count;
}

typedef struct Readers {
    int count;        /* nodes that read it */
    bool root;        /* one of them is a root */
    bool contraction; /* one of them is a contraction */
    int64_t points;   /* the most points that one of them visits */
} Readers;

static Readers *count_readers(Fusion *fusion) {
    Readers *readers = ARENA_ARRAY(fusion->arena, Readers, fusion->graph->nodes.count);
    for (int n = 0; n < fusion->graph->nodes.count; n++) {
        const Node *node = fusion->graph->nodes.at[n];
        for (int a = 0; a < node->arg_count; a++) {
            Readers *of = &readers[node->args[a]->id];
            of->count++;
            if (node->op != OP_nest || nest_looks_up(&node->u.nest, a)) {
                of->root = true;
                continue;
            }
            of->contraction |= nest_is_contraction(&node->u.nest);
            int64_t visited = points(node, true);
            if (visited > of->points) of->points = visited;
        }
    }
    return readers;
}

static bool worth_inlining(const Node *node, const Readers *readers, int cost) {
    if (node->op != OP_nest || node->u.nest.reduce != REDUCE_NONE || readers->root) return false;
    if (nest_count(&node->u.nest, INDEX_SOLVED) > 0) return false;
    if (readers->contraction) return cost == 0;
    bool repeated = readers->count > 1 || readers->points > points(node, false);
    return !repeated || cost <= COST_CHEAP;
}

static void choose_inlined(Fusion *fusion) {
    const Readers *readers = count_readers(fusion);
    for (int n = 0; n < fusion->graph->nodes.count; n++) {
        const Node *node = fusion->graph->nodes.at[n];
        if (node->op != OP_nest) continue;
        Value *value = &fusion->values[n];
        measure_cost(fusion, node, value);
        value->inlined = worth_inlining(node, &readers[n], value->cost);
    }
}

/* ---- stages ---- */

static Stage *producer_of(const Fusion *fusion, const Access *access) {
    return stage_of(fusion, access->node);
}

static void begin_walk(const Fusion *fusion) {
    Visits *visits = fusion->visits;
    visits->walk++;
    if (visits->capacity >= fusion->sequence->kernels.count) return;
    visits->capacity = 2 * fusion->sequence->kernels.count;
    visits->seen = ARENA_ARRAY(fusion->arena, int, visits->capacity);
}

static bool depends_through(const Fusion *fusion, const Kernel *a, const Kernel *b);

static bool stage_depends(const Fusion *fusion, const Stage *stage, const Kernel *a, const Kernel *b) {
    for (int r = 0; r < stage->reads.count; r++) {
        const Kernel *maker = maker_around(stage->reads.at[r].buffer, a->sequence);
        if (maker != NULL && maker != a && depends_through(fusion, maker, b)) return true;
    }
    return false;
}

/* A loop overwrites the first contents of its carries, even where it does not read them. */
static bool carries_depend(const Fusion *fusion, const Kernel *a, const Kernel *b) {
    for (int u = 0; u < a->loop->body.updates.count; u++) {
        const Kernel *maker = maker_around(a->loop->body.updates.at[u].carry, a->sequence);
        if (maker != NULL && depends_through(fusion, maker, b)) return true;
    }
    return false;
}

/* Whether kernel a uses what b computes, directly or through others that this walk has not seen. */
static bool depends_through(const Fusion *fusion, const Kernel *a, const Kernel *b) {
    if (a == b) return true;
    if (fusion->visits->seen[a->position] == fusion->visits->walk) return false;
    fusion->visits->seen[a->position] = fusion->visits->walk;
    for (int s = 0; s < a->stages.count; s++)
        if (stage_depends(fusion, a->stages.at[s], a, b)) return true;
    if (a->loop == NULL) return false;
    if (carries_depend(fusion, a, b)) return true;
    Stages stages = {0};
    kernel_stages(fusion->arena, a, &stages);
    for (int s = 0; s < stages.count; s++)
        if (stage_depends(fusion, stages.at[s], a, b)) return true;
    return false;
}

static bool depends_on(const Fusion *fusion, const Kernel *a, const Kernel *b) {
    begin_walk(fusion);
    return depends_through(fusion, a, b);
}

/* Whether what is read can be there before the kernel runs, or is computed by it: no kernel may wait for itself. */
static bool ready_for(const Fusion *fusion, const Kernel *kernel, const Accesses *accesses) {
    for (int i = 0; i < accesses->count; i++) {
        const Kernel *maker = maker_of(fusion, accesses->at[i].node);
        if (maker == NULL || maker == kernel) continue;
        if (depends_on(fusion, maker, kernel)) return false;
    }
    return true;
}

static int position_in_kernel(const Stage *stage) {
    int s = 0;
    while (stage->kernel->stages.at[s] != stage)
        s++;
    return s;
}

static bool band_is_index_0(Affine position) {
    int index;
    return affine_is_index(position, &index) && index == 0;
}

/* What the kernel computes itself is there for the positions of the band at hand, and for no others. */
static bool stays_in_band(const Fusion *fusion, const Kernel *kernel, const Accesses *accesses) {
    for (int i = 0; kernel->banded && i < accesses->count; i++) {
        const Stage *producer = producer_of(fusion, &accesses->at[i]);
        if (producer == NULL || producer->kernel != kernel) continue;
        if (accesses->at[i].node->type.shape.rank == 0 || !band_is_index_0(accesses->at[i].axes[0])) return false;
    }
    return true;
}

/* The same for a stage: what its own kernel computes must come before it. */
static bool ready_for_stage(const Fusion *fusion, const Stage *stage, const Accesses *accesses) {
    for (int i = 0; i < accesses->count; i++) {
        const Stage *producer = producer_of(fusion, &accesses->at[i]);
        if (producer == NULL || producer->kernel != stage->kernel) continue;
        if (position_in_kernel(producer) > position_in_kernel(stage)) return false;
    }
    return stays_in_band(fusion, stage->kernel, accesses) && ready_for(fusion, stage->kernel, accesses);
}

static bool reads_stage(const Fusion *fusion, const Stage *stage, const Accesses *accesses) {
    for (int i = 0; i < accesses->count; i++)
        if (producer_of(fusion, &accesses->at[i]) == stage) return true;
    return false;
}

static bool same_space(const Stage *stage, const Node *nest, IndexKind kind) {
    const Index *indices = nest->u.nest.indices;
    int other = 0;
    for (int i = 0; i < stage->index_count; i++) {
        if (stage->indices[i].kind != kind) continue;
        while (other < nest->u.nest.index_count && indices[other].kind != kind)
            other++;
        if (other == nest->u.nest.index_count || other != i || !dim_equal(stage->indices[i].size, indices[other].size))
            return false;
        other++;
    }
    return nest_count(&nest->u.nest, kind) == (kind == INDEX_FREE ? stage->free_count : stage->reduced_count);
}

/* What the nest reads of this stage must be the very elements at hand. */
static bool reads_at_hand(const Fusion *fusion, const Stage *stage, const Accesses *accesses) {
    for (int i = 0; i < accesses->count; i++) {
        const Access *access = &accesses->at[i];
        if (fusion->values[access->node->id].stage != stage) continue;
        if (access->node->type.shape.rank != stage->free_count) return false;
        if (!axes_identity(access->axes, stage->free_count)) return false;
    }
    return true;
}

/* A map that follows what the stage computes, over the same space. */
static bool can_follow(const Fusion *fusion, const Stage *stage, const Node *nest, const Accesses *accesses) {
    if (nest->u.nest.reduce != REDUCE_NONE || nest_count(&nest->u.nest, INDEX_SOLVED) > 0) return false;
    if (stage->solved_count > 0 || !same_space(stage, nest, INDEX_FREE)) return false;
    bool unrolled = stage->totals.count > 0 && stage->free_count > 0;
    if (unrolled && fusion->values[nest->id].dearest > COST_THEN) return false;
    return reads_at_hand(fusion, stage, accesses);
}

static bool shares_a_read(const Fusion *fusion, const Stage *stage, const Accesses *accesses) {
    for (int i = 0; i < accesses->count; i++)
        for (int r = 0; r < stage->reads.count; r++)
            if (fusion->values[accesses->at[i].node->id].buffer == stage->reads.at[r].buffer) return true;
    return false;
}

/* A reduction beside the stage's own: over the same indices, of the same data, needing none of its results. */
static bool can_stand_beside(const Fusion *fusion, const Stage *stage, const Node *nest, const Accesses *accesses) {
    if (nest->u.nest.reduce == REDUCE_NONE || stage->totals.count == 0) return false;
    if (nest_is_contraction(&nest->u.nest) || stage->solved_count > 0) return false;
    if (nest_count(&nest->u.nest, INDEX_SOLVED) > 0) return false;
    if (!same_space(stage, nest, INDEX_FREE) || !same_space(stage, nest, INDEX_REDUCED)) return false;
    return !reads_stage(fusion, stage, accesses) && shares_a_read(fusion, stage, accesses);
}

static bool can_take(const Fusion *fusion, const Stage *stage, const Node *nest, const Accesses *accesses) {
    bool numbers = stage->free_count == 0 && stage->totals.count == 0; /* all single numbers are computed together */
    bool follows = (numbers || reads_stage(fusion, stage, accesses)) && can_follow(fusion, stage, nest, accesses);
    if (!follows && !can_stand_beside(fusion, stage, nest, accesses)) return false;
    return ready_for_stage(fusion, stage, accesses);
}

static Stage *stage_for(const Fusion *fusion, const Node *nest, const Accesses *accesses) {
    const Sequence *sequence = fusion->sequence;
    for (int k = sequence->kernels.count - 1; k >= 0; k--) {
        const Kernel *kernel = sequence->kernels.at[k];
        for (int s = kernel->stages.count - 1; s >= 0; s--)
            if (can_take(fusion, kernel->stages.at[s], nest, accesses)) return kernel->stages.at[s];
    }
    return NULL;
}

/* ---- kernels ---- */

static bool joins_band(const Fusion *fusion, const Kernel *kernel, const Node *nest, const Accesses *accesses) {
    if (!kernel->banded || nest_count(&nest->u.nest, INDEX_FREE) == 0) return false;
    if (!dim_equal(kernel->band, nest->u.nest.indices[0].size)) return false;
    return stays_in_band(fusion, kernel, accesses);
}

static bool reads_kernel(const Fusion *fusion, const Kernel *kernel, const Accesses *accesses) {
    for (int s = 0; s < kernel->stages.count; s++)
        if (reads_stage(fusion, kernel->stages.at[s], accesses)) return true;
    return false;
}

/* The latest kernel over the same batch, or over another band of which it reads something. */
static Kernel *kernel_for(const Fusion *fusion, const Node *nest, const Accesses *accesses) {
    const Sequence *sequence = fusion->sequence;
    for (int k = sequence->kernels.count - 1; k >= 0; k--) {
        Kernel *kernel = sequence->kernels.at[k];
        bool related = !dim_is_constant(kernel->band) || reads_kernel(fusion, kernel, accesses);
        if (related && joins_band(fusion, kernel, nest, accesses) && ready_for(fusion, kernel, accesses)) return kernel;
    }
    return NULL;
}

static void place_nest(Fusion *fusion, const Node *nest) {
    Accesses accesses = {0};
    nest_accesses(fusion, nest, &accesses);
    Stage *stage = stage_for(fusion, nest, &accesses);
    if (stage == NULL) {
        stage = stage_new(fusion, nest);
        Kernel *kernel = kernel_for(fusion, nest, &accesses);
        if (kernel != NULL)
            kernel_add(fusion->arena, kernel, stage);
        else
            kernel_new(fusion->arena, fusion->sequence, stage);
    }
    stage_take(fusion, stage, nest);
}

/* ---- roots ---- */

static Kernel *copying_kernel(Fusion *fusion, Buffer *from, Buffer *to) {
    return kernel_new(fusion->arena, fusion->sequence, stage_copying(fusion->routine, from, to));
}

/* A result is computed where the caller wants it; what is no computed value, or has such a place already, is copied. */
static void place_result(Fusion *fusion, const Node *root) {
    const Node *node = root->args[0];
    Argument *output = root->u.input;
    Buffer *buffer = node->op == OP_nest ? buffer_of(fusion, node) : NULL;
    bool copy = buffer == NULL || buffer->place != BUFFER_ARENA || buffer->view_of != NULL;
    if (copy) buffer = buffer_new(fusion->routine, NULL, BUFFER_BORDER, output->type.elem, output->type.shape);
    buffer->place = BUFFER_BORDER;
    buffer->argument = output;
    buffer->strides = dense_strides(fusion->arena, output->type.shape, false);
    if (copy) copying_kernel(fusion, buffer_of(fusion, node), buffer);
}

static bool is_claimed(const Fusion *fusion, const Buffer *buffer) {
    if (buffer->place != BUFFER_ARENA || buffer->view_of != NULL) return true;
    for (int u = 0; u < fusion->sequence->updates.count; u++)
        if (fusion->sequence->updates.at[u].value == buffer) return true;
    return false;
}

/* What no kernel computes is read by one of its own, so that the schedule knows: with `a, b <- b, a` neither store may
 * be overwritten before the other has its content. */
Buffer *new_content(Fusion *fusion, const Node *node) {
    Buffer *value = buffer_of(fusion, node);
    if (node->op == OP_nest) return is_claimed(fusion, value) ? buffer_beside(fusion, node) : value;
    Buffer *copy = buffer_new(fusion->routine, fusion->sequence, BUFFER_ARENA, node->type.elem, node->type.shape);
    copying_kernel(fusion, value, copy);
    return copy;
}

static void place_root(Fusion *fusion, const Node *root) {
    Routine *routine = fusion->routine;
    Buffer *value = root->op == OP_update ? new_content(fusion, root->args[0]) : buffer_of(fusion, root->args[0]);
    if (root->op == OP_loss) vec_push(fusion->arena, &routine->losses, value);
    if (root->op == OP_update)
        vec_push(fusion->arena, &fusion->sequence->updates,
                 ((Update){root->u.store, NULL, value, routine->losses.count}));
}

/* ---- locals ---- */

static bool read_in_one_kernel(const Routine *routine, const Sequence *sequence, const Buffer *buffer,
                               const Kernel *kernel) {
    for (int k = 0; k < sequence->kernels.count; k++)
        if (sequence->kernels.at[k] != kernel && kernel_reads(sequence->kernels.at[k], buffer)) return false;
    for (int u = 0; u < sequence->updates.count; u++)
        if (sequence->updates.at[u].value == buffer) return false;
    for (int l = 0; l < routine->losses.count; l++)
        if (buffer_root(routine->losses.at[l]) == buffer) return false;
    return true;
}

/* What only one kernel's own stages read needs room for one block of the band. */
static void choose_locals(const Routine *routine, const Sequence *sequence) {
    for (int k = 0; k < sequence->kernels.count; k++) {
        const Kernel *kernel = sequence->kernels.at[k];
        for (int s = 0; kernel->banded && s < kernel->stages.count; s++) {
            const Stage *stage = kernel->stages.at[s];
            for (int r = 0; r < stage->results.count; r++) {
                Buffer *buffer = stage->results.at[r].buffer;
                bool own = buffer->place == BUFFER_ARENA && buffer->view_of == NULL && !buffer->is_carry;
                if (own && read_in_one_kernel(routine, sequence, buffer, kernel)) buffer->place = BUFFER_LOCAL;
            }
        }
        if (kernel->loop != NULL) choose_locals(routine, &kernel->loop->body);
    }
}

static void prune_stages(Arena *arena, const Sequence *sequence) {
    for (int k = 0; k < sequence->kernels.count; k++) {
        const Kernel *kernel = sequence->kernels.at[k];
        for (int s = 0; s < kernel->stages.count; s++)
            stage_prune(arena, kernel->stages.at[s]);
        if (kernel->loop != NULL) prune_stages(arena, &kernel->loop->body);
    }
}

/* Choosing kernels for them takes time in the square of their number. */
static void limit_nests(const Fusion *fusion) {
    int count = 0;
    for (int n = 0; n < fusion->graph->nodes.count; n++)
        count += fusion->graph->nodes.at[n]->op == OP_nest && !fusion->values[n].inlined;
    if (count > NEST_LIMIT)
        limit_exceeded(fusion->arena->memory,
                       "an entry of more than 1500 loop nests: what a `for` writes out again and "
                       "again may be a `repeat` or `scan`");
}

void fuse_nests(Fusion *fusion) {
    const Graph *graph = fusion->graph;
    fusion->values = ARENA_ARRAY(fusion->arena, Value, graph->nodes.count);
    fusion->visits = ARENA_NEW(fusion->arena, Visits);
    name_nests(fusion);
    choose_inlined(fusion);
    limit_nests(fusion);
    for (int n = 0; n < graph->nodes.count; n++) {
        const Node *node = graph->nodes.at[n];
        if (node->op == OP_nest && !fusion->values[n].inlined) place_nest(fusion, node);
        if (node->op == OP_scan) place_loop(fusion, node);
    }
}

Routine *fuse_graph(Arena *arena, const Graph *graph, const Entry *entry) {
    Routine *routine = ARENA_NEW(arena, Routine);
    routine->arena = arena;
    routine->entry = entry;
    routine->graph = graph;
    Fusion fusion = {.arena = arena, .graph = graph, .routine = routine, .sequence = &routine->top};
    fuse_nests(&fusion);
    for (int r = 0; r < graph->roots.count; r++)
        if (graph->roots.at[r]->op == OP_result) place_result(&fusion, graph->roots.at[r]);
    for (int r = 0; r < graph->roots.count; r++)
        if (graph->roots.at[r]->op != OP_result) place_root(&fusion, graph->roots.at[r]);
    prune_stages(arena, &routine->top);
    choose_locals(routine, &routine->top);
    settle_views(routine);
    return routine;
}
