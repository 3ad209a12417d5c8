/* Files of named tensors in the safetensors format:
 *
 *     length of the header (8 bytes, little endian)
 *     {"__metadata__": {"key": "value"}, "net.w": {"dtype": "F32", "shape": [64, 10], "data_offsets": [0, 2560]}, ...}
 *     the tensors' bytes: row-major, little endian, without holes, overlaps or a rest
 *
 * after the README of huggingface/safetensors. The reader is strict: what the format does not say is refused, and no
 * number in a file makes anyone allocate more than a small multiple of the file's own size. Part of the host half of
 * gradc's runtime. */
#ifndef GR_HOST_SAFETENSORS_H
#define GR_HOST_SAFETENSORS_H

#include "runtime/host/error.h"
#include <stddef.h>
#include <stdint.h>

/* As the reference implementation: a longer header is a lie. */
#define GR_SAFETENSORS_MAX_HEADER 100000000
#define GR_SAFETENSORS_MAX_RANK   32

enum gr_stored {
    GR_STORED_BOOL,
    GR_STORED_U8,
    GR_STORED_I8,
    GR_STORED_F8_E5M2,
    GR_STORED_F8_E4M3, /* no infinities; NaN is all ones */
    GR_STORED_U16,
    GR_STORED_I16,
    GR_STORED_F16,
    GR_STORED_BF16,
    GR_STORED_U32,
    GR_STORED_I32,
    GR_STORED_F32,
    GR_STORED_U64,
    GR_STORED_I64,
    GR_STORED_F64
};

/* Bytes of one element, and its name in the file: "F32". */
size_t gr_stored_size(enum gr_stored type);
const char *gr_stored_name(enum gr_stored type);

typedef struct gr_stored_tensor {
    const char *name; /* UTF-8 without control characters */
    enum gr_stored type;
    int rank;
    const uint64_t *shape; /* [rank] */
    uint64_t count;        /* elements: the product of the shape */
    uint64_t begin, end;   /* bytes of the data */
} gr_stored_tensor;

typedef struct gr_metadata {
    const char *key, *value;
} gr_metadata;

typedef struct gr_safetensors gr_safetensors;

/* Opens a file and reads and checks its header. NULL, with a message, if it is no whole safetensors file. Close it. */
gr_safetensors *gr_safetensors_open(const char *path, gr_error *error);
void gr_safetensors_close(gr_safetensors *file);

/* Its tensors in the order of their data, and its metadata; they live as long as the file is open. */
const gr_stored_tensor *gr_safetensors_tensors(const gr_safetensors *file, size_t *count);
const gr_stored_tensor *gr_safetensors_find(const gr_safetensors *file, const char *name);
const gr_metadata *gr_safetensors_metadata(const gr_safetensors *file, size_t *count);

/* Reads a tensor's bytes, end - begin of them, as they lie in the file. False, with a message, if the disk fails or
 * the file has shrunk since it was opened. */
bool gr_safetensors_read(const gr_safetensors *file, const gr_stored_tensor *tensor, void *bytes, gr_error *error);

/* Stored elements as doubles: exact but for 64-bit integers beyond 2^53, which are rounded to nearest. */
void gr_stored_decode(enum gr_stored type, const uint8_t *bytes, size_t count, double *values);

/* Turns elements of `size` bytes each from little-endian order into that of this machine, or back; in place. */
void gr_stored_swap(uint8_t *bytes, size_t size, size_t count);

/* Where the writer takes values from: writes the tensor's elements into `dense`, in the byte order of this machine. */
typedef bool gr_tensor_source(void *context, size_t index, void *dense, gr_error *error);

/* Writes a file whole or not at all: beside it, synced, then renamed; what was there before stays until then. begin,
 * end and count of the tensors need not be set. False, with a message; then nothing is left behind. */
bool gr_safetensors_write(const char *path, const gr_stored_tensor *tensors, size_t count, const gr_metadata *metadata,
                          size_t metadata_count, gr_tensor_source *source, void *context, gr_error *error);

#endif
