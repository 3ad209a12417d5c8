/* Values as nodes of the graph: what a store holds, numbers, lists that are stacked. */
#include "frontend/elaborator.h"
#include <string.h>

const char *index_letter(Elaborator *e, int axis) {
    return axis < 6 ? (const char *[]){"i", "j", "k", "l", "m", "q"}[axis] : arena_print(e->arena, "i%d", axis);
}

/* ---- nodes of values ---- */

static Node *find_first_content(Elaborator *e, const Store *store) {
    for (int f = 0; f < e->first_contents.count; f++)
        if (e->first_contents.at[f].store == store) return e->first_contents.at[f].node;
    return NULL;
}

enum { COST_FREE = 4 }; /* additions */

/* A mask or a count, computed from positions alone, is not stored: it costs nothing where it is read. */
static bool is_free_constant(const Node *value) {
    int cost = 0;
    if (value->op != OP_nest || value->arg_count > 0 || value->u.nest.reduce != REDUCE_NONE) return false;
    for (int x = 0; x < value->u.nest.body.exprs.count; x++) {
        const Expr *expr = &value->u.nest.body.exprs.at[x];
        if (expr->kind == EXPR_CALL) cost += scalar_table[expr->u.call.fn].cost;
    }
    return cost <= COST_FREE;
}

static Node *constant_node(Graph *graph, Store *store) {
    Node *value = store->init->roots.at[0]->args[0];
    return is_free_constant(value) ? copy_node(graph, value, NULL) : build_store(graph, store, value->origin);
}

/* What the store held when the entry began: a leaf of the entry's own graph, which loops capture. */
static Node *first_content(Elaborator *e, Store *store) {
    Node *leaf = find_first_content(e, store);
    if (leaf != NULL) return leaf;
    Graph *graph = e->graph;
    while (graph->around != NULL)
        graph = graph->around;
    leaf =
        store->kind == STORE_CONST ? constant_node(graph, store) : build_store(graph, store, origin_at(e, store->span));
    const char *dot = strrchr(store->path, '.');
    leaf->label = intern_text(e->names, dot != NULL ? dot + 1 : store->path);
    vec_push(e->arena, &e->first_contents, ((FirstContent){store, leaf}));
    return leaf;
}

/* What the store holds now; one leaf per entry, and after an update the new value. */
Node *read_store(Elaborator *e, Store *store, Span span) {
    if (e->graph == NULL) {
        refuse(e, span, "%s can only be read in an entry", store->path);
        return NULL;
    }
    if (store->position >= e->current_count) {
        int count = 2 * store->position + 64;
        Node **current = ARENA_ARRAY(e->arena, Node *, count);
        if (e->current_count > 0) memcpy(current, e->current, sizeof *current * (size_t)e->current_count);
        e->current = current;
        e->current_count = count;
    }
    Node **now = &e->current[store->position];
    if (*now == NULL) *now = first_content(e, store);
    return *now;
}

Node *store_now(Elaborator *e, const Store *store) {
    bool known = store->position < e->current_count && e->current[store->position] != NULL;
    return known ? e->current[store->position] : find_first_content(e, store);
}

bool graph_has_room(Elaborator *e, Span span) {
    if (e->graph == NULL) {
        refuse(e, span, "tensors exist only in entries: here values are known while compiling");
        return false;
    }
    if (e->past_nodes + e->graph->nodes.count < OPERATION_LIMIT) return true;
    if (!e->stopped)
        refuse(e, span, "the model grows beyond %d operations on tensors: a `for` that should be a `repeat` or `scan`?",
               OPERATION_LIMIT);
    e->stopped = true;
    return false;
}

static Node *size_node(Elaborator *e, Dim size, Span span) {
    NestBuilder nest = nest_begin(e->graph, origin_at(e, span));
    return nest_end(&nest, REDUCE_NONE, body_size(&nest.body, size));
}

