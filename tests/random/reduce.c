#include "tests/random/reduce.h"
#include "compiler/ops/build.h"
#include "compiler/ops/op.h"
#include "tests/random/program.h"

/* Counts edits down to the one that is wanted. */
typedef struct Cursor {
    Program *program;
    Graph *graph;
    int left;
    Edited result;
} Cursor;

/* Is it this one? */
static bool take(Cursor *cursor) {
    return cursor->result == EDIT_END && cursor->left-- == 0;
}

static void done(Cursor *cursor, bool changed) {
    cursor->result = changed ? EDIT_DONE : EDIT_USELESS;
}

/* ---- roots and nodes ---- */

static void edit_roots(Cursor *cursor) {
    for (int r = cursor->graph->roots.count - 1; r >= 0; r--)
        if (take(cursor)) {
            drop_root(cursor->program, r);
            done(cursor, true);
            return;
        }
}

static void redirect(Cursor *cursor, const Node *from, Node *to) {
    for (int i = from->id + 1; i < cursor->graph->nodes.count; i++) {
        Node *user = cursor->graph->nodes.at[i];
        for (int a = 0; a < user->arg_count; a++)
            if (user->args[a] == from) user->args[a] = to;
    }
}

/* The node becomes a fill with 1. */
static void to_constant(Cursor *cursor, Node *node) {
    Graph *scratch = graph_new(cursor->program->arena);
    const Node *fill = build_fill(scratch, node->type.elem, node->type.shape, 1, NULL);
    node->op = OP_nest;
    node->arg_count = 0;
    node->label = NULL;
    node->u.nest = fill->u.nest;
}

static bool is_fill(const Node *node) {
    return node->op == OP_nest && node->arg_count == 0 && node->u.nest.body.exprs.count == 1;
}

static void edit_nodes(Cursor *cursor);
static void edit_nests(Cursor *cursor);

/* Nodes of the body; and the loop the other way round. */
static void edit_region(Cursor *cursor, Node *node) {
    Graph *graph = cursor->graph;
    if (node->u.region->reversed && take(cursor)) {
        node->u.region->reversed = false;
        done(cursor, true);
    }
    cursor->graph = node->u.region->body;
    edit_nodes(cursor);
    edit_nests(cursor);
    cursor->graph = graph;
}

static void edit_nodes(Cursor *cursor) {
    for (int i = cursor->graph->nodes.count - 1; i >= 0; i--) {
        Node *node = cursor->graph->nodes.at[i];
        if (op_has_region(node->op) && cursor->result == EDIT_END) edit_region(cursor, node);
        if (cursor->result != EDIT_END) return;
        bool stays = op_table[node->op].root || node->op == OP_input || node->op == OP_scan || is_fill(node);
        if (stays) continue;
        if (take(cursor)) {
            node_to_input(cursor->program, node);
            done(cursor, true);
        }
        if (take(cursor)) {
            to_constant(cursor, node);
            done(cursor, true);
        }
        for (int a = 0; a < node->arg_count; a++)
            if (type_equal(node->type, node->args[a]->type) && take(cursor)) {
                redirect(cursor, node, node->args[a]);
                done(cursor, true);
            }
        if (node->label && node->op == OP_nest && take(cursor)) {
            node->label = NULL;
            done(cursor, true);
        }
    }
}

/* ---- dimensions ---- */

static Dim new_dim(Dim dim, int64_t from, int64_t to) {
    return dim_is_constant(dim) && dim.constant == from ? dim_constant(to) : dim;
}

static Shape new_shape(Arena *arena, Shape shape, int64_t from, int64_t to) {
    Dim dims[RANK_LIMIT];
    for (int a = 0; a < shape.rank; a++)
        dims[a] = new_dim(shape.dims[a], from, to);
    return shape_of(arena, shape.rank, dims);
}

static void change_region(Cursor *cursor, Region *region, int64_t from, int64_t to);

