/* Random bodies of nests, from the rows of scalar.def. */
#include "tests/random/generate.h"
#include <math.h>

static Operand call(NestBuilder *nest, Scalar fn, Operand a, const Operand *b, double most) {
    int expr = body_call(&nest->body, fn, a.expr, b ? b->expr : -1, -1);
    return (Operand){expr, body_elem(&nest->body, expr), most};
}

static Operand literal(NestBuilder *nest, Elem elem, double number) {
    return (Operand){body_literal(&nest->body, elem, number), elem, fabs(number)};
}

Operand term_literal(Generator *g, NestBuilder *nest, Elem elem) {
    static const double reals[] = {0.5, 1, 2, -1, 0.25, -0.75, 1.5, 0.3, -0.1, 3, -2, 0.7, 1, 0.125, -0.6, 0};
    if (elem == ELEM_BOOL) return literal(nest, elem, below(g, 2));
    if (elem == ELEM_INT) return literal(nest, elem, below(g, 8) - 2);
    return literal(nest, elem, reals[below(g, (int)(sizeof reals / sizeof *reals))]);
}

/* ---- where functions are defined ---- */

Operand term_within(NestBuilder *nest, Operand term, double most) {
    if (term.most <= most || term.elem == ELEM_BOOL) return term;
    if (term.elem == ELEM_REAL) {
        int exponent;
        frexp(term.most / most, &exponent); /* a power of two */
        Operand by = literal(nest, ELEM_REAL, ldexp(1, -exponent));
        return call(nest, SCALAR_mul, term, &by, most);
    }
    int64_t half = (int64_t)most;
    Operand by = literal(nest, ELEM_INT, (double)(2 * half + 1)), shift = literal(nest, ELEM_INT, (double)half);
    return call(nest, SCALAR_sub, call(nest, SCALAR_modulo, term, &by, 2 * most), &shift, most);
}

/* At least 1/4, and at most about the term. */
static Operand positive(Generator *g, NestBuilder *nest, Operand term) {
    Operand quarter = literal(nest, ELEM_REAL, 0.25);
    if (term.elem == ELEM_INT) {
        Operand one = literal(nest, ELEM_INT, 1), size = call(nest, SCALAR_abs, term_within(nest, term, 50), NULL, 50);
        return call(nest, SCALAR_add, size, &one, 51);
    }
    switch (below(g, 5)) {
    case 0: return call(nest, SCALAR_max, term, &quarter, fmax(term.most, 0.25));
    case 1: term = call(nest, SCALAR_exp, term_within(nest, term, 1), NULL, 2.72); return term;
    case 2: term = call(nest, SCALAR_softplus, term_within(nest, term, 4), NULL, 5); break;
    case 3: term = call(nest, SCALAR_abs, term_within(nest, term, 4), NULL, 4); break;
    default: term = term_within(nest, term, 4); term = call(nest, SCALAR_mul, term, &term, 16);
    }
    return call(nest, SCALAR_add, term, &quarter, term.most + 0.25);
}

/* An argument that suits a function: what has no case here is defined everywhere and grows no faster than a sum. */
static Operand in_domain(Generator *g, NestBuilder *nest, Scalar fn, int argument, Operand term) {
    switch (fn) {
    case SCALAR_exp:
    case SCALAR_expm1: return term_within(nest, term, 2);
    case SCALAR_sin:
    case SCALAR_cos: return term_within(nest, term, 30);
    case SCALAR_log:
    case SCALAR_sqrt: return positive(g, nest, term);
    case SCALAR_log1p: return chance(g, 50) ? positive(g, nest, term) : term_within(nest, term, 0.75);
    case SCALAR_div: return argument == 1 ? positive(g, nest, term) : term;
    case SCALAR_quotient:
    case SCALAR_modulo:
        if (argument == 0) return term;
        term = positive(g, nest, term);
        return chance(g, 30) ? call(nest, SCALAR_neg, term, NULL, term.most) : term;
    case SCALAR_power:
        return argument == 0 ? term_within(nest, positive(g, nest, term), 4) : term_within(nest, term, 2);
    case SCALAR_mul: return term_within(nest, term, term.elem == ELEM_INT ? 1000 : 8);
    case SCALAR_to_int: return term_within(nest, term, 100);
    default: return term_within(nest, term, term.elem == ELEM_INT ? 1e6 : 100);
    }
}

/* A bound of the result, from those of the arguments. */
static double bound(Scalar fn, const Operand *args) {
    double a = args[0].most, b = args[1].most, c = args[2].most;
    switch (fn) {
    case SCALAR_add:
    case SCALAR_sub: return a + b;
    case SCALAR_mul: return a * b;
    case SCALAR_div:
    case SCALAR_quotient: return 4 * a + 1;
    case SCALAR_modulo: return b;
    case SCALAR_power: return 16;
    case SCALAR_exp:
    case SCALAR_expm1: return exp(a);
    case SCALAR_log: return fmax(1.4, log(fmax(a, 1)));
    case SCALAR_log1p: return fmax(1.4, a);
    case SCALAR_sqrt: return fmax(1, a);
    case SCALAR_softplus:
    case SCALAR_floor: return a + 1;
    case SCALAR_max:
    case SCALAR_min: return fmax(a, b);
    case SCALAR_select: return fmax(b, c);
    case SCALAR_abs:
    case SCALAR_neg:
    case SCALAR_to_real:
    case SCALAR_to_int: return a;
    default: return 1; /* what is bounded itself; a new function without a case is sane or is rejected */
    }
}

