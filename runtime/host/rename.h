/* How weights are called elsewhere: tensors under other names and with their axes in another order, by a map file of
 * lines `OLD NEW [transpose=1,0]` (docs/weights.md). Part of the host half of gradc's runtime. */
#ifndef GR_HOST_RENAME_H
#define GR_HOST_RENAME_H

#include "runtime/host/array.h"
#include "runtime/host/safetensors.h"

typedef struct gr_renamed {
    const gr_stored_tensor *from; /* the caller's */
    bool transposed;
    uint8_t axes[GR_ARRAY_MAX_RANK]; /* axis a is from's axis axes[a] */
} gr_renamed;

typedef struct gr_renaming {
    size_t count;
    gr_stored_tensor *tensors; /* [count]: new names and shapes, in the order of the old; begin and end mean nothing */
    gr_renamed *origins;       /* [count] */
    char **names;              /* [count] */
    uint64_t *shapes;          /* of all */
} gr_renaming;

/* Applies a map, or none (NULL: names stay), to tensors that stay where they are while the renaming is used. False,
 * with a message, where the map cannot be read, a line of it finds no tensor, or two tensors come to have one name. */
bool gr_rename(const char *map, const gr_stored_tensor *tensors, size_t count, gr_renaming *renaming, gr_error *error);
void gr_renaming_free(gr_renaming *renaming);

/* The elements of a renamed tensor from those of its origin, row-major both. */
void gr_rename_elements(const gr_renaming *renaming, size_t index, const uint8_t *from, uint8_t *out);

#endif
