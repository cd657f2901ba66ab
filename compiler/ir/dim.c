/* dim: sizes in canonical form.
**
** A Dim is a sum of terms, each an integer times a product of atoms; higher degrees first.  Everything that could be said
** in two ways is said in one:
**     x mod y     is  x - y*(x//y)
**     max(x, y)   is  y + max(x-y, 0), min(x, y) is x - max(x-y, 0), and max(-d, 0) is max(d, 0) - d
**     x // y      gives up all that divides evenly
** so equal sizes are one pointer whenever these laws show it. */
#include "ir/internal.h"

#include <stdlib.h>
#include <string.h>

Tables *tables_of(Compiler *cx) {
    if (!cx->tables) {
        Tables *t = NEW(cx->arena, Tables);
        t->dims = map_new(cx->arena);
        t->atoms = map_new(cx->arena);
        t->types = map_new(cx->arena);
        cx->tables = t;
    }
    return cx->tables;
}

const SizeVar *size_var(Compiler *cx, const char *name, Span span) {
    SizeVar *v = NEW(cx->arena, SizeVar);
    *v = (SizeVar){ .name = name_of(cx, name), .id = tables_of(cx)->nvars++, .span = span };
    return v;
}

/* A polynomial being made. */
typedef struct {
    Term *at;
    int n, cap;
} Poly;

/* Higher degree first, then by the atoms: a monomial order, so that division by the leading term works. */
static int compare_monomials(const Term *x, const Term *y) {
    if (x->natoms != y->natoms) return x->natoms > y->natoms ? -1 : 1;
    for (int i = 0; i < x->natoms; i++)
        if (x->atoms[i] != y->atoms[i]) return x->atoms[i]->id < y->atoms[i]->id ? -1 : 1;
    return 0;
}
static int compare_terms(const void *x, const void *y) { return compare_monomials(x, y); }

static int64_t too_large(Compiler *cx) {
    diag(cx, (Span){ 0 }, "a size is larger than any integer of 64 bits");
    return 1;
}
static int64_t times(Compiler *cx, int64_t a, int64_t b) {
    int64_t r;
    return __builtin_mul_overflow(a, b, &r) ? too_large(cx) : r;
}
static int64_t plus(Compiler *cx, int64_t a, int64_t b) {
    int64_t r;
    return __builtin_add_overflow(a, b, &r) ? too_large(cx) : r;
}

static const Dim *intern(Compiler *cx, const Term *terms, int n) {
    int64_t few[64], *key = few;
    int words = 0;
    for (int i = 0; i < n; i++) words += 2 + terms[i].natoms;
    if (words > COUNT(few)) key = NEW_ARRAY(cx->arena, int64_t, words);
    words = 0;
    for (int i = 0; i < n; i++) {
        key[words++] = terms[i].coefficient;
        key[words++] = terms[i].natoms;
        for (int k = 0; k < terms[i].natoms; k++) key[words++] = terms[i].atoms[k]->id;
    }
    Tables *t = tables_of(cx);
    int length = words * (int)sizeof *key;
    Dim *d = map_get_bytes(&t->dims, key, length);
    if (d) return d;
    d = NEW(cx->arena, Dim);
    d->nterms = n;
    d->terms = arena_copy(cx->arena, terms, sizeof *terms * (size_t)n);
    d->hash = hash_bytes(key, (size_t)length, 3);
    d->id = t->ndims++;
    map_set_bytes(&t->dims, key, length, d);
    return d;
}

static const Dim *finish(Compiler *cx, Poly *p) {
    if (p->n) qsort(p->at, (size_t)p->n, sizeof *p->at, compare_terms);
    int n = 0;
    for (int i = 0; i < p->n; i++) {
        if (n && compare_monomials(&p->at[n - 1], &p->at[i]) == 0)
            p->at[n - 1].coefficient = plus(cx, p->at[n - 1].coefficient, p->at[i].coefficient);
        else
            p->at[n++] = p->at[i];
        if (p->at[n - 1].coefficient == 0) n--;
    }
    return intern(cx, p->at, n);
}

static void add_terms(Compiler *cx, Poly *p, const Dim *a, int64_t by) {
    for (int i = 0; i < a->nterms; i++) {
        Term t = a->terms[i];
        t.coefficient = times(cx, t.coefficient, by);
        PUSH(cx->arena, p, t);
    }
}

const Dim *dim_int(Compiler *cx, int64_t v) { return intern(cx, &(Term){ .coefficient = v }, v != 0); }

const Dim *dim_of_atom(Compiler *cx, const Atom *atom) {
    const Atom **atoms = NEW_ARRAY(cx->arena, const Atom *, 1);
    atoms[0] = atom;
    return intern(cx, &(Term){ .coefficient = 1, .natoms = 1, .atoms = atoms }, 1);
}

