/* The file as a whole: names that may be used before their line are bound first, then the statements run in order, then
 * the entries, each with a graph of its own. */
#include "frontend/elaborator.h"
#include "compiler/support/embedded.h"
#include "frontend/parse.h"
#include "frontend/source.h"
#include <string.h>

/* ---- declarations that are seen everywhere ---- */

static void bind_once(Elaborator *e, Scope *scope, AstName name, Value value) {
    Binding *other = scope_find_here(scope, name.name);
    if (other != NULL) {
        Diagnostic *error = error_at(e, name.span, "`%s` is declared twice", name.name);
        if (error != NULL) diag_note(e->diagnostics, error, other->span, "the first one is here");
        return;
    }
    scope_bind(e, scope, name.name, value, name.span);
}

Value definition_value(Elaborator *e, int number) {
    const Definition *definition = &e->options->definitions->at[number];
    Source *source = source_of_text(e->arena, arena_print(e->arena, "-D %s", definition->name), definition->value,
                                    (int)strlen(definition->value));
    int errors = e->diagnostics->errors;
    const AstExpr *expr = parse_expression(e->arena, e->names, e->diagnostics, source);
    if (e->diagnostics->errors > errors) return poison;
    Value value = eval(e, e->file, expr);
    if (is_poison(value) || is_number(value)) return value;
    return refuse(e, expr->span, "-D %s: a number or a boolean is needed, not %s", definition->name,
                  value_text(e, value));
}

static Value defined_size(Elaborator *e, AstName name) {
    for (int d = 0; e->options->definitions != NULL && d < e->options->definitions->count; d++) {
        if (strcmp(e->options->definitions->at[d].name, name.name) != 0) continue;
        e->definition_used[d] = true;
        return definition_value(e, d);
    }
    return value_bool(false); /* none */
}

static bool size_bound(Elaborator *e, const AstExpr *expr, Value value, int64_t *out) {
    if (is_poison(value)) return false;
    if (value.kind != VALUE_INT || value.u.integer < 0 || value.u.integer > INT32_MAX) {
        refuse(e, expr->span, "a size is an int from 0 to %d, not %s", INT32_MAX, value_text(e, value));
        return false;
    }
    *out = value.u.integer;
    return true;
}

static void declare_size(Elaborator *e, Scope *scope, const AstStmt *stmt) {
    AstName name = stmt->u.size.name;
    Value given = defined_size(e, name);
    const AstExpr *low_expr = stmt->u.size.low;
    bool replaced = given.kind != VALUE_BOOL;
    bool range = !replaced && stmt->u.size.high != NULL;
    int64_t low, high;
    if (!replaced) given = eval(e, scope, low_expr); /* the name is not known in it */
    Value given_high = range ? eval(e, scope, stmt->u.size.high) : poison;
    bind_once(e, scope, name, poison);
    if (!size_bound(e, low_expr, given, &low)) return;
    if (!range) {
        scope_bind(e, scope, name.name, value_int(low), name.span);
        return;
    }
    if (!size_bound(e, stmt->u.size.high, given_high, &high)) return;
    if (low > high) {
        refuse(e, stmt->span, "the size %s runs from %lld to %lld: nothing lies between", name.name, (long long)low,
               (long long)high);
        return;
    }
    Size *size = ARENA_NEW(e->arena, Size);
    *size = (Size){name.name, low, high, name.span, e->program->sizes.count};
    vec_push(e->arena, &e->program->sizes, size);
    scope_bind(e, scope, name.name, low == high ? value_int(low) : value_dim(dim_size(size)), name.span);
}

static void declare_module(Elaborator *e, Scope *scope, const AstStmt *stmt) {
    ModuleDef *def = ARENA_NEW(e->arena, ModuleDef);
    *def = (ModuleDef){stmt, scope};
    bind_once(e, scope, stmt->u.module.name, (Value){VALUE_MODULE, {.module = def}});
}

static void declare_file_function(Elaborator *e, Scope *scope, const AstStmt *stmt) {
    const AstFunction *function = stmt->u.function;
    if (function->name.name == NULL) return;
    Closure *closure = ARENA_NEW(e->arena, Closure);
    *closure = (Closure){function, scope, function->name.name, function->name.span};
    bind_once(e, scope, function->name, (Value){VALUE_FUNCTION, {.closure = closure}});
}

