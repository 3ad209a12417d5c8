/* gr.h and tensors.c: a model as data. */
#include "runtime/core/gr.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* A model as gradc would describe it: w[2, 3] stored column by column with a gap, and a flag; a trainer's slot and
 * step. */
typedef struct tiny {
    float w[3 * 4];
    uint8_t flag;
} tiny;
typedef struct tiny_trainer {
    uint64_t step;
    float slot[6];
} tiny_trainer;

static const int32_t w_shape[] = {2, 3}, w_strides[] = {1, 4}, slot_strides[] = {3, 1};
static const gr_tensor tensors[] = {
    {"w", GR_MODEL, GR_PARAM, GR_FLOAT, 2, w_shape, w_strides, offsetof(tiny, w)},
    {"flag", GR_MODEL, GR_STATE, GR_BOOL, 0, NULL, NULL, offsetof(tiny, flag)},
    {"@train.m.w", GR_TRAINER, GR_SLOT, GR_FLOAT, 2, w_shape, slot_strides, offsetof(tiny_trainer, slot)},
    {"@train.step", GR_TRAINER, GR_COUNTER, GR_UINT64, 0, NULL, NULL, offsetof(tiny_trainer, step)},
};
static const gr_entry entries[] = {{.name = "train", .updates = 1}, {.name = "predict"}};
static const gr_model description = {.abi = GR_ABI,
                                     .name = "tiny",
                                     .model_size = sizeof(tiny),
                                     .trainer_size = sizeof(tiny_trainer),
                                     .tensor_count = 4,
                                     .entry_count = 2,
                                     .tensors = tensors,
                                     .entries = entries};

Test(runtime_tensors, are_found_by_name) {
    cr_assert_eq(gr_find(&description, "@train.m.w"), &tensors[2]);
    cr_assert_null(gr_find(&description, "W"));
    cr_assert_null(gr_find(&description, NULL));
    cr_assert_null(gr_find(NULL, "w"));
    cr_assert_eq(gr_find_entry(&description, "predict"), &entries[1]);
    cr_assert_null(gr_find_entry(&description, ""));
}

Test(runtime_tensors, are_read_and_written_in_declared_order) {
    tiny model = {.flag = 1};
    tiny_trainer trainer = {.step = 1234567890123u};
    const float w[6] = {1, 2, 3, 4, 5, 6}; /* rows 1 2 3 and 4 5 6 */
    for (int i = 0; i < 12; i++)
        model.w[i] = -1;
    cr_assert_eq(gr_write(gr_find(&description, "w"), &model, NULL, w), GR_OK);
    const float stored[12] = {1, 4, -1, -1, 2, 5, -1, -1, 3, 6, -1, -1};
    cr_assert_arr_eq(model.w, stored, sizeof stored);

    float back[6];
    cr_assert_eq(gr_elements(&tensors[0]), 6);
    cr_assert_eq(gr_read(gr_find(&description, "w"), &model, NULL, back), GR_OK);
    cr_assert_arr_eq(back, w, sizeof w);

    uint8_t flag = 0;
    uint64_t step = 0;
    cr_assert_eq(gr_read(gr_find(&description, "flag"), &model, NULL, &flag), GR_OK);
    cr_assert_eq(gr_read(gr_find(&description, "@train.step"), NULL, &trainer, &step), GR_OK);
    cr_assert(flag == 1 && step == 1234567890123u);
    cr_assert_eq(gr_write(gr_find(&description, "@train.m.w"), NULL, &trainer, w), GR_OK);
    cr_assert_arr_eq(trainer.slot, w, sizeof w);
}

Test(runtime_tensors, missing_pointers_are_said) {
    tiny model = {.flag = 1};
    float back[6];
    cr_assert_eq(gr_read(&tensors[0], NULL, NULL, back), GR_NULL);
    cr_assert_eq(gr_read(&tensors[2], &model, NULL, back), GR_NULL);
    cr_assert_eq(gr_write(&tensors[0], &model, NULL, NULL), GR_NULL);
    cr_assert_eq(gr_write(NULL, &model, NULL, back), GR_NULL);
}

Test(runtime_tensors, dimensions_follow_the_sizes) {
    const gr_dim shape[] = {{1, 2, 1}, {64, 0, -1}};
    const gr_argument argument = {.name = "x", .rank = 2, .shape = shape};
    const int sizes[] = {9, 5};
    cr_assert_eq(gr_dim_value(&shape[0], sizes), 11);
    cr_assert_eq(gr_argument_elements(&argument, sizes), 11 * 64);
}

Test(runtime_tensors, every_status_has_words) {
    for (int status = GR_OK; status <= GR_TARGET; status++)
        cr_assert_str_neq(gr_message(status), gr_message(-1));
    cr_assert_str_eq(gr_message(GR_OK), "ok");
}

/* The header as a C++ program sees it, where there is a C++ compiler. */
Test(runtime_header, compiles_as_cpp) {
    if (system("c++ --version > /dev/null 2>&1") != 0) return;
    const int status = system("printf '#include \"gr.h\"\\nGR_ALIGNED static char memory[64];\\ngr_work work;\\n"
                              "int main() { work.scratch = memory; return gr_message(GR_OK)[0] + work.threads; }\\n'"
                              " | c++ -x c++ -std=c++11 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror"
                              " -fsyntax-only -I" GRADC_ROOT "/runtime/core -");
    cr_assert_eq(status, 0);
}
