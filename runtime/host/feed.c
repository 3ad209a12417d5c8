#include "runtime/host/feed.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- files by the names of inputs */

static bool read_number(const char *text, double *number) {
    char *end;
    *number = strtod(text, &end);
    return end != text && *end == '\0';
}

bool gr_datasets_open(gr_datasets *sets, const gr_pairs *pairs, const char *option, gr_error *error) {
    *sets = (gr_datasets){.option = option};
    sets->at = calloc((size_t)pairs->count + 1, sizeof *sets->at);
    if (sets->at == NULL) return gr_fail(error, "out of memory");
    for (int p = 0; p < pairs->count; p++) {
        gr_dataset *set = &sets->at[sets->count++];
        set->input = pairs->at[p].name;
        if (read_number(pairs->at[p].value, &set->number)) continue;
        set->data = gr_data_open(pairs->at[p].value, error);
        if (set->data == NULL) return false;
    }
    return true;
}

void gr_datasets_close(gr_datasets *sets) {
    for (int s = 0; s < sets->count; s++)
        gr_data_close(sets->at[s].data);
    free(sets->at);
    *sets = (gr_datasets){0};
}

static gr_dataset *find_set(gr_datasets *sets, const char *input) {
    for (int s = 0; s < sets->count; s++)
        if (strcmp(sets->at[s].input, input) == 0) return &sets->at[s];
    return NULL;
}

/* ---- shapes in words */

/* "[N, 784] of real". Returns text. */
static char *argument_text(const gr_feed *feed, const gr_argument *argument, char *text, size_t size) {
    static const char *const types[] = {[GR_FLOAT] = "real", [GR_DOUBLE] = "real", [GR_INT32] = "int",
                                        [GR_BOOL] = "bool",  [GR_BYTE] = "byte",   [GR_UINT64] = "count"};
    size_t at = (size_t)snprintf(text, size, "[");
    for (int a = 0; a < argument->rank && at < size; a++) {
        const gr_dim *dim = &argument->shape[a];
        const char *name = dim->size >= 0 ? feed->model->sizes[feed->entry->sizes[dim->size]].name : "";
        const char *comma = a > 0 ? ", " : "";
        const char *plus = dim->size >= 0 && dim->constant != 0 ? "+" : "";
        char factor[16] = "", constant[16] = "";
        if (dim->size >= 0 && dim->factor != 1) snprintf(factor, sizeof factor, "%d*", dim->factor);
        if (dim->size < 0 || dim->constant != 0) snprintf(constant, sizeof constant, "%d", dim->constant);
        at += (size_t)snprintf(text + at, size - at, "%s%s%s%s%s", comma, factor, name, plus, constant);
    }
    if (at < size) snprintf(text + at, size - at, "] of %s", types[argument->type]);
    return text;
}

static bool misfit(const gr_feed *feed, const gr_dataset *set, const gr_argument *argument, const char *mend,
                   gr_error *error) {
    char wanted[256], given[256];
    return gr_fail(error, "%s: %s, but `%s` of %s is %s%s", gr_data_name(set->data),
                   gr_data_describe(set->data, given, sizeof given), argument->name, feed->entry->name,
                   argument_text(feed, argument, wanted, sizeof wanted), mend);
}

/* ---- sizes */

/* Whether the first axis of an input is a size and nothing else; which. */
static int leading_size(const gr_argument *argument) {
    if (argument->rank == 0) return -1;
    const gr_dim *dim = &argument->shape[0];
    return dim->size >= 0 && dim->constant == 0 && dim->factor == 1 ? dim->size : -1;
}

static const gr_size *size_of(const gr_feed *feed, int size) {
    return &feed->model->sizes[feed->entry->sizes[size]];
}

/* Position in the entry's sizes, or -1 */
static int find_size(const gr_feed *feed, const char *name) {
    for (int s = 0; s < feed->entry->size_count; s++)
        if (strcmp(size_of(feed, s)->name, name) == 0) return s;
    return -1;
}

static bool chosen_size(gr_feed *feed, const gr_options *options, gr_error *error) {
    feed->rows_size = find_size(feed, options->batch.name);
    if (feed->rows_size >= 0) return true;
    return gr_fail(error, "--batch=%s=%d: %s has no size of that name", options->batch.name, options->rows,
                   feed->entry->name);
}