void run_file(Elaborator *e, Scope *scope, const AstFile *file) {
    const AstStmts *stmts = &file->block.stmts;
    Flow flow = {false, poison};
    for (int s = 0; s < stmts->count; s++) {
        AstStmtKind kind = stmts->at[s]->kind;
        if (kind == AST_MODULE || kind == AST_OPTIMIZER) declare_module(e, scope, stmts->at[s]);
        if (kind == AST_FUNCTION) declare_file_function(e, scope, stmts->at[s]);
    }
    for (int s = 0; s < stmts->count && !is_stopped(e); s++) {
        if (stmts->at[s]->kind == AST_SIZE)
            declare_size(e, scope, stmts->at[s]);
        else if (stmts->at[s]->kind != AST_FUNCTION)
            run_stmt(e, scope, stmts->at[s], &flow);
    }
}

/* ---- entries ---- */

static void add_size(Elaborator *e, Entry *entry, const Size *size) {
    for (int s = 0; s < entry->sizes.count; s++)
        if (entry->sizes.at[s] == size) return;
    vec_push(e->arena, &entry->sizes, size);
}

static void add_dim(Elaborator *e, Entry *entry, Dim dim) {
    if (dim.size != NULL) add_size(e, entry, dim.size);
}

static void add_graph_sizes(Elaborator *e, Entry *entry, const Graph *graph);

static void add_node_sizes(Elaborator *e, Entry *entry, const Node *node) {
    for (int a = 0; a < node->type.shape.rank; a++)
        add_dim(e, entry, node->type.shape.dims[a]);
    if (op_has_region(node->op)) {
        add_dim(e, entry, node->u.region->length);
        add_graph_sizes(e, entry, node->u.region->body);
    }
    if (node->op != OP_nest) return;
    for (int i = 0; i < node->u.nest.index_count; i++)
        add_dim(e, entry, node->u.nest.indices[i].size);
    for (int x = 0; x < node->u.nest.body.exprs.count; x++)
        if (node->u.nest.body.exprs.at[x].kind == EXPR_SIZE) add_dim(e, entry, node->u.nest.body.exprs.at[x].u.size);
}

/* Sizes that no argument has are given by the caller too, behind the others. */
static void add_graph_sizes(Elaborator *e, Entry *entry, const Graph *graph) {
    for (int n = 0; n < graph->nodes.count; n++)
        if (graph->nodes.at[n] != NULL) add_node_sizes(e, entry, graph->nodes.at[n]);
}

/* The caller's arrays are dense: the stride of an axis is the product of those behind it, of which one may be bounded.
 */
static bool border_shape(Elaborator *e, const AstEntryArg *arg, Shape shape) {
    int bounded = 0;
    for (int a = 1; a < shape.rank; a++)
        bounded += !dim_is_constant(shape.dims[a]);
    if (bounded <= 1) return true;
    refuse(e, arg->shape.span, "`%s`: more than one bounded size behind the first axis is not supported yet",
           arg->name.name);
    return false;
}

static Argument *new_argument(Elaborator *e, Scope *scope, Entry *entry, const AstEntryArg *arg, ArgumentRole role) {
    static const Elem elems[] = {ELEM_REAL, ELEM_REAL, ELEM_INT, ELEM_BOOL, ELEM_INT};
    Shape shape = {0};
    if (arg->is_state && arg->type == AST_TYPE_BYTE) {
        refuse(e, arg->span, "byte is for inputs that are only read; the state `%s` may be int", arg->name.name);
        return NULL;
    }
    if (role == ARGUMENT_OUTPUT && arg->type == AST_TYPE_BYTE) {
        refuse(e, arg->span, "byte is for inputs; the result `%s` may be int", arg->name.name);
        return NULL;
    }
    if (!eval_dims(e, scope, &arg->shape.dims, &shape) || !border_shape(e, arg, shape)) return NULL;
    Argument *argument = ARENA_NEW(e->arena, Argument);
    *argument = (Argument){.role = role,
                           .name = arg->name.name,
                           .type = {elems[arg->type], shape},
                           .span = arg->name.span,
                           .is_byte = arg->type == AST_TYPE_BYTE,
                           .low = 1,
                           .high = 0};
    for (int a = 0; a < shape.rank; a++)
        if (shape.dims[a].size != NULL) add_size(e, entry, shape.dims[a].size);
    return argument;
}

