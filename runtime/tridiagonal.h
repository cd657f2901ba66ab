/* Implicit QL and QR steps on a symmetric tridiagonal matrix, in the order, and with the signs, that LAPACK takes them
** (steqr); for one type of numbers, as in householder.h. */
typedef struct {
    int n;
    REAL d[MOST_SYMMETRIC], e[MOST_SYMMETRIC];
    /* the block at hand: its rows from .. to, of which `from` is found first, which way that is (0: there is no block), and
    ** what comes behind it */
    int from, to, along, next;
    int steps;
    /* the rotations of a step, in order: of the vectors row and row + 1, the first to s two + c one */
    int row[MOST_SYMMETRIC];
    REAL c[MOST_SYMMETRIC], s[MOST_SYMMETRIC];
} NAMED(Tridiagonal);
#define Tridiagonal NAMED(Tridiagonal)

/* The eigenvalues of [a b; b c], the larger in size first, and the first one's vector. */
static void NAMED(of_two)(REAL a, REAL b, REAL c, REAL *first, REAL *second, REAL *cs, REAL *sn) {
    REAL sum = a + c, diff = a - c, size = NAMED(size)(diff), twice = b + b, ab = NAMED(size)(twice);
    REAL more = NAMED(size)(a) > NAMED(size)(c) ? a : c, less = NAMED(size)(a) > NAMED(size)(c) ? c : a;
    REAL root = size > ab   ? size * NAMED(root)(1 + (ab / size) * (ab / size))
                : size < ab ? ab * NAMED(root)(1 + (size / ab) * (size / ab))
                            : ab * NAMED(root)(2);
    int sign = sum < 0 ? -1 : 1, other = diff >= 0 ? 1 : -1;
    *first = sum == 0 ? (REAL)0.5 * root : (REAL)0.5 * (sum + sign * root);
    *second = sum == 0 ? -(REAL)0.5 * root : more / *first * less - b / *first * b;
    REAL t = diff + other * root;
    if (NAMED(size)(t) > ab) {
        REAL cot = -twice / t;
        *sn = 1 / NAMED(root)(1 + cot * cot);
        *cs = cot * *sn;
    } else if (ab == 0) {
        *cs = 1;
        *sn = 0;
    } else {
        REAL tan = -t / twice;
        *cs = 1 / NAMED(root)(1 + tan * tan);
        *sn = tan * *cs;
    }
    if (sign == other) {
        REAL tan = *cs;
        *cs = -*sn;
        *sn = tan;
    }
}

/* c f + s g = r, c g - s f = 0 */
static void NAMED(rotation)(REAL f, REAL g, REAL *c, REAL *s, REAL *r) {
    if (g == 0) {
        *c = 1, *s = 0, *r = f;
    } else if (f == 0) {
        *c = 0, *s = NAMED(signed_as)(1, g), *r = NAMED(size)(g);
    } else {
        REAL most = NAMED(larger)(NAMED(size)(f), NAMED(size)(g)), by = most > LEAST && most < MOST ? 1 : most;
        f /= by, g /= by; /* squares stay in range */
        REAL size = NAMED(signed_as)(NAMED(root)(f * f + g * g), f);
        *c = f / size;
        *s = g / size;
        *r = size * by;
    }
}

/* The next block that does not fall apart, to be worked on from the end that is smaller in size. */
static bool NAMED(next_block)(Tridiagonal *t) {
    int m = t->next;
    if (m > 0) t->e[m - 1] = 0;
    for (; m + 1 < t->n; m++) {
        REAL size = NAMED(size)(t->e[m]);
        if (size == 0) break;
        if (size <= NAMED(root)(NAMED(size)(t->d[m])) * NAMED(root)(NAMED(size)(t->d[m + 1])) * EPSILON) {
            t->e[m] = 0;
            break;
        }
    }
    t->from = t->next;
    t->to = m;
    t->next = m + 1;
    t->along = 1;
    if (t->from == t->to) { /* a number by itself */
        t->from++;
        return true;
    }
    REAL most = 0;
    for (int i = t->from; i <= t->to; i++) {
        most = NAMED(larger)(most, NAMED(size)(t->d[i]));
        if (i < t->to) most = NAMED(larger)(most, NAMED(size)(t->e[i]));
    }
    if (!(most > LEAST_BLOCK && most < MOST)) return false;
    if (NAMED(size)(t->d[t->to]) < NAMED(size)(t->d[t->from])) {
        int from = t->from;
        t->from = t->to;
        t->to = from;
    }
    t->along = t->to > t->from ? 1 : -1;
    return true;
}

