/* What gradc wrote, read by a C compiler before anybody else sees it. */
#include "compiler/emit/emit.h"

#ifndef GRADC_HAVE_LIBCLANG

bool validate_emission(Arena *arena, const EmitOptions *options, const Emission *emission, const char **why) {
    (void)arena, (void)options, (void)emission;
    *why = NULL;
    return true;
}

#else
#include "compiler/support/embedded.h"
#include <clang-c/Index.h>
#include <stdio.h>
#include <string.h>

/* A name for a place that exists in memory alone. */
#define PLACE "/gradc"

enum { FILES = 4, FAULT_SIZE = 600 }; /* of the runtime and the pair; one more for another machine */

typedef struct Validation {
    const char *header, *source;           /* names of the pair, with PLACE */
    struct CXUnsavedFile files[FILES + 1]; /* the pair, and what it includes */
    unsigned file_count;
    CXIndex index;
    char fault[FAULT_SIZE]; /* the first; memory of our own here would be lost if its door were closed under libclang */
} Validation;

/* ---- small things about cursors ---- */

static CXFile file_of(CXCursor cursor, unsigned *line, unsigned *column) {
    CXFile file;
    clang_getExpansionLocation(clang_getCursorLocation(cursor), &file, line, column, NULL);
    return file;
}

static bool is_in_file(CXCursor cursor, const char *name) {
    unsigned line, column;
    CXFile file = file_of(cursor, &line, &column);
    if (!file) return false;
    CXString path = clang_getFileName(file);
    bool same = strcmp(clang_getCString(path), name) == 0;
    clang_disposeString(path);
    return same;
}

static bool is_in_system_header(CXCursor cursor) {
    return clang_Location_isInSystemHeader(clang_getCursorLocation(cursor)) != 0;
}

/* Records the first fault: "/gradc/x.c:3:5: `puts` is called". Ends the visit. */
static enum CXChildVisitResult object(Validation *validation, CXCursor cursor, const char *what) {
    unsigned line = 0, column = 0;
    CXFile file = file_of(cursor, &line, &column);
    CXString path = clang_getFileName(file), name = clang_getCursorSpelling(cursor);
    const char *shown = clang_getCString(path);
    snprintf(validation->fault, sizeof validation->fault, "%s:%u:%u: `%s` %s",
             shown && strncmp(shown, PLACE "/", sizeof PLACE) == 0 ? shown + sizeof PLACE
             : shown                                               ? shown
                                                                   : "?",
             line, column, clang_getCString(name), what);
    clang_disposeString(path);
    clang_disposeString(name);
    return CXChildVisit_Break;
}

/* ---- the rules ---- */

/* Functions from outside that emitted code may use. */
static bool is_allowed(const char *name) {
    static const char *const prefixes[] = {"__builtin_", "_mm_", "_mm256_", "_mm512_", "omp_"};
    if (strcmp(name, "_mm_malloc") == 0 || strcmp(name, "_mm_free") == 0) return false;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0) return true;
    return strcmp(name, "memcpy") == 0 || strcmp(name, "memset") == 0;
}

/* NEON's functions have no prefix of their own. */
static bool is_in_arm_neon(CXCursor cursor) {
    unsigned line, column;
    CXFile file = file_of(cursor, &line, &column);
    if (!file) return false;
    CXString path = clang_getFileName(file);
    const char *base = strrchr(clang_getCString(path), '/');
    bool same = base && strcmp(base, "/arm_neon.h") == 0;
    clang_disposeString(path);
    return same;
}

static bool may_be_used(CXCursor function) {
    CXCursor definition = clang_getCursorDefinition(function);
    if (!clang_Cursor_isNull(definition) && (!is_in_system_header(definition) || is_in_arm_neon(definition)))
        return true;
    CXString name = clang_getCursorSpelling(function);
    bool allowed = is_allowed(clang_getCString(name));
    clang_disposeString(name);
    return allowed;
}

