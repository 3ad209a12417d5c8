/* Text in and out: what is printed of what was read is the same text. */
#include "tests/ir/fixture.h"

static void check(const char *text) {
    FIXTURE(f);
    cr_assert_str_eq(fixture_print(&f, fixture_program(&f, text)), text);
    arena_close(&f.arena);
}

Test(roundtrip, declarations) {
    check("model digits\n"
          "size N = 1..256\n"
          "size T = 0..9\n"
          "store net.layers.0.w param real[64, 128]\n"
          "    %0 = random normal 7 : real[64, 128]\n"
          "    %1 \"w\" = nest[i < 64, o < 128] mul(%0[i, o], 0.01) : real[64, 128]\n"
          "    result %1\n"
          "store @train.m.net.layers.0.w slot real[64, 128] of train\n"
          "    %0 = nest[i < 64, o < 128] 0.0 : real[64, 128]\n"
          "    result %0\n"
          "store @train.step step int[] of train\n"
          "store @lr_scale rate real[]\n"
          "entry train(image: real[N, 64], raw: byte[N], label: int[N] in 0..9, any: int[2*T + 1]) -> loss: real[], "
          "copy: real[N, 64] training draws step @train.step sizes N T\n"
          "    %0 = input image : real[N, 64]\n"
          "    %1 = store net.layers.0.w : real[64, 128]\n"
          "    %2 = random uniform 4000000000 : real[N, 64]\n"
          "    %3 = nest[] sum[n < N, i < 64] mul(%0[n, i], %2[n, i]) : real[]\n"
          "    %4 = grad %3 %1 : real[64, 128]\n"
          "    %5 = stop %4 : real[64, 128]\n"
          "    loss %3\n"
          "    update net.layers.0.w %5\n"
          "    result loss %3\n"
          "    result copy %0\n");
}

Test(roundtrip, nests) {
    check("model m\n"
          "size N = 1..256\n"
          "entry f(x: real[N, 64], w: real[64, 8], s: real[3], c: bool[N]) sizes N\n"
          "    %0 = input x : real[N, 64]\n"
          "    %1 = input w : real[64, 8]\n"
          "    %2 = input s : real[3]\n"
          "    %3 = input c : bool[N]\n"
          "    %4 \"y\" = nest[n < N, o < 8] sum[i < 64] mul(%0[n, i], %1[i, o]) : real[N, 8]\n"
          "    %5 = nest[j < 8] solved[p < 3 = (j - 1)/2] otherwise -0.5: %2[p] : real[8]\n"
          "    %6 = nest[j < 8] sum[c < 3] solved[p < 3 = (j - 2*c - 1)/2] mul(%2[p], %2[c]) : real[8]\n"
          "    %7 = nest[n < N] argmax[i < 64] %0[-n + N - 1, i] : int[N]\n"
          "    %8 = nest[n < N] let $0 = sub(%0[n, 0], 1.5), $1 = exp($0) in add(mul($0, $1), $1) : real[N]\n"
          "    %9 = nest[n < N] select(%3[n], n, size(2*N + 1)) : int[N]\n"
          "    %10 = nest[n < N] draw(normal, 5, 64*n + 3) : real[N]\n"
          "    %11 = nest[n < N] or(%3[n], true) : bool[N]\n"
          "    %12 = nest[n < N] max[max < 64] max(0.0, %0[n, max]) : real[N]\n");
}

Test(roundtrip, numbers_are_exact) {
    check("model m\n"
          "entry f()\n"
          "    %0 = nest[] add(0.1, 1e+300) : real[]\n"
          "    %1 = nest[] add(0.30000000000000004, -0.0) : real[]\n"
          "    %2 = nest[] add(inf, -inf) : real[]\n"
          "    %3 = nest[] add(nan, 123456789.0) : real[]\n"
          "    %4 = nest[] add(5e-324, 1.7976931348623157e+308) : real[]\n"
          "    %5 = nest[] add(-2147483648, 2147483647) : int[]\n");
}

Test(roundtrip, names_of_indices_are_made_unique) {
    FIXTURE(f);
    Program *program = fixture_program(&f, "model m\nsize N = 1..4\nentry f(x: real[N, 3, 3]) sizes N\n"
                                           "%0 = input x : real[N, 3, 3]\n"
                                           "%1 = nest[a < N, b < 3, c < 3] %0[-a + N - 1, b, c] : real[N, 3, 3]\n");
    Index *indices = (Index *)program->entries.at[0]->graph->nodes.at[1]->u.nest.indices;
    indices[0].name = "N", indices[1].name = "i", indices[2].name = "i";
    const char *text = fixture_print(&f, program);
    cr_assert(strstr(text, "nest[N_2 < N, i < 3, i_2 < 3] %0[-N_2 + N - 1, i, i_2]"), "%s", text);
    cr_assert_str_eq(fixture_print(&f, fixture_program(&f, text)), text);
    arena_close(&f.arena);
}