/* What couples two neighbours. */
static REAL *NAMED(between)(Tridiagonal *t, int i, int j) { return &t->e[i < j ? i : j]; }

/* A step on the rows from .. m, the far end of which what follows is not coupled to: how many rotations. */
static int NAMED(chase)(Tridiagonal *t, int m) {
    int l = t->from, along = t->along, count = 0;
    REAL p = t->d[l], shift = (t->d[l + along] - p) / (2 * *NAMED(between)(t, l, l + along)), c = 1, s = 1;
    REAL more = NAMED(larger)(NAMED(size)(shift), 1), less = NAMED(size)(shift) < 1 ? NAMED(size)(shift) : 1;
    REAL g = t->d[m] - p +
             *NAMED(between)(t, l, l + along) /
                 (shift + NAMED(signed_as)(more * NAMED(root)(1 + less / more * (less / more)), shift));
    p = 0;
    for (int far = m; far != l; far -= along, count++) {
        int near = far - along;
        REAL f = s * *NAMED(between)(t, far, near), b = c * *NAMED(between)(t, far, near), r;
        NAMED(rotation)(g, f, &c, &s, &r);
        if (far != m) *NAMED(between)(t, far, far + along) = r;
        g = t->d[far] - p;
        r = (t->d[near] - g) * s + 2 * c * b;
        p = s * r;
        t->d[far] = g + p;
        g = c * r - b;
        t->row[count] = far < near ? far : near;
        t->c[count] = c;
        t->s[count] = along > 0 ? -s : s;
    }
    t->d[l] -= p;
    *NAMED(between)(t, l, l + along) = g;
    return count;
}

/* The next rotations to be applied: how many; 0 when all is done, and -1 where it does not come to an end or numbers are too small. */
static int NAMED(tridiagonal_step)(Tridiagonal *t) {
    for (;;) {
        int m = t->from;
        if (!t->along || (t->to - m) * t->along < 0) {
            if (t->next >= t->n) return 0;
            if (!NAMED(next_block)(t)) return -1;
            continue;
        }
        for (; m != t->to; m += t->along) {
            REAL e = *NAMED(between)(t, m, m + t->along);
            if (e * e <= EPSILON * EPSILON * NAMED(size)(t->d[m]) * NAMED(size)(t->d[m + t->along]) + SAFE) {
                *NAMED(between)(t, m, m + t->along) = 0;
                break;
            }
        }
        if (m == t->from) {
            t->from += t->along;
        } else if (m == t->from + t->along) {
            int low = m < t->from ? m : t->from;
            NAMED(of_two)(t->d[low], t->e[low], t->d[low + 1], &t->d[low], &t->d[low + 1], &t->c[0], &t->s[0]);
            t->e[low] = 0;
            t->row[0] = low;
            t->from += 2 * t->along;
            return 1;
        } else {
            if (t->steps++ == MOST_STEPS * t->n) return -1;
            return NAMED(chase)(t, m);
        }
    }
}

/* Where the smallest, the next, ... of the diagonal were; they change places as LAPACK has them do. */
static void NAMED(tridiagonal_order)(Tridiagonal *t, int *order) {
    for (int i = 0; i < t->n; i++) order[i] = i;
    for (int i = 0; i + 1 < t->n; i++) {
        int least = i;
        for (int j = i + 1; j < t->n; j++)
            if (t->d[j] < t->d[least]) least = j;
        REAL d = t->d[i];
        int was = order[i];
        t->d[i] = t->d[least];
        t->d[least] = d;
        order[i] = order[least];
        order[least] = was;
    }
}
#undef Tridiagonal
