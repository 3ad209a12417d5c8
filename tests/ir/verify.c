/* What the verifier finds. */
#include "tests/ir/fixture.h"

static void refuse(const char *text, const char *what) {
    FIXTURE(f);
    const char *why = NULL;
    Program *program = fixture_read(&f, text);
    cr_assert(program != NULL, "cannot read: %s", f.diagnostics.items.count ? f.diagnostics.items.at[0]->message : "");
    cr_assert_not(verify_program(&f.arena, program, &why), "not found: %s", what);
    cr_assert(strstr(why, what), "%s", why);
    arena_close(&f.arena);
}

#define HEAD "size N = 1..9\nentry f(x: real[N, 4])\n%0 = input x : real[N, 4]\n"

Test(verify, reads_stay_inside) {
    refuse(HEAD "%1 = nest[n < N] %0[n, 4] : real[N]", "can leave its axis 1");
    refuse(HEAD "%1 = nest[n < N, i < 3] %0[n, 2*i] : real[N, 3]", "can leave its axis 1");
    refuse(HEAD "%1 = nest[n < N] %0[n - 1, 0] : real[N]", "can leave its axis 0");
    refuse(HEAD "%1 = nest[n < 9] %0[n, 0] : real[9]", "can leave its axis 0");
}

Test(verify, free_indices_are_the_axes) {
    refuse(HEAD "%1 = nest[n < N] %0[n, 0] : real[N, 1]", "%1 (nest)");
    refuse(HEAD "%1 = nest[n < N] %0[n, 0] : real[3]", "%1 (nest)");
}

Test(verify, types_agree) {
    refuse(HEAD "%1 = nest[n < N] n : real[N]", "%1 (nest)");
    refuse(HEAD "%1 = stop %0 : real[N]", "%1 (stop)");
    refuse(HEAD "%1 = nest[n < N] argmax[i < 4] %0[n, i] : real[N]", "%1 (nest)");
    refuse(HEAD "loss %0", "(loss)");
    refuse("entry f(x: real[4])\n%0 = input x : int[4]", "%0 (input)");
}

Test(verify, shapes_are_possible) {
    refuse("size N = 0..9\nentry f()\n%0 = nest[n < N - 1] 0.0 : real[N - 1]", "can be negative");
    refuse("entry f()\n%0 = random normal 1 : real[65536, 32768]", "too many elements");
}

Test(verify, outputs_have_one_result) {
    refuse("entry f(x: real[4]) -> y: real[4]\n%0 = input x : real[4]", "output y has not one result");
    refuse("entry f(x: real[4]) -> y: real[4]\n%0 = input x : real[4]\nresult y %0 result y %0",
           "output y has not one result");
}

Test(verify, stores_have_an_init_of_their_type) {
    refuse("store w param real[4]", "it has no init");
    refuse("store w param real[4]\n%0 = random normal 1 : real[5]\nresult %0", "not one result of its type");
    refuse("size N = 1..9\nstore w param real[N]\n%0 = random normal 1 : real[N]\nresult %0", "not constant");
    refuse("store s step int[]\n%0 = nest[] 1 : int[]\nresult %0", "it has an init");
}

Test(verify, nodes_stand_in_order) {
    FIXTURE(f);
    const char *why = NULL;
    Program *program = fixture_program(
        &f, "entry f(x: real[4])\n%0 = input x : real[4]\n%1 = stop %0 : real[4]\n%2 = stop %1 : real[4]");
    Graph *graph = program->entries.at[0]->graph;
    graph->nodes.at[1]->args[0] = graph->nodes.at[2];
    cr_assert_not(verify_graph(&f.arena, graph, &why));
    cr_assert_str_eq(why, "an argument does not stand above in the same graph: %1 (stop)\n");
    arena_close(&f.arena);
}

Test(verify, roots_are_listed_once) {
    FIXTURE(f);
    const char *why = NULL;
    Program *program =
        fixture_program(&f, "entry f(x: real[]) -> y: real[]\n%0 = input x : real[]\nloss %0 result y %0");
    Graph *graph = program->entries.at[0]->graph;
    graph->roots.at[0] = graph->roots.at[1];
    cr_assert_not(verify_graph(&f.arena, graph, &why));
    cr_assert(strstr(why, "the roots are not the root nodes in order"), "%s", why);
    arena_close(&f.arena);
}

Test(verify, bodies_are_well_typed) {
    FIXTURE(f);
    const char *why = NULL;
    Program *program = fixture_program(&f, "entry f()\n%0 = nest[i < 3] add(i, 1) : int[3]");
    Graph *graph = program->entries.at[0]->graph;
    graph->nodes.at[0]->u.nest.body.exprs.at[1].elem = ELEM_REAL;
    cr_assert_not(verify_graph(&f.arena, graph, &why));
    cr_assert(strstr(why, "types that do not fit"), "%s", why);
    arena_close(&f.arena);
}

#define LOOP(formals, yields)                                                                                          \
    HEAD "%1 = nest[] 0.0 : real[]\n%2 = scan N carries %1 inputs %0 {\n" formals "\n" yields "\n} : real[]\n"

Test(verify, loops_fit_their_bodies) {
    refuse(LOOP("%0 = formal carry 0 : real[4]", "yield 0 %0"), "a formal has another type than its argument");
    refuse(LOOP("%0 = formal input 0 : real[N]", "yield 0 %0"), "a formal has another type than its argument");
    refuse(LOOP("%0 = formal input 0 : real[4]", "yield 0 %0"), "a carry changes its type");
    refuse(LOOP("%0 = formal capture 0 : real[4]", "yield 0 %0"), "a formal without an argument");
    refuse(LOOP("%0 = formal carry 0 : real[]\n%1 = formal carry 0 : real[]", "yield 0 %0"), "a formal stands twice");
    refuse(LOOP("%0 = formal carry 0 : real[]", "yield 1 %0"), "a result is not yielded");
    refuse(LOOP("%0 = formal carry 0 : real[]", "loss %0 yield 0 %0"), "a root in a body");
    refuse(LOOP("%0 = formal carry 0 : real[]", "yield 0 %0") "%3 = part 1 %2 : real[]", "no such part");
    refuse(LOOP("%0 = formal carry 0 : real[]", "yield 0 %0 yield 1 %0") "%3 = part 1 %2 : real[]", "another type");
    refuse("entry f()\n%0 = formal carry 0 : real[]", "it stands outside of a body");
}

Test(verify, shapes_of_operations) {
    refuse(HEAD "%1 = regroup 0 2 1 %0 : real[N]", "another number of elements");
    refuse("size N = 1..9\nentry f(x: real[4, N])\n%0 = input x : real[4, N]\n%1 = regroup 0 2 1 %0 : real[4*N]",
           "a bounded size is merged that is not the first");
    refuse(HEAD "%1 = concat 1 %0 %0 : real[N, 4]", "another length");
    refuse(HEAD "%1 = cumsum 2 %0 : real[N, 4]", "no such axis");
    refuse(HEAD "%1 = argsort 1 %0 : real[N, 4]", "not ints");
    refuse(HEAD "%1 = gather[i < 5] %0 at [0, i] : real[5]", "can leave its axis");
    refuse(HEAD "%1 = stop %0 : real[N, 4]\n%2 = gather[i < 4] %0 at [%1[0, i], i] : real[4]", "a position is not an int");
    refuse(HEAD "%1 = gather[i < 4] %0 at [%0[0, i], i] : real[4]", "a position is not an int");
}
