#include "compiler/ir/text.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- numbers and names ---- */

/* The shortest text that reads back exactly; a real has a point, an exponent or letters. */
static const char *number_text(Arena *arena, Elem elem, double number) {
    if (elem == ELEM_BOOL) return number != 0 ? "true" : "false";
    if (isnan(number)) return "nan";
    if (isinf(number)) return number > 0 ? "inf" : "-inf";
    char text[40];
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number) break;
    }
    if (elem == ELEM_INT) return arena_print(arena, "%.0f", number);
    return arena_print(arena, "%s%s", text, strpbrk(text, ".e") ? "" : ".0");
}

static bool is_size_of(Dim dim, const char *name) {
    return dim.size && strcmp(dim.size->name, name) == 0;
}

static bool body_names_size(const Body *body, const char *name) {
    for (int i = 0; i < body->exprs.count; i++) {
        const Expr *e = &body->exprs.at[i];
        if (e->kind == EXPR_SIZE && is_size_of(e->u.size, name)) return true;
        if (e->kind == EXPR_DRAW && is_size_of(e->u.draw.element.constant, name)) return true;
    }
    return false;
}

/* True where the text of the nest says the name of a size: no index may have it. */
static bool nest_names_size(const Node *node, const char *name) {
    const Nest *nest = &node->u.nest;
    for (int i = 0; i < nest->index_count; i++)
        if (is_size_of(nest->indices[i].size, name) || is_size_of(nest->indices[i].solution.constant, name))
            return true;
    for (int i = 0; i < nest->read_count; i++)
        for (int axis = 0; axis < node->args[nest->reads[i].arg]->type.shape.rank; axis++)
            if (is_size_of(nest->reads[i].axes[axis].constant, name)) return true;
    return body_names_size(&nest->body, name);
}

static bool is_taken(const Node *node, const char *const *names, int count, const char *name) {
    static const char *const words[] = {"let", "in", "inf", "nan", "true", "false"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i], name) == 0) return true;
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0) return true;
    return nest_names_size(node, name);
}

/* Names of the indices, each once. */
static const char **index_names(Arena *arena, const Node *node) {
    const Nest *nest = &node->u.nest;
    const char **names = ARENA_ARRAY(arena, const char *, nest->index_count);
    for (int i = 0; i < nest->index_count; i++) {
        const char *name = nest->indices[i].name ? nest->indices[i].name : "i";
        while (is_taken(node, names, i, name))
            name = arena_print(arena, "%s_2", name);
        names[i] = name;
    }
    return names;
}

/* ---- bodies ---- */

typedef struct NestPrinter {
    Writer *writer;
    Arena *arena;
    const Node *node;
    const char **names; /* of the indices */
    int *lets;          /* by expression: the number of its let, or -1 */
} NestPrinter;

static const char *affine(NestPrinter *printer, Affine a) {
    return affine_text(printer->arena, a, printer->names);
}

static void print_use(NestPrinter *printer, int expr);

static const Computed *computed_axis(const Expr *expr, int axis) {
    for (int i = 0; expr->kind == EXPR_LOOKUP && i < expr->u.lookup.count; i++)
        if (expr->u.lookup.computed[i].axis == axis) return &expr->u.lookup.computed[i];
    return NULL;
}

/* Of a read or lookup; computed positions stand in parentheses. */
static void print_element(NestPrinter *printer, const Expr *expr, const Read *read) {
    const Node *arg = printer->node->args[read->arg];
    write_text(printer->writer, "%%%d[", arg->id);
    for (int axis = 0; axis < arg->type.shape.rank; axis++) {
        const Computed *computed = computed_axis(expr, axis);
        write_text(printer->writer, "%s%s", axis > 0 ? ", " : "", computed ? "(" : affine(printer, read->axes[axis]));
        if (!computed) continue;
        print_use(printer, computed->position);
        write_text(printer->writer, ")");
    }
    write_text(printer->writer, "]");
}