static const Dim *dim_atom(Compiler *cx, AtomKind kind, const SizeVar *var, const Dim *a, const Dim *b) {
    int64_t key[] = { kind, var ? var->id : -1, a ? a->id : -1, b ? b->id : -1 };
    Tables *t = tables_of(cx);
    Atom *atom = map_get_bytes(&t->atoms, key, sizeof key);
    if (!atom) {
        atom = NEW(cx->arena, Atom);
        *atom = (Atom){ .kind = kind, .var = var, .a = a, .b = b, .id = t->natoms++ };
        map_set_bytes(&t->atoms, key, sizeof key, atom);
    }
    return dim_of_atom(cx, atom);
}
const Dim *dim_var(Compiler *cx, const SizeVar *v) { return dim_atom(cx, ATOM_VAR, v, NULL, NULL); }

bool dim_is_int(const Dim *d, int64_t *value) {
    if (d->nterms > 1 || (d->nterms == 1 && d->terms[0].natoms)) return false;
    if (value) *value = d->nterms ? d->terms[0].coefficient : 0;
    return true;
}
bool dim_is(const Dim *d, int64_t value) {
    int64_t v;
    return dim_is_int(d, &v) && v == value;
}

static const Dim *combine(Compiler *cx, const Dim *a, int64_t by_a, const Dim *b, int64_t by_b) {
    int64_t x, y;
    if (dim_is_int(a, &x) && dim_is_int(b, &y)) return dim_int(cx, plus(cx, times(cx, x, by_a), times(cx, y, by_b)));
    Poly p = { 0 };
    add_terms(cx, &p, a, by_a);
    add_terms(cx, &p, b, by_b);
    return finish(cx, &p);
}
const Dim *dim_add(Compiler *cx, const Dim *a, const Dim *b) {
    return a->nterms == 0 ? b : b->nterms == 0 ? a : combine(cx, a, 1, b, 1);
}
const Dim *dim_sub(Compiler *cx, const Dim *a, const Dim *b) { return b->nterms == 0 ? a : combine(cx, a, 1, b, -1); }

static Term term_times(Compiler *cx, const Term *x, const Term *y) {
    Term t = { .coefficient = times(cx, x->coefficient, y->coefficient), .natoms = x->natoms + y->natoms };
    t.atoms = NEW_ARRAY(cx->arena, const Atom *, t.natoms);
    for (int i = 0, j = 0; i + j < t.natoms;) {
        bool from_x = j == y->natoms || (i < x->natoms && x->atoms[i]->id <= y->atoms[j]->id);
        t.atoms[i + j] = from_x ? x->atoms[i] : y->atoms[j];
        if (from_x)
            i++;
        else
            j++;
    }
    return t;
}

const Dim *dim_mul(Compiler *cx, const Dim *a, const Dim *b) {
    if (dim_is(a, 1)) return b;
    if (dim_is(b, 1)) return a;
    int64_t x, y;
    if (dim_is_int(a, &x) && dim_is_int(b, &y)) return dim_int(cx, times(cx, x, y));
    Poly p = { 0 };
    for (int i = 0; i < a->nterms; i++)
        for (int j = 0; j < b->nterms; j++) PUSH(cx->arena, &p, term_times(cx, &a->terms[i], &b->terms[j]));
    return finish(cx, &p);
}

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }
static int64_t gcd(int64_t a, int64_t b) {
    while (b) {
        int64_t r = a % b;
        a = b;
        b = r;
    }
    return a < 0 ? -a : a;
}
static int64_t constant_of(const Dim *d) {
    return d->nterms && d->terms[d->nterms - 1].natoms == 0 ? d->terms[d->nterms - 1].coefficient : 0;
}
/* The greatest number that divides all coefficients but the constant's; 0 where there is only the constant. */
static int64_t content(const Dim *d) {
    int64_t g = 0;
    for (int i = 0; i < d->nterms; i++)
        if (d->terms[i].natoms) g = gcd(g, d->terms[i].coefficient);
    return g;
}
static const Dim *divided(Compiler *cx, const Dim *d, int64_t by) { /* coefficients rounded down */
    Poly p = { 0 };
    for (int i = 0; i < d->nterms; i++) {
        Term t = d->terms[i];
        t.coefficient = floor_div(t.coefficient, by);
        if (t.coefficient) PUSH(cx->arena, &p, t);
    }
    return finish(cx, &p);
}

/* x = q*y for monomials?  Coefficients are rounded down; q is 0 then where nothing is left. */
static bool term_divides(Compiler *cx, const Term *x, const Term *y, Term *q) {
    q->natoms = 0;
    q->atoms = NEW_ARRAY(cx->arena, const Atom *, x->natoms);
    int j = 0;
    for (int i = 0; i < x->natoms; i++) {
        if (j < y->natoms && x->atoms[i] == y->atoms[j])
            j++;
        else
            q->atoms[q->natoms++] = x->atoms[i];
    }
    if (y->coefficient == -1 && x->coefficient == INT64_MIN) return false;
    q->coefficient = floor_div(x->coefficient, y->coefficient);
    return j == y->natoms && q->coefficient != 0;
}