/* clang keeps the const of an array's elements at the array in some types and at the elements in others. */
static bool is_writable(CXCursor variable) {
    CXType type = clang_getCanonicalType(clang_getCursorType(variable));
    while (type.kind != CXType_Invalid && !clang_isConstQualifiedType(type))
        type = clang_getArrayElementType(type);
    return type.kind == CXType_Invalid;
}

static enum CXChildVisitResult check_inside(CXCursor cursor, CXCursor parent, CXClientData data) {
    (void)parent;
    Validation *validation = data;
    enum CXCursorKind kind = clang_getCursorKind(cursor);
    if (kind == CXCursor_VarDecl && clang_Cursor_getStorageClass(cursor) == CX_SC_Static && is_writable(cursor))
        return object(validation, cursor, "outlives its function and can be written");
    if (kind == CXCursor_DeclRefExpr) {
        CXCursor used = clang_getCursorReferenced(cursor);
        if (clang_getCursorKind(used) == CXCursor_FunctionDecl && !may_be_used(used))
            return object(validation, cursor, "is not a function that emitted code may use");
    }
    if (kind == CXCursor_GCCAsmStmt || kind == CXCursor_MSAsmStmt) return object(validation, cursor, "is assembly");
    return CXChildVisit_Recurse;
}

static bool is_external(CXCursor cursor) {
    return clang_getCursorLinkage(cursor) == CXLinkage_External;
}

/* gr.h declares functions of the runtime that no entry needs; --single-file folds it in. */
static bool is_the_runtimes(CXCursor cursor) {
    CXString name = clang_getCursorSpelling(cursor);
    bool own = strncmp(clang_getCString(name), "gr_", 3) == 0;
    clang_disposeString(name);
    return own;
}

/* A function or variable at file level: both the header and the source must know what others can link to. */
static enum CXChildVisitResult check_linkage(Validation *validation, CXCursor cursor) {
    if (!is_external(cursor) || is_the_runtimes(cursor)) return CXChildVisit_Continue;
    CXCursor definition = clang_getCursorDefinition(cursor);
    if (is_in_file(cursor, validation->header) && clang_Cursor_isNull(definition))
        return object(validation, cursor, "is declared in the header and defined nowhere");
    if (is_in_file(cursor, validation->source) && !is_in_file(clang_getCanonicalCursor(cursor), validation->header))
        return object(validation, cursor, "can be linked to and is not in the header");
    return CXChildVisit_Continue;
}

static enum CXChildVisitResult check_top(CXCursor cursor, CXCursor parent, CXClientData data) {
    (void)parent;
    Validation *validation = data;
    if (is_in_system_header(cursor)) return CXChildVisit_Continue;
    enum CXCursorKind kind = clang_getCursorKind(cursor);
    if (kind != CXCursor_FunctionDecl && kind != CXCursor_VarDecl) return CXChildVisit_Continue;
    if (kind == CXCursor_VarDecl && is_writable(cursor))
        return object(validation, cursor, "is a global that can be written");
    if (check_linkage(validation, cursor) == CXChildVisit_Break) return CXChildVisit_Break;
    return clang_visitChildren(cursor, check_inside, validation) ? CXChildVisit_Break : CXChildVisit_Continue;
}

/* ---- parsing ---- */

/* The first warning or error, if any. */
static void check_diagnostics(Validation *validation, CXTranslationUnit unit) {
    for (unsigned d = 0; d < clang_getNumDiagnostics(unit) && !validation->fault[0]; d++) {
        CXDiagnostic diagnostic = clang_getDiagnostic(unit, d);
        CXString text = clang_formatDiagnostic(diagnostic, clang_defaultDiagnosticDisplayOptions());
        const char *shown = clang_getCString(text);
        if (strncmp(shown, PLACE "/", sizeof PLACE) == 0) shown += sizeof PLACE;
        if (clang_getDiagnosticSeverity(diagnostic) >= CXDiagnostic_Warning)
            snprintf(validation->fault, sizeof validation->fault, "%s", shown);
        clang_disposeString(text);
        clang_disposeDiagnostic(diagnostic);
    }
}

#define WARNINGS "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wdouble-promotion"

