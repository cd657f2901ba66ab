/* prove: what is sure about sizes, knowing only that every size variable is at least 0.
**
** To show d >= 0: all terms are at least 0 as they stand; or, for a max(x, 0) in d, it holds for 0 and for x in its place;
** or, for an x//y in d, it holds with the bound  x - y + 1 <= y*(x//y) <= x  in its place. */
#include "ir/internal.h"

enum { DEPTH = 5 };

static bool nonnegative(Compiler *, const Dim *, int depth);

static bool atom_nonnegative(Compiler *cx, const Atom *x, int depth) {
    switch (x->kind) {
    case ATOM_VAR: return true;
    case ATOM_MAX: return true; /* one side is 0 */
    case ATOM_FLOORDIV:
        return nonnegative(cx, x->a, depth) && nonnegative(cx, x->b, depth); /* x//0 does not come back */
    default: return false;
    }
}

/* The product of a term's atoms but one. */
static const Dim *without(Compiler *cx, const Term *t, const Atom *atom) {
    const Dim *p = dim_int(cx, t->coefficient);
    bool left_out = false;
    for (int k = 0; k < t->natoms; k++) {
        if (t->atoms[k] == atom && !left_out) {
            left_out = true;
            continue;
        }
        p = dim_mul(cx, p, dim_of_atom(cx, t->atoms[k]));
    }
    return p;
}

static int power_of(const Term *t, const Atom *atom) {
    int n = 0;
    for (int k = 0; k < t->natoms; k++) n += t->atoms[k] == atom;
    return n;
}

/* d with `atom`, which stands in d at most once in a term, replaced. */
static const Dim *with(Compiler *cx, const Dim *d, const Atom *atom, const Dim *by) {
    const Dim *sum = dim_int(cx, 0);
    for (int i = 0; i < d->nterms; i++) {
        const Term *t = &d->terms[i];
        const Dim *rest = without(cx, t, atom);
        sum = dim_add(cx, sum, power_of(t, atom) ? dim_mul(cx, rest, by) : rest);
    }
    return sum;
}

static bool linear_in(const Dim *d, const Atom *atom) {
    for (int i = 0; i < d->nterms; i++)
        if (power_of(&d->terms[i], atom) > 1) return false;
    return true;
}

/* For a quotient q = a//b with b > 0 and the term c*q*rest: bounds it from below and goes on. */
static bool by_quotient(Compiler *cx, const Dim *d, int term, const Atom *q, int depth) {
    const Term *t = &d->terms[term];
    const Dim *rest = without(cx, t, q); /* the coefficient included */
    int64_t c = t->coefficient, number;
    const Dim *sign = dim_int(cx, c < 0 ? -1 : 1);
    if (!nonnegative(cx, dim_mul(cx, rest, sign), depth)) return false;
    const Dim *whole = dim_mul(cx, rest, dim_of_atom(cx, q));
    const Dim *others = dim_sub(cx, d, whole);
    /* y*q is at most x, and at least x - y + 1 */
    const Dim *bound = c < 0 ? q->a : dim_add(cx, dim_sub(cx, q->a, q->b), dim_int(cx, 1));
    if (dim_is_int(q->b, &number)) {
        if (number <= 0) return false;
        return nonnegative(cx, dim_add(cx, dim_mul(cx, others, q->b), dim_mul(cx, rest, bound)), depth - 1);
    }
    /* rest has y as a factor: y*q is replaced as it stands */
    if (q->b->nterms != 1 || q->b->terms[0].coefficient != 1 || q->b->terms[0].natoms != 1) return false;
    const Atom *y = q->b->terms[0].atoms[0];
    if (!power_of(t, y)) return false;
    Term less = *t;
    const Atom **atoms = NEW_ARRAY(cx->arena, const Atom *, t->natoms);
    less.natoms = 0;
    less.atoms = atoms;
    bool dropped_y = false, dropped_q = false;
    for (int k = 0; k < t->natoms; k++) {
        if (!dropped_y && t->atoms[k] == y)
            dropped_y = true;
        else if (!dropped_q && t->atoms[k] == q)
            dropped_q = true;
        else
            atoms[less.natoms++] = t->atoms[k];
    }
    return nonnegative(cx, dim_add(cx, others, dim_mul(cx, without(cx, &less, NULL), bound)), depth - 1);
}

static bool nonnegative(Compiler *cx, const Dim *d, int depth) {
    bool plain = true;
    for (int i = 0; i < d->nterms && plain; i++) {
        plain = d->terms[i].coefficient > 0;
        for (int k = 0; k < d->terms[i].natoms && plain; k++)
            plain = atom_nonnegative(cx, d->terms[i].atoms[k], depth - 1);
    }
    if (plain || depth <= 0) return plain;
    for (int i = 0; i < d->nterms; i++)
        for (int k = 0; k < d->terms[i].natoms; k++) {
            const Atom *x = d->terms[i].atoms[k];
            if (x->kind != ATOM_MAX || !linear_in(d, x)) continue;
            /* where it is 0, -a >= 0 may be added; where it is a, a >= 0 may be taken away */
            const Dim *low = with(cx, d, x, dim_int(cx, 0)), *high = with(cx, d, x, x->a);
            return (nonnegative(cx, low, depth - 1) || nonnegative(cx, dim_add(cx, low, x->a), depth - 1)) &&
                   (nonnegative(cx, high, depth - 1) || nonnegative(cx, dim_sub(cx, high, x->a), depth - 1));
        }
    for (int i = 0; i < d->nterms; i++)
        for (int k = 0; k < d->terms[i].natoms; k++)
            if (d->terms[i].atoms[k]->kind == ATOM_FLOORDIV && by_quotient(cx, d, i, d->terms[i].atoms[k], depth))
                return true;
    return false;
}

bool dim_at_least(Compiler *cx, const Dim *a, const Dim *b) {
    int64_t x, y;
    if (dim_is_int(a, &x) && dim_is_int(b, &y)) return x >= y;
    return a == b || nonnegative(cx, dim_sub(cx, a, b), DEPTH);
}

/* 2*n + 1 is never 2*m: the numbers before variables have a common divisor that the constant has not. */
static bool never_zero(const Dim *d) {
    int64_t g = 0, constant = 0;
    for (int i = 0; i < d->nterms; i++) {
        int64_t c = d->terms[i].coefficient;
        if (!d->terms[i].natoms) {
            constant = c;
            continue;
        }
        if (c == INT64_MIN) return false;
        for (int64_t r, x = c < 0 ? -c : c; x; x = r) {
            r = g % x;
            g = x;
        }
    }
    return constant && (g == 0 || constant % g);
}

bool dim_never_equal(Compiler *cx, const Dim *a, const Dim *b) {
    const Dim *one = dim_int(cx, 1);
    return never_zero(dim_sub(cx, a, b)) || dim_at_least(cx, a, dim_add(cx, b, one)) ||
           dim_at_least(cx, b, dim_add(cx, a, one));
}
