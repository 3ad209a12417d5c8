/* What the files that read the text form share: tokens, and where a name or number is looked up. Nobody else needs it.
 *
 * After an error the reader is `failed`: nothing is accepted any more, so that every function returns by itself, and
 * the statement's caller goes on with the next line. */
#ifndef GRADC_IR_READER_H
#define GRADC_IR_READER_H

#include "compiler/ir/text.h"

typedef enum ReaderToken {
    TOKEN_END,
    TOKEN_NAME,   /* train, net.layers.0.w, @train.step */
    TOKEN_STRING, /* "z" */
    TOKEN_NUMBER, /* 12, 1.5e-3 */
    TOKEN_NODE,   /* %3 */
    TOKEN_LET,    /* $0 */
    TOKEN_RANGE,  /* .. */
    TOKEN_ARROW,  /* -> */
    TOKEN_SIGN    /* one character, which is `character` */
} ReaderToken;

typedef struct Reader {
    Arena *arena;
    Interner *names;
    Diagnostics *diagnostics;
    const Source *source;
    bool failed;

    ReaderToken token;
    int begin, end;
    char character;
    bool is_real;  /* a number with point or exponent */
    double number; /* of a number */
    int64_t whole; /* of a number that is whole, %3 and $0 */

    Program *program;
    Entry *entry;         /* the one being read, NULL in a store's init */
    Graph *graph;         /* the one being read */
    VEC(Node *) numbered; /* by the number in the text, NULL: none */
    int depth;            /* of regions in each other */
} Reader;

void reader_next(Reader *reader);
Span reader_span(const Reader *reader); /* of the token */
void reader_error(Reader *reader, Span span, const char *format, ...) __attribute__((format(printf, 3, 4)));
void reader_skip_line(Reader *reader); /* after an error */

bool reader_at(const Reader *reader, char character);
bool reader_at_word(const Reader *reader, const char *word);
bool reader_accept(Reader *reader, char character);
bool reader_accept_word(Reader *reader, const char *word);
void reader_expect(Reader *reader, char character);
Name reader_name(Reader *reader, const char *what); /* "" after an error, as below 0 */
int64_t reader_whole(Reader *reader, const char *what);
int64_t reader_signed(Reader *reader, const char *what);

Node *reader_node(Reader *reader); /* a node that stands above; NULL after an error */
/* An affine expression of the named indices and the program's sizes. */
Affine reader_affine(Reader *reader, int count, const Index *indices);
Dim reader_dim(Reader *reader);
Type reader_type(Reader *reader, bool *is_byte); /* is_byte: NULL where bytes are no type */

Store *reader_store(Reader *reader);
Argument *reader_argument(Reader *reader, ArgumentRole role); /* of the entry that is read */
Graph *reader_graph(Reader *reader); /* the statements of a store's init, an entry or a region */

/* What follows `gather` or `scatter_add`; the tensor is the first argument. */
Addressing reader_addressing(Reader *reader, int *arg_count, Node ***args);
/* What follows `nest`, up to the colon before the type. The node is not yet in the graph: args go to *args. */
Nest reader_nest(Reader *reader, int *arg_count, Node ***args);

#endif