/* a = q*b + r, taking out of `a` every term that the leading term of b divides. */
static const Dim *long_division(Compiler *cx, const Dim *a, const Dim *b, const Dim **rest) {
    Poly q = { 0 };
    const Dim *r = a;
    for (int i = 0, steps = 0; i < r->nterms && steps < 50; steps++) {
        Term t;
        if (!term_divides(cx, &r->terms[i], &b->terms[0], &t)) {
            i++;
            continue;
        }
        const Dim *one = intern(cx, &t, 1);
        PUSH(cx->arena, &q, t);
        r = dim_sub(cx, r, dim_mul(cx, one, b));
        if (b->nterms > 1) i = 0;
    }
    *rest = r;
    return finish(cx, &q);
}

static const Dim *floordiv_by_number(Compiler *cx, const Dim *a, int64_t b) {
    int64_t number;
    if (b == 1) return a;
    if (b > 0 && dim_is_int(a, &number)) return dim_int(cx, floor_div(number, b));
    if (b == -1) return dim_sub(cx, dim_int(cx, 0), a);
    if (b < 0) { /* a // b is -a // -b */
        if (b == INT64_MIN) return dim_atom(cx, ATOM_FLOORDIV, NULL, a, dim_int(cx, b));
        return floordiv_by_number(cx, dim_sub(cx, dim_int(cx, 0), a), -b);
    }
    const Dim *q = divided(cx, a, b);
    const Dim *r = combine(cx, a, 1, q, -b); /* every coefficient is in 0 .. b-1 */
    int64_t g = gcd(content(r), b);
    if (dim_is_int(r, NULL)) return q;
    if (g > 1) { /* (g*x + c) // (g*d) is (x + c//g) // d */
        r = divided(cx, r, g);
        b /= g;
        if (b == 1) return dim_add(cx, q, r);
    }
    const Term *only = &r->terms[0];
    int64_t inner;
    if (r->nterms == 1 && only->natoms == 1 && only->coefficient == 1 && only->atoms[0]->kind == ATOM_FLOORDIV &&
        dim_is_int(only->atoms[0]->b, &inner) && inner > 0 && inner < INT64_MAX / b) /* x // 2 // 4 is x // 8 */
        return dim_add(cx, q, floordiv_by_number(cx, only->atoms[0]->a, inner * b));
    return dim_add(cx, q, dim_atom(cx, ATOM_FLOORDIV, NULL, r, dim_int(cx, b)));
}

const Dim *dim_floordiv(Compiler *cx, const Dim *a, const Dim *b) {
    int64_t number;
    if (dim_is_int(b, &number) && number) return floordiv_by_number(cx, a, number);
    if (a->nterms == 0 || b->nterms == 0) return b->nterms ? a : dim_atom(cx, ATOM_FLOORDIV, NULL, a, b);
    const Dim *r, *q = long_division(cx, a, b, &r), *one = dim_int(cx, 1);
    if (r->nterms == 0 || (dim_at_least(cx, r, dim_int(cx, 0)) && dim_at_least(cx, dim_sub(cx, b, one), r))) return q;
    if (b->nterms == 1) return dim_add(cx, q, dim_atom(cx, ATOM_FLOORDIV, NULL, r, b));
    return dim_atom(cx, ATOM_FLOORDIV, NULL, a, b);
}

const Dim *dim_mod(Compiler *cx, const Dim *a, const Dim *b) {
    return dim_sub(cx, a, dim_mul(cx, b, dim_floordiv(cx, a, b)));
}

/* max(d, 0) */
static const Dim *positive_part(Compiler *cx, const Dim *d) {
    const Dim *zero = dim_int(cx, 0);
    if (dim_at_least(cx, d, zero)) return d;
    if (dim_at_least(cx, zero, d)) return zero;
    if (d->terms[0].coefficient < 0) return dim_add(cx, d, positive_part(cx, dim_sub(cx, zero, d)));
    int64_t g = gcd(content(d), constant_of(d));
    if (g > 1) return combine(cx, positive_part(cx, divided(cx, d, g)), g, zero, 0);
    return dim_atom(cx, ATOM_MAX, NULL, d, zero);
}
const Dim *dim_max(Compiler *cx, const Dim *a, const Dim *b) {
    return dim_add(cx, b, positive_part(cx, dim_sub(cx, a, b)));
}
const Dim *dim_min(Compiler *cx, const Dim *a, const Dim *b) {
    return dim_sub(cx, a, positive_part(cx, dim_sub(cx, a, b)));
}

