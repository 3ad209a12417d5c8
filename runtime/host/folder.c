#include "runtime/host/folder.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LAST "last.safetensors"
#define LOCK "lock"

/* ---- the folder */

static char *join(const char *path, const char *name) {
    const size_t size = strlen(path) + strlen(name) + 2;
    char *joined = malloc(size);
    if (joined != NULL) snprintf(joined, size, "%s/%s", path, name);
    return joined;
}

char *gr_folder_file(const gr_folder *folder, const char *name) {
    return join(folder->path, name);
}

static bool is_empty(const char *path) {
    DIR *directory = opendir(path);
    if (directory == NULL) return false;
    bool empty = true;
    for (struct dirent *item = readdir(directory); item != NULL; item = readdir(directory))
        empty &= strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0;
    closedir(directory);
    return empty;
}

static bool make_folder(const char *path, gr_error *error) {
    if (mkdir(path, 0777) == 0 || (errno == EEXIST && is_empty(path))) return true;
    if (errno == EEXIST) return gr_fail(error, "%s is there already: --resume goes on with it, -o names another", path);
    return gr_fail_errno(error, path, "cannot make this folder", errno);
}

static bool find_folder(const char *path, gr_error *error) {
    char *last = join(path, LAST);
    if (last == NULL) return gr_fail(error, "out of memory");
    const bool there = access(last, F_OK) == 0;
    free(last);
    return there || gr_fail(error, "%s has no " LAST " to resume from", path);
}

/* Released by the system with the process, however that ends. */
static bool lock_folder(gr_folder *folder, gr_error *error) {
    char *file = gr_folder_file(folder, LOCK);
    if (file == NULL) return gr_fail(error, "out of memory");
    folder->lock = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    const int reason = errno;
    const bool opened = folder->lock >= 0 || gr_fail_errno(error, file, "cannot write", reason);
    free(file);
    if (!opened) return false;
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(folder->lock, F_SETLK, &whole) == 0 || errno == ENOLCK || errno == EINVAL) return true;
    return gr_fail(error, "%s: another run is at work there", folder->path);
}

bool gr_folder_open(gr_folder *folder, const char *path, bool resume, gr_error *error) {
    *folder = (gr_folder){.lock = -1, .path = malloc(strlen(path) + 1)};
    if (folder->path == NULL) return gr_fail(error, "out of memory");
    strcpy(folder->path, path);
    return (resume ? find_folder(path, error) : make_folder(path, error)) && lock_folder(folder, error);
}

void gr_folder_close(gr_folder *folder) {
    if (folder->lock >= 0) {
        char *file = gr_folder_file(folder, LOCK);
        if (file != NULL) unlink(file);
        free(file);
        close(folder->lock);
    }
    free(folder->path);
    *folder = (gr_folder){.lock = -1};
}

/* ---- where training stands, as metadata of a checkpoint */

enum { POSITION_SIZE = 512 };

/* Doubles by their bits: they come back as they were, whatever the locale. */
static void write_position(const gr_position *position, char *text) {
    uint64_t best;
    memcpy(&best, &position->best, sizeof best);
    snprintf(text, POSITION_SIZE,
             "epoch=%" PRIu64 " row=%" PRIu64 " steps=%" PRIu64 " turn=%d turn_steps=%d has_best=%d best=%016" PRIx64
             " best_step=%" PRIu64 " since_best=%d since_halved=%d",
             position->epoch, position->row, position->steps, position->turn, position->turn_steps, position->has_best,
             best, position->best_step, position->since_best, position->since_halved);
}

static bool read_position(const char *text, gr_position *position) {
    uint64_t best;
    int has_best;
    const int read =
        sscanf(text,
               "epoch=%" SCNu64 " row=%" SCNu64 " steps=%" SCNu64 " turn=%d turn_steps=%d has_best=%d best=%" SCNx64
               " best_step=%" SCNu64 " since_best=%d since_halved=%d",
               &position->epoch, &position->row, &position->steps, &position->turn, &position->turn_steps, &has_best,
               &best, &position->best_step, &position->since_best, &position->since_halved);
    position->has_best = has_best != 0;
    memcpy(&position->best, &best, sizeof best);
    return read == 10 && position->turn >= 0 && position->turn_steps >= 0;
}

bool gr_folder_save(const gr_folder *folder, const char *name, const gr_session *session, const gr_position *position,
                    const char *settings, gr_error *error) {
    char text[POSITION_SIZE];
    char *file = gr_folder_file(folder, name);
    write_position(position, text);
    const gr_metadata metadata[] = {{"position", text}, {"settings", settings}};
    const bool saved = file != NULL
                           ? gr_save(file, session->model, session->state, session->trainer, metadata, 2, error)
                           : gr_fail(error, "out of memory");
    free(file);
    return saved;
}

static const char *find_metadata(const gr_safetensors *file, const char *key) {
    size_t count;
    const gr_metadata *metadata = gr_safetensors_metadata(file, &count);
    for (size_t m = 0; m < count; m++)
        if (strcmp(metadata[m].key, key) == 0) return metadata[m].value;
    return NULL;
}

static bool check_metadata(const gr_safetensors *file, const char *path, gr_position *position, const char *settings,
                           gr_error *error) {
    const char *made_with = find_metadata(file, "settings"), *where = find_metadata(file, "position");
    if (made_with == NULL || where == NULL || !read_position(where, position))
        return gr_fail(error, "%s: is no checkpoint of a run: --weights=%s takes its values for a new one", path, path);
    if (strcmp(made_with, settings) == 0) return true;
    return gr_fail(error, "%s: was made with %s, and this is %s: a resumed run takes the same", path, made_with,
                   settings);
}

bool gr_folder_resume(const gr_folder *folder, gr_session *session, gr_position *position, const char *settings,
                      gr_error *error) {
    char *path = gr_folder_file(folder, LAST);
    if (path == NULL) return gr_fail(error, "out of memory");
    gr_safetensors *file = gr_safetensors_open(path, error);
    const bool good = file != NULL && check_metadata(file, path, position, settings, error) &&
                      gr_load(path, session->model, session->state, session->trainer, false, NULL, error);
    gr_safetensors_close(file);
    free(path);
    return good;
}

bool gr_folder_seed(const char *folder, uint64_t *seed, gr_error *error) {
    char *path = join(folder, LAST);
    if (path == NULL) return gr_fail(error, "out of memory");
    gr_safetensors *file = access(path, F_OK) == 0 ? gr_safetensors_open(path, error) : NULL;
    if (file == NULL && access(path, F_OK) != 0) gr_fail(error, "%s has no " LAST " to resume from", folder);
    const char *settings = file != NULL ? find_metadata(file, "settings") : NULL;
    const char *at = settings != NULL ? strstr(settings, "seed=") : NULL;
    if (at != NULL) *seed = strtoull(at + 5, NULL, 10);
    const bool good = file != NULL;
    gr_safetensors_close(file);
    free(path);
    return good;
}