Test(roundtrip, comments_blanks_and_free_numbers) {
    FIXTURE(f);
    Program *program = fixture_program(&f, "entry f(x: real[3]) -> y: real[3] # nothing else\n"
                                           "  %7 = input x\n    : real[3]\n\n  result y %7");
    cr_assert_str_eq(fixture_print(&f, program), "model model\nentry f(x: real[3]) -> y: real[3]\n"
                                                 "    %0 = input x : real[3]\n    result y %0\n");
    arena_close(&f.arena);
}

Test(roundtrip, one_node_is_one_line) {
    FIXTURE(f);
    Program *program = fixture_program(&f, "entry f(x: real[3])\n%0 = input x : real[3]\n");
    cr_assert_str_eq(node_text(&f.arena, program->entries.at[0]->graph->nodes.at[0]), "%0 = input x : real[3]");
    arena_close(&f.arena);
}

Test(roundtrip, operations) {
    check("model m\n"
          "size N = 1..8\n"
          "entry f(x: real[N, 6], id: int[N]) sizes N\n"
          "    %0 = input x : real[N, 6]\n"
          "    %1 = input id : int[N]\n"
          "    %2 = regroup 1 1 2 %0 : real[N, 2, 3]\n"
          "    %3 \"flat\" = regroup 1 2 1 %2 : real[N, 6]\n"
          "    %4 = concat 0 %0 %3 : real[2*N, 6]\n"
          "    %5 = gather[n < N, i < 3] %0 at [%1[n] + i - 1, 2*i] : real[N, 3]\n"
          "    %6 = scatter_add[n < N, i < 3] %5 at [%1[n], i + 1] : real[4, 6]\n"
          "    %7 = cumsum 1 reversed %0 : real[N, 6]\n"
          "    %8 = argsort 1 %7 : int[N, 6]\n"
          "    %9 = nest[n < N] %0[(max(0, sub(%1[n], 1))), 5] : real[N]\n"
          "    %10 = nest[n < N] let $0 = neg(%1[n]) in add(%0[($0), ($0)], %0[0, ($0)]) : real[N]\n");
}

Test(roundtrip, loops) {
    check("model m\n"
          "size N = 0..8\n"
          "entry f(x: real[N, 6], h: real[6])\n"
          "    %0 = input x : real[N, 6]\n"
          "    %1 = input h : real[6]\n"
          "    %2 = scan N reversed carries %1 inputs %0 captures %0 {\n"
          "        %0 = formal carry 0 : real[6]\n"
          "        %1 = formal input 0 : real[6]\n"
          "        %2 = scan 3 carries %0 {\n"
          "            %0 = formal carry 0 : real[6]\n"
          "            yield 0 %0\n"
          "        } : real[]\n"
          "        %3 = part 0 %2 : real[6]\n"
          "        %4 = nest[i < 6] add(%1[i], %3[i]) : real[6]\n"
          "        yield 0 %4\n"
          "        yield 1 %1\n"
          "    } : real[]\n"
          "    %3 \"last\" = part 0 %2 : real[6]\n"
          "    %4 = part 1 %2 : real[N, 6]\n"
          "    %5 = nest[i < 6] mul(%1[i], %1[i]) : real[6]\n"
          "    %6 = custom %5 %1 {\n"
          "        %0 = formal capture 0 : real[6]\n"
          "        yield 0 %0\n"
          "    } : real[6]\n");
}

Test(roundtrip, states_of_the_caller) {
    check("model m\n"
          "size N = 1..8\n"
          "entry f(x: real[N], state h: real[N], state k: int[]) -> y: real[N] sizes N\n"
          "    %0 = input x : real[N]\n"
          "    %1 = store f.h : real[N]\n"
          "    %2 = store f.k : int[]\n"
          "    %3 = nest[n < N] add(%0[n], %1[n]) : real[N]\n"
          "    update f.h %3\n"
          "    update f.k %2\n"
          "    result y %3\n");
}

Test(roundtrip, constants) {
    check("model m\n"
          "store table const real[2, 3]\n"
          "    %0 = random normal 7 : real[2, 3]\n"
          "    result %0\n"
          "store blocks.mask const bool[3]\n"
          "    %0 = nest[i < 3] less(i, 2) : bool[3]\n"
          "    result %0\n"
          "entry f() -> y: real[2, 3]\n"
          "    %0 = store table : real[2, 3]\n"
          "    %1 = store blocks.mask : bool[3]\n"
          "    %2 = nest[i < 2, j < 3] select(%1[j], %0[i, j], 0.0) : real[2, 3]\n"
          "    result y %2\n");
}
