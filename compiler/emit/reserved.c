/* Names that the emitted C may not use as they are: those of C, C++, libc and the runtime. */
#include "compiler/emit/parts.h"
#include <ctype.h>
#include <string.h>

/* Keywords of C and C++, macros that a standard header, or a compiler in its GNU mode, may define, and what the emitted
 * text itself needs of libc. */
static const char words[] =
    " BIG_ENDIAN BUFSIZ BYTE_ORDER CHAR_BIT CLOCKS_PER_SEC CONST DECIMAL_DIG DOMAIN E2BIG EACCES EADDRINUSE "
    "EADDRNOTAVAIL EADV EAFNOSUPPORT EAGAIN EALREADY EBADE EBADF EBADFD EBADMSG EBADR EBADRQC EBADSLT EBFONT "
    "EBUSY ECANCELED ECHILD ECHRNG ECOMM ECONNABORTED ECONNREFUSED ECONNRESET EDEADLK EDEADLOCK EDESTADDRREQ EDOM "
    "EDOTDOT EDQUOT EEXIST EFAULT EFBIG EHOSTDOWN EHOSTUNREACH EHWPOISON EIDRM EILSEQ EINPROGRESS EINTR EINVAL "
    "EIO EISCONN EISDIR EISNAM EKEYEXPIRED EKEYREJECTED EKEYREVOKED EL2HLT EL2NSYNC EL3HLT EL3RST ELIBACC ELIBBAD "
    "ELIBEXEC ELIBMAX ELIBSCN ELNRNG ELOOP EMEDIUMTYPE EMFILE EMLINK EMSGSIZE EMULTIHOP ENAMETOOLONG ENAVAIL "
    "ENETDOWN ENETRESET ENETUNREACH ENFILE ENOANO ENOBUFS ENOCSI ENODATA ENODEV ENOENT ENOEXEC ENOKEY ENOLCK "
    "ENOLINK ENOMEDIUM ENOMEM ENOMSG ENONET ENOPKG ENOPROTOOPT ENOSPC ENOSR ENOSTR ENOSYS ENOTBLK ENOTCONN "
    "ENOTDIR ENOTEMPTY ENOTNAM ENOTRECOVERABLE ENOTSOCK ENOTSUP ENOTTY ENOTUNIQ ENXIO EOF EOPNOTSUPP EOVERFLOW "
    "EOWNERDEAD EPERM EPFNOSUPPORT EPIPE EPROTO EPROTONOSUPPORT EPROTOTYPE ERANGE EREMCHG EREMOTE EREMOTEIO "
    "ERESTART ERFKILL EROFS ERROR ESHUTDOWN ESOCKTNOSUPPORT ESPIPE ESRCH ESRMNT ESTALE ESTRPIPE ETIME ETIMEDOUT "
    "ETOOMANYREFS ETXTBSY EUCLEAN EUNATCH EUSERS EWOULDBLOCK EXDEV EXFULL EXIT_FAILURE EXIT_SUCCESS FALSE HUGE I "
    "IN INFINITY LITTLE_ENDIAN L_tmpnam MATH_ERREXCEPT MATH_ERRNO MAXFLOAT NAN NDEBUG NULL ONCE_FLAG_INIT "
    "OPTIONAL OUT OVERFLOW PLOSS SIGABRT SIGALRM SIGBUS SIGCHLD SIGCLD SIGCONT SIGEV_NONE SIGEV_SIGNAL "
    "SIGEV_THREAD SIGEV_THREAD_ID SIGFPE SIGHUP SIGILL SIGINT SIGIO SIGIOT SIGKILL SIGPIPE SIGPOLL SIGPROF SIGPWR "
    "SIGQUIT SIGRTMAX SIGRTMIN SIGSEGV SIGSTKFLT SIGSTKSZ SIGSTOP SIGSYS SIGTERM SIGTRAP SIGTSTP SIGTTIN SIGTTOU "
    "SIGURG SIGUSR1 SIGUSR2 SIGVTALRM SIGWINCH SIGXCPU SIGXFSZ SIG_BLOCK SIG_DFL SIG_ERR SIG_HOLD SIG_IGN "
    "SIG_SETMASK SIG_UNBLOCK SING TIME_UTC TLOSS TRUE TSS_DTOR_ITERATIONS UNDERFLOW VOID WEOF alignas alignof and "
    "and_eq asm assert auto bitand bitor bool break case catch char char16_t char32_t char8_t class co_await "
    "co_return co_yield compl complex concept const const_cast consteval constexpr constinit continue decltype "
    "default delete do double dynamic_cast else enum errno explicit export extern false far float for fpclassify "
    "friend goto i386 if imaginary inline int int32_t int64_t interface isfinite isgreater isinf isless isnan "
    "isnormal isunordered kill_dependency linux long major makedev math_errhandling memcpy memset minor mutable "
    "namespace near new noexcept noreturn not not_eq nullptr offsetof operator or or_eq private protected "
    "ptrdiff_t public register reinterpret_cast requires restrict return setjmp short signbit signed size_t "
    "sizeof small static static_assert static_cast stderr stdin stdout struct switch template this thread_local "
    "throw true try typedef typeid typename typeof typeof_unqual uint32_t uint64_t uint8_t uintptr_t union unix "
    "unsigned using va_arg va_copy va_end va_list va_start virtual void volatile wchar_t while xor xor_eq ";

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
    "index initstate int16_t int8_t intmax_t intptr_t ioctl isalnum isalpha isascii isatty isblank iscntrl "
    "isdigit isgraph islower isprint ispunct isspace isupper isxdigit j0 j1 jmp_buf jn kill labs ldexp ldiv "
    "ldiv_t lgamma link listen llabs lldiv lldiv_t llrint llround localeconv localtime log log10 log1p log2 logb "
    "longjmp lrint lround lseek main malloc max_align_t mblen mbrlen mbrtowc mbstate_t mbstowcs mbtowc memccpy "
    "memchr memcmp memmem memmove mempcpy mkdir mkdtemp mkstemp mktime mmap modf mprotect munmap nan nanosleep "
    "nearbyint nextafter nexttoward nice nullptr_t off_t open opendir optarg optind pause pclose perror pid_t "
    "pipe poll popen pow pow10 printf pthread_create putc putchar putenv puts putw qsort quick_exit raise rand "
    "rand_r random read readdir readlink realloc reallocarray realpath recv remainder remove remquo rename rewind "
    "rindex rint rmdir round sbrk scalb scalbln scalbn scanf seed48 select send setbuf setenv setlocale "
    "setlogmask setvbuf sig_atomic_t sigaction signal signgam significand sin sincos sinh sleep snprintf socket "
    "sprintf sqrt srand srandom sscanf ssize_t stat std stpcpy stpncpy strcasecmp strcat strchr strcmp strcoll "
    "strcpy strcspn strdup strerror strftime strlen strncasecmp strncat strncmp strncpy strndup strnlen strpbrk "
    "strrchr strsep strspn strstr strtod strtof strtok strtol strtold strtoll strtoul strtoull strxfrm swab "
    "symlink sync syscall sysconf syslog system tan tanh tempnam tgamma thrd_create time time_t timegm times "
    "timezone tmpfile tmpnam toascii tolower toupper towlower towupper trunc truncate ttyname tzname uint "
    "uint16_t uintmax_t ulong umask uname ungetc unlink unsetenv ushort usleep utime vfork vfprintf vfscanf "
    "vprintf vscanf vsnprintf vsprintf vsscanf wait waitpid warn warnx wcscat wcschr wcscmp wcscpy wcslen wcsncpy "
    "wcstod wcstol wcstombs wctob wctomb wctype_t wint_t wmemcpy wprintf write wscanf y0 y1 yn ";

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The list is a text in which every word stands between blanks. */
static bool is_among(const char *name, const char *list) {
    size_t length = strlen(name);
    for (const char *at = strstr(list, name); at != NULL && length > 0; at = strstr(at + 1, name))
        if (at[-1] == ' ' && at[length] == ' ') return true;
    return false;
}

