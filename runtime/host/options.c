#include "runtime/host/options.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char gr_options_help[] =
    "data      --data INPUT=FILE     .npy, IDX, .csv[:COLUMNS], .txt, each also .gz; - is .npy on standard input.\n"
    "                                Rows first, values as stored: scale in the model, where predict sees it too. "
    "Axes\n"
    "                                after the rows may be regrouped when the count agrees ([n,28,28] for [N,784]).\n"
    "                                A .txt is bytes: rows of as many as the input has. A scalar may be a number.\n"
    "                                Plain .npy and IDX are mapped, and may exceed memory.\n"
    "          --valid INPUT=FILE    data to evaluate on, or\n"
    "          --valid-split=0.1     this share of the rows, taken before shuffling\n"
    "          --no-shuffle          rows in file order (else by seed and epoch)\n"
    "          --out OUTPUT=FILE     results of an applied entry: .npy, .csv, .png (images), .txt (bytes); - is .npy to "
    "standard output\n"
    "training  --batch=[SIZE=]ROWS   rows a step, and which size counts them (the size shared by all inputs; its "
    "bound)\n"
    "          --epochs=N, --steps=N, --time=2h    stop at whichever comes first (--epochs=1)\n"
    "          --seed=N              initial values, sampling, order (0)\n"
    "          --threads=N           1 to 1024; results do not depend on it (all cores)\n"
    "          --eval=ENTRY          evaluate with it (the trained entry without its updates)\n"
    "          --watch=OUTPUT[:max]  what decides which is best (first output, smallest)\n"
    "          --patience=N          stop after N evaluations without a new best\n"
    "          --halve=N             after N, halve the learning rate and go back to the best\n"
    "          --profile             time, FLOPs, bytes and share of the peak of each kernel\n"
    "files     -o DIR                last.safetensors, best.safetensors, log.jsonl, plot.svg (NAME.run; must be new)\n"
    "          --resume              go on from DIR/last; the result is that of an uninterrupted run\n"
    "          --weights=FILE        start from these values; names and shapes must match\n"
    "          --partial             with --weights: take what matches and list the rest\n"
    "          --every=TIME          between checkpoints, beside one each epoch (10m)\n"
    "messages  -q                    no progress\n";

typedef enum OptionKind {
    OPTION_DATA,
    OPTION_VALID,
    OPTION_SPLIT,
    OPTION_NO_SHUFFLE,
    OPTION_OUT,
    OPTION_BATCH,
    OPTION_EPOCHS,
    OPTION_STEPS,
    OPTION_TIME,
    OPTION_SEED,
    OPTION_THREADS,
    OPTION_EVAL,
    OPTION_WATCH,
    OPTION_PATIENCE,
    OPTION_HALVE,
    OPTION_PROFILE,
    OPTION_DIRECTORY,
    OPTION_RESUME,
    OPTION_WEIGHTS,
    OPTION_PARTIAL,
    OPTION_EVERY,
    OPTION_QUIET,
    OPTION_HELP,
    OPTION_COUNT
} OptionKind;

typedef struct Option {
    const char *name, *value; /* what it takes, for messages; NULL: nothing */
    bool repeats;
} Option;

