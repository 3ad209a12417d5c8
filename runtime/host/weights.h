/* Files of weights, whichever way they are stored: .safetensors and .npz, told apart by the end of the name. Part of
 * the host half of gradc's runtime. */
#ifndef GR_HOST_WEIGHTS_H
#define GR_HOST_WEIGHTS_H

#include "runtime/host/safetensors.h"

/* Whether the name says that it is such a file; a message where not. */
bool gr_weights_check_name(const char *path, gr_error *error);

typedef struct gr_weights gr_weights;

/* NULL, with a message, if the file cannot be read. Close it. */
gr_weights *gr_weights_open(const char *path, gr_error *error);
void gr_weights_close(gr_weights *weights);

/* Names, types and shapes in the order of the file (begin and end mean nothing here), and what a safetensors file says
 * about itself; they live as long as the file is open. */
const gr_stored_tensor *gr_weights_tensors(const gr_weights *weights, size_t *count);
const gr_metadata *gr_weights_metadata(const gr_weights *weights, size_t *count);

/* Reads all elements of one of the tensors: row-major, little endian. */
bool gr_weights_read(const gr_weights *weights, const gr_stored_tensor *tensor, void *bytes, gr_error *error);

/* Writes a file whole or not at all, as gr_safetensors_write; an .npz has no metadata. */
bool gr_weights_write(const char *path, const gr_stored_tensor *tensors, size_t count, const gr_metadata *metadata,
                      size_t metadata_count, gr_tensor_source *source, void *context, gr_error *error);

#endif
