/* Gradient checks on graphs built by hand: a scalar made of real inputs, its gradients against central differences of
 * the evaluator, and the same for gradients of gradients. */
#ifndef GRADC_TESTS_GRADIENTS_H
#define GRADC_TESTS_GRADIENTS_H

#include "compiler/eval/eval.h"
#include "compiler/ops/build.h"

enum { CASE_INPUTS = 4 };

/* A graph under construction, and the values of its real inputs. */
typedef struct GradientCase {
    Arena *arena;
    Graph *graph;
    Size *batch; /* N = 0..7, evaluated at 3 */
    Node *inputs[CASE_INPUTS];
    Tensor values[CASE_INPUTS];
    int input_count;
    int variant; /* of the case */
} GradientCase;

typedef Node *CaseBuilder(GradientCase *c); /* makes inputs, returns any real node */

/* An input with values spread over [low, high], none twice. */
Node *case_input(GradientCase *c, int rank, const Dim *dims, double low, double high);
#define case_tensor(c, low, high, ...)                                                                                 \
    case_input(c, (int)(sizeof((Dim[]){__VA_ARGS__}) / sizeof(Dim)), (Dim[]){__VA_ARGS__}, low, high)

/* Fails the test where a first or second derivative disagrees with differences. */
void check_gradients(const char *name, CaseBuilder *build, int variant);

#endif
