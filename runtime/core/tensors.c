/* tensors.c - tensors of a model by name, in declared order whatever the storage. Part of gradc's runtime.
 *
 * SPDX-License-Identifier: 0BSD
 * Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby
 * granted. THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE. */
#include "gr.h"
#include <string.h>

const gr_tensor *gr_find(const gr_model *description, const char *name) {
    if (!description || !name) return NULL;
    for (int i = 0; i < description->tensor_count; i++)
        if (strcmp(description->tensors[i].name, name) == 0) return &description->tensors[i];
    return NULL;
}

const gr_entry *gr_find_entry(const gr_model *description, const char *name) {
    if (!description || !name) return NULL;
    for (int i = 0; i < description->entry_count; i++)
        if (strcmp(description->entries[i].name, name) == 0) return &description->entries[i];
    return NULL;
}

size_t gr_elements(const gr_tensor *tensor) {
    size_t elements = 1;
    for (int axis = 0; axis < tensor->rank; axis++)
        elements *= (size_t)tensor->shape[axis];
    return elements;
}

/* Where in storage, counted in elements, the element lies whose row-major position is `at`. */
static size_t storage_position(const gr_tensor *tensor, size_t at) {
    size_t position = 0;
    for (int axis = tensor->rank - 1; axis >= 0; axis--) {
        const size_t dim = (size_t)tensor->shape[axis];
        position += at % dim * (size_t)tensor->strides[axis];
        at /= dim;
    }
    return position;
}

int gr_read(const gr_tensor *tensor, const void *model, const void *trainer, void *dense) {
    if (!tensor || !dense) return GR_NULL;
    const unsigned char *home = (const unsigned char *)(tensor->place == GR_MODEL ? model : trainer);
    if (!home) return GR_NULL;
    const size_t size = gr_type_size(tensor->type), elements = gr_elements(tensor);
    for (size_t at = 0; at < elements; at++)
        memcpy((unsigned char *)dense + at * size, home + tensor->offset + storage_position(tensor, at) * size, size);
    return GR_OK;
}

int gr_write(const gr_tensor *tensor, void *model, void *trainer, const void *dense) {
    if (!tensor || !dense) return GR_NULL;
    unsigned char *home = (unsigned char *)(tensor->place == GR_MODEL ? model : trainer);
    if (!home) return GR_NULL;
    const size_t size = gr_type_size(tensor->type), elements = gr_elements(tensor);
    for (size_t at = 0; at < elements; at++)
        memcpy(home + tensor->offset + storage_position(tensor, at) * size, (const unsigned char *)dense + at * size,
               size);
    return GR_OK;
}