/* The caller's array as a store of this entry alone. It has a number among the stores while the entry is elaborated. */
static Value bind_state(Elaborator *e, const Entry *entry, Argument *argument) {
    Store *store = ARENA_NEW(e->arena, Store);
    *store = (Store){.kind = STORE_ARGUMENT, .type = argument->type, .span = argument->span, .argument = argument};
    store->path = intern_text(e->names, arena_print(e->arena, "%s.%s", entry->name, argument->name));
    store->position = e->program->stores.count;
    vec_push(e->arena, &e->program->stores, store);
    argument->state = store;
    return (Value){VALUE_STORE, {.store = store}};
}

static bool bind_inputs(Elaborator *e, Scope *scope, Entry *entry, const AstEntryArgs *args) {
    bool ok = true;
    for (int a = 0; a < args->count; a++) {
        AstName name = args->at[a].name;
        if (scope_find_here(scope, name.name) != NULL) {
            refuse(e, name.span, "the argument `%s` stands twice", name.name);
            return false;
        }
        ArgumentRole role = args->at[a].is_state ? ARGUMENT_STATE : ARGUMENT_INPUT;
        Argument *argument = new_argument(e, scope->parent, entry, &args->at[a], role);
        ok &= argument != NULL;
        Value value = poison;
        if (argument != NULL) {
            argument->position = entry->inputs.count;
            vec_push(e->arena, &entry->inputs, argument);
            value = role == ARGUMENT_STATE ? bind_state(e, entry, argument)
                                           : value_node(build_input(e->graph, argument, origin_at(e, name.span)));
        }
        scope_bind(e, scope, name.name, value, name.span);
    }
    return ok;
}

static void bind_output(Elaborator *e, Scope *scope, Entry *entry, const AstEntryArg *arg) {
    for (int r = 0; r < entry->outputs.count; r++)
        if (entry->outputs.at[r]->name == arg->name.name) {
            refuse(e, arg->name.span, "the result `%s` stands twice", arg->name.name);
            return;
        }
    Argument *argument = new_argument(e, scope->parent, entry, arg, ARGUMENT_OUTPUT);
    if (argument == NULL) return;
    argument->position = entry->outputs.count;
    vec_push(e->arena, &entry->outputs, argument);
    Binding *binding = scope_find_here(scope, arg->name.name);
    if (binding == NULL) {
        refuse(e, arg->name.span, "the entry %s gives no value to its result `%s`", entry->name, arg->name.name);
        return;
    }
    if (is_poison(binding->value)) {
        if (e->diagnostics->errors == 0)
            internal_error("the result %s has no value, and nothing is said", arg->name.name);
        return;
    }
    Value value = argument->type.elem == ELEM_REAL ? cast(e, ELEM_REAL, binding->value, binding->span) : binding->value;
    Node *node = node_of(e, value, binding->span);
    if (node == NULL) return;
    if (!type_equal(node->type, argument->type)) {
        Diagnostic *error = error_at(e, binding->span, "the result `%s` is %s, but is declared as %s", arg->name.name,
                                     type_text(e->arena, node->type), type_text(e->arena, argument->type));
        if (error != NULL) diag_note(e->diagnostics, error, arg->span, "it is declared here");
        return;
    }
    build_result(e->graph, argument, node, origin_at(e, arg->span));
}

/* An evaluation leaves all as it was but its caller's states. */
static bool takes_place(const Elaborator *e, const Event *event) {
    if (e->entry->evaluates == NULL) return true;
    return event->kind == EVENT_UPDATE && event->store->kind == STORE_ARGUMENT;
}

/* Losses and the last update of each store, in program order. */
static void build_events(Elaborator *e) {
    int *last = ARENA_ARRAY(e->arena, int, e->program->stores.count + 1); /* by position: the event */
    for (int v = 0; v < e->events.count; v++)
        if (e->events.at[v].kind == EVENT_UPDATE) last[e->events.at[v].store->position] = v;
    for (int v = 0; v < e->events.count; v++) {
        const Event *event = &e->events.at[v];
        if (!takes_place(e, event)) continue;
        if (event->kind == EVENT_LOSS)
            build_loss(e->graph, event->loss, event->origin);
        else if (last[event->store->position] == v)
            build_update(e->graph, event->store, e->current[event->store->position], event->origin);
    }
}

/* Losses are counted by steps, and so are updates of what the model keeps. */
static bool changes_model(const Elaborator *e) {
    if (e->entry->evaluates != NULL) return false;
    for (int v = 0; v < e->events.count; v++)
        if (e->events.at[v].kind == EVENT_LOSS || e->events.at[v].store->kind != STORE_ARGUMENT) return true;
    return false;
}

