/* Names in the emitted C: those of the model file as far as C allows, unique, never a keyword or a name of libc.
 *
 * What becomes visible is chosen once for a pair of files, in this order, so that the names on the border depend on
 * nothing but the model: sizes, entries, each entry's arguments, fields of the two structs. */
#include "compiler/emit/parts.h"
#include <ctype.h>
#include <string.h>

/* ---- reserved names ---- */

/* Keywords of C and C++, and macros that a standard header, or a compiler in its GNU mode, may define. */
static const char words[] =
    " ATOMIC_FLAG_INIT BUFSIZ CHAR_BIT CHAR_MAX CHAR_MIN CLOCKS_PER_SEC DBL_EPSILON DBL_MAX DBL_MIN DECIMAL_DIG "
    "DOMAIN EDOM EILSEQ EOF ERANGE EXIT_FAILURE EXIT_SUCCESS FILENAME_MAX FLT_EPSILON FLT_MAX FLT_MIN FLT_RADIX "
    "FOPEN_MAX FP_FAST_FMA HUGE HUGE_VAL HUGE_VALF I INFINITY INT16_MAX INT32_MAX INT64_MAX INT8_MAX INT_MAX "
    "INT_MIN LC_ALL LONG_MAX LONG_MIN MATH_ERRNO MAXFLOAT MB_CUR_MAX MB_LEN_MAX M_E M_PI NAN NDEBUG NULL "
    "OVERFLOW PLOSS RAND_MAX SCHAR_MAX SEEK_CUR SEEK_END SEEK_SET SHRT_MAX SIGABRT SIGFPE SIGILL SIGINT SIGSEGV "
    "SIGTERM SING SIZE_MAX TIME_UTC TLOSS TMP_MAX UCHAR_MAX UINT_MAX ULONG_MAX UNDERFLOW USHRT_MAX WCHAR_MAX "
    "WEOF alignas alignof and and_eq asm assert auto bitand bitor bool break case catch char char16_t char32_t "
    "char8_t class co_await co_return co_yield compl complex concept const const_cast consteval constexpr "
    "constinit continue decltype default delete do double dynamic_cast else enum errno explicit export extern "
    "false far float for fpclassify friend goto i386 if imaginary inline int isfinite isgreater isinf isless "
    "isnan isnormal isunordered kill_dependency linux long major makedev math_errhandling minor mutable "
    "namespace near new noexcept noreturn not not_eq nullptr offsetof operator or or_eq private protected public "
    "register reinterpret_cast requires restrict return setjmp short signbit signed sizeof static static_assert "
    "static_cast stderr stdin stdout struct switch template this thread_local throw true try typedef typeid "
    "typename typeof typeof_unqual union unix unsigned using va_arg va_copy va_end va_list va_start virtual void "
    "volatile wchar_t while xor xor_eq ";