/* Parses one of the files; NULL with a fault where there is anything to object to. */
static CXTranslationUnit parse(Validation *validation, const char *path, const char *const *arguments, int count) {
    CXTranslationUnit unit = NULL;
    enum CXErrorCode error = clang_parseTranslationUnit2(validation->index, path, arguments, count, validation->files,
                                                         validation->file_count, CXTranslationUnit_None, &unit);
    if (error != CXError_Success || !unit) {
        snprintf(validation->fault, sizeof validation->fault, "libclang could not read it (code %d)", (int)error);
        return NULL;
    }
    check_diagnostics(validation, unit);
    if (!validation->fault[0]) return unit;
    clang_disposeTranslationUnit(unit);
    return NULL;
}

static struct CXUnsavedFile file_in_memory(const char *path, const char *text) {
    return (struct CXUnsavedFile){path, text, (unsigned long)strlen(text)};
}

/* AArch64 from any machine: clang brings all headers along but <string.h>, of which two functions are enough. */
static int add_aarch64(Validation *validation, const char **arguments, int count) {
    validation->files[validation->file_count++] = file_in_memory(
        PLACE "/aarch64/string.h", "#include <stddef.h>\n"
                                   "void *memcpy(void *restrict to, const void *restrict from, size_t);\n"
                                   "void *memset(void *to, int byte, size_t);\n");
    static const char *const machine[] = {"--target=aarch64-linux-gnu", "-ffreestanding", "-nostdlibinc",
                                          "-isystem" PLACE "/aarch64"};
    for (size_t i = 0; i < sizeof machine / sizeof *machine; i++)
        arguments[count++] = machine[i];
    return count;
}

/* With __SCE__ (a console whose SDK wants it so) clang's <immintrin.h> includes only what -march has: a third of the
 * time. */
static void check_source(Arena *arena, Validation *validation, const Target *target) {
    const char *arguments[16] = {"-xc", "-std=c11", WARNINGS};
    int count = 0;
    while (arguments[count])
        count++;
    if (target && strcmp(target->name, "neon") == 0) {
        count = add_aarch64(validation, arguments, count);
    } else if (target && target->lanes > 1) {
        arguments[count++] = arena_print(arena, "-march=%s", target->name);
        arguments[count++] = "-D__SCE__";
    }
    CXTranslationUnit unit = parse(validation, validation->source, arguments, count);
    if (!unit) return;
    clang_visitChildren(clang_getTranslationUnitCursor(unit), check_top, validation);
    clang_disposeTranslationUnit(unit);
}

/* The header is for C++ as well. That it defines functions which it does not call is no fault of a header, which it is
 * not for clang while it is the file that is parsed. */
static void check_header(Validation *validation) {
    static const char *const arguments[] = {"-xc++-header", "-std=c++11", "-nostdinc++", WARNINGS,
                                            "-Wno-unused-function"};
    CXTranslationUnit unit = parse(validation, validation->header, arguments, sizeof arguments / sizeof *arguments);
    if (unit) clang_disposeTranslationUnit(unit);
}

bool validate_emission(Arena *arena, const EmitOptions *options, const Emission *emission, const char **why) {
    const EmbeddedFile *gr = embedded_file("gr.h"), *kernel = embedded_file("gr_kernel.h");
    if (!gr || !kernel) internal_error("the runtime's headers are not embedded");
    Validation validation = {.header = arena_print(arena, PLACE "/%s.h", options->name),
                             .source = arena_print(arena, PLACE "/%s.c", options->name)};
    validation.files[0] = file_in_memory(validation.header, emission->header);
    validation.files[1] = file_in_memory(validation.source, emission->source);
    validation.files[2] = file_in_memory(PLACE "/gr.h", gr->text);
    validation.files[3] = file_in_memory(PLACE "/gr_kernel.h", kernel->text);
    validation.file_count = options->single_file ? 2 : FILES;
    validation.index = clang_createIndex(0, 0);
    check_source(arena, &validation, options->target);
    if (!validation.fault[0]) check_header(&validation);
    clang_disposeIndex(validation.index);
    *why = validation.fault[0] ? arena_print(arena, "%s", validation.fault) : NULL;
    return !*why;
}
#endif