static void print_expr(NestPrinter *printer, int expr) {
    Writer *writer = printer->writer;
    const Nest *nest = &printer->node->u.nest;
    const Expr *e = &nest->body.exprs.at[expr];
    switch (e->kind) {
    case EXPR_LITERAL: write_text(writer, "%s", number_text(printer->arena, e->elem, e->u.number)); break;
    case EXPR_READ: print_element(printer, e, &nest->reads[e->u.read]); break;
    case EXPR_LOOKUP: print_element(printer, e, &nest->reads[e->u.lookup.read]); break;
    case EXPR_INDEX: write_text(writer, "%s", printer->names[e->u.index]); break;
    case EXPR_SIZE: write_text(writer, "size(%s)", dim_text(printer->arena, e->u.size)); break;
    case EXPR_TOTAL: write_text(writer, "total(%d)", e->u.total); break;
    case EXPR_DRAW:
        write_text(writer, "draw(%s, %lu, %s)", e->u.draw.kind == DRAW_NORMAL ? "normal" : "uniform",
                   (unsigned long)e->u.draw.site, affine(printer, e->u.draw.element));
        break;
    case EXPR_CALL:
        write_text(writer, "%s(", scalar_table[e->u.call.fn].name);
        for (int i = 0; i < scalar_table[e->u.call.fn].arity; i++) {
            write_text(writer, "%s", i > 0 ? ", " : "");
            print_use(printer, e->u.call.args[i]);
        }
        write_text(writer, ")");
        break;
    }
}

static void print_use(NestPrinter *printer, int expr) {
    if (printer->lets[expr] >= 0)
        write_text(printer->writer, "$%d", printer->lets[expr]);
    else
        print_expr(printer, expr);
}

/* How often the calls and lookups that the result needs are used. */
static int *count_uses(Arena *arena, const Body *body) {
    int *uses = ARENA_ARRAY(arena, int, body->exprs.count);
    for (int i = body->exprs.count - 1; i >= 0; i--) {
        const Expr *e = &body->exprs.at[i];
        if (uses[i] == 0 && i != body->exprs.count - 1) continue;
        for (int a = 0; a < expr_arity(e); a++)
            uses[expr_operand(e, a)]++;
    }
    return uses;
}

static void print_body(NestPrinter *printer) {
    const Body *body = &printer->node->u.nest.body;
    int count = 0, *uses = count_uses(printer->arena, body);
    printer->lets = ARENA_ARRAY(printer->arena, int, body->exprs.count);
    for (int i = 0; i < body->exprs.count; i++) {
        printer->lets[i] = -1;
        if (uses[i] < 2 || expr_arity(&body->exprs.at[i]) == 0) continue;
        write_text(printer->writer, "%s$%d = ", count == 0 ? "let " : ", ", count);
        print_expr(printer, i);
        printer->lets[i] = count++;
    }
    if (count > 0) write_text(printer->writer, " in ");
    print_use(printer, body->exprs.count - 1);
}

/* ---- nests ---- */

static void print_index(NestPrinter *printer, int index) {
    const Index *i = &printer->node->u.nest.indices[index];
    write_text(printer->writer, "%s < %s", printer->names[index], dim_text(printer->arena, i->size));
    if (i->kind == INDEX_SOLVED)
        write_text(printer->writer, " = (%s)/%lld", affine(printer, i->solution), (long long)i->divisor);
}

static void print_indices(NestPrinter *printer, const char *word, IndexKind kind) {
    const Nest *nest = &printer->node->u.nest;
    bool first = true;
    write_text(printer->writer, "%s[", word);
    for (int i = 0; i < nest->index_count; i++) {
        if (nest->indices[i].kind != kind) continue;
        write_text(printer->writer, "%s", first ? "" : ", ");
        print_index(printer, i);
        first = false;
    }
    write_text(printer->writer, "] ");
}

static void print_nest(Writer *writer, const Node *node) {
    static const char *const reducers[] = {"none", "sum", "prod", "max", "min", "argmax", "argmin"};
    const Nest *nest = &node->u.nest;
    Arena *arena = writer->arena;
    NestPrinter printer = {.writer = writer, .arena = arena, .node = node, .names = index_names(arena, node)};
    print_indices(&printer, "nest", INDEX_FREE);
    if (nest->reduce != REDUCE_NONE || nest_count(nest, INDEX_REDUCED) > 0)
        print_indices(&printer, reducers[nest->reduce], INDEX_REDUCED);
    bool solved = nest_count(nest, INDEX_SOLVED) > 0;
    if (solved) print_indices(&printer, "solved", INDEX_SOLVED);
    if (solved && nest->reduce == REDUCE_NONE)
        write_text(writer, "otherwise %s: ", number_text(arena, node->type.elem, nest->otherwise));
    print_body(&printer);
}