/* The size that leads all inputs which a size leads; an entry that is fed by none may have it in its outputs. */
static bool shared_size(gr_feed *feed, gr_error *error) {
    for (int pass = 0; pass < 2 && feed->rows_size < 0; pass++)
        for (int a = 0; a < feed->entry->argument_count; a++) {
            const gr_argument *argument = &feed->entry->arguments[a];
            const int size = leading_size(argument);
            if (size < 0 || (argument->role == GR_OUTPUT) != (pass == 1)) continue;
            if (feed->rows_size < 0) feed->rows_size = size;
            if (feed->rows_size != size && pass == 0)
                return gr_fail(error, "%s: is it %s or %s that counts rows? Say --batch=%s=ROWS", feed->entry->name,
                               size_of(feed, feed->rows_size)->name, size_of(feed, size)->name,
                               size_of(feed, size)->name);
        }
    return true;
}

static int within(int value, int low, int high) {
    return value < low ? low : value > high ? high : value;
}

/* --batch means the entries of the command line. One that only evaluates, and may have sizes of its own, follows as far
 * as it can. */
static bool choose_rows(gr_feed *feed, const gr_options *options, bool evaluates, gr_error *error) {
    for (int s = 0; s < feed->entry->size_count; s++)
        feed->sizes[s] = -1;
    const bool chosen = options->batch.name != NULL && (!evaluates || find_size(feed, options->batch.name) >= 0);
    if (chosen ? !chosen_size(feed, options, error) : !shared_size(feed, error)) return false;
    if (feed->rows_size < 0) return true;
    const gr_size *size = size_of(feed, feed->rows_size);
    feed->least = size->low;
    feed->batch = options->rows > 0 ? options->rows : size->high;
    if (evaluates) feed->batch = within(feed->batch, size->low, size->high);
    if (feed->batch < size->low || feed->batch > size->high)
        return gr_fail(error, "--batch=%d: %s of %s is between %d and %d", feed->batch, size->name, feed->entry->name,
                       size->low, size->high);
    feed->sizes[feed->rows_size] = feed->batch;
    return true;
}

/* An axis of the file tells a size that nothing else has told. */
static bool learn_size(gr_feed *feed, const gr_dim *dim, uint64_t length) {
    if (dim->size < 0 || feed->sizes[dim->size] >= 0) return true;
    const gr_size *size = size_of(feed, dim->size);
    for (int value = size->low; value <= size->high; value++)
        if ((uint64_t)(dim->constant + (int64_t)dim->factor * value) == length) {
            feed->sizes[dim->size] = value;
            return true;
        }
    return false;
}

static void learn_sizes(gr_feed *feed, const gr_argument *argument, const gr_array *array) {
    if (array->rank != argument->rank) return;
    for (int a = 0; a < argument->rank; a++)
        if (a > 0 || leading_size(argument) != feed->rows_size) learn_size(feed, &argument->shape[a], array->shape[a]);
}

/* What no file tells is the largest. */
static void fill_sizes(gr_feed *feed) {
    for (int s = 0; s < feed->entry->size_count; s++)
        if (feed->sizes[s] < 0) feed->sizes[s] = size_of(feed, s)->high;
}

/* ---- inputs */

/* Elements of an argument without its first axis, for the sizes as they are. */
static uint64_t row_elements(const gr_feed *feed, const gr_argument *argument) {
    uint64_t elements = 1;
    for (int a = 1; a < argument->rank; a++)
        elements *= (uint64_t)gr_dim_value(&argument->shape[a], feed->sizes);
    return elements;
}

static bool is_text(const gr_data *data) {
    const char *name = gr_data_name(data);
    const size_t length = strlen(name);
    return (length > 4 && strcmp(name + length - 4, ".txt") == 0) ||
           (length > 7 && strcmp(name + length - 7, ".txt.gz") == 0);
}

/* How the rows of the file make rows of `elements`: one to one, or so many bytes of a text to one; 0: not at all. */
static uint64_t group_of(const gr_data *data, uint64_t elements) {
    if (!gr_data_has_rows(data)) return 0;
    if (gr_data_row_size(data) == elements) return 1;
    return is_text(data) && elements > 0 ? elements : 0;
}

