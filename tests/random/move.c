/* Makers of operations that move elements: other shapes, computed positions, rows in order. */
#include "tests/random/generate.h"
#include "compiler/ops/transfer.h"

/* ---- other shapes ---- */

/* Adjacent axes merged, of which only the first may be bounded. */
static bool merge(Generator *g, const Value *value) {
    Shape shape = value->node->type.shape;
    int axis = below(g, shape.rank - 1), count = 2 + below(g, shape.rank - axis - 1);
    Dim product = shape.dims[axis];
    for (int a = axis + 1; a < axis + count; a++)
        if (!dim_is_constant(shape.dims[a]) || !dim_multiply(product, shape.dims[a], &product)) return false;
    return keep_value(g, build_regroup(g->graph, value->node, axis, count, 1, &product, NULL));
}

/* An axis of a*b, or of a*b*N, as one of a (a*N) and one of b; or with an axis of one element beside it. */
static bool split(Generator *g, const Value *value) {
    Shape shape = value->node->type.shape;
    int axis = below(g, shape.rank);
    Dim dims[2] = {shape.dims[axis], dim_constant(1)};
    for (int64_t part = 2; part < 8; part++) {
        bool divides = dims[0].constant % part == 0 && dims[0].factor % part == 0;
        if (!divides || chance(g, 30)) continue;
        dims[0].constant /= part;
        dims[0].factor /= part;
        dims[1] = dim_constant(part);
        break;
    }
    if (dim_is_constant(dims[0]) && chance(g, 30)) {
        Dim first = dims[0];
        dims[0] = dims[1];
        dims[1] = first;
    }
    return keep_value(g, build_regroup(g->graph, value->node, axis, 1, 2, dims, NULL));
}

bool make_regroup(Generator *g) {
    const Value *value = any_value(g, chance(g, 85) ? ELEM_REAL : (Elem)below(g, 3));
    if (!value || value->node->type.shape.rank == 0 || value->node->type.shape.rank > 4) return false;
    return value->node->type.shape.rank > 1 && chance(g, 60) ? merge(g, value) : split(g, value);
}

static bool fits_beside(Type a, Type b, int axis) {
    if (a.elem != b.elem || a.shape.rank != b.shape.rank) return false;
    for (int i = 0; i < a.shape.rank; i++)
        if (i != axis && !dim_equal(a.shape.dims[i], b.shape.dims[i])) return false;
    return true;
}

bool make_concat(Generator *g) {
    const Value *value = any_value(g, chance(g, 80) ? ELEM_REAL : (Elem)below(g, 3));
    if (!value || value->node->type.shape.rank == 0) return false;
    int axis = below(g, value->node->type.shape.rank), count = 1;
    Node *parts[4] = {value->node};
    Dim sum = value->node->type.shape.dims[axis];
    for (int i = 0; i < g->pool.count && count < 4; i++) {
        Node *node = g->pool.at[i].node;
        if (!fits_beside(value->node->type, node->type, axis) || chance(g, 40)) continue;
        if (!dim_add(sum, node->type.shape.dims[axis], &sum)) continue;
        g->pool.at[i].reads++;
        parts[count++] = node;
    }
    if (count == 1 && !dim_add(sum, sum, &sum)) return false;
    if (count == 1) parts[count++] = parts[0];
    return keep_value(g, build_concat(g->graph, axis, count, parts, NULL));
}

/* ---- computed positions ---- */

enum { POINT_INDICES = 5 };

/* Points, and where each lies in a tensor: on every axis an index, or an int tensor's element at indices, which may lie
 * outside. */
typedef struct Points {
    Generator *g;
    Index *indices;
    Read *reads;
    Coordinate *axes;
    Node *ints[RANK_LIMIT];
    Addressing addressing;
} Points;

static Points points_new(Generator *g, int rank) {
    Points points = {.g = g};
    points.indices = ARENA_ARRAY(g->arena, Index, POINT_INDICES);
    points.reads = ARENA_ARRAY(g->arena, Read, rank + 1);
    points.axes = ARENA_ARRAY(g->arena, Coordinate, rank + 1);
    points.addressing = (Addressing){0, 0, points.indices, points.reads, rank, points.axes};
    return points;
}

/* An index over that range: one that stands, or a new one; -1 where there is no room. */
static int point_index(Points *points, Dim size) {
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    int count = points->addressing.index_count;
    for (int i = 0; i < count; i++)
        if (dim_equal(points->indices[i].size, size) && chance(points->g, 70)) return i;
    if (count == POINT_INDICES) return -1;
    points->indices[count] = (Index){.kind = INDEX_FREE, .name = names[count], .size = size};
    return points->addressing.index_count++;
}