/* Types, functions and objects of libc, which a field or a parameter may hide, but nothing of file scope may be. */
static const char library[] =
    " FILE abort abs access acos acosh aligned_alloc alloca asctime asin asinh at_quick_exit atan atan2 atanh "
    "atexit atof atoi atol atoll bcmp bcopy brk bsearch btowc bzero cabs cacos calloc carg cbrt ccos ceil cexp "
    "chdir chmod chown cimag clearerr clock clock_t clog close closedir conj copysign cos cosh cpow cproj creal "
    "csin csqrt ctan ctime daemon daylight difftime div div_t double_t drem dup dup2 environ erf erfc errx execl "
    "execv execve exit exp exp10 exp2 expm1 fabs fclose fdim fdopen fenv_t feof ferror fflush ffs fgetc fgetpos "
    "fgets fileno finite float_t floor fma fmax fmin fmod fopen fork fpos_t fprintf fputc fputs fread free "
    "freopen frexp fscanf fseek fsetpos fstat fsync ftell ftruncate fwrite gamma gcvt getc getchar getcwd "
    "getdelim getenv getline getopt getpid getrandom gets gettimeofday getw gmtime hypot ilogb imaxabs imaxdiv "
    "index initstate int16_t int32_t int64_t int8_t intmax_t intptr_t ioctl isalnum isalpha isascii isatty "
    "isblank iscntrl isdigit isgraph islower isprint ispunct isspace isupper isxdigit j0 j1 jmp_buf jn kill labs "
    "ldexp ldiv ldiv_t lgamma link listen llabs lldiv lldiv_t llrint llround localeconv localtime log log10 "
    "log1p log2 logb longjmp lrint lround lseek main malloc max_align_t mblen mbrlen mbrtowc mbstate_t mbstowcs "
    "mbtowc memccpy memchr memcmp memcpy memmem memmove mempcpy memset mkdir mkdtemp mkstemp mktime mmap modf "
    "mprotect munmap nan nanosleep nearbyint nextafter nexttoward nice nullptr_t off_t open opendir optarg "
    "optind pause pclose perror pid_t pipe poll popen pow pow10 printf pthread_create ptrdiff_t putc putchar "
    "putenv puts putw qsort quick_exit raise rand rand_r random read readdir readlink realloc reallocarray "
    "realpath recv remainder remove remquo rename rewind rindex rint rmdir round sbrk scalb scalbln scalbn scanf "
    "seed48 select send setbuf setenv setlocale setlogmask setvbuf sig_atomic_t sigaction signal signgam "
    "significand sin sincos sinh size_t sleep snprintf socket sprintf sqrt srand srandom sscanf ssize_t stat std "
    "stpcpy stpncpy strcasecmp strcat strchr strcmp strcoll strcpy strcspn strdup strerror strftime strlen "
    "strncasecmp strncat strncmp strncpy strndup strnlen strpbrk strrchr strsep strspn strstr strtod strtof "
    "strtok strtol strtold strtoll strtoul strtoull strxfrm swab symlink sync syscall sysconf syslog system tan "
    "tanh tempnam tgamma thrd_create time time_t timegm times timezone tmpfile tmpnam toascii tolower toupper "
    "towlower towupper trunc truncate ttyname tzname uint uint16_t uint32_t uint64_t uint8_t uintmax_t uintptr_t "
    "ulong umask uname ungetc unlink unsetenv ushort usleep utime vfork vfprintf vfscanf vprintf vscanf "
    "vsnprintf vsprintf vsscanf wait waitpid warn warnx wcscat wcschr wcscmp wcscpy wcslen wcsncpy wcstod wcstol "
    "wcstombs wctob wctomb wctype_t wint_t wmemcpy wprintf write wscanf y0 y1 yn ";

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The list is a text in which every word stands between blanks. */
static bool is_among(const char *name, const char *list) {
    size_t length = strlen(name);
    for (const char *at = strstr(list, name); at != NULL && length > 0; at = strstr(at + 1, name))
        if (at[-1] == ' ' && at[length] == ' ') return true;
    return false;
}

/* Names of the runtime, of OpenMP and of compilers. */
static bool has_reserved_prefix(const char *name) {
    static const char *const prefixes[] = {"gr_", "GR_", "omp_", "_mm"};
    for (size_t i = 0; i < COUNT(prefixes); i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0) return true;
    return false;
}

static bool is_word(const char *name) {
    return has_reserved_prefix(name) || is_among(name, words);
}

/* The functions of math.h exist for float and long double too: sinf, sinl. */
static bool is_in_library(const char *name) {
    char stem[32];
    size_t length = strlen(name);
    if (is_among(name, library)) return true;
    if (length < 3 || length > sizeof stem || (name[length - 1] != 'f' && name[length - 1] != 'l')) return false;
    memcpy(stem, name, length - 1);
    stem[length - 1] = '\0';
    return is_among(stem, library);
}

bool name_is_reserved(const char *name) {
    return is_word(name) || is_in_library(name);
}

/* ---- scopes ---- */

