#include "compiler/ir/affine.h"

Affine affine_constant(Dim constant) {
    return (Affine){.constant = constant};
}

Affine affine_index(Arena *arena, int index) {
    Term *term = ARENA_NEW(arena, Term);
    *term = (Term){.index = index, .factor = 1};
    return (Affine){.count = 1, .terms = term};
}

bool affine_add(Arena *arena, Affine a, Affine b, Affine *sum) {
    Dim constant;
    if (!dim_add(a.constant, b.constant, &constant)) return false;
    Term *terms = ARENA_ARRAY(arena, Term, a.count + b.count);
    int count = 0;
    for (int i = 0, j = 0; i < a.count || j < b.count;) {
        Term term;
        if (j == b.count || (i < a.count && a.terms[i].index < b.terms[j].index))
            term = a.terms[i++];
        else if (i == a.count || b.terms[j].index < a.terms[i].index)
            term = b.terms[j++];
        else {
            term.index = a.terms[i].index;
            if (__builtin_add_overflow(a.terms[i++].factor, b.terms[j++].factor, &term.factor)) return false;
        }
        if (term.factor != 0) terms[count++] = term;
    }
    *sum = (Affine){.constant = constant, .count = count, .terms = terms};
    return true;
}

bool affine_scale(Arena *arena, Affine a, int64_t by, Affine *out) {
    Dim constant;
    if (!dim_scale(a.constant, by, &constant)) return false;
    if (by == 0) return *out = affine_constant(constant), true;
    Term *terms = ARENA_ARRAY(arena, Term, a.count);
    for (int i = 0; i < a.count; i++) {
        terms[i].index = a.terms[i].index;
        if (__builtin_mul_overflow(a.terms[i].factor, by, &terms[i].factor)) return false;
    }
    *out = (Affine){.constant = constant, .count = a.count, .terms = terms};
    return true;
}

bool affine_equal(Affine a, Affine b) {
    if (a.count != b.count || !dim_equal(a.constant, b.constant)) return false;
    for (int i = 0; i < a.count; i++)
        if (a.terms[i].index != b.terms[i].index || a.terms[i].factor != b.terms[i].factor) return false;
    return true;
}

int64_t affine_factor(Affine a, int index) {
    for (int i = 0; i < a.count; i++)
        if (a.terms[i].index == index) return a.terms[i].factor;
    return 0;
}

bool affine_is_index(Affine a, int *index) {
    if (a.count != 1 || a.terms[0].factor != 1 || !dim_equal(a.constant, dim_constant(0))) return false;
    *index = a.terms[0].index;
    return true;
}

Affine affine_without(Arena *arena, Affine a, int index) {
    Term *terms = ARENA_ARRAY(arena, Term, a.count);
    int count = 0;
    for (int i = 0; i < a.count; i++)
        if (a.terms[i].index != index) terms[count++] = a.terms[i];
    return (Affine){.constant = a.constant, .count = count, .terms = terms};
}

bool affine_substitute(Arena *arena, Affine a, const Affine *with, Affine *out) {
    Affine sum = affine_constant(a.constant);
    for (int i = 0; i < a.count; i++) {
        Affine part;
        if (!affine_scale(arena, with[a.terms[i].index], a.terms[i].factor, &part)) return false;
        if (!affine_add(arena, sum, part, &sum)) return false;
    }
    *out = sum;
    return true;
}

int64_t affine_value(Affine a, const int64_t *indices, const int64_t *sizes) {
    int64_t value = dim_value(a.constant, sizes);
    for (int i = 0; i < a.count; i++)
        value += a.terms[i].factor * indices[a.terms[i].index];
    return value;
}

/* One term with its sign: "- 2*i", or "-2*i" at the beginning. */
static const char *append_term(Arena *arena, const char *text, int64_t factor, const char *name) {
    bool first = text[0] == '\0', negative = factor < 0;
    const char *sign = first ? (negative ? "-" : "") : (negative ? " - " : " + ");
    uint64_t size = negative ? 0 - (uint64_t)factor : (uint64_t)factor;
    if (size == 1) return arena_print(arena, "%s%s%s", text, sign, name);
    return arena_print(arena, "%s%s%llu*%s", text, sign, (unsigned long long)size, name);
}

const char *affine_text(Arena *arena, Affine a, const char *const *names) {
    const char *text = "";
    for (int i = 0; i < a.count; i++)
        text = append_term(arena, text, a.terms[i].factor, names[a.terms[i].index]);
    if (a.count > 0 && dim_equal(a.constant, dim_constant(0))) return text;
    const char *constant = dim_text(arena, a.constant);
    if (a.count == 0) return constant;
    bool negative = constant[0] == '-';
    return arena_print(arena, "%s %c %s", text, negative ? '-' : '+', constant + negative);
}