static void open_entry(Elaborator *e, const AstStmt *stmt, Name name, Entry *evaluates) {
    Entry *entry = ARENA_NEW(e->arena, Entry);
    *entry = (Entry){.name = name, .span = stmt->u.entry.name.span, .evaluates = evaluates};
    entry->training = evaluates == NULL && block_trains(e, &stmt->u.entry.block);
    entry->graph = graph_new(e->arena);
    e->entry = entry;
    e->graph = entry->graph;
    e->current = NULL;
    e->current_count = 0;
    memset(&e->first_contents, 0, sizeof e->first_contents);
    memset(&e->events, 0, sizeof e->events);
    memset(&e->barriers, 0, sizeof e->barriers);
    memset(&e->minimized, 0, sizeof e->minimized);
    e->draws = 0;
    e->site = hash_bytes(entry->name, strlen(entry->name));
}

/* evaluates: the entry of this text, elaborated before, or NULL. */
static void elaborate_entry(Elaborator *e, const AstStmt *stmt, Name name, Entry *evaluates) {
    open_entry(e, stmt, name, evaluates);
    Entry *entry = e->entry;
    for (int other = 0; other < e->program->entries.count; other++)
        if (e->program->entries.at[other]->name == entry->name)
            refuse(e, entry->span, "the entry `%s` is declared twice", entry->name);
    Scope *scope = scope_new(e, SCOPE_ENTRY, e->file);
    Flow flow = {false, poison};
    int errors = e->diagnostics->errors;
    if (bind_inputs(e, scope, entry, &stmt->u.entry.args)) {
        run_block(e, scope, &stmt->u.entry.block, &flow);
        if (e->diagnostics->errors == errors) {
            if (changes_model(e)) entry_step(e);
            build_events(e);
            for (int r = 0; r < stmt->u.entry.results.count; r++)
                bind_output(e, scope, entry, &stmt->u.entry.results.at[r]);
            add_graph_sizes(e, entry, entry->graph);
            if (entry->sizes.count > ENTRY_SIZE_LIMIT)
                refuse(e, entry->span, "the entry %s has %d sizes that are given at each call: at most %d are possible",
                       entry->name, entry->sizes.count, ENTRY_SIZE_LIMIT);
        }
    }
    vec_push(e->arena, &e->program->entries, entry);
    e->past_nodes += entry->graph->nodes.count;
    e->entry = NULL;
    e->graph = NULL;
}

/* "train,predict" */
static bool is_listed(const char *list, const char *name) {
    if (list == NULL) return true;
    size_t length = strlen(name);
    for (const char *at = list; at != NULL; at = strchr(at, ',') != NULL ? strchr(at, ',') + 1 : NULL)
        if (strncmp(at, name, length) == 0 && (at[length] == ',' || at[length] == 0)) return true;
    return false;
}

static Entry *find_entry(const Program *program, const char *name) {
    for (int n = 0; n < program->entries.count; n++)
        if (strcmp(program->entries.at[n]->name, name) == 0) return program->entries.at[n];
    return NULL;
}

/* ENTRY_eval for each entry that updates, unless the model has its own entry of that name. */
static void run_evaluations(Elaborator *e, const AstFile *file) {
    for (int s = 0; s < file->block.stmts.count && !is_stopped(e); s++) {
        const AstStmt *stmt = file->block.stmts.at[s];
        Entry *entry = stmt->kind == AST_ENTRY ? find_entry(e->program, stmt->u.entry.name.name) : NULL;
        if (entry == NULL || !entry_updates(entry)) continue;
        const char *name = arena_print(e->arena, "%s_eval", entry->name);
        if (find_entry(e->program, name) == NULL) elaborate_entry(e, stmt, intern_text(e->names, name), entry);
    }
}

static void run_entries(Elaborator *e, const AstFile *file) {
    bool any = false;
    for (int s = 0; s < file->block.stmts.count && !is_stopped(e); s++) {
        const AstStmt *stmt = file->block.stmts.at[s];
        if (stmt->kind != AST_ENTRY) continue;
        any = true;
        if (is_listed(e->options->entries, stmt->u.entry.name.name))
            elaborate_entry(e, stmt, stmt->u.entry.name.name, NULL);
    }
    if (e->options->evaluations && e->diagnostics->errors == 0) run_evaluations(e, file);
    Span whole = {file->source, 0, 0};
    if (!any && e->diagnostics->errors == 0)
        refuse(e, whole, "the model has no entry: `entry predict(x[N, 4]) -> y[N] { ... }` becomes a C function");
    else if (e->program->entries.count == 0 && e->diagnostics->errors == 0)
        refuse(e, whole, "no entry is called %s", e->options->entries);
}

