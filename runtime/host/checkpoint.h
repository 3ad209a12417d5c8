/* Checkpoints: every tensor of a model and of its training in one safetensors file, by declared name, shape and order.
 * Names of what belongs to training begin with '@': slots "@train.m.net.layers.0.w", steps "@train.step", "@lr_scale",
 * the seed; the rest is the model and may come from anywhere. Part of the host half of gradc's runtime. */
#ifndef GR_HOST_CHECKPOINT_H
#define GR_HOST_CHECKPOINT_H

#include "runtime/core/gr.h"
#include "runtime/host/safetensors.h"

/* Saves the model and, unless trainer is NULL, the trainer. To `metadata` are added "format" (gradc), "model" and
 * "signature"; the caller's, all UTF-8, must have other keys. Equal states and metadata give equal bytes. The file
 * appears whole or not at all, and until then the previous one stays. False, with a message. */
bool gr_save(const char *path, const gr_model *description, const void *model, const void *trainer,
             const gr_metadata *metadata, size_t metadata_count, gr_error *error);

/* What a load did, when it is not the whole model that it read. `text` lists what was left out, a line each: the first
 * few and how many more. */
typedef struct gr_load_report {
    int loaded, missing, extra, misfits; /* tensors: read; not in the file; only there; of another shape or type */
    char text[2048];
} gr_load_report;

/* Loads a model and, unless trainer is NULL, its trainer; without one, '@' names of the file are not looked at.
 *
 * Bits arrive as they left. In the model (not the trainer) a real tensor may also be stored as another kind of real:
 * it is rounded to the nearest. All other types must be the same, and all shapes.
 *
 * `partial`: takes what matches and reports the rest. Otherwise every tensor must be there; that the file holds more is
 * reported, but refused where a training goes on, which would save without it, or where nothing in it is the model's.
 * Where this fails, with a message, neither model nor trainer has changed. `report` may be NULL. */
bool gr_load(const char *path, const gr_model *description, void *model, void *trainer, bool partial,
             gr_load_report *report, gr_error *error);

#endif
