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

static void print_read(NestPrinter *printer, const Read *read) {
    const Node *arg = printer->node->args[read->arg];
    write_text(printer->writer, "%%%d[", arg->id);
    for (int axis = 0; axis < arg->type.shape.rank; axis++)
        write_text(printer->writer, "%s%s", axis > 0 ? ", " : "", affine(printer, read->axes[axis]));
    write_text(printer->writer, "]");
}

static void print_use(NestPrinter *printer, int expr);

static void print_expr(NestPrinter *printer, int expr) {
    Writer *writer = printer->writer;
    const Nest *nest = &printer->node->u.nest;
    const Expr *e = &nest->body.exprs.at[expr];
    switch (e->kind) {
    case EXPR_LITERAL: write_text(writer, "%s", number_text(printer->arena, e->elem, e->u.number)); break;
    case EXPR_READ: print_read(printer, &nest->reads[e->u.read]); break;
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

/* How often the calls that the result needs are used. */
static int *count_uses(Arena *arena, const Body *body) {
    int *uses = ARENA_ARRAY(arena, int, body->exprs.count);
    for (int i = body->exprs.count - 1; i >= 0; i--) {
        const Expr *e = &body->exprs.at[i];
        if (e->kind != EXPR_CALL || (uses[i] == 0 && i != body->exprs.count - 1)) continue;
        for (int a = 0; a < scalar_table[e->u.call.fn].arity; a++)
            uses[e->u.call.args[a]]++;
    }
    return uses;
}

static void print_body(NestPrinter *printer) {
    const Body *body = &printer->node->u.nest.body;
    int count = 0, *uses = count_uses(printer->arena, body);
    printer->lets = ARENA_ARRAY(printer->arena, int, body->exprs.count);
    for (int i = 0; i < body->exprs.count; i++) {
        printer->lets[i] = -1;
        if (uses[i] < 2 || body->exprs.at[i].kind != EXPR_CALL) continue;
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

static void print_payload(Writer *writer, const Node *node) {
    switch (node->op) {
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
}

static const char *op_name(Op op) {
    static const char *const names[] = {
#define OP(name, ...) #name,
#include "compiler/ir/ops.def"
#undef OP
    };
    return names[op];
}

static void print_node(Writer *writer, const Node *node) {
    bool root = node->op == OP_result || node->op == OP_update || node->op == OP_loss;
    bool named = node->op == OP_input || node->op == OP_store; /* label is what they are */
    if (!root) write_text(writer, "%%%d ", node->id);
    if (node->label && !named && !root) write_text(writer, "\"%s\" ", node->label);
    if (!root) write_text(writer, "= ");
    if (node->op == OP_nest)
        print_nest(writer, node);
    else {
        write_text(writer, "%s", op_name(node->op));
        print_payload(writer, node);
        for (int i = 0; i < node->arg_count; i++)
            write_text(writer, " %%%d", node->args[i]->id);
    }
    if (!root) write_text(writer, " : %s", type_text(writer->arena, node->type));
}

const char *node_text(Arena *arena, const Node *node) {
    Writer writer;
    writer_open(&writer, arena);
    print_node(&writer, node);
    return writer_text(&writer);
}

void print_graph(Writer *writer, const Graph *graph) {
    for (int i = 0; i < graph->nodes.count; i++)
        write_line(writer, "%s", node_text(writer->arena, graph->nodes.at[i]));
}

/* ---- programs ---- */

static void print_indented(Writer *writer, const Graph *graph) {
    writer_indent(writer, 1);
    print_graph(writer, graph);
    writer_indent(writer, -1);
}

static void print_store(Writer *writer, const Store *store) {
    static const char *const kinds[] = {"param", "state", "slot", "step", "rate"};
    const char *owner = store->entry ? arena_print(writer->arena, " of %s", store->entry->name) : "";
    write_line(writer, "store %s %s %s%s", store->path, kinds[store->kind], type_text(writer->arena, store->type),
               owner);
    if (store->init) print_indented(writer, store->init);
}

static void print_argument(Writer *writer, const Argument *argument) {
    const char *type = type_text(writer->arena, argument->type);
    if (argument->is_byte) type = arena_print(writer->arena, "byte%s", strchr(type, '['));
    write_text(writer, "%s%s: %s", argument->position > 0 ? ", " : "", argument->name, type);
    if (argument->role == ARGUMENT_INPUT && argument->type.elem == ELEM_INT && argument->low <= argument->high)
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
    for (int i = 0; i < program->stores.count; i++)
        print_store(writer, program->stores.at[i]);
    for (int i = 0; i < program->entries.count; i++)
        print_entry(writer, program->entries.at[i]);
}
