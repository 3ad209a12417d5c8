/* NumPy's .npz: a zip archive whose members NAME.npy are arrays (npy.h), as numpy.savez and savez_compressed write them
 * and numpy.load reads them. Part of the host half of gradc's runtime. */
#ifndef GR_HOST_NPZ_H
#define GR_HOST_NPZ_H

#include "runtime/host/safetensors.h"

typedef struct gr_npz gr_npz;

/* Opens an archive and reads the headers of its arrays. NULL, with a message, if any of it cannot be read: what is no
 * array of numbers is refused as a whole. Close it. */
gr_npz *gr_npz_open(const char *path, gr_error *error);
void gr_npz_close(gr_npz *file);

/* Its arrays in the order of the archive, named without ".npy"; they live as long as the file is open. begin and end
 * are of no meaning. */
const gr_stored_tensor *gr_npz_tensors(const gr_npz *file, size_t *count);

/* Reads all elements of a tensor: row-major and little endian, whatever the file has. */
bool gr_npz_read(const gr_npz *file, const gr_stored_tensor *tensor, void *bytes, gr_error *error);

/* As gr_safetensors_write, but for metadata, which the format lacks. Types that NumPy has not (BF16, F8) become
 * float32, which holds each of their numbers. */
bool gr_npz_write(const char *path, const gr_stored_tensor *tensors, size_t count, gr_tensor_source *source,
                  void *context, gr_error *error);

#endif