const Dim *dim_product(Compiler *cx, const Dim *const *d, int n) {
    const Dim *p = dim_int(cx, 1);
    for (int i = 0; i < n; i++) p = dim_mul(cx, p, d[i]);
    return p;
}

void dim_each_var(const Dim *d, void (*visit)(void *, const SizeVar *), void *context) {
    for (int i = 0; i < d->nterms; i++)
        for (int k = 0; k < d->terms[i].natoms; k++) {
            const Atom *x = d->terms[i].atoms[k];
            if (x->var) {
                visit(context, x->var);
            } else {
                dim_each_var(x->a, visit, context);
                dim_each_var(x->b, visit, context);
            }
        }
}

typedef struct {
    const SizeVar *var;
    bool found;
} Search;
static void see(void *context, const SizeVar *v) {
    Search *s = context;
    s->found |= v == s->var;
}
bool dim_mentions(const Dim *d, const SizeVar *v) {
    Search s = { v, false };
    dim_each_var(d, see, &s);
    return s.found;
}

bool dim_solve(Compiler *cx, const Dim *a, const Dim *b, const SizeVar *unknown, const Dim **answer) {
    const Dim *x = dim_var(cx, unknown), *rest = dim_sub(cx, b, a);
    const Atom *atom = x->terms[0].atoms[0];
    int64_t by = 0; /* a is by*x + something without x */
    for (int i = 0; i < a->nterms; i++)
        if (a->terms[i].natoms == 1 && a->terms[i].atoms[0] == atom) by = a->terms[i].coefficient;
    if (!by || by == INT64_MIN) return false;
    rest = combine(cx, rest, 1, x, by);
    if (dim_mentions(rest, unknown)) return false;
    for (int i = 0; i < rest->nterms; i++)
        if (rest->terms[i].coefficient % by) return false;
    *answer = divided(cx, rest, by);
    return true;
}

void dim_map_add(Compiler *cx, DimMap *m, const SizeVar *from, const Dim *to) {
    if (m->n == m->cap) {
        int cap = m->cap ? 2 * m->cap : 8;
        m->from = arena_grow(cx->arena, m->from, sizeof *m->from * (size_t)m->cap, sizeof *m->from * (size_t)cap);
        m->to = arena_grow(cx->arena, m->to, sizeof *m->to * (size_t)m->cap, sizeof *m->to * (size_t)cap);
        m->cap = cap;
    }
    m->from[m->n] = from;
    m->to[m->n++] = to;
}

static const Dim *atom_subst(Compiler *cx, const Atom *x, const DimMap *m) {
    if (x->kind == ATOM_VAR) {
        for (int i = m->n - 1; i >= 0; i--) /* the latest counts */
            if (m->from[i] == x->var) return m->to[i];
        return dim_var(cx, x->var);
    }
    const Dim *a = dim_subst(cx, x->a, m), *b = dim_subst(cx, x->b, m);
    return x->kind == ATOM_FLOORDIV ? dim_floordiv(cx, a, b) : dim_max(cx, a, b);
}

const Dim *dim_subst(Compiler *cx, const Dim *d, const DimMap *m) {
    if (!m || !m->n || dim_is_int(d, NULL)) return d;
    const Dim *sum = dim_int(cx, 0);
    for (int i = 0; i < d->nterms; i++) {
        const Dim *t = dim_int(cx, d->terms[i].coefficient);
        for (int k = 0; k < d->terms[i].natoms; k++) t = dim_mul(cx, t, atom_subst(cx, d->terms[i].atoms[k], m));
        sum = dim_add(cx, sum, t);
    }
    return sum;
}

static bool atom_eval(const Atom *x, const int64_t *value_by_id, int64_t *result) {
    if (x->kind == ATOM_VAR) {
        if (!value_by_id) return false;
        *result = value_by_id[x->var->id];
        return true;
    }
    int64_t a, b;
    if (!dim_eval(x->a, value_by_id, &a) || !dim_eval(x->b, value_by_id, &b)) return false;
    if (x->kind == ATOM_MAX) {
        *result = a > b ? a : b;
        return true;
    }
    if (b == 0 || (a == INT64_MIN && b == -1)) return false;
    *result = floor_div(a, b);
    return true;
}

bool dim_eval(const Dim *d, const int64_t *value_by_id, int64_t *result) {
    int64_t sum = 0;
    for (int i = 0; i < d->nterms; i++) {
        int64_t product = d->terms[i].coefficient, x;
        for (int k = 0; k < d->terms[i].natoms; k++)
            if (!atom_eval(d->terms[i].atoms[k], value_by_id, &x) || __builtin_mul_overflow(product, x, &product))
                return false;
        if (__builtin_add_overflow(sum, product, &sum)) return false;
    }
    *result = sum;
    return true;
}