static const Option table[OPTION_COUNT] = {
    [OPTION_DATA] = {"--data", "INPUT=FILE", true},
    [OPTION_VALID] = {"--valid", "INPUT=FILE", true},
    [OPTION_SPLIT] = {"--valid-split", "SHARE", false},
    [OPTION_NO_SHUFFLE] = {"--no-shuffle", NULL, true},
    [OPTION_OUT] = {"--out", "OUTPUT=FILE", true},
    [OPTION_BATCH] = {"--batch", "[SIZE=]ROWS", false},
    [OPTION_EPOCHS] = {"--epochs", "N", false},
    [OPTION_STEPS] = {"--steps", "N", false},
    [OPTION_TIME] = {"--time", "TIME", false},
    [OPTION_SEED] = {"--seed", "N", false},
    [OPTION_THREADS] = {"--threads", "N", false},
    [OPTION_EVAL] = {"--eval", "ENTRY", false},
    [OPTION_WATCH] = {"--watch", "OUTPUT[:max]", false},
    [OPTION_PATIENCE] = {"--patience", "N", false},
    [OPTION_HALVE] = {"--halve", "N", false},
    [OPTION_PROFILE] = {"--profile", NULL, true},
    [OPTION_DIRECTORY] = {"-o", "DIR", false},
    [OPTION_RESUME] = {"--resume", NULL, true},
    [OPTION_WEIGHTS] = {"--weights", "FILE", false},
    [OPTION_PARTIAL] = {"--partial", NULL, true},
    [OPTION_EVERY] = {"--every", "TIME", false},
    [OPTION_QUIET] = {"-q", NULL, true},
    [OPTION_HELP] = {"--help", NULL, true},
};

/* ---- values */

static bool read_whole(const char *option, const char *text, uint64_t low, uint64_t high, uint64_t *value,
                       gr_error *error) {
    char *end;
    errno = 0;
    *value = strtoull(text, &end, 10);
    if (*text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && *value >= low && *value <= high) return true;
    return gr_fail(error, "%s=%s: a whole number from %llu to %llu", option, text, (unsigned long long)low,
                   (unsigned long long)high);
}

static bool read_count(const char *option, const char *text, int high, int *value, gr_error *error) {
    uint64_t whole;
    if (!read_whole(option, text, 1, (uint64_t)high, &whole, error)) return false;
    *value = (int)whole;
    return true;
}

/* "90", "90s", "10m", "2h", "1d": seconds. */
static bool read_time(const char *option, const char *text, double *value, gr_error *error) {
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
    char *end;
    *value = strtod(text, &end);
    for (int u = 0; u < 5 && end != text; u++) {
        if (strcmp(end, units[u].unit) != 0 || !(*value > 0) || !(*value < 1e9)) continue;
        *value *= units[u].seconds;
        return true;
    }
    return gr_fail(error, "%s=%s: a time, as 90s, 10m, 2h or 1d", option, text);
}

/* "NAME<separator>VALUE": the value is cut off the copy; without a separator it is NULL. */
static bool read_pair(const char *text, char separator, gr_pair *pair, gr_error *error) {
    pair->name = malloc(strlen(text) + 1);
    if (pair->name == NULL) return gr_fail(error, "out of memory");
    strcpy(pair->name, text);
    char *cut = strchr(pair->name, separator);
    pair->value = cut != NULL ? cut + 1 : NULL;
    if (cut != NULL) *cut = '\0';
    return true;
}

static bool add_pair(gr_pairs *pairs, const char *text, char separator, gr_error *error) {
    gr_pair *more = realloc(pairs->at, ((size_t)pairs->count + 1) * sizeof *more);
    if (more == NULL) return gr_fail(error, "out of memory");
    pairs->at = more;
    if (!read_pair(text, separator, &more[pairs->count], error)) return false;
    pairs->count++;
    return true;
}

/* "INPUT=FILE", a name at most once. */
static bool add_file(gr_pairs *pairs, OptionKind kind, const char *text, gr_error *error) {
    if (!add_pair(pairs, text, '=', error)) return false;
    const gr_pair *last = &pairs->at[pairs->count - 1];
    if (last->name[0] == '\0' || last->value == NULL || last->value[0] == '\0')
        return gr_fail(error, "%s %s: write %s %s", table[kind].name, text, table[kind].name, table[kind].value);
    for (int i = 0; i + 1 < pairs->count; i++)
        if (strcmp(pairs->at[i].name, last->name) == 0)
            return gr_fail(error, "%s %s is given twice", table[kind].name, last->name);
    return true;
}

