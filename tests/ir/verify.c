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
