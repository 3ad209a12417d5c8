/* The algebra of pass simplify: rules that say what a nest is equal to. Shared by the files of this pass only. */
#ifndef GRADC_PASSES_RULES_H
#define GRADC_PASSES_RULES_H

#include "compiler/ir/graph.h"

typedef struct Simplifier Simplifier;

/* What is equal to the nest and better: a node of the same graph. NULL: the rule does not apply. */
typedef Node *Rule(Simplifier *simplifier, Node *nest);

Graph *simplifier_graph(Simplifier *simplifier);
/* Applies all rules to a nest that a rule has made, and merges it with its equal. */
Node *simplify_nest(Simplifier *simplifier, Node *nest);

/* simplify.c */
Rule rule_identity, rule_compose;
/* simplify_sum.c */
Rule rule_unused_index, rule_broadcast, rule_selected_index, rule_factors;

/* Does it cost nothing to compute an element of the nest where it is read: fills, masks and counters, broadcasts,
 * transposes, slices, flips, pads, casts, signs, one scaling. */
bool is_free(const Node *node);

#endif