static void change_dims(Cursor *cursor, Graph *graph, int64_t from, int64_t to) {
    Arena *arena = cursor->program->arena;
    for (int i = 0; i < graph->nodes.count; i++) {
        Node *node = graph->nodes.at[i];
        node->type.shape = new_shape(arena, node->type.shape, from, to);
        if (op_has_region(node->op)) change_region(cursor, node->u.region, from, to);
        if (node->op == OP_gather || node->op == OP_scatter_add) {
            Addressing *points = &node->u.addressing;
            Index *sizes = arena_copy(arena, points->indices, (size_t)points->index_count * sizeof *sizes);
            for (int x = 0; x < points->index_count; x++)
                sizes[x].size = new_dim(sizes[x].size, from, to);
            points->indices = sizes;
        }
        if (node->op != OP_nest) continue;
        Nest *nest = &node->u.nest;
        Index *indices = arena_copy(arena, nest->indices, (size_t)nest->index_count * sizeof *indices);
        for (int x = 0; x < nest->index_count; x++)
            indices[x].size = new_dim(indices[x].size, from, to);
        nest->indices = indices;
    }
}

static void change_region(Cursor *cursor, Region *region, int64_t from, int64_t to) {
    region->length = new_dim(region->length, from, to);
    change_dims(cursor, region->body, from, to);
}

static void change_all_dims(Cursor *cursor, int64_t from, int64_t to) {
    Arena *arena = cursor->program->arena;
    Entry *entry = cursor->program->entries.at[0];
    change_dims(cursor, entry->graph, from, to);
    for (int i = 0; i < entry->inputs.count; i++)
        entry->inputs.at[i]->type.shape = new_shape(arena, entry->inputs.at[i]->type.shape, from, to);
    for (int o = 0; o < entry->outputs.count; o++)
        entry->outputs.at[o]->type.shape = new_shape(arena, entry->outputs.at[o]->type.shape, from, to);
    for (int s = 0; s < cursor->program->stores.count; s++) {
        Store *store = cursor->program->stores.at[s];
        store->type.shape = new_shape(arena, store->type.shape, from, to);
        if (store->init) change_dims(cursor, store->init, from, to);
    }
}

static bool has_dim(const Graph *graph, int64_t size) {
    for (int i = 0; i < graph->nodes.count; i++) {
        const Node *node = graph->nodes.at[i];
        for (int a = 0; a < node->type.shape.rank; a++)
            if (dim_equal(node->type.shape.dims[a], dim_constant(size))) return true;
        if (!op_has_region(node->op)) continue;
        if (dim_equal(node->u.region->length, dim_constant(size)) || has_dim(node->u.region->body, size)) return true;
    }
    return false;
}

static void edit_dims(Cursor *cursor) {
    static const int64_t smaller[] = {1, 2, 3};
    for (int64_t size = 2; size <= 200; size++) {
        if (!has_dim(cursor->graph, size)) continue;
        for (int s = 0; s < 5; s++) {
            int64_t to = s < 3 ? smaller[s] : s == 3 ? size / 2 : size - 1;
            if (to >= size || !take(cursor)) continue;
            change_all_dims(cursor, size, to);
            done(cursor, true);
        }
    }
    for (int s = 0; s < cursor->program->sizes.count; s++) {
        Size *size = cursor->program->sizes.at[s];
        for (int step = 0; step < 3; step++) {
            int64_t high = step == 0 ? size->low : step == 1 ? (size->low + size->high) / 2 : size->high - 1;
            if (high >= size->high || high < size->low || !take(cursor)) continue;
            size->high = high;
            done(cursor, true);
        }
    }
}

/* ---- what is inside of a nest ---- */

static void replace_expr(Body *body, int expr, int instead) {
    if (expr == body->exprs.count - 1) {
        body->exprs.count = instead + 1;
        return;
    }
    for (int i = expr + 1; i < body->exprs.count; i++)
        for (int a = 0; body->exprs.at[i].kind == EXPR_CALL && a < expr_arity(&body->exprs.at[i]); a++)
            if (body->exprs.at[i].u.call.args[a] == expr) body->exprs.at[i].u.call.args[a] = instead;
}