static bool take_number(gr_feed *feed, int at, const gr_dataset *set, gr_error *error) {
    const gr_argument *argument = &feed->entry->arguments[at];
    const double number = set->number;
    if (argument->rank > 0)
        return gr_fail(error, "--data %s=%g: `%s` of %s is no single number; give a file", set->input, number,
                       argument->name, feed->entry->name);
    const bool whole = number >= INT32_MIN && number <= INT32_MAX && number == (double)(int32_t)number;
    const bool fits =
        argument->type == GR_FLOAT || argument->type == GR_DOUBLE ||
        (whole && (argument->type == GR_INT32 || (number >= 0 && number <= (argument->type == GR_BYTE ? 255 : 1))));
    if (!fits)
        return gr_fail(error, "--data %s=%g: `%s` of %s is a whole number", set->input, number, argument->name,
                       feed->entry->name);
    switch (argument->type) {
    case GR_FLOAT: *(float *)feed->buffers[at] = (float)number; return true;
    case GR_DOUBLE: *(double *)feed->buffers[at] = number; return true;
    case GR_INT32: *(int32_t *)feed->buffers[at] = (int32_t)number; return true;
    default: *(uint8_t *)feed->buffers[at] = (uint8_t)number; return true;
    }
}

static bool take_whole(gr_feed *feed, int at, const gr_dataset *set, gr_error *error) {
    const gr_argument *argument = &feed->entry->arguments[at];
    const gr_array *array = gr_data_array(set->data);
    const uint64_t rows = gr_data_rows(set->data), all = (uint64_t)gr_argument_elements(argument, feed->sizes);
    uint64_t *list = malloc((rows + 1) * sizeof *list);
    if (list == NULL) return gr_fail(error, "out of memory");
    for (uint64_t r = 0; r < rows; r++)
        list[r] = r;
    const bool done = array->count == all
                          ? gr_data_copy(set->data, list, rows, argument->type, feed->buffers[at], error)
                          : misfit(feed, set, argument, "", error);
    free(list);
    return done;
}

/* The same count of rows in all files. */
static bool count_rows(gr_feed *feed, const gr_dataset *set, uint64_t rows, gr_error *error) {
    if (rows == 0) return gr_fail(error, "%s: has no rows", gr_data_name(set->data));
    if (feed->rows == 0) feed->rows = rows;
    if (feed->rows == rows) return true;
    return gr_fail(error, "%s has %llu rows, and the other inputs of %s have %llu: they are to be kept in step",
                   gr_data_name(set->data), (unsigned long long)rows, feed->entry->name,
                   (unsigned long long)feed->rows);
}

static bool take_rows(gr_feed *feed, int at, const gr_dataset *set, uint64_t elements, gr_error *error) {
    const gr_argument *argument = &feed->entry->arguments[at];
    gr_argument_feed *own = &feed->arguments[at];
    own->group = group_of(set->data, elements);
    own->feeding = GR_FEED_ROWS;
    own->data = set->data;
    own->row = elements;
    own->bytes = (size_t)elements * gr_type_size(argument->type);
    if (own->group == 0)
        return misfit(feed, set, argument, ": a row of one must have as many numbers as a row of the other", error);
    return count_rows(feed, set, gr_data_rows(set->data) / own->group, error);
}

/* Whether an input without a size in front is fed by its constant first axis, as a whole row, or whole. */
static bool take_unsized(gr_feed *feed, int at, const gr_dataset *set, gr_error *error) {
    const gr_argument *argument = &feed->entry->arguments[at];
    const uint64_t all = (uint64_t)gr_argument_elements(argument, feed->sizes);
    const int64_t first = argument->rank > 0 ? gr_dim_value(&argument->shape[0], feed->sizes) : 1;
    const bool by_row = group_of(set->data, all) > 0,
               by_axis = argument->rank > 0 && group_of(set->data, all / (uint64_t)first) > 0;
    if (feed->rows_size < 0 && by_row && (feed->by_row || feed->batch == 0)) {
        feed->by_row = true;
        feed->batch = feed->least = 1;
        return take_rows(feed, at, set, all, error);
    }
    if (feed->rows_size < 0 && by_axis && !feed->by_row && gr_data_rows(set->data) > (uint64_t)first &&
        (feed->batch == 0 || feed->batch == first)) {
        feed->batch = feed->least = (int)first;
        return take_rows(feed, at, set, all / (uint64_t)first, error);
    }
    return take_whole(feed, at, set, error);
}

static bool has_default(const gr_argument *argument) {
    return argument->role != GR_INPUT;
}

