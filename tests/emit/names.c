/* Names in the emitted C. */
#include "compiler/emit/parts.h"
#include "compiler/kernels/target.h"
#include "tests/emit/tiny.h"
#include <criterion/criterion.h>

static Memory memory = {.limit = 1 << 26};
static Arena arena;

static void open_arena(void) {
    if (setjmp(memory.on_exhausted) != 0) cr_assert(false, "exhausted");
    arena_open(&arena, &memory);
}

static void close_arena(void) {
    memory_close_all(&memory);
}

TestSuite(names, .init = open_arena, .fini = close_arena);

Test(names, scope_makes_identifiers) {
    static const char *const cases[][2] = {
        {"net.layers.0.w", "net_layers_0_w"},
        {"@train.m.net.b", "train_m_net_b"},
        {"w", "w"},
        {"_Bool", "x_Bool"},
        {"__w", "x__w"},
        {"0w", "x0w"},
        {"", "x"},
        {"a b*/", "a_b__"},
        {"if", "if_"},
        {"class", "class_"},
        {"_w", "_w"},
        {"NULL", "NULL_"},
        {"exp", "exp_"},
        {"sinf", "sinf_"},
        {"I", "I_"},
        {"main", "main_"},
        {"gr_ok", "xgr_ok"},
        {"total", "total"},
        {"and", "and_"},
        {"linux", "linux_"},
        {"gr.ok", "xgr_ok"},
        {"_.w", "x__w"},
        {"M_PI_2", "xM_PI_2"},
        {"M_w", "M_w"},
        {"INT32_MIN", "INT32_MIN_"},
        {"PRIu64", "PRIu64_"},
        {"PRIOR", "PRIOR"},
        {"EIO", "EIO_"},
        {"SIGMA", "SIGMA"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        Scope scope = {.arena = &arena};
        cr_expect_str_eq(scope_name(&scope, cases[c][0]), cases[c][1]);
    }
}

Test(names, scope_gives_no_name_twice) {
    Scope scope = {.arena = &arena};
    cr_expect_str_eq(scope_name(&scope, "a.b"), "a_b");
    cr_expect_str_eq(scope_name(&scope, "a_b"), "a_b_");
    cr_expect_str_eq(scope_name(&scope, "a.b"), "a_b_2");
    cr_expect_str_eq(scope_name(&scope, "a_b_2"), "a_b_2_");
    cr_expect_str_eq(scope_name(&scope, "if"), "if_");
    cr_expect_str_eq(scope_name(&scope, "if"), "if_2");
    cr_expect_str_eq(scope_name(&scope, "M"), "M");
    cr_expect_str_eq(scope_name(&scope, "M"), "xM_", "M_ begins as macros do");
    cr_expect_str_eq(scope_name(&scope, "M"), "xM_2");
}

Test(names, reserved) {
    static const char *const reserved[] = {"int",   "catch", "constexpr", "NULL",     "errno",  "printf", "memcpy",
                                           "sqrtf", "sqrtl", "size_t",    "INFINITY", "xor_eq", "y1",     "alignas"};
    static const char *const free_names[] = {"digits", "net", "lenet", "image", "Int", "sqrt_", "f", "l", "train"};
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        cr_expect(name_is_reserved(reserved[i]), "%s", reserved[i]);
    for (size_t i = 0; i < sizeof free_names / sizeof *free_names; i++)
        cr_expect_not(name_is_reserved(free_names[i]), "%s", free_names[i]);
}

static Emitter *emitter_for(const Program *program, const char *name) {
    EmitOptions options = {.name = name, .command = "", .source_name = "", .target = target_find("generic")};
    return emitter_new(&arena, program, arena_copy(&arena, &options, sizeof options));
}

/* The name of the only entry of a model. */
static const char *name_of_entry(const char *model, const char *entry) {
    Program *program = tiny_empty(&arena);
    tiny_entry(program, entry);
    return entry_name(emitter_for(program, model), program->entries.at[0]);
}

Test(names, entries) {
    cr_expect_str_eq(name_of_entry("digits", "train"), "train");
    cr_expect_str_eq(name_of_entry("digits", "exp"), "exp", "digits_exp and exp_run are nobody's");
    cr_expect_str_eq(name_of_entry("digits", "main"), "main");
    cr_expect_str_eq(name_of_entry("digits", "init"), "init_");
    cr_expect_str_eq(name_of_entry("digits", "model"), "model_");
    cr_expect_str_eq(name_of_entry("digits", "trainer"), "trainer_");
    cr_expect_str_eq(name_of_entry("digits", "gr"), "xgr_");
    cr_expect_str_eq(name_of_entry("digits", "digits"), "digits_");
    cr_expect_str_eq(name_of_entry("DIGITS", "API"), "API_");
}

Test(names, entries_that_differ_in_case_have_different_macros) {
    Program *program = tiny_empty(&arena);
    tiny_entry(program, "train");
    tiny_entry(program, "Train");
    const Emitter *emitter = emitter_for(program, "gan");
    cr_expect_str_eq(scratch_macro(emitter, program->entries.at[0]), "GAN_TRAIN_SCRATCH");
    cr_expect_str_eq(entry_name(emitter, program->entries.at[1]), "Train_");
    cr_expect_str_eq(scratch_macro(emitter, program->entries.at[1]), "GAN_TRAIN__SCRATCH");
}

static Size *add_size(Program *program, const char *name) {
    Size *size = ARENA_NEW(&arena, Size);
    *size = (Size){.name = name, .low = 1, .high = 8, .position = program->sizes.count};
    vec_push(&arena, &program->sizes, size);
    return size;
}

Test(names, sizes_and_arguments) {
    Program *program = tiny_empty(&arena);
    Size *n = add_size(program, "n"), *other = add_size(program, "N"), *work = add_size(program, "Work");
    Entry *entry = tiny_entry(program, "train");
    static const char *const inputs[] = {"n", "model", "digits", "exp", "float", "train_run", "digits_train", "call"};
    static const char *const wanted[] = {"n_2",    "model_",     "digits_",       "exp",
                                         "float_", "train_run_", "digits_train_", "call_"};
    enum { COUNT = sizeof inputs / sizeof *inputs };
    for (int i = 0; i < COUNT; i++)
        tiny_input(program, entry, inputs[i], ELEM_REAL, shape_of(&arena, 0, NULL));
    const Emitter *emitter = emitter_for(program, "digits");
    cr_expect_str_eq(size_name(emitter, n), "n");
    cr_expect_str_eq(size_name(emitter, other), "n_");
    cr_expect_str_eq(size_name(emitter, work), "work_");
    cr_expect_str_eq(size_macro(emitter, other), "DIGITS_N__MAX");
    for (int i = 0; i < COUNT; i++)
        cr_expect_str_eq(argument_name(emitter, entry->inputs.at[i]), wanted[i]);
}

Test(names, fields_and_addresses) {
    const Program *program = tiny_program(&arena);
    const Emitter *emitter = emitter_for(program, "tiny");
    static const char *const wanted[] = {"call->model->net_w",          "call->model->net_b",     "&call->model->seen",
                                         "call->trainer->train_m + 12", "call->trainer->train_m", "&call->step",
                                         "&call->trainer->lr_scale"};
    for (int s = 0; s < program->stores.count; s++)
        cr_expect_str_eq(store_address(emitter, program->stores.at[s]), wanted[s]);
}

Test(names, fields_that_collide) {
    Program *program = tiny_empty(&arena);
    static const char *const paths[] = {"a.b_c", "a_b.c", "tiny", "float", "gamma"};
    static const char *const wanted[] = {"a_b_c", "a_b_c_", "tiny_", "float_", "gamma"};
    for (int i = 0; i < 5; i++)
        tiny_store(program, STORE_PARAM, paths[i], ELEM_REAL, 1, (int64_t[]){2});
    const Emitter *emitter = emitter_for(program, "tiny");
    for (int i = 0; i < 5; i++)
        cr_expect_str_eq(emitter->fields->places[i].field, wanted[i]);
}

Test(names, comments_stay_open) {
    cr_expect_str_eq(comment_safe(&arena, "a*/b/*c"), "a* /b/ *c");
    cr_expect_str_eq(comment_safe(&arena, "*/*/"), "* / * /");
    cr_expect_str_eq(comment_safe(&arena, "what?"
                                          "?/"),
                     "what? ?/");
    cr_expect_str_eq(comment_safe(&arena, "tab\tbell\a"), "tab?bell?");
    cr_expect_str_eq(string_literal(&arena, "a\"b\\c?"
                                            "?\n\xc3\xa9"),
                     "\"a\\\"b\\\\c\\?\\?\\012\\303\\251\"");
    cr_expect_str_eq(count_text(&arena, 38440), "38,440");
    cr_expect_str_eq(count_text(&arena, 1000000), "1,000,000");
    cr_expect_str_eq(count_text(&arena, 999), "999");
}
