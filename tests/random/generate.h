/* Random programs: well-shaped graphs of one entry, grown from the tables of the compiler. The same seed gives the same
 * program.
 *
 * Values are looked at while they are made (the evaluator runs beside), so that what is read next can be scaled and
 * functions are applied where they are defined. What still goes wrong is left out by the checks (check.h). */
#ifndef GRADC_TESTS_RANDOM_GENERATE_H
#define GRADC_TESTS_RANDOM_GENERATE_H

#include "compiler/eval/eval.h"
#include "compiler/ops/build.h"

enum { PALETTE = 5, NODE_LIMIT = 400 };

/* A node that can be read, and the largest magnitude seen in it. */
typedef struct Value {
    Node *node;
    double most;
    int reads; /* by how many nodes so far */
} Value;

typedef struct Generator {
    Arena *arena;
    Interner *names;
    uint64_t stream; /* of the random choices */
    Program *program;
    Entry *entry;
    Graph *graph;
    VEC(Value) pool;
    Dim palette[PALETTE];  /* the dimensions that tensors are made of, so that they fit each other */
    Evaluation evaluation; /* of the graph so far, at the largest sizes */
    int64_t work;          /* points that evaluating it walks over */
    uint32_t sites;
    char *draft;
    struct Generator *around; /* in a loop's body: as it was before the loop */
} Generator;

/* One entry, called `name`, whose stores begin with that name as well. Its text so far is copied to `draft` before a
 * pass is tried on it. */
Program *generate(Arena *arena, Interner *names, const char *name, uint64_t seed, char *draft);

/* ---- choices ---- */

int below(Generator *g, int count); /* 0 <= result < count */
bool chance(Generator *g, int percent);
const char *any_text(Generator *g, const char *const *texts); /* NULL-terminated */

/* ---- the pool ---- */

/* Looks at a node that was built last and puts it into the pool; false where its values are not sane (it is taken back
 * then, and must not be used). */
bool keep_value(Generator *g, Node *node);
/* What a node of the pool is at the sizes at which graphs are looked at. */
Tensor value_of(Generator *g, Node *node);
/* A value of that type of elements to be read, rather a late one or one that nobody reads; NULL: there is none. */
const Value *any_value(Generator *g, Elem elem);
Dim any_dim(Generator *g);
Shape any_shape(Generator *g, int rank, bool constant);
bool fits_border(Shape shape); /* the caller's arrays have at most one bounded size behind their first axis */

/* ---- makers: each adds what it can, or nothing ---- */

typedef bool Maker(Generator *g);

/* How operations are made: one row for each of ops.def. */
typedef struct OpMaker {
    Op op;
    int weight; /* how often it is tried while a graph grows; 0: elsewhere */
    int inside; /* the same for the body of a loop */
    Maker *make;
} OpMaker;

bool make_any(Generator *g, bool inside); /* tries one by weight */

extern const OpMaker op_makers[];
extern const int op_maker_count;

Maker make_input, make_store, make_random, make_stop, make_grad, make_result, make_update, make_loss; /* make.c */
Maker make_regroup, make_concat, make_gather, make_scatter_add, make_cumsum, make_argsort;            /* move.c */
Maker make_scan, make_custom;                                                                         /* loop.c */
Maker make_nest;                                                                                      /* nest.c */

/* A real scalar that depends on the value: a weighted sum of its elements. NULL: not sane. */
Node *make_scalar(Generator *g, const Value *value);

/* ---- bodies (body.c) ---- */

/* An expression of a body that is being built, and a bound of its magnitude. */
typedef struct Operand {
    int expr;
    Elem elem;
    double most;
} Operand;

Operand term_literal(Generator *g, NestBuilder *nest, Elem elem);
Operand term_cast(Generator *g, NestBuilder *nest, Operand term, Elem elem);
/* The same with a magnitude of at most `most`: scaled, or taken modulo. */
Operand term_within(NestBuilder *nest, Operand term, double most);
/* A random expression in which every given term occurs. */
Operand random_body(Generator *g, NestBuilder *nest, const Operand *terms, int count, Elem elem);

#endif
