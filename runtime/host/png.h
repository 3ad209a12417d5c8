/* Images as one sheet in a PNG file. Part of the host half of gradc's runtime; libpng where it was found. */
#ifndef GR_HOST_PNG_H
#define GR_HOST_PNG_H

#include "runtime/host/array.h"

/* Writes images of shape [n, h, w] (grey) or [n, c, h, w] with c = 1 or 3 (grey, or red, green, blue), in a grid that
 * is about square with a pixel of margin. More axes in front count as more images. `values` are dense, row-major, in
 * the machine's byte order: ints are 0..255 and are clipped; reals 0..1, but if one lies outside, the sheet's smallest
 * is black and its largest white (what is not finite is left out, and black). The file appears whole or not at all.
 * False, with a message. */
bool gr_png_write(const char *path, const gr_array *shape, const void *values, gr_error *error);

#endif