/* ---- nodes ---- */

const char *const formal_kind_names[3] = {"carry", "input", "capture"};

static const char **point_names(Arena *arena, const Addressing *addressing) {
    const char **names = ARENA_ARRAY(arena, const char *, addressing->index_count);
    for (int i = 0; i < addressing->index_count; i++) {
        names[i] = addressing->indices[i].name ? addressing->indices[i].name : "i";
        for (int other = 0; other < i; other++)
            if (strcmp(names[i], names[other]) == 0) names[i] = arena_print(arena, "%s_2", names[i]), other = -1;
    }
    return names;
}

static void print_coordinate(Writer *writer, const Node *node, const Coordinate *at, const char **names) {
    const char *affine = affine_text(writer->arena, at->affine, names);
    if (at->read == NO_READ) {
        write_text(writer, "%s", affine);
        return;
    }
    const Read *read = &node->u.addressing.reads[at->read];
    write_text(writer, "%%%d[", node->args[read->arg]->id);
    for (int i = 0; i < node->args[read->arg]->type.shape.rank; i++)
        write_text(writer, "%s%s", i > 0 ? ", " : "", affine_text(writer->arena, read->axes[i], names));
    write_text(writer, "]%s%s", strcmp(affine, "0") == 0 ? "" : " + ", strcmp(affine, "0") == 0 ? "" : affine);
}

static void print_addressed(Writer *writer, const Node *node) {
    const Addressing *addressing = &node->u.addressing;
    const char **names = point_names(writer->arena, addressing);
    write_text(writer, "[");
    for (int i = 0; i < addressing->index_count; i++)
        write_text(writer, "%s%s < %s", i > 0 ? ", " : "", names[i],
                   dim_text(writer->arena, addressing->indices[i].size));
    write_text(writer, "] %%%d at [", node->args[0]->id);
    for (int axis = 0; axis < addressing->rank; axis++) {
        if (axis > 0) write_text(writer, ", ");
        print_coordinate(writer, node, &addressing->axes[axis], names);
    }
    write_text(writer, "]");
}

static void print_args(Writer *writer, const char *word, const Node *node, int begin, int count) {
    if (count > 0) write_text(writer, "%s", word);
    for (int i = begin; i < begin + count; i++)
        write_text(writer, " %%%d", node->args[i]->id);
}

static void print_scan(Writer *writer, const Node *node) {
    const Region *region = node->u.region;
    write_text(writer, " %s%s", dim_text(writer->arena, region->length), region->reversed ? " reversed" : "");
    print_args(writer, " carries", node, 0, region->carries);
    print_args(writer, " inputs", node, region->carries, region->inputs);
    print_args(writer, " captures", node, region->carries + region->inputs, region->captures);
}

/* What stands between the name of an operation and its arguments, or in place of these. */
static void print_payload(Writer *writer, const Node *node) {
    switch (node->op) {
    case OP_gather:
    case OP_scatter_add: print_addressed(writer, node); return;
    case OP_scan: print_scan(writer, node); return;
    case OP_regroup:
        write_text(writer, " %d %d %d", node->u.regroup.axis, node->u.regroup.from, node->u.regroup.to);
        break;
    case OP_concat:
    case OP_cumsum:
    case OP_argsort: write_text(writer, " %d%s", node->u.along.axis, node->u.along.reversed ? " reversed" : ""); break;
    case OP_part:
    case OP_yield: write_text(writer, " %d", node->u.result); break;
    case OP_formal: write_text(writer, " %s %d", formal_kind_names[node->u.formal.kind], node->u.formal.number); break;
    case OP_input:
    case OP_result:
        if (node->u.input) write_text(writer, " %s", node->u.input->name);
        break;
    case OP_store:
    case OP_update: write_text(writer, " %s", node->u.store->path); break;
    case OP_random:
        write_text(writer, " %s %lu", node->u.random.kind == DRAW_NORMAL ? "normal" : "uniform",
                   (unsigned long)node->u.random.site);
        break;
    default: break;
    }
    print_args(writer, "", node, 0, node->arg_count);
}

static const char *op_name(Op op) {
    static const char *const names[] = {
#define OP(name, ...) #name,
#include "compiler/ir/ops.def"
#undef OP
    };
    return names[op];
}