/* An element of an int tensor. The read's argument is one further than its number among the ints. */
static bool point_read(Points *points, const Value *value) {
    Shape shape = value->node->type.shape;
    Affine *axes = ARENA_ARRAY(points->g->arena, Affine, shape.rank + 1);
    int number = points->addressing.read_count;
    for (int a = 0; a < shape.rank; a++) {
        int index = point_index(points, shape.dims[a]);
        if (index < 0) return false;
        axes[a] = affine_index(points->g->arena, index);
    }
    points->ints[number] = value->node;
    points->reads[number] = (Read){number + 1, axes};
    points->addressing.read_count++;
    return true;
}

/* Every axis of a tensor of that shape. What is not computed must lie inside. */
static bool point_axes(Points *points, Shape shape) {
    Generator *g = points->g;
    for (int a = 0; a < shape.rank; a++) {
        Coordinate *axis = &points->axes[a];
        const Value *ints = chance(g, 60) ? any_value(g, ELEM_INT) : NULL;
        *axis = (Coordinate){affine_constant(dim_constant(chance(g, 25) ? below(g, 3) - 1 : 0)), NO_READ};
        if (ints && ints->node->type.shape.rank <= 3) {
            axis->read = points->addressing.read_count;
            if (!point_read(points, ints)) return false;
            if (chance(g, 80)) continue;
        }
        int index = point_index(points, chance(g, 80) ? shape.dims[a] : any_dim(g));
        if (index < 0 || !affine_add(g->arena, axis->affine, affine_index(g->arena, index), &axis->affine))
            return false;
        bool inside = affine_is_inside(axis->affine, points->indices, shape.dims[a]);
        if (axis->read == NO_READ && !inside) return false;
    }
    return true;
}

static bool few_points(Points *points) {
    int64_t count = 1;
    for (int i = 0; i < points->addressing.index_count; i++)
        count *= dim_high(points->indices[i].size);
    points->g->work += count;
    return count <= 3000;
}

bool make_gather(Generator *g) {
    const Value *value = any_value(g, chance(g, 85) ? ELEM_REAL : (Elem)below(g, 3));
    if (!value || value->node->type.shape.rank == 0) return false;
    Points points = points_new(g, value->node->type.shape.rank);
    if (!point_axes(&points, value->node->type.shape) || !few_points(&points)) return false;
    return keep_value(g, build_gather(g->graph, value->node, &points.addressing, points.ints, NULL));
}

/* The points are those of the values; positions on the axes of the sums are their indices, or ints read there. */
bool make_scatter_add(Generator *g) {
    const Value *value = any_value(g, chance(g, 85) ? ELEM_REAL : ELEM_INT);
    Shape shape = any_shape(g, 1 + below(g, 2), chance(g, 50));
    int64_t room;
    if (!value || value->node->type.elem == ELEM_BOOL || value->node->type.shape.rank > POINT_INDICES) return false;
    Points points = points_new(g, shape.rank);
    for (int a = 0; a < value->node->type.shape.rank; a++) {
        static const char *const names[] = {"a", "b", "c", "d", "e"};
        points.indices[a] = (Index){.kind = INDEX_FREE, .name = names[a], .size = value->node->type.shape.dims[a]};
        points.addressing.index_count++;
    }
    int count = points.addressing.index_count;
    if (!point_axes(&points, shape) || points.addressing.index_count != count || !few_points(&points)) return false;
    if (!shape_elements(shape, &room) || room * 100 > 300000) return false;
    return keep_value(g, build_scatter_add(g->graph, value->node, &points.addressing, points.ints, shape, NULL));
}

/* ---- rows in order ---- */

static const Value *rows_value(Generator *g, int *axis) {
    const Value *value = any_value(g, chance(g, 80) ? ELEM_REAL : ELEM_INT);
    if (!value || value->node->type.shape.rank == 0) return NULL;
    *axis = below(g, value->node->type.shape.rank);
    return value;
}

bool make_cumsum(Generator *g) {
    int axis;
    const Value *value = rows_value(g, &axis);
    return value && keep_value(g, build_cumsum(g->graph, value->node, axis, chance(g, 40), NULL));
}

bool make_argsort(Generator *g) {
    int axis;
    const Value *value = rows_value(g, &axis);
    return value && keep_value(g, build_argsort(g->graph, value->node, axis, chance(g, 40), NULL));
}