Node **nodes_of_list(Elaborator *e, const Values *list, Span span) {
    if (list->count > PARTS_LIMIT) {
        refuse(e, span, "%d tensors in one: at most %d are put together", list->count, PARTS_LIMIT);
        return NULL;
    }
    Node **parts = ARENA_ARRAY(e->arena, Node *, list->count);
    Elem elem = ELEM_BOOL;
    for (int p = 0; p < list->count; p++) {
        parts[p] = node_of(e, list->at[p], span);
        if (parts[p] == NULL) return NULL;
        if (parts[p]->type.elem < elem) elem = parts[p]->type.elem;
    }
    for (int p = 0; p < list->count; p++)
        if (parts[p]->type.elem != elem) parts[p] = node_of(e, cast(e, elem, value_node(parts[p]), span), span);
    return parts;
}

/* Tensors of one shape, side by side on a new first axis. */
static Node *stack(Elaborator *e, const Values *list, Span span) {
    for (int t = 0; t < e->tables.count; t++)
        if (e->tables.at[t].list == list) return read_store(e, e->tables.at[t].store, span);
    if (list->count == 0) {
        refuse(e, span, "an empty list is no tensor");
        return NULL;
    }
    Node **parts = nodes_of_list(e, list, span);
    if (parts == NULL) return NULL;
    for (int p = 0; p < list->count; p++) {
        if (!shape_equal(parts[p]->type.shape, parts[0]->type.shape)) {
            Diagnostic *error =
                error_at(e, span, "a list is stacked where a tensor is needed, but its parts differ: %s and %s",
                         type_text(e->arena, parts[0]->type), type_text(e->arena, parts[p]->type));
            note_origin(e, error, parts[p]);
            return NULL;
        }
    }
    NestBuilder nest = nest_begin(e->graph, origin_at(e, span));
    int which = nest_free(&nest, "part", dim_constant(list->count)), rank = parts[0]->type.shape.rank;
    int *indices = ARENA_ARRAY(e->arena, int, rank + 1);
    for (int a = 0; a < rank; a++)
        indices[a] = nest_free(&nest, index_letter(e, a), parts[0]->type.shape.dims[a]);
    int value = -1;
    for (int p = list->count - 1; p >= 0; p--) {
        int part = nest_read_at(&nest, parts[p], indices);
        if (value < 0) {
            value = part;
            continue;
        }
        int here =
            nest_call2(&nest, SCALAR_equal, body_index(&nest.body, which), body_literal(&nest.body, ELEM_INT, p));
        value = nest_call3(&nest, SCALAR_select, here, part, value);
    }
    return nest_end(&nest, REDUCE_NONE, value);
}

bool int_fits(Elaborator *e, double value, Span span) {
    if (value >= INT32_MIN && value <= INT32_MAX) return true;
    refuse(e, span, "%.0f is beyond the ints of a tensor, -2147483648..2147483647; as a real it is %.0f.0", value,
           value);
    return false;
}

static Node *whole_node(Elaborator *e, int64_t value, Span span) {
    if (!int_fits(e, (double)value, span)) return NULL;
    return build_fill(e->graph, ELEM_INT, (Shape){0}, (double)value, origin_at(e, span));
}

Node *node_of(Elaborator *e, Value value, Span span) {
    if (value.kind == VALUE_POISON || !graph_has_room(e, span)) return NULL;
    switch (value.kind) {
    case VALUE_INT: return whole_node(e, value.u.integer, span);
    case VALUE_REAL: return build_fill(e->graph, ELEM_REAL, (Shape){0}, value.u.real, origin_at(e, span));
    case VALUE_BOOL: return build_fill(e->graph, ELEM_BOOL, (Shape){0}, value.u.boolean, origin_at(e, span));
    case VALUE_SIZE: return size_node(e, value.u.size, span);
    case VALUE_TENSOR: return value.u.node;
    case VALUE_STORE: return read_store(e, value.u.store, span);
    case VALUE_LIST: return stack(e, value.u.list, span);
    default: refuse(e, span, "a tensor is needed here, not %s", value_text(e, value)); return NULL;
    }
}

Node *real_node_of(Elaborator *e, Value value, Span span) {
    Value real = cast(e, ELEM_REAL, value, span);
    return node_of(e, real, span);
}
