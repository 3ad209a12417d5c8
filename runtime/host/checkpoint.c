#include "runtime/host/checkpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const enum gr_stored stored_types[] = {
    [GR_FLOAT] = GR_STORED_F32, [GR_DOUBLE] = GR_STORED_F64, [GR_INT32] = GR_STORED_I32,
    [GR_BOOL] = GR_STORED_BOOL, [GR_BYTE] = GR_STORED_U8,    [GR_UINT64] = GR_STORED_U64,
};

/* ---- saving */

typedef struct gr_saving {
    const gr_tensor **tensors;
    const void *model, *trainer;
} gr_saving;

static bool give_tensor(void *context, size_t index, void *dense, gr_error *error) {
    const gr_saving *saving = context;
    return gr_read(saving->tensors[index], saving->model, saving->trainer, dense) == GR_OK ||
           gr_fail(error, "%s: cannot be saved: there is no model", saving->tensors[index]->name);
}

/* The tensors to save, and their shapes as the writer wants them. Their number. */
static size_t list_tensors(const gr_model *description, bool trainer, const gr_tensor **list, gr_stored_tensor *stored,
                           uint64_t *shapes) {
    size_t count = 0;
    for (int i = 0; i < description->tensor_count; i++) {
        const gr_tensor *tensor = &description->tensors[i];
        if (tensor->place == GR_TRAINER && !trainer) continue;
        for (int axis = 0; axis < tensor->rank; axis++)
            shapes[axis] = (uint64_t)tensor->shape[axis];
        list[count] = tensor;
        stored[count++] = (gr_stored_tensor){
            .name = tensor->name, .type = stored_types[tensor->type], .rank = tensor->rank, .shape = shapes};
        shapes += tensor->rank;
    }
    return count;
}

static size_t axes_of_all(const gr_model *description) {
    size_t axes = 0;
    for (int i = 0; i < description->tensor_count; i++)
        axes += description->tensors[i].rank;
    return axes;
}

bool gr_save(const char *path, const gr_model *description, const void *model, const void *trainer,
             const gr_metadata *metadata, size_t metadata_count, gr_error *error) {
    const size_t tensors = (size_t)description->tensor_count;
    const gr_tensor **list = malloc((tensors + 1) * sizeof *list);
    gr_stored_tensor *stored = malloc((tensors + 1) * sizeof *stored);
    uint64_t *shapes = malloc((axes_of_all(description) + 1) * sizeof *shapes);
    gr_metadata *all = malloc((metadata_count + 3) * sizeof *all);
    char signature[16];
    bool done = false;
    if (list && stored && shapes && all) {
        snprintf(signature, sizeof signature, "%08lx", (unsigned long)description->signature);
        all[0] = (gr_metadata){"format", "gradc"};
        all[1] = (gr_metadata){"model", description->name};
        all[2] = (gr_metadata){"signature", signature};
        for (size_t i = 0; i < metadata_count; i++)
            all[3 + i] = metadata[i];
        gr_saving saving = {list, model, trainer};
        const size_t count = list_tensors(description, trainer != NULL, list, stored, shapes);
        done = gr_safetensors_write(path, stored, count, all, metadata_count + 3, give_tensor, &saving, error);
    } else {
        gr_fail(error, "%s: out of memory", path);
    }
    free(list);
    free(stored);
    free(shapes);
    free(all);
    return done;
}

/* ---- loading: into copies of the structs, which take the place of the caller's once nothing can fail */

typedef struct gr_loading {
    const char *path;
    const gr_safetensors *file;
    unsigned char *model, *trainer; /* the copies; trainer may be NULL */
    gr_load_report *report;
    size_t used; /* of the report's text */
    int listed;
    gr_error *error;
} gr_loading;

#define MAX_LISTED 5

/* "[64, 10] of F32", cut to what fits. */
static const char *describe(char *text, size_t size, enum gr_stored type, int rank, const uint64_t *shape,
                            const int32_t *declared) {
    size_t used = (size_t)snprintf(text, size, "[");
    for (int axis = 0; axis < rank && used < size; axis++) {
        const unsigned long long length = declared ? (unsigned long long)declared[axis] : shape[axis];
        used += (size_t)snprintf(text + used, size - used, "%s%llu", axis ? ", " : "", length);
    }
    if (used < size) snprintf(text + used, size - used, "] of %s", gr_stored_name(type));
    return text;
}