static bool read_batch(gr_options *options, const char *text, gr_error *error) {
    const char *rows = strchr(text, '=');
    if (rows != NULL && !read_pair(text, '=', &options->batch, error)) return false;
    return read_count("--batch", rows != NULL ? rows + 1 : text, INT32_MAX, &options->rows, error);
}

static bool read_watch(gr_options *options, const char *text, gr_error *error) {
    if (!read_pair(text, ':', &options->watch, error)) return false;
    const char *way = options->watch.value;
    options->watch_max = way != NULL && strcmp(way, "max") == 0;
    if (options->watch.name[0] != '\0' && (way == NULL || options->watch_max || strcmp(way, "min") == 0)) return true;
    return gr_fail(error, "--watch=%s: write OUTPUT, OUTPUT:min or OUTPUT:max", text);
}

static bool read_split(gr_options *options, const char *text, gr_error *error) {
    char *end;
    options->valid_split = strtod(text, &end);
    if (end != text && *end == '\0' && options->valid_split > 0 && options->valid_split < 1) return true;
    return gr_fail(error, "--valid-split=%s: a share of the rows between 0 and 1, as 0.1", text);
}

/* ---- one option */

static bool set_option(gr_options *options, OptionKind kind, const char *value, gr_error *error) {
    const char *name = table[kind].name;
    switch (kind) {
    case OPTION_DATA: return add_file(&options->data, kind, value, error);
    case OPTION_VALID: return add_file(&options->valid, kind, value, error);
    case OPTION_OUT: return add_file(&options->out, kind, value, error);
    case OPTION_SPLIT: return read_split(options, value, error);
    case OPTION_NO_SHUFFLE: return options->no_shuffle = true;
    case OPTION_BATCH: return read_batch(options, value, error);
    case OPTION_EPOCHS: return read_count(name, value, INT32_MAX, &options->epochs, error);
    case OPTION_STEPS: return read_whole(name, value, 1, INT64_MAX, &options->steps, error);
    case OPTION_TIME: return read_time(name, value, &options->time, error);
    case OPTION_SEED: options->has_seed = true; return read_whole(name, value, 0, UINT64_MAX, &options->seed, error);
    case OPTION_THREADS: return read_count(name, value, 1024, &options->threads, error);
    case OPTION_EVAL: options->eval = value; return true;
    case OPTION_WATCH: return read_watch(options, value, error);
    case OPTION_PATIENCE: return read_count(name, value, INT32_MAX, &options->patience, error);
    case OPTION_HALVE: return read_count(name, value, INT32_MAX, &options->halve, error);
    case OPTION_PROFILE: return options->profile = true;
    case OPTION_DIRECTORY: options->directory = value; return true;
    case OPTION_RESUME: return options->resume = true;
    case OPTION_WEIGHTS: options->weights = value; return true;
    case OPTION_PARTIAL: return options->partial = true;
    case OPTION_EVERY: return read_time(name, value, &options->every, error);
    case OPTION_QUIET: return options->quiet = true;
    case OPTION_HELP: return options->help = true;
    case OPTION_COUNT: break;
    }
    return gr_fail(error, "unknown option %s", name);
}

/* The option that an argument is, and the value that it carries in itself, or NULL. */
static OptionKind find_option(const char *argument, const char **value) {
    for (int o = 0; o < OPTION_COUNT; o++) {
        const size_t length = strlen(table[o].name);
        if (strncmp(argument, table[o].name, length) != 0) continue;
        const char *rest = argument + length;
        const bool is_short = table[o].name[1] != '-';
        *value = *rest == '\0' ? NULL : *rest == '=' ? rest + 1 : rest;
        if (*rest == '\0' || *rest == '=' || (is_short && table[o].value != NULL)) return (OptionKind)o;
    }
    return OPTION_COUNT;
}

bool gr_is_option(const char *argument, bool *value_follows) {
    const char *value = NULL;
    const OptionKind kind = find_option(argument, &value);
    *value_follows = kind != OPTION_COUNT && table[kind].value != NULL && value == NULL;
    return kind != OPTION_COUNT;
}

