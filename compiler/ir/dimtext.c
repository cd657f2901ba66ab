/* dimtext: sizes as one reads and writes them.
**
** Terms are sorted by their text, so that a size looks the same however it was made; and x - max(x-5, 0) is written
** min(x, 5), where that is the shorter of the two. */
#include "ir/internal.h"

#include <stdlib.h>
#include <string.h>

static void write_atom(Text *, Compiler *, const Atom *, Namer);

static int compare_texts(const void *x, const void *y) { return strcmp(*(char *const *)x, *(char *const *)y); }

static const char *monomial_text(Compiler *cx, const Term *t, Namer namer) {
    const char **factors = NEW_ARRAY(cx->arena, const char *, t->natoms + 1);
    for (int k = 0; k < t->natoms; k++) {
        Text f = text_new(cx->arena);
        bool quotient =
            t->atoms[k]->kind == ATOM_FLOORDIV && (t->natoms > 1 || (t->coefficient != 1 && t->coefficient != -1));
        if (quotient) text_add(&f, "(");
        write_atom(&f, cx, t->atoms[k], namer);
        if (quotient) text_add(&f, ")");
        factors[k] = f.at;
    }
    qsort(factors, (size_t)t->natoms, sizeof *factors, compare_texts);
    Text text = text_new(cx->arena);
    for (int k = 0; k < t->natoms; k++) text_add(&text, "%s%s", k ? "*" : "", factors[k]);
    return text.at;
}

typedef struct {
    const char *text;
    int degree;
    int64_t coefficient;
} Written;
static int compare_written(const void *a, const void *b) {
    const Written *x = a, *y = b;
    if (!x->degree != !y->degree) return x->degree ? -1 : 1; /* the constant comes last */
    if ((x->coefficient < 0) != (y->coefficient < 0)) return x->coefficient < 0 ? 1 : -1;
    return x->degree != y->degree ? y->degree - x->degree : strcmp(x->text, y->text);
}

static void write_terms(Text *t, Compiler *cx, const Dim *d, Namer namer) {
    Written *terms = NEW_ARRAY(cx->arena, Written, d->nterms);
    for (int i = 0; i < d->nterms; i++)
        terms[i] = (Written){ monomial_text(cx, &d->terms[i], namer), d->terms[i].natoms, d->terms[i].coefficient };
    qsort(terms, (size_t)d->nterms, sizeof *terms, compare_written);
    if (d->nterms == 0) text_add(t, "0");
    for (int i = 0; i < d->nterms; i++) {
        Written w = terms[i];
        uint64_t size = w.coefficient < 0 ? 0 - (uint64_t)w.coefficient : (uint64_t)w.coefficient;
        text_add(t, "%s", i == 0 ? (w.coefficient < 0 ? "-" : "") : w.coefficient < 0 ? " - " : " + ");
        if (size != 1 || !w.degree) text_add(t, "%llu%s", (unsigned long long)size, w.degree ? "*" : "");
        text_add(t, "%s", w.text);
    }
}

static const char *pair_text(Compiler *cx, const char *name, const Dim *a, const Dim *b, Namer namer) {
    Text x = text_new(cx->arena), y = text_new(cx->arena), text = text_new(cx->arena);
    dim_write(&x, cx, a, namer);
    dim_write(&y, cx, b, namer);
    text_add(&text, "%s(%s, %s)", name, x.at, y.at);
    return text.at;
}

/* The shorter text of d = rest + max(a, 0) = max(rest + a, rest), or d = rest - max(a, 0) = min(rest - a, rest). */
void dim_write(Text *t, Compiler *cx, const Dim *d, Namer namer) {
    Text plain = text_new(cx->arena);
    write_terms(&plain, cx, d, namer);
    const char *best = plain.at;
    for (int i = 0; i < d->nterms; i++) {
        const Term *m = &d->terms[i];
        if (m->natoms != 1 || m->atoms[0]->kind != ATOM_MAX || (m->coefficient != 1 && m->coefficient != -1)) continue;
        const Dim *a = m->atoms[0]->a, *x = dim_of_atom(cx, m->atoms[0]);
        bool positive = m->coefficient > 0;
        const Dim *rest = positive ? dim_sub(cx, d, x) : dim_add(cx, d, x);
        if (positive && rest->nterms == 0) break; /* as it stands */
        const char *other = positive ? pair_text(cx, "max", dim_add(cx, rest, a), rest, namer)
                                     : pair_text(cx, "min", rest, dim_sub(cx, rest, a), namer);
        if (strlen(other) <= strlen(best)) best = other;
        break;
    }
    text_add(t, "%s", best);
}

static void write_operand(Text *t, Compiler *cx, const Dim *d, Namer namer) {
    bool alone =
        d->nterms == 0 || (d->nterms == 1 && d->terms[0].coefficient >= 0 &&
                           (d->terms[0].natoms == 0 || (d->terms[0].natoms == 1 && d->terms[0].coefficient == 1 &&
                                                        d->terms[0].atoms[0]->kind != ATOM_FLOORDIV)));
    if (!alone) text_add(t, "(");
    dim_write(t, cx, d, namer);
    if (!alone) text_add(t, ")");
}

static void write_atom(Text *t, Compiler *cx, const Atom *x, Namer namer) {
    if (x->kind == ATOM_VAR) {
        text_add(t, "%s", namer.name ? namer.name(namer.context, x->var) : x->var->name);
    } else if (x->kind == ATOM_FLOORDIV) {
        write_operand(t, cx, x->a, namer);
        text_add(t, "//");
        write_operand(t, cx, x->b, namer);
    } else {
        text_add(t, "%s", pair_text(cx, "max", x->a, x->b, namer));
    }
}

const char *dim_text(Compiler *cx, const Dim *d) {
    Text t = text_new(cx->arena);
    dim_write(&t, cx, d, (Namer){ 0 });
    return t.at;
}

void type_write(Text *t, Compiler *cx, const Type *type, Namer namer) {
    text_add(t, "%s[", dtype_name(type->dtype));
    for (int i = 0; i < type->rank; i++) {
        if (i) text_add(t, ", ");
        dim_write(t, cx, type->dim[i], namer);
    }
    text_add(t, "]");
}

const char *type_text(Compiler *cx, const Type *type) {
    Text t = text_new(cx->arena);
    type_write(&t, cx, type, (Namer){ 0 });
    return t.at;
}
