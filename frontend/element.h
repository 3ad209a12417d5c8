/* Elements: what stands beside indices. An element is an expression for one point of a tensor, over indices whose
 * ranges are not known yet; when a statement is complete its ranges are inferred (ranges.c) and nests are built from it
 * (element.c). Elements are values like others: functions that are called beside indices see them. */
#ifndef GRADC_FRONTEND_ELEMENT_H
#define GRADC_FRONTEND_ELEMENT_H

#include "frontend/elaborator.h"

typedef enum ElementKind {
    ELEMENT_NUMBER, /* number */
    ELEMENT_SIZE,   /* size */
    ELEMENT_INDEX,  /* index */
    ELEMENT_READ,   /* read */
    ELEMENT_CALL,   /* call */
    ELEMENT_REDUCE  /* reduce */
} ElementKind;

/* A tensor of its own within a statement, once it is built: over the indices that it mentions. */
typedef struct Made {
    Node *node;
    int count;
    IndexVar **vars;
} Made;

struct Element {
    ElementKind kind;
    Elem elem;
    int height;
    Span span;
    unsigned seen; /* the walk that has been here */
    unsigned nest; /* the nest in which `expr` is its expression */
    int expr;
    union {
        double number;
        Dim size;
        IndexVar *index;
        struct {
            Node *node;
            const Affine *axes; /* in IndexVar.id */
            const Span *spans;  /* of the positions */
            Element *const
                *positions; /* by axis: an int element in place of the affine position, or NULL; NULL: none */
            Made made;      /* where there are such */
        } read;
        struct {
            Scalar fn;
            Element *args[3];
        } call;
        struct {
            Reduce reduce;
            int count;
            IndexVar *const *vars;
            Element *operand;
            Made made;
        } reduce;
    } u;
};

typedef VEC(IndexVar *) IndexVars;
typedef VEC(Element *) Elements;

Element *element_new(Elaborator *e, ElementKind kind, Elem elem, Span span);
/* NULL after an error: a tensor with axes is none. */
Element *element_of(Elaborator *e, Value value, Span span);
/* The position as an affine expression of IndexVar.id; false: it is none. */
bool element_affine(Elaborator *e, const Element *element, Affine *out);

/* The indices that occur free in an element, in the order in which they were introduced; and all reads in it. */
void element_free_vars(Elaborator *e, Element *element, IndexVars *vars);
void element_reads(Elaborator *e, Element *element, Elements *reads, Elements *reduces);
/* The first index in it that hides an outer name and is used as a number; NULL: none. */
const Element *element_hidden_use(Elaborator *e, Element *element);

/* The tensor over `vars`; their sizes and those of all reducers are known and proved. NULL after an error. */
Node *element_node(Elaborator *e, Element *element, IndexVar *const *vars, int count, Span span);

/* ranges.c: finds the size of every index of the element and proves every read; false after errors. */
bool infer_ranges(Elaborator *e, Element *element, IndexVar *const *vars, int count);

#endif