static void list_line(gr_loading *loading, const char *name, const char *what) {
    if (loading->listed++ >= MAX_LISTED) return;
    char *text = loading->report->text + loading->used;
    const size_t left = sizeof loading->report->text - loading->used;
    const int length = snprintf(text, left, "%s'%.100s' %s", loading->used ? "\n" : "", name, what);
    loading->used += length < 0 ? 0 : (size_t)length < left ? (size_t)length : left - 1;
}

static bool is_real(enum gr_stored type) {
    return type == GR_STORED_F64 || type == GR_STORED_F32 || type == GR_STORED_F16 || type == GR_STORED_BF16 ||
           type == GR_STORED_F8_E4M3 || type == GR_STORED_F8_E5M2;
}

static bool fits(const gr_tensor *tensor, const gr_stored_tensor *stored) {
    const enum gr_stored type = stored_types[tensor->type];
    if (stored->type != type && !(tensor->place == GR_MODEL && is_real(type) && is_real(stored->type))) return false;
    if (stored->rank != tensor->rank) return false;
    for (int axis = 0; axis < tensor->rank; axis++) {
        if (stored->shape[axis] != (uint64_t)tensor->shape[axis]) return false;
    }
    return true;
}

/* Stored reals of another type, as the model's. */
static void convert(const gr_tensor *tensor, const gr_stored_tensor *stored, const uint8_t *bytes, void *dense) {
    const size_t size = gr_stored_size(stored->type), to = gr_type_size(tensor->type);
    for (size_t i = 0; i < (size_t)stored->count; i++) {
        double value;
        gr_stored_decode(stored->type, bytes + i * size, 1, &value);
        const float single = (float)value;
        memcpy((char *)dense + i * to, to == 8 ? (const void *)&value : (const void *)&single, to);
    }
}

/* A bool is 0 or 1: another byte would be undefined behaviour in programs that believe it. */
static bool check_bools(gr_loading *loading, const gr_tensor *tensor, const uint8_t *bytes, size_t count) {
    for (size_t i = 0; tensor->type == GR_BOOL && i < count; i++) {
        if (bytes[i] > 1)
            return gr_fail(loading->error, "%s: '%.100s' holds a BOOL of value %d", loading->path, tensor->name,
                           bytes[i]);
    }
    return true;
}

static bool load_tensor(gr_loading *loading, const gr_tensor *tensor, const gr_stored_tensor *stored) {
    const size_t count = gr_elements(tensor), bytes = (size_t)(stored->end - stored->begin);
    const bool same = stored->type == stored_types[tensor->type];
    uint8_t *raw = malloc(bytes + 1), *dense = same ? raw : malloc(count * gr_type_size(tensor->type) + 1);
    bool done = raw && dense;
    if (!done) {
        gr_fail(loading->error, "%s: out of memory", loading->path);
    } else if ((done = gr_safetensors_read(loading->file, stored, raw, loading->error)) && same) {
        gr_stored_swap(raw, gr_type_size(tensor->type), count);
        done = check_bools(loading, tensor, raw, count);
    } else if (done) {
        convert(tensor, stored, raw, dense);
    }
    if (done) {
        gr_write(tensor, loading->model, loading->trainer, dense);
        loading->report->loaded++;
    }
    if (!same) free(dense);
    free(raw);
    return done;
}

/* Reads what fits and lists what does not. False if the file cannot be read. */
static bool load_declared(gr_loading *loading, const gr_model *description) {
    for (int i = 0; i < description->tensor_count; i++) {
        const gr_tensor *tensor = &description->tensors[i];
        if (tensor->place == GR_TRAINER && !loading->trainer) continue;
        const gr_stored_tensor *stored = gr_safetensors_find(loading->file, tensor->name);
        if (!stored) {
            loading->report->missing++;
            list_line(loading, tensor->name, "is missing");
        } else if (!fits(tensor, stored)) {
            char line[400], has[160], needs[160];
            snprintf(line, sizeof line, "is %s; the model has %s",
                     describe(has, sizeof has, stored->type, stored->rank, stored->shape, NULL),
                     describe(needs, sizeof needs, stored_types[tensor->type], tensor->rank, NULL, tensor->shape));
            loading->report->misfits++;
            list_line(loading, tensor->name, line);
        } else if (!load_tensor(loading, tensor, stored)) {
            return false;
        }
    }
    return true;
}

