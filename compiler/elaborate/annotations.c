/* annotations: shapes in signatures and assignments. */
#include "elaborate/values.h"

Py annotation_type(Elab *e, Node *n) {
    (void)n;
    return e->none;
}
Py annotation_check(Elab *e, Py x, Py declared, Span span) {
    (void)e, (void)declared, (void)span;
    return x;
}
Py annotation_parameter(Elab *e, Py f, Env *env, Node *p, Py x, Span span) {
    (void)e, (void)f, (void)env, (void)p, (void)span;
    return x;
}
Py annotation_result(Elab *e, Py f, Env *env, Py x, Span span) {
    (void)e, (void)f, (void)env, (void)span;
    return x;
}