/* Reads the option at arguments[*at], and moves on to its last argument. */
static bool read_option(gr_options *options, int count, char **arguments, int *at, bool *seen, gr_error *error) {
    const char *value = NULL;
    const OptionKind kind = find_option(arguments[*at], &value);
    if (kind == OPTION_COUNT) return gr_fail(error, "unknown option %s; --help lists all", arguments[*at]);
    const Option *option = &table[kind];
    if (option->value == NULL && value != NULL) return gr_fail(error, "%s takes no value", option->name);
    if (option->value != NULL && value == NULL && *at + 1 < count) value = arguments[++*at];
    if (option->value != NULL && (value == NULL || *value == '\0'))
        return gr_fail(error, "%s needs a value: %s%s%s", option->name, option->name,
                       option->name[1] == '-' ? "=" : " ", option->value);
    if (seen[kind] && !option->repeats) return gr_fail(error, "%s is given twice", option->name);
    seen[kind] = true;
    return set_option(options, kind, value, error);
}

/* "train_D:1,train_G:2" */
static bool read_plan(gr_options *options, char *text, gr_error *error) {
    if (options->plan.count > 0) return gr_fail(error, "one plan at a time: %s is one more", text);
    for (char *at = text; at != NULL;) {
        char one[256];
        char *comma = strchr(at, ',');
        const size_t length = comma != NULL ? (size_t)(comma - at) : strlen(at);
        if (length == 0 || length >= sizeof one) return gr_fail(error, "%s: write ENTRY[:K],ENTRY[:K]", text);
        memcpy(one, at, length);
        one[length] = '\0';
        if (!add_pair(&options->plan, one, ':', error)) return false;
        const char *steps = options->plan.at[options->plan.count - 1].value;
        int k = 0;
        if (steps != NULL && !read_count(one, steps, 1000000, &k, error)) return false;
        at = comma != NULL ? comma + 1 : NULL;
    }
    return true;
}

int gr_plan_steps(const gr_options *options, int entry) {
    const char *steps = options->plan.at[entry].value;
    return steps != NULL ? atoi(steps) : 1;
}

/* ---- all of them */

static bool contradiction(const gr_options *options, gr_error *error) {
    if (options->valid.count > 0 && options->valid_split > 0)
        return gr_fail(error, "--valid and --valid-split: one of them");
    if (options->resume && options->weights != NULL)
        return gr_fail(error,
                       "--resume goes on from the directory's own checkpoint, --weights begins anew: one of them");
    if (options->partial && options->weights == NULL) return gr_fail(error, "--partial goes with --weights");
    const bool evaluates = options->valid.count > 0 || options->valid_split > 0;
    const char *lacking = options->patience > 0 ? "--patience" : options->halve > 0 ? "--halve" : NULL;
    if (lacking != NULL && !evaluates && !options->help)
        return gr_fail(error, "%s counts evaluations: they need --valid or --valid-split", lacking);
    return true;
}

bool gr_options_read(gr_options *options, int count, char **arguments, gr_error *error) {
    bool seen[OPTION_COUNT] = {false};
    *options = (gr_options){.every = 600};
    for (int at = 0; at < count; at++) {
        char *argument = arguments[at];
        const bool is_option = argument[0] == '-' && argument[1] != '\0';
        if (is_option ? !read_option(options, count, arguments, &at, seen, error)
                      : !read_plan(options, argument, error))
            return false;
    }
    return contradiction(options, error);
}

static void free_pairs(gr_pairs *pairs) {
    for (int i = 0; i < pairs->count; i++)
        free(pairs->at[i].name);
    free(pairs->at);
    *pairs = (gr_pairs){0};
}

void gr_options_free(gr_options *options) {
    free_pairs(&options->plan);
    free_pairs(&options->data);
    free_pairs(&options->valid);
    free_pairs(&options->out);
    free(options->batch.name);
    free(options->watch.name);
}