static int compare_tensor_names(const void *a, const void *b) {
    return strcmp((*(const gr_tensor *const *)a)->name, (*(const gr_tensor *const *)b)->name);
}

/* Lists the file's tensors that the model lacks; by a sorted list, for a file may have very many. */
static bool list_extra(gr_loading *loading, const gr_model *description) {
    const size_t declared = (size_t)description->tensor_count;
    const gr_tensor **sorted = malloc((declared + 1) * sizeof *sorted);
    size_t count;
    const gr_stored_tensor *stored = gr_safetensors_tensors(loading->file, &count);
    if (!sorted) return gr_fail(loading->error, "%s: out of memory", loading->path);
    for (size_t i = 0; i < declared; i++)
        sorted[i] = &description->tensors[i];
    qsort(sorted, declared, sizeof *sorted, compare_tensor_names);
    for (size_t i = 0; i < count; i++) {
        const gr_tensor wanted = {.name = stored[i].name}, *key = &wanted;
        if (stored[i].name[0] == '@' && !loading->trainer) continue;
        if (bsearch(&key, sorted, declared, sizeof *sorted, compare_tensor_names)) continue;
        loading->report->extra++;
        list_line(loading, stored[i].name, "is not in the model");
    }
    free(sorted);
    return true;
}

/* Copies of the structs, so that a failure leaves the caller's alone. */
static bool copy_structs(gr_loading *loading, const gr_model *description, const void *model, const void *trainer) {
    loading->model = malloc(description->model_size + 1);
    loading->trainer = trainer ? malloc(description->trainer_size + 1) : NULL;
    if (!loading->model || (trainer && !loading->trainer))
        return gr_fail(loading->error, "%s: out of memory", loading->path);
    if (model) memcpy(loading->model, model, description->model_size);
    if (trainer) memcpy(loading->trainer, trainer, description->trainer_size);
    return true;
}

/* The first of what is wrong in one line, and how many there are. */
static bool refuse(gr_loading *loading) {
    const gr_load_report *report = loading->report;
    char lines[900];
    size_t used = 0;
    for (const char *c = report->text; *c && used + 3 < sizeof lines; c++) {
        if (*c == '\n') lines[used++] = ';';
        lines[used++] = *c == '\n' ? ' ' : *c;
    }
    lines[used] = 0;
    return gr_fail(loading->error,
                   "%s: does not fit the model (%d missing, %d not in it, %d of another shape or type): %s",
                   loading->path, report->missing, report->extra, report->misfits, lines);
}

bool gr_load(const char *path, const gr_model *description, void *model, void *trainer, bool partial,
             gr_load_report *report, gr_error *error) {
    gr_load_report own;
    gr_loading loading = {.path = path, .report = report ? report : &own, .error = error};
    *loading.report = (gr_load_report){0};
    gr_safetensors *file = gr_safetensors_open(path, error);
    if (!file) return false;
    loading.file = file;
    bool done = copy_structs(&loading, description, model, trainer) && load_declared(&loading, description) &&
                list_extra(&loading, description);
    if (done && loading.listed > MAX_LISTED) {
        char *text = loading.report->text + loading.used;
        snprintf(text, sizeof own.text - loading.used, "\nand %d more", loading.listed - MAX_LISTED);
    }
    const bool lacks = loading.report->missing + loading.report->misfits > 0;
    const bool alien = loading.report->extra > 0 && (trainer || loading.report->loaded == 0);
    if (done && !partial && (lacks || alien)) done = refuse(&loading);
    if (done && model) memcpy(model, loading.model, description->model_size);
    if (done && trainer) memcpy(trainer, loading.trainer, description->trainer_size);
    gr_safetensors_close(file);
    free(loading.model);
    free(loading.trainer);
    return done;
}
