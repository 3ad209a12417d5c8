/* Functions with gradients of their own: fn f(x) = e backward (dy, y) = g. The value is computed as ever; beside it, a
 * region says what the gradients of the arguments are. */
#include "compiler/ops/region.h"
#include "frontend/elaborator.h"

/* The arguments that are tensors, in the order of the parameters. */
static void tensor_arguments(Elaborator *e, const AstParams *params, Scope *scope, Nodes *nodes) {
    for (int p = 0; p < params->count; p++) {
        Value value = scope_find_here(scope, params->at[p].name.name)->value;
        Node *node = is_tensor(value) ? node_of(e, value, params->at[p].span) : NULL;
        if (node != NULL) vec_push(e->arena, nodes, node);
    }
}

static bool has_elements(const AstParams *params, Scope *scope) {
    for (int p = 0; p < params->count; p++)
        if (is_indexed(scope_find_here(scope, params->at[p].name.name)->value)) return true;
    return false;
}

static Node *add_formal(Elaborator *e, int number, const Node *like, Name label, Span span) {
    Node *formal = graph_add(e->graph, OP_formal, like->type, 0, NULL, origin_at(e, span));
    formal->u.formal.kind = FORMAL_CAPTURE;
    formal->u.formal.number = number;
    formal->label = label;
    return formal;
}

/* The scope of the backward body: the arguments, as its formals stand for them, the gradient and the result. */
static Scope *backward_scope(Elaborator *e, const AstFunction *function, Scope *called, const Node *value) {
    const AstBackward *backward = function->backward;
    Scope *scope = scope_new(e, SCOPE_FUNCTION, called->parent);
    int number = 2;
    for (int b = 0; b < called->bindings.count; b++) { /* names that patterns have bound too */
        Binding binding = called->bindings.at[b];
        bool tensor = false;
        for (int p = 0; p < function->params.count; p++)
            tensor |= function->params.at[p].name.name == binding.name && is_tensor(binding.value);
        if (tensor) {
            const Node *like =
                binding.value.kind == VALUE_TENSOR ? binding.value.u.node : store_now(e, binding.value.u.store);
            binding.value = value_node(add_formal(e, number++, like, binding.name, binding.span));
        }
        scope_bind(e, scope, binding.name, binding.value, binding.span);
    }
    AstName gradient = backward->gradient, result = backward->result;
    Node *dy = add_formal(e, 0, value, gradient.name, gradient.span);
    scope_bind(e, scope, gradient.name, value_node(dy), gradient.span);
    if (result.name != NULL)
        scope_bind(e, scope, result.name, value_node(add_formal(e, 1, value, result.name, result.span)), result.span);
    return scope;
}

static bool yield_one(Elaborator *e, Value gradient, const Node *argument, int number, Span span) {
    Value real = cast(e, ELEM_REAL, gradient, span);
    Node *node = is_poison(real) ? NULL : node_of(e, real, span);
    if (node == NULL) return false;
    if (!shape_stretches(e, node->type.shape, argument->type.shape)) {
        refuse(e, span, "the gradient is %s, but the argument `%s` is %s", type_text(e->arena, node->type),
               argument->label != NULL ? argument->label : "?", type_text(e->arena, argument->type));
        return false;
    }
    Value fitted = broadcast_to(e, value_node(node), argument->type.shape, span);
    if (is_poison(fitted)) return false;
    Node *yield = graph_add(e->graph, OP_yield, argument->type, 1, &fitted.u.node, origin_at(e, span));
    yield->u.result = number;
    return true;
}

/* One gradient for each real argument. */
static bool yield_gradients(Elaborator *e, Value value, const Nodes *arguments, Span span, int *count) {
    int wanted = 0;
    for (int a = 0; a < arguments->count; a++)
        wanted += arguments->at[a]->type.elem == ELEM_REAL;
    bool list = value.kind == VALUE_LIST && wanted != 1;
    if (is_poison(value)) return false;
    if (list ? value.u.list->count != wanted : wanted != 1) {
        refuse(e, span, "`backward` gives one gradient for each of the %d real tensor arguments, not %s", wanted,
               value_text(e, value));
        return false;
    }
    *count = 0;
    for (int a = 0; a < arguments->count; a++) {
        if (arguments->at[a]->type.elem != ELEM_REAL) continue;
        Value gradient = list ? value.u.list->at[*count] : value;
        if (!yield_one(e, gradient, arguments->at[a], (*count)++, span)) return false;
    }
    return true;
}

static bool captures_nothing(Elaborator *e, const Graph *body, Span span) {
    if (body->captures.count == 0) return true;
    Diagnostic *error = error_at(e, span, "`backward` uses a value from around the function, %s: make it an argument",
                                 type_text(e->arena, body->captures.at[0].outside->type));
    note_origin(e, error, body->captures.at[0].outside);
    return false;
}

Value call_with_backward(Elaborator *e, const Closure *closure, Scope *called, Value value, Span span) {
    const AstFunction *function = closure->function;
    Nodes arguments = {0};
    if (is_poison(value)) return poison;
    if (is_indexed(value) || has_elements(&function->params, called))
        return refuse(e, span, "%s() has a `backward`: it is called with whole tensors, not beside indices",
                      closure->name);
    tensor_arguments(e, &function->params, called, &arguments);
    if (arguments.count == 0) return value;
    Node *result = node_of(e, value, span);
    if (result == NULL) return poison;
    Graph *around = e->graph;
    struct LoopRun *loop = e->loop;
    Region *region = ARENA_NEW(e->arena, Region);
    *region = (Region){.body = graph_new(e->arena), .captures = arguments.count + 2, .length = dim_constant(1)};
    region->body->around = around;
    e->graph = region->body;
    e->loop = NULL;
    Scope *scope = backward_scope(e, function, called, result);
    Value gradients = run_body(e, scope, &function->backward->body, function->backward->span, "backward");
    bool good = yield_gradients(e, gradients, &arguments, function->backward->body.span, &region->outputs) &&
                captures_nothing(e, region->body, function->backward->body.span);
    e->graph = around;
    e->loop = loop;
    region->body->around = NULL;
    if (!good) return poison;
    return value_node(build_custom(around, result, arguments.count, arguments.at, region, origin_at(e, span)));
}
