/* From text to syntax tree. */
#ifndef GRADC_FRONTEND_PARSE_H
#define GRADC_FRONTEND_PARSE_H

#include "frontend/ast.h"

/* The tree of a file. Errors are in the diagnostics; what could be understood is in the tree all the same, with
 * AST_ERROR where an expression is missing, so elaborate it only if diagnostics->errors has not grown. */
AstFile *parse_file(Arena *arena, Interner *names, Diagnostics *diagnostics, const Source *source);

/* One expression and nothing behind it, as in `-D K=2*10`. AST_ERROR after an error. */
AstExpr *parse_expression(Arena *arena, Interner *names, Diagnostics *diagnostics, const Source *source);

#endif
