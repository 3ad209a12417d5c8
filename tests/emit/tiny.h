/* A small program made by hand, with what the emitter must cope with: a batch, a label, a number by value, slots,
 * steps, draws, state of another type, names that C has taken. */
#ifndef GRADC_TESTS_EMIT_TINY_H
#define GRADC_TESTS_EMIT_TINY_H

#include "compiler/emit/emit.h"

/*
 *  size N = 0..256
 *  param net.w[4, 3] ~ uniform(0, 1);  param net.b[3] = 0;  state seen: int = 0
 *  entry train(image[N, 4], label[N]: int, float: real) -> loss {
 *      loss = sum[n, o] (image @ net.w + net.b)[n, o] * (label[n] == o);  minimize loss with slots m
 *      seen <- seen + 1
 *  }
 *  entry predict(image[N, 4], offset: byte) -> digit[N]: int, class[N, 3]
 *  entry noise() -> z[2, 4] { z ~ uniform(0, 1) }
 */
Program *tiny_program(Arena *arena);

/* The text of an emission for the program, or any other. */
Emission tiny_emission(Arena *arena, const Program *program, const char *target);

/* Entries and stores that a test makes by itself. */
const Dim *tiny_dims(Arena *arena, int rank, const int64_t *dims);
Store *tiny_store(Program *program, StoreKind kind, const char *path, Elem elem, int rank, const int64_t *dims);
Entry *tiny_entry(Program *program, const char *name);
Argument *tiny_input(Program *program, Entry *entry, const char *name, Elem elem, Shape shape);
Argument *tiny_output(Program *program, Entry *entry, const char *name, Node *value);
Node *tiny_doubled(Entry *entry, Argument *input); /* 2 * input */
Program *tiny_empty(Arena *arena);

#endif