/* ---- calls ---- */

/* The types of the arguments of a call, where its result is to be of type `elem`; false where it cannot be. */
static bool argument_types(Generator *g, Scalar fn, Elem elem, Elem *args) {
    Elem any = (Elem)below(g, 3);
    for (int i = 0; i < 3; i++)
        args[i] = elem;
    switch (scalar_table[fn].types) {
    case SCALAR_TYPES_REAL: return elem == ELEM_REAL;
    case SCALAR_TYPES_NUMBER: return elem != ELEM_BOOL;
    case SCALAR_TYPES_LOGIC: return elem == ELEM_BOOL;
    case SCALAR_TYPES_SELECT: args[0] = ELEM_BOOL; return true;
    case SCALAR_TYPES_COMPARE: args[0] = args[1] = chance(g, 70) ? ELEM_REAL : ELEM_INT; return elem == ELEM_BOOL;
    case SCALAR_TYPES_TO_REAL: args[0] = any; return elem == ELEM_REAL;
    case SCALAR_TYPES_TO_INT: args[0] = any; return elem == ELEM_INT;
    }
    return false;
}

/* A term made from nothing: a literal, an index, a size. */
static Operand leaf_term(Generator *g, NestBuilder *nest, Elem elem) {
    if (elem == ELEM_BOOL || nest->indices.count == 0 || chance(g, 50)) return term_literal(g, nest, elem);
    int number = below(g, nest->indices.count);
    Dim size = nest->indices.at[number].size;
    bool is_size = chance(g, 25);
    int expr = is_size ? body_size(&nest->body, size) : body_index(&nest->body, number);
    return term_cast(g, nest, (Operand){expr, ELEM_INT, (double)dim_high(size)}, elem);
}

Operand term_cast(Generator *g, NestBuilder *nest, Operand term, Elem elem) {
    if (term.elem == elem) return term;
    if (elem == ELEM_REAL) return call(nest, SCALAR_to_real, term, NULL, term.most);
    if (elem == ELEM_INT && term.elem == ELEM_REAL) {
        Operand by = literal(nest, ELEM_REAL, 3);
        term = term_within(nest, term, 4);
        term = call(nest, SCALAR_mul, term, &by, 12);
    }
    if (elem == ELEM_INT) return call(nest, SCALAR_to_int, term, NULL, term.most);
    Operand other = leaf_term(g, nest, term.elem);
    return call(nest, chance(g, 80) ? SCALAR_less : SCALAR_less_equal, term, &other, 1);
}

/* Calls a random function on the terms [0, count), which are at most three; what else it needs is made. */
static Operand random_call(Generator *g, NestBuilder *nest, const Operand *terms, int count, Elem elem) {
    Elem types[3];
    static const Scalar common[] = {SCALAR_mul, SCALAR_mul, SCALAR_add, SCALAR_sub};
    Scalar fn;
    do
        fn = chance(g, 40) && count == 2 && elem != ELEM_BOOL ? common[below(g, 4)] : (Scalar)below(g, SCALAR_COUNT);
    while (scalar_table[fn].arity < count || !argument_types(g, fn, elem, types));
    Operand args[3] = {{-1, ELEM_REAL, 0}, {-1, ELEM_REAL, 0}, {-1, ELEM_REAL, 0}};
    for (int i = 0; i < scalar_table[fn].arity; i++) {
        Operand term = i < count ? terms[i] : chance(g, 30) ? terms[below(g, count)] : leaf_term(g, nest, types[i]);
        args[i] = in_domain(g, nest, fn, i, term_cast(g, nest, term, types[i]));
    }
    int expr = body_call(&nest->body, fn, args[0].expr, args[1].expr, args[2].expr);
    return (Operand){expr, body_elem(&nest->body, expr), bound(fn, args)};
}

/* A type for a step on the way: mostly real. */
static Elem step_type(Generator *g) {
    return chance(g, 88) ? ELEM_REAL : chance(g, 50) ? ELEM_INT : ELEM_BOOL;
}

Operand random_body(Generator *g, NestBuilder *nest, const Operand *terms, int count, Elem elem) {
    Operand stack[8];
    int left = 0;
    for (; left < count && left < 8; left++)
        stack[left] = terms[left];
    if (left == 0) stack[left++] = leaf_term(g, nest, elem == ELEM_BOOL ? ELEM_INT : elem);
    int more = below(g, 3);
    while (left > 1 || more-- > 0) {
        int take = left > 1 ? (left > 2 && chance(g, 30) ? 3 : 2) : 1;
        int first = below(g, left - take + 1);
        Operand made = random_call(g, nest, stack + first, take, left == take && more <= 0 ? elem : step_type(g));
        stack[first] = made;
        for (int i = first + take; i < left; i++)
            stack[i - take + 1] = stack[i];
        left -= take - 1;
    }
    return term_cast(g, nest, stack[0], elem);
}