static bool begins_with(const char *name, const char *prefix) {
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

static bool has_lower_case(const char *name) {
    for (; *name != '\0'; name++)
        if (islower((unsigned char)*name)) return true;
    return false;
}

/* Names of the runtime, of OpenMP, of compilers, and macros of which C has too many to list: FE_UPWARD, M_PI_2. */
bool has_reserved_prefix(const char *name) {
    static const char *const prefixes[] = {"gr_", "GR_", "omp_", "_mm"};
    static const char *const of_macros[] = {"ATOMIC_",  "CLOCK_", "DBL_",  "FE_", "FLT_", "FP_",
                                            "HUGE_VAL", "LC_",    "LDBL_", "M_",  "SEEK_"};
    for (size_t i = 0; i < COUNT(prefixes); i++)
        if (begins_with(name, prefixes[i])) return true;
    for (size_t i = 0; i < COUNT(of_macros); i++)
        if (begins_with(name, of_macros[i]) && !has_lower_case(name)) return true;
    return false;
}

/* More of them, by their ends: INT_LEAST8_MIN, PRIu64. */
static bool is_of_macro_family(const char *name) {
    static const char *const ends[] = {"_MAX", "_MIN", "_WIDTH"};
    size_t length = strlen(name);
    if (begins_with(name, "PRI") || begins_with(name, "SCN"))
        return length > 4 && strchr("diouxX", name[3]) != NULL && !strchr(name, '_') && !has_lower_case(name + 4);
    for (size_t i = 0; i < COUNT(ends); i++)
        if (length > strlen(ends[i]) && strcmp(name + length - strlen(ends[i]), ends[i]) == 0)
            return !has_lower_case(name);
    return false;
}

bool name_is_word(const char *name) {
    return has_reserved_prefix(name) || is_among(name, words) || is_of_macro_family(name);
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
    return name_is_word(name) || is_in_library(name);
}