static void print_node(Writer *writer, const Node *node, bool typed) {
    bool root = op_is_root(node->op);
    bool named = node->op == OP_input || node->op == OP_store; /* label is what they are */
    if (!root) write_text(writer, "%%%d ", node->id);
    if (node->label && !named && !root) write_text(writer, "\"%s\" ", node->label);
    if (!root) write_text(writer, "= ");
    if (node->op == OP_nest)
        print_nest(writer, node);
    else {
        write_text(writer, "%s", op_name(node->op));
        print_payload(writer, node);
    }
    if (typed && !root) write_text(writer, " : %s", type_text(writer->arena, node->type));
}

static const char *text_of(Arena *arena, const Node *node, bool typed) {
    Writer writer;
    writer_open(&writer, arena);
    print_node(&writer, node, typed);
    return writer_text(&writer);
}

const char *node_text(Arena *arena, const Node *node) {
    return text_of(arena, node, true);
}

static void print_line(Writer *writer, const Node *node) {
    if (!op_has_region(node->op)) {
        write_line(writer, "%s", node_text(writer->arena, node));
        return;
    }
    write_line(writer, "%s {", text_of(writer->arena, node, false));
    print_graph(writer, node->u.region->body);
    write_line(writer, "} : %s", type_text(writer->arena, node->type));
}

void print_graph(Writer *writer, const Graph *graph) {
    for (int i = 0; i < graph->nodes.count; i++)
        print_line(writer, graph->nodes.at[i]);
}

/* ---- programs ---- */

static void print_indented(Writer *writer, const Graph *graph) {
    writer_indent(writer, 1);
    print_graph(writer, graph);
    writer_indent(writer, -1);
}

static void print_store(Writer *writer, const Store *store) {
    static const char *const kinds[] = {"param", "state", "slot", "step", "rate", "argument", "const"};
    const char *owner = store->entry ? arena_print(writer->arena, " of %s", store->entry->name) : "";
    write_line(writer, "store %s %s %s%s", store->path, kinds[store->kind], type_text(writer->arena, store->type),
               owner);
    if (store->init) print_indented(writer, store->init);
}

static void print_argument(Writer *writer, const Argument *argument) {
    const char *type = type_text(writer->arena, argument->type);
    if (argument->is_byte) type = arena_print(writer->arena, "byte%s", strchr(type, '['));
    write_text(writer, "%s%s%s: %s", argument->position > 0 ? ", " : "",
               argument->role == ARGUMENT_STATE ? "state " : "", argument->name, type);
    if (argument->role != ARGUMENT_OUTPUT && argument->type.elem == ELEM_INT && argument->low <= argument->high)
        write_text(writer, " in %lld..%lld", (long long)argument->low, (long long)argument->high);
}

static void print_entry(Writer *writer, const Entry *entry) {
    write_text(writer, "entry %s(", entry->name);
    for (int i = 0; i < entry->inputs.count; i++)
        print_argument(writer, entry->inputs.at[i]);
    write_text(writer, ")%s", entry->outputs.count > 0 ? " -> " : "");
    for (int i = 0; i < entry->outputs.count; i++)
        print_argument(writer, entry->outputs.at[i]);
    write_text(writer, "%s%s", entry->training ? " training" : "", entry->draws ? " draws" : "");
    if (entry->step) write_text(writer, " step %s", entry->step->path);
    if (entry->evaluates) write_text(writer, " evaluates %s", entry->evaluates->name);
    for (int i = 0; i < entry->sizes.count; i++)
        write_text(writer, "%s %s", i == 0 ? " sizes" : "", entry->sizes.at[i]->name);
    write_line(writer, "%s", "");
    print_indented(writer, entry->graph);
}

void print_program(Writer *writer, const Program *program) {
    write_line(writer, "model %s", program->name);
    for (int i = 0; i < program->sizes.count; i++) {
        const Size *size = program->sizes.at[i];
        write_line(writer, "size %s = %lld..%lld", size->name, (long long)size->low, (long long)size->high);
    }
    for (int i = 0; i < program->constants.count; i++)
        print_store(writer, program->constants.at[i]);
    for (int i = 0; i < program->stores.count; i++)
        print_store(writer, program->stores.at[i]);
    for (int i = 0; i < program->entries.count; i++)
        print_entry(writer, program->entries.at[i]);
}