static gr_dataset *set_of(gr_feed *feed, gr_datasets *sets, int at, gr_error *error, bool *ok) {
    const gr_argument *argument = &feed->entry->arguments[at];
    gr_dataset *set = argument->role == GR_OUTPUT ? NULL : find_set(sets, argument->name);
    char text[256];
    *ok = set != NULL || has_default(argument);
    if (!*ok)
        gr_fail(error, "%s needs data for `%s`, which is %s: %s %s=FILE", feed->entry->name, argument->name,
                argument_text(feed, argument, text, sizeof text), sets->option, argument->name);
    if (set != NULL) set->used = true;
    return set;
}

static bool take_input(gr_feed *feed, int at, const gr_dataset *set, gr_error *error) {
    const gr_argument *argument = &feed->entry->arguments[at];
    if (set->data == NULL) return take_number(feed, at, set, error);
    if (argument->role == GR_STATE_ARGUMENT) return take_whole(feed, at, set, error);
    if (feed->rows_size >= 0 && leading_size(argument) == feed->rows_size)
        return take_rows(feed, at, set, row_elements(feed, argument), error);
    return take_unsized(feed, at, set, error);
}

/* ---- arguments in general */

static bool allocate_buffer(gr_feed *feed, int at, gr_error *error) {
    const gr_argument *argument = &feed->entry->arguments[at];
    gr_argument_feed *own = &feed->arguments[at];
    const uint64_t all = (uint64_t)gr_argument_elements(argument, feed->sizes);
    own->row = all;
    own->group = 1;
    own->feeding = argument->role == GR_OUTPUT           ? GR_FEED_RESULT
                   : argument->role == GR_STATE_ARGUMENT ? GR_FEED_STATE
                                                         : GR_FEED_WHOLE;
    own->bytes = (size_t)all * gr_type_size(argument->type);
    feed->buffers[at] = gr_allocate(own->bytes);
    return feed->buffers[at] != NULL ||
           gr_fail(error, "out of memory: `%s` of %s takes %zu bytes", argument->name, feed->entry->name, own->bytes);
}

/* Outputs whose first axis counts what the inputs' counts. */
static void mark_results(gr_feed *feed) {
    for (int a = 0; a < feed->entry->argument_count; a++) {
        const gr_argument *argument = &feed->entry->arguments[a];
        gr_argument_feed *own = &feed->arguments[a];
        if (own->feeding != GR_FEED_RESULT) continue;
        const bool sized = feed->rows_size >= 0 && leading_size(argument) == feed->rows_size;
        const bool fixed = feed->rows_size < 0 && !feed->by_row && feed->rows > 0 && argument->rank > 0 &&
                           argument->shape[0].size < 0 && argument->shape[0].constant == feed->batch;
        if (!sized && !fixed) continue;
        own->feeding = GR_FEED_RESULT_ROWS;
        own->row = row_elements(feed, argument);
        own->bytes = (size_t)own->row * gr_type_size(argument->type);
    }
}

/* Room for the longest list of a file's rows that one call asks for. */
static bool allocate_spread(gr_feed *feed, gr_error *error) {
    uint64_t most = 1;
    for (int a = 0; a < feed->entry->argument_count; a++)
        if (feed->arguments[a].feeding == GR_FEED_ROWS && feed->arguments[a].group > most)
            most = feed->arguments[a].group;
    if (most == 1) return true;
    feed->spread = malloc((size_t)feed->batch * most * sizeof *feed->spread);
    return feed->spread != NULL || gr_fail(error, "out of memory");
}

bool gr_feed_open(gr_feed *feed, const gr_model *model, const gr_entry *entry, gr_datasets *sets,
                  const gr_options *options, bool evaluates, gr_error *error) {
    const size_t count = (size_t)entry->argument_count;
    *feed = (gr_feed){.model = model, .entry = entry, .rows_size = -1};
    feed->sizes = calloc((size_t)entry->size_count + 1, sizeof *feed->sizes);
    feed->arguments = calloc(count + 1, sizeof *feed->arguments);
    feed->buffers = calloc(count + 1, sizeof *feed->buffers);
    gr_dataset **given = calloc(count + 1, sizeof *given);
    bool ok = feed->sizes != NULL && feed->arguments != NULL && feed->buffers != NULL && given != NULL;
    if (!ok) gr_fail(error, "out of memory");
    ok = ok && choose_rows(feed, options, evaluates, error);
    for (int a = 0; ok && a < entry->argument_count; a++) {
        given[a] = set_of(feed, sets, a, error, &ok);
        if (given[a] != NULL && given[a]->data != NULL)
            learn_sizes(feed, &entry->arguments[a], gr_data_array(given[a]->data));
    }
    if (ok) fill_sizes(feed);
    for (int a = 0; ok && a < entry->argument_count; a++) {
        ok = allocate_buffer(feed, a, error);
        if (ok && given[a] != NULL) ok = take_input(feed, a, given[a], error);
    }
    free(given);
    if (!ok) return false;
    if (feed->batch == 0) feed->batch = feed->least = 1;
    mark_results(feed);
    return allocate_spread(feed, error);
}