/* ---- the order of stores ---- */

static int rank_of(const Store *store) {
    return store->kind == STORE_PARAM || store->kind == STORE_STATE ? 0 : 1;
}

/* The model's stores in the order of the text, then the trainer's. */
static void order_stores(Elaborator *e) {
    VEC(Store *) ordered = {0};
    for (int rank = 0; rank < 2; rank++)
        for (int s = 0; s < e->program->stores.count; s++)
            if (rank_of(e->program->stores.at[s]) == rank) vec_push(e->arena, &ordered, e->program->stores.at[s]);
    for (int s = 0; s < ordered.count; s++) {
        e->program->stores.at[s] = ordered.at[s];
        ordered.at[s]->position = s;
    }
}

/* An artifact holds what its entries read or write. */
static bool *used_stores(Arena *arena, const Program *program) {
    bool *used = ARENA_ARRAY(arena, bool, program->stores.count + 1);
    for (int n = 0; n < program->entries.count; n++) {
        const Entry *entry = program->entries.at[n];
        if (entry->step != NULL) used[entry->step->position] = true;
        for (int g = 0; g < entry->graph->nodes.count; g++) {
            const Node *node = entry->graph->nodes.at[g];
            if (node->op == OP_store || node->op == OP_update) used[node->u.store->position] = true;
        }
    }
    return used;
}

static void drop_unused_stores(Arena *arena, Program *program) {
    const bool *used = used_stores(arena, program);
    int kept = 0;
    for (int s = 0; s < program->stores.count; s++)
        switch (program->stores.at[s]->kind) {
        case STORE_ARGUMENT: break;
        case STORE_CONST: vec_push(arena, &program->constants, program->stores.at[s]); break;
        default:
            if (used[s])
                program->stores.at[kept++] = program->stores.at[s];
            else if (rank_of(program->stores.at[s]) == 0)
                vec_push(arena, &program->left_out, program->stores.at[s]);
        }
    program->stores.count = kept;
}

/* ---- the prelude ---- */

static void run_prelude(Elaborator *e) {
    e->prelude = scope_new(e, SCOPE_PRELUDE, NULL);
    for (int f = 0; f < embedded_file_count; f++) {
        const EmbeddedFile *file = &embedded_files[f];
        if (strncmp(file->name, "prelude/", 8) != 0) continue;
        const Source *source = source_of_text(e->arena, file->name, file->text, (int)file->length);
        run_file(e, e->prelude, parse_file(e->arena, e->names, e->diagnostics, source));
    }
}

static void check_definitions(Elaborator *e, const AstFile *file) {
    for (int d = 0; e->options->definitions != NULL && d < e->options->definitions->count; d++) {
        if (e->definition_used[d] || e->diagnostics->errors > 0) continue;
        const char *name = e->options->definitions->at[d].name;
        const char *near = scope_nearest(e, e->file, intern_text(e->names, name));
        refuse(e, (Span){file->source, 0, 0}, "-D %s: the model has no size or number of that name%s", name,
               near != NULL ? arena_print(e->arena, "; did you mean `%s`?", near) : "");
    }
}

Program *elaborate(Arena *arena, Interner *names, Diagnostics *diagnostics, const AstFile *file,
                   const ElaborateOptions *options) {
    Elaborator e = {.arena = arena, .names = names, .diagnostics = diagnostics, .options = options, .path = ""};
    e.program = ARENA_NEW(arena, Program);
    e.program->arena = arena;
    e.program->source = file->source;
    e.program->name = file->model.name;
    e.definition_used = ARENA_ARRAY(arena, bool, options->definitions != NULL ? options->definitions->count + 1 : 1);
    run_prelude(&e);
    e.file = scope_new(&e, SCOPE_FILE, e.prelude);
    run_file(&e, e.file, file);
    run_entries(&e, file);
    check_definitions(&e, file);
    if (diagnostics->errors > 0) return NULL;
    drop_unused_stores(arena, e.program);
    order_stores(&e);
    return e.program;
}