static void edit_body(Cursor *cursor, Node *node) {
    Body *body = &node->u.nest.body;
    for (int e = body->exprs.count - 1; e >= 0; e--) {
        Expr *expr = &body->exprs.at[e];
        if (expr->kind == EXPR_LITERAL && expr->u.number == 1) continue;
        for (int a = 0; expr->kind == EXPR_CALL && a < scalar_table[expr->u.call.fn].arity; a++)
            if (body_elem(body, expr->u.call.args[a]) == expr->elem && take(cursor)) {
                replace_expr(body, e, expr->u.call.args[a]);
                done(cursor, true);
                return;
            }
        if (take(cursor)) {
            *expr = (Expr){.kind = EXPR_LITERAL, .elem = expr->elem, .u.number = 1};
            done(cursor, true);
            return;
        }
    }
}

static Affine without_term(Arena *arena, Affine affine, int term) {
    return term < affine.count ? affine_without(arena, affine, affine.terms[term].index)
                               : (Affine){dim_constant(0), affine.count, affine.terms};
}

/* Fewer terms in positions, and solutions; shorter loops of reduced indices; another value outside. */
static void edit_positions(Cursor *cursor, Node *node) {
    Arena *arena = cursor->program->arena;
    Nest *nest = &node->u.nest;
    Read *reads = arena_copy(arena, nest->reads, (size_t)nest->read_count * sizeof *reads);
    Index *indices = arena_copy(arena, nest->indices, (size_t)nest->index_count * sizeof *indices);
    nest->reads = reads;
    nest->indices = indices;
    for (int r = 0; r < nest->read_count; r++) {
        int rank = node->args[reads[r].arg]->type.shape.rank;
        Affine *axes = arena_copy(arena, reads[r].axes, (size_t)rank * sizeof *axes);
        reads[r].axes = axes;
        for (int a = 0; a < rank; a++)
            for (int t = 0; t <= axes[a].count; t++) {
                bool nothing = t == axes[a].count && dim_equal(axes[a].constant, dim_constant(0));
                if (nothing || !take(cursor)) continue;
                axes[a] = without_term(arena, axes[a], t);
                done(cursor, true);
                return;
            }
    }
    for (int i = 0; i < nest->index_count; i++) {
        Index *index = &indices[i];
        if (index->kind == INDEX_REDUCED && dim_high(index->size) > 1 && take(cursor)) {
            index->size = dim_constant(dim_high(index->size) / 2);
            done(cursor, true);
        }
        if (index->kind != INDEX_SOLVED) continue;
        if (index->divisor > 1 && take(cursor)) {
            index->divisor = 1;
            done(cursor, true);
        }
        for (int t = 0; t <= index->solution.count; t++) {
            bool nothing = t == index->solution.count && dim_equal(index->solution.constant, dim_constant(0));
            if (nothing || !take(cursor)) continue;
            index->solution = without_term(arena, index->solution, t);
            done(cursor, true);
            return;
        }
    }
    if (nest->otherwise != 0 && take(cursor)) {
        nest->otherwise = 0;
        done(cursor, true);
    }
}

static void edit_nests(Cursor *cursor) {
    for (int i = cursor->graph->nodes.count - 1; i >= 0 && cursor->result == EDIT_END; i--) {
        Node *node = cursor->graph->nodes.at[i];
        if (node->op != OP_nest) continue;
        edit_body(cursor, node);
        if (cursor->result == EDIT_END) edit_positions(cursor, node);
    }
}

Edited edit_program(Program *program, int number) {
    Cursor cursor = {program, program->entries.at[0]->graph, number, EDIT_END};
    edit_roots(&cursor);
    edit_nodes(&cursor);
    edit_dims(&cursor);
    edit_nests(&cursor);
    return cursor.result;
}