void gr_feed_close(gr_feed *feed) {
    for (int a = 0; feed->buffers != NULL && a < feed->entry->argument_count; a++)
        free(feed->buffers[a]);
    free(feed->buffers);
    free(feed->arguments);
    free(feed->sizes);
    free(feed->spread);
    *feed = (gr_feed){0};
}

/* ---- calls */

static bool copy_rows(gr_feed *feed, int at, const uint64_t *rows, int count, gr_error *error) {
    const gr_argument_feed *own = &feed->arguments[at];
    const int type = feed->entry->arguments[at].type;
    if (own->group == 1) return gr_data_copy(own->data, rows, (size_t)count, type, feed->buffers[at], error);
    for (int r = 0; r < count; r++)
        for (uint64_t g = 0; g < own->group; g++)
            feed->spread[(uint64_t)r * own->group + g] = rows[r] * own->group + g;
    return gr_data_copy(own->data, feed->spread, (size_t)((uint64_t)count * own->group), type, feed->buffers[at],
                        error);
}

/* "labels.gz, row 17: 12, but `label` of train takes 0..9" */
static bool out_of_range(const gr_feed *feed, const gr_work *work, const uint64_t *rows, gr_error *error) {
    for (int a = 0; a < feed->entry->argument_count; a++) {
        const gr_argument *argument = &feed->entry->arguments[a];
        const gr_argument_feed *own = &feed->arguments[a];
        if (strcmp(argument->name, work->fault) != 0 || work->fault_at < 0 || argument->role == GR_OUTPUT) continue;
        const uint64_t at = (uint64_t)work->fault_at;
        const long value = argument->type == GR_INT32 ? ((const int32_t *)feed->buffers[a])[at]
                                                      : ((const uint8_t *)feed->buffers[a])[at];
        if (own->feeding == GR_FEED_ROWS)
            return gr_fail(error, "%s, row %llu: %ld, but `%s` of %s takes %d..%d", gr_data_name(own->data),
                           (unsigned long long)rows[at / own->row], value, argument->name, feed->entry->name,
                           argument->low, argument->high);
        return gr_fail(error, "`%s` of %s is %ld, and takes %d..%d", argument->name, feed->entry->name, value,
                       argument->low, argument->high);
    }
    return gr_fail(error, "%s: %s: %s", feed->entry->name, gr_message(GR_INDEX), work->fault);
}

bool gr_feed_run(gr_feed *feed, gr_session *session, const uint64_t *rows, int count, int *status, gr_error *error) {
    gr_profiler_read_begins(session->profiler);
    for (int a = 0; a < feed->entry->argument_count; a++)
        if (feed->arguments[a].feeding == GR_FEED_ROWS && !copy_rows(feed, a, rows, count, error)) return false;
    if (feed->rows_size >= 0) feed->sizes[feed->rows_size] = count;
    gr_profiler_call_begins(session->profiler, feed->entry, &session->work);
    *status = feed->entry->run(session->state, session->trainer, &session->work, feed->sizes, feed->buffers);
    gr_profiler_call_ends(session->profiler, feed->entry, &session->work, feed->sizes[0]);
    if (*status == GR_OK || *status == GR_NONFINITE) return true;
    if (*status == GR_INDEX && session->work.fault != NULL) return out_of_range(feed, &session->work, rows, error);
    return gr_fail(error, "%s: %s%s%s", feed->entry->name, gr_message(*status), session->work.fault ? ": " : "",
                   session->work.fault ? session->work.fault : "");
}

double gr_feed_value(const gr_feed *feed, int argument, uint64_t at) {
    const void *buffer = feed->buffers[argument];
    switch (feed->entry->arguments[argument].type) {
    case GR_FLOAT: return (double)((const float *)buffer)[at];
    case GR_DOUBLE: return ((const double *)buffer)[at];
    case GR_INT32: return ((const int32_t *)buffer)[at];
    default: return ((const uint8_t *)buffer)[at];
    }
}
