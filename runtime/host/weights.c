#include "runtime/host/weights.h"

#include "runtime/host/npz.h"
#include <stdlib.h>
#include <string.h>

struct gr_weights {
    gr_safetensors *safetensors; /* one of the two */
    gr_npz *npz;
};

static bool ends_in(const char *path, const char *end) {
    const size_t length = strlen(path), part = strlen(end);
    return length > part && strcmp(path + length - part, end) == 0;
}

bool gr_weights_check_name(const char *path, gr_error *error) {
    return ends_in(path, ".safetensors") || ends_in(path, ".npz") ||
           gr_fail(error, "%s: is of an unknown kind: its name must end in .safetensors or .npz", path);
}

gr_weights *gr_weights_open(const char *path, gr_error *error) {
    if (!gr_weights_check_name(path, error)) return NULL;
    gr_weights *weights = calloc(1, sizeof *weights);
    if (!weights) {
        gr_fail(error, "%s: out of memory", path);
        return NULL;
    }
    if (ends_in(path, ".npz"))
        weights->npz = gr_npz_open(path, error);
    else
        weights->safetensors = gr_safetensors_open(path, error);
    if (weights->npz || weights->safetensors) return weights;
    free(weights);
    return NULL;
}

void gr_weights_close(gr_weights *weights) {
    if (!weights) return;
    gr_npz_close(weights->npz);
    gr_safetensors_close(weights->safetensors);
    free(weights);
}

const gr_stored_tensor *gr_weights_tensors(const gr_weights *weights, size_t *count) {
    return weights->npz ? gr_npz_tensors(weights->npz, count) : gr_safetensors_tensors(weights->safetensors, count);
}

const gr_metadata *gr_weights_metadata(const gr_weights *weights, size_t *count) {
    *count = 0;
    return weights->npz ? NULL : gr_safetensors_metadata(weights->safetensors, count);
}

bool gr_weights_read(const gr_weights *weights, const gr_stored_tensor *tensor, void *bytes, gr_error *error) {
    return weights->npz ? gr_npz_read(weights->npz, tensor, bytes, error)
                        : gr_safetensors_read(weights->safetensors, tensor, bytes, error);
}

bool gr_weights_write(const char *path, const gr_stored_tensor *tensors, size_t count, const gr_metadata *metadata,
                      size_t metadata_count, gr_tensor_source *source, void *context, gr_error *error) {
    if (!gr_weights_check_name(path, error)) return false;
    if (ends_in(path, ".npz")) return gr_npz_write(path, tensors, count, source, context, error);
    return gr_safetensors_write(path, tensors, count, metadata, metadata_count, source, context, error);
}