/* The slot that holds the name, or the free one where it belongs. */
static int *slot_of(const Scope *scope, const char *name) {
    unsigned mask = (unsigned)scope->slot_count - 1, at = hash_bytes(name, strlen(name)) & mask;
    while (scope->slots[at] != 0 && strcmp(scope->taken.at[scope->slots[at] - 1].name, name) != 0)
        at = (at + 1) & mask;
    return &scope->slots[at];
}

static TakenName *find_taken(const Scope *scope, const char *name) {
    int slot = scope->slot_count > 0 ? *slot_of(scope, name) : 0;
    return slot > 0 ? &scope->taken.at[slot - 1] : NULL;
}

static bool is_taken(const Scope *scope, const char *name) {
    return find_taken(scope, name) != NULL;
}

/* At most half of the slots are in use. */
static void take(Scope *scope, const char *name) {
    enum { FIRST_SLOTS = 64 };
    if (is_taken(scope, name)) return;
    vec_push(scope->arena, &scope->taken, ((TakenName){name, 1}));
    if (scope->taken.count * 2 <= scope->slot_count) {
        *slot_of(scope, name) = scope->taken.count;
        return;
    }
    scope->slot_count = scope->slot_count > 0 ? scope->slot_count * 2 : FIRST_SLOTS;
    scope->slots = ARENA_ARRAY(scope->arena, int, scope->slot_count);
    for (int t = 0; t < scope->taken.count; t++)
        *slot_of(scope, scope->taken.at[t].name) = t + 1;
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Only what an identifier may hold; the '@' of the trainer's tensors is left out. What begins as names of others do
 * gets an 'x': C keeps those that begin with '_' and a capital, or with "__", for itself. */
const char *c_identifier(Arena *arena, const char *wanted) {
    if (*wanted == '@') wanted++;
    bool first_fits =
        is_letter(*wanted) && (*wanted != '_' || !(isupper((unsigned char)wanted[1]) || wanted[1] == '_'));
    char *name = arena_print(arena, "%s%s", first_fits && !has_reserved_prefix(wanted) ? "" : "x", wanted);
    for (char *c = name; *c != '\0'; c++)
        if (!is_letter(*c) && !(*c >= '0' && *c <= '9')) *c = '_';
    return name;
}

/* name, name_, name_2, name_3, ... */
static const char *numbered(Arena *arena, const char *base, int round) {
    return round == 1 ? arena_print(arena, "%s_", base) : arena_print(arena, "%s_%d", base, round);
}

/* The first of them that is neither taken nor among the words that are refused. */
static const char *first_free(Scope *scope, const char *wanted, bool (*refused)(const char *name)) {
    Arena *arena = scope->arena;
    const char *base = c_identifier(arena, wanted), *name = base;
    TakenName *same = find_taken(scope, base);
    int round = same != NULL ? same->round : 1;
    for (; refused(name) || is_taken(scope, name); round++)
        name = numbered(arena, base, round);
    if (same != NULL) same->round = round;
    return name;
}

const char *scope_numbered(Scope *scope, const char *wanted) {
    const char *base = c_identifier(scope->arena, wanted), *name = base;
    TakenName *same = find_taken(scope, base);
    int round = same != NULL && same->round > 2 ? same->round : 2;
    for (; is_taken(scope, name); round++)
        name = numbered(scope->arena, base, round);
    if (same != NULL) same->round = round;
    take(scope, name);
    return name;
}

const char *scope_name(Scope *scope, const char *wanted) {
    const char *name = first_free(scope, wanted, name_is_reserved);
    take(scope, name);
    return name;
}

/* The same for fields and parameters, which may be called like a function of libc. */
static const char *member_name(Scope *scope, const char *wanted) {
    const char *name = first_free(scope, wanted, is_word);
    take(scope, name);
    return name;
}

/* ---- the names of a pair ---- */

const char *upper_case(Arena *arena, const char *name) {
    char *upper = arena_print(arena, "%s", name);
    for (char *c = upper; *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
    return upper;
}

static const char *lower_case(Arena *arena, const char *name) {
    char *lower = arena_print(arena, "%s", name);
    for (char *c = lower; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    return lower;
}

static const char *public_macro(const Emitter *emitter, const char *middle, const char *end) {
    return upper_case(emitter->arena, arena_print(emitter->arena, "%s_%s%s", emitter->options->name, middle, end));
}

const char *size_macro(const Emitter *emitter, const Size *size) {
    return public_macro(emitter, size_name(emitter, size), "_MAX");
}

const char *scratch_macro(const Emitter *emitter, const Entry *entry) {
    return public_macro(emitter, entry_name(emitter, entry), "_SCRATCH");
}

/* What the pair defines whatever the model holds. */
static void take_fixed_names(const Emitter *emitter, Scope *scope) {
    const char *name = emitter->options->name;
    static const char *const ends[] = {"_init", "_model", "_trainer", "_trained"};
    static const char *const macros[] = {"H", "API", "SIGNATURE"};
    take(scope, name);
    for (size_t i = 0; i < COUNT(ends); i++)
        take(scope, arena_print(emitter->arena, "%s%s", name, ends[i]));
    for (size_t i = 0; i < COUNT(macros); i++)
        take(scope, public_macro(emitter, macros[i], ""));
}

/* Names that stand beside the arguments in a call's struct, in the signature, or in the functions of entry.c. */
static void take_words_of_calls(Scope *scope) {
    static const char *const taken[] = {"model",   "trainer", "work", "call", "threads", "status", "spans",
                                        "scratch", "locals",  "draw", "step", "sizes",   "at",     "arguments"};
    for (size_t i = 0; i < COUNT(taken); i++)
        take(scope, taken[i]);
}

static void name_sizes(const Emitter *emitter, Names *names, Scope *public_names) {
    const Program *program = emitter->program;
    Scope scope = {.arena = emitter->arena};
    take_words_of_calls(&scope);
    names->sizes = ARENA_ARRAY(emitter->arena, const char *, program->sizes.count);
    for (int s = 0; s < program->sizes.count; s++) {
        const char *lower = lower_case(emitter->arena, program->sizes.at[s]->name);
        names->sizes[s] = member_name(&scope, lower);
        take(public_names, public_macro(emitter, names->sizes[s], "_MAX"));
    }
}

static bool begins_with(const char *name, const char *prefix) {
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

typedef struct EntryScope {
    const Emitter *emitter;
    const Scope *public_names;
} EntryScope;

/* What is private to NAME.c begins with the entry's name and '_': nothing public may. */
static bool hides_public(const EntryScope *scope, const char *name) {
    const Program *program = scope->emitter->program;
    Arena *arena = scope->emitter->arena;
    const char *private = arena_print(arena, "%s_", name), *own = scope->emitter->options->name;
    for (int i = 0; i < scope->public_names->taken.count; i++)
        if (begins_with(scope->public_names->taken.at[i].name, private)) return true;
    for (int e = 0; e < program->entries.count; e++)
        if (begins_with(arena_print(arena, "%s_%s", own, c_identifier(arena, program->entries.at[e]->name)), private))
            return true;
    return false;
}

/* An entry's name stands behind NAME_ in what is public, and before _call, _run ... in what is private. */
static bool refused_for_entry(const EntryScope *scope, const char *name) {
    static const char *const kept[] = {"gr", "omp", "init", "check", "call", "model"};
    for (size_t i = 0; i < COUNT(kept); i++)
        if (strcmp(name, kept[i]) == 0) return true;
    const char *own = arena_print(scope->emitter->arena, "%s_%s", scope->emitter->options->name, name);
    return hides_public(scope, name) || is_taken(scope->public_names, own) ||
           is_taken(scope->public_names, public_macro(scope->emitter, name, "_SCRATCH"));
}

static void name_entries(const Emitter *emitter, Names *names, Scope *public_names) {
    const Program *program = emitter->program;
    names->entries = ARENA_ARRAY(emitter->arena, const char *, program->entries.count);
    for (int e = 0; e < program->entries.count; e++) {
        EntryScope scope = {emitter, public_names};
        const char *base = c_identifier(emitter->arena, program->entries.at[e]->name), *name = base;
        for (int round = 1; refused_for_entry(&scope, name); round++)
            name = numbered(emitter->arena, base, round);
        names->entries[e] = name;
        take(public_names, arena_print(emitter->arena, "%s_%s", emitter->options->name, name));
        take(public_names, public_macro(emitter, name, "_SCRATCH"));
    }
}

static void name_arguments(const Emitter *emitter, Names *names, const Scope *public_names, int e) {
    static const char *const functions[] = {"call", "run", "check", "thunk", "sizes", "arguments"};
    const Entry *entry = emitter->program->entries.at[e];
    Arena *arena = emitter->arena;
    Scope scope = {.arena = arena};
    take_words_of_calls(&scope);
    for (int i = 0; i < public_names->taken.count; i++)
        take(&scope, public_names->taken.at[i].name);
    for (size_t i = 0; i < COUNT(functions); i++)
        take(&scope, arena_print(arena, "%s_%s", names->entries[e], functions[i]));
    for (int i = 0; i < emitter->program->sizes.count; i++)
        take(&scope, names->sizes[i]);
    names->arguments[e].inputs = ARENA_ARRAY(arena, const char *, entry->inputs.count);
    names->arguments[e].outputs = ARENA_ARRAY(arena, const char *, entry->outputs.count);
    for (int i = 0; i < entry->inputs.count; i++)
        names->arguments[e].inputs[i] = member_name(&scope, entry->inputs.at[i]->name);
    for (int i = 0; i < entry->outputs.count; i++)
        names->arguments[e].outputs[i] = member_name(&scope, entry->outputs.at[i]->name);
}

void choose_names(Emitter *emitter) {
    Names *names = ARENA_NEW(emitter->arena, Names);
    Scope public_names = {.arena = emitter->arena};
    take_fixed_names(emitter, &public_names);
    name_sizes(emitter, names, &public_names);
    name_entries(emitter, names, &public_names);
    names->arguments = ARENA_ARRAY(emitter->arena, ArgumentNames, emitter->program->entries.count);
    for (int e = 0; e < emitter->program->entries.count; e++)
        name_arguments(emitter, names, &public_names, e);
    names->model_fields = (Scope){.arena = emitter->arena};
    names->trainer_fields = (Scope){.arena = emitter->arena};
    take(&names->model_fields, emitter->options->name);
    static const char *const taken[] = {"seed", "lr_scale", "reserved"};
    for (size_t i = 0; i < COUNT(taken); i++)
        take(&names->trainer_fields, taken[i]);
    take(&names->trainer_fields, arena_print(emitter->arena, "%s_trainer", emitter->options->name));
    emitter->names = names;
}

const char *field_name(const Emitter *emitter, bool in_trainer, const char *wanted) {
    return member_name(in_trainer ? &emitter->names->trainer_fields : &emitter->names->model_fields, wanted);
}

/* ---- looking them up ---- */

static int entry_position(const Emitter *emitter, const Entry *entry) {
    for (int e = 0; e < emitter->program->entries.count; e++)
        if (emitter->program->entries.at[e] == entry) return e;
    internal_error("entry %s is not in the program", entry->name);
}

const char *entry_name(const Emitter *emitter, const Entry *entry) {
    return emitter->names->entries[entry_position(emitter, entry)];
}

const char *size_name(const Emitter *emitter, const Size *size) {
    return emitter->names->sizes[size->position];
}

const char *argument_name(const Emitter *emitter, const Argument *argument) {
    for (int e = 0; e < emitter->program->entries.count; e++) {
        const Entry *entry = emitter->program->entries.at[e];
        for (int i = 0; i < entry->inputs.count; i++)
            if (entry->inputs.at[i] == argument) return emitter->names->arguments[e].inputs[i];
        for (int i = 0; i < entry->outputs.count; i++)
            if (entry->outputs.at[i] == argument) return emitter->names->arguments[e].outputs[i];
    }
    internal_error("argument %s is of no entry", argument->name);
}
