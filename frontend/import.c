/* import blocks: the file blocks.grad beside the importing one, as a module without arguments. A file is run once,
 * however many import it; its entries are not emitted. */
#include "frontend/elaborator.h"
#include "frontend/parse.h"
#include "frontend/source.h"
#include <string.h>

typedef struct Import {
    const char *path;   /* of the file */
    Instance *instance; /* what it is; still incomplete while the file is run */
    bool running;
    struct Import *next;
} Import;

/* "models/net.grad" and "blocks" give "models/blocks.grad"; beside standard input is where gradc was called. */
static const char *path_beside(Elaborator *e, const char *importing, Name name) {
    const char *slash = strrchr(importing, '/');
    int folder = slash == NULL ? 0 : (int)(slash - importing) + 1;
    return arena_print(e->arena, "%.*s%s.grad", folder, importing, name);
}

static Import *find_import(Elaborator *e, const char *path) {
    for (Import *import = e->imports; import != NULL; import = import->next)
        if (strcmp(import->path, path) == 0) return import;
    return NULL;
}

/* A file as the definition of a module, for messages that name it. */
static const ModuleDef *module_of_file(Elaborator *e, const AstFile *file, AstName name) {
    AstStmt *stmt = ARENA_NEW(e->arena, AstStmt);
    ModuleDef *def = ARENA_NEW(e->arena, ModuleDef);
    *stmt = (AstStmt){.kind = AST_MODULE, .span = name.span};
    stmt->u.module.name = name;
    stmt->u.module.members = file->block;
    *def = (ModuleDef){stmt, e->prelude};
    return def;
}

static void run_import(Elaborator *e, Import *import, const AstFile *file, AstName name) {
    const char *outer = e->path;
    Instance *instance = ARENA_NEW(e->arena, Instance);
    *instance = (Instance){.def = module_of_file(e, file, name), .members = scope_new(e, SCOPE_FILE, e->prelude)};
    instance->path = intern_text(e->names, join_path(e, outer, name.name));
    import->instance = instance;
    import->running = true;
    e->path = instance->path;
    run_file(e, instance->members, file);
    e->path = outer;
    import->running = false;
}

/* What cannot be opened is said where it is imported; what is wrong inside, in the file itself. */
static const AstFile *read_import(Elaborator *e, const char *path, Span span) {
    const Source *source;
    Diagnostics said;
    diagnostics_open(&said, e->arena);
    SourceStatus status = source_read(e->arena, &said, path, &source);
    if (status == SOURCE_UNREADABLE) {
        refuse(e, span, "%s", said.items.at[0]->message);
        return NULL;
    }
    if (status == SOURCE_NOT_TEXT) source_read(e->arena, e->diagnostics, path, &source);
    int errors = e->diagnostics->errors;
    if (source == NULL) return NULL;
    vec_push(e->arena, &e->program->imported, source);
    const AstFile *file = parse_file(e->arena, e->names, e->diagnostics, source);
    return e->diagnostics->errors == errors ? file : NULL;
}

void import_file(Elaborator *e, Scope *scope, const AstStmt *stmt) {
    AstName name = stmt->u.name;
    const Binding *other = scope_find_here(scope, name.name);
    const char *path = path_beside(e, stmt->span.source->path, name.name);
    Import *import = find_import(e, path);
    scope_bind(e, scope, name.name, poison, name.span);
    if (scope->kind != SCOPE_FILE) {
        refuse(e, stmt->span, "`import` stands in a file, outside of modules and entries");
        return;
    }
    if (other != NULL) {
        refuse(e, name.span, "`%s` is declared twice", name.name);
        return;
    }
    if (strcmp(path, e->program->source->path) == 0 || (import != NULL && import->running)) {
        refuse(e, stmt->span, "%s imports itself, directly or through others", path);
        return;
    }
    if (import == NULL) {
        const AstFile *file = read_import(e, path, stmt->span);
        if (file == NULL) return;
        import = ARENA_NEW(e->arena, Import);
        *import = (Import){.path = path, .next = e->imports};
        e->imports = import;
        run_import(e, import, file, name);
    }
    scope_bind(e, scope, name.name, (Value){VALUE_INSTANCE, {.instance = import->instance}}, name.span);
}
