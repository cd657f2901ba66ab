/* generate: random functions with control flow inside control flow, for the laws.
**
**   generate SEED COUNT > FILE.jxir
**
** Numbers stay near 1 (sums go through sin or tanh), what decides is whole numbers and bools, so that no derivative stands
** at a jump; lanes go different ways all the same.  The same seed gives the same text everywhere. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST = 400, DEEPEST = 4 };
typedef enum { NUMBER, PAIR, COUNT, TRUTH, KINDS } Kind;
static const char *const type[KINDS] = { "f64[]", "f64[2]", "i64[]", "bool[]" };

static uint64_t state;
static int next_id, function, left; /* instructions that may still be written */
static struct {
    int id;
    Kind kind;
} known[MOST]; /* in scope */
static int nknown;

static int pick(int n) { /* splitmix64 */
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (int)((z ^ z >> 31) % (uint64_t)n);
}

static void indent(int depth) { printf("%*s", 2 * depth, ""); }

static int know(int id, Kind kind) {
    if (nknown < MOST) {
        known[nknown].id = id;
        known[nknown++].kind = kind;
    }
    return id;
}

/* Something of that kind that is in scope, of late more often than of old. */
static int any_of(Kind kind) {
    for (int tries = 0; tries < 1000; tries++) {
        int back = pick(tries < 20 ? 6 : nknown);
        if (back < nknown && known[nknown - 1 - back].kind == kind) return known[nknown - 1 - back].id;
    }
    abort(); /* the parameters are always there */
}

static int begin(int depth, Kind kind) {
    indent(depth);
    printf("%%%d: %s = ", next_id, type[kind]);
    left--;
    return know(next_id++, kind);
}

static int unary(int depth, Kind kind, const char *op, int x) {
    int y = begin(depth, kind);
    printf("%s %%%d\n", op, x);
    return y;
}
static int binary(int depth, Kind kind, const char *op, int x, int y) {
    int z = begin(depth, kind);
    printf("%s %%%d, %%%d\n", op, x, y);
    return z;
}

static void arithmetic(int depth) {
    static const char *const one[] = { "sin", "cos", "tanh", "logistic", "sin", "atan" }, *const two[] = { "mul", "add",
                                                                                                           "sub" };
    Kind kind = pick(4) ? NUMBER : PAIR;
    int x = any_of(kind);
    switch (pick(7)) {
    case 0:
    case 1: unary(depth, kind, one[pick(6)], x); break;
    case 2:
    case 3:
    case 4: unary(depth, kind, one[pick(3)], binary(depth, kind, two[pick(3)], x, any_of(kind))); break;
    case 5:
        x = any_of(NUMBER);
        begin(depth, PAIR);
        printf("broadcast %%%d {shape=[2]}\n", x);
        break;
    default:
        x = any_of(PAIR);
        begin(depth, NUMBER);
        printf("reduce_sum %%%d {axes=[0]}\n", x);
        unary(depth, NUMBER, "sin", next_id - 1);
    }
}

static int constant(int depth, int64_t value) {
    int x = begin(depth, COUNT);
    printf("constant {data=%lld, dtype=i64}\n", (long long)value);
    return x;
}

static int truth(int depth) {
    if (!pick(3)) return any_of(TRUTH);
    int x = any_of(COUNT);
    return binary(depth, TRUTH, pick(2) ? "lt" : "ge", x, constant(depth, pick(4)));
}

static void block(int depth, int size);

/* The last lines of a block: something of each kind. */
static void give(int depth, const Kind *kind, int n) {
    int id[8];
    for (int i = 0; i < n; i++) id[i] = any_of(kind[i]);
    indent(depth);
    printf("return");
    for (int i = 0; i < n; i++) printf("%s %%%d", i ? "," : "", id[i]);
    printf("\n");
}

static void results(int depth, const Kind *kind, int n) {
    indent(depth);
    for (int i = 0; i < n; i++) printf("%s%%%d: %s", i ? ", " : "", next_id++, type[kind[i]]);
    left--;
}

static void branch(int depth) {
    Kind kind[] = { NUMBER, pick(2) ? PAIR : NUMBER };
    int n = 1 + pick(2), scope, p = truth(depth), x = any_of(NUMBER), first = next_id;
    results(depth, kind, n);
    printf(" = cond %%%d, %%%d", p, x);
    for (int side = 0; side < 2; side++) {
        scope = nknown;
        printf(" (%%%d: f64[]) {\n", know(next_id++, NUMBER));
        block(depth + 1, 1 + pick(4));
        give(depth + 1, kind, n);
        indent(depth);
        printf("}");
        nknown = scope;
    }
    printf("\n");
    for (int i = 0; i < n; i++) know(first + i, kind[i]);
}

/* Of each round a number is kept; they are summed, or read by a second loop the other way round. */
static void counted(int depth) {
    Kind kind[] = { NUMBER, PAIR };
    int trip = pick(4), x = any_of(NUMBER), y = any_of(PAIR), first = next_id, scope = nknown;
    bool reads = pick(2);
    results(depth, kind, 2);
    printf(", %%%d: f64[%d] = for %%%d, %%%d {trip=%d, carries=2, reversed=%d}", next_id++, trip, x, y, trip, pick(2));
    int index = know(next_id++, COUNT), a = know(next_id++, NUMBER), b = know(next_id++, PAIR);
    printf(" (%%%d: i64[], %%%d: f64[], %%%d: f64[2]) {\n", index, a, b);
    block(depth + 1, 1 + pick(4));
    give(depth + 1, (Kind[]){ NUMBER, PAIR, NUMBER }, 3);
    indent(depth);
    printf("}\n");
    nknown = scope;
    know(first, NUMBER);
    know(first + 1, PAIR);
    if (reads) {
        int stack = first + 2;
        indent(depth);
        printf("%%%d: f64[] = for %%%d, %%%d {trip=%d, carries=1, reversed=1}", next_id, first, stack, trip);
        int y2 = next_id++;
        scope = nknown;
        index = know(next_id++, COUNT), a = know(next_id++, NUMBER), b = know(next_id++, NUMBER);
        printf(" (%%%d: i64[], %%%d: f64[], %%%d: f64[]) {\n", index, a, b);
        block(depth + 1, 1 + pick(2));
        give(depth + 1, kind, 1);
        indent(depth);
        printf("}\n");
        nknown = scope;
        know(y2, NUMBER);
        left--;
    } else {
        begin(depth, NUMBER);
        printf("reduce_sum %%%d {axes=[0]}\n", first + 2);
        unary(depth, NUMBER, "sin", next_id - 1);
    }
}

/* Counts down from something that lanes need not agree on. */
static void uncounted(int depth) {
    Kind kind[] = { COUNT, NUMBER, PAIR };
    int n = any_of(COUNT), x = any_of(NUMBER), y = any_of(PAIR), most = constant(depth, 3), scope = nknown;
    n = binary(depth, COUNT, "min", n, most);
    int zero = constant(depth, 0), one = constant(depth, 1), first = next_id;
    results(depth, kind, 3);
    printf(" = while %%%d, %%%d, %%%d {carries=3}", n, x, y);
    int p[3];
    for (int i = 0; i < 3; i++) p[i] = next_id++;
    printf(" (%%%d: i64[], %%%d: f64[], %%%d: f64[2]) {\n", p[0], p[1], p[2]);
    nknown = scope;
    int goes_on = binary(depth + 1, TRUTH, "gt", p[0], zero);
    indent(depth + 1);
    printf("return %%%d\n", goes_on);
    indent(depth);
    nknown = scope;
    for (int i = 0; i < 3; i++) p[i] = know(next_id++, kind[i]);
    printf("} (%%%d: i64[], %%%d: f64[], %%%d: f64[2]) {\n", p[0], p[1], p[2]);
    block(depth + 1, 1 + pick(4));
    int less = binary(depth + 1, COUNT, "sub", p[0], one), u = any_of(NUMBER), v = any_of(PAIR);
    indent(depth + 1);
    printf("return %%%d, %%%d, %%%d\n", less, u, v);
    indent(depth);
    printf("}\n");
    nknown = scope;
    for (int i = 0; i < 3; i++) know(first + i, kind[i]);
}

static void call(int depth) {
    int callee = pick(function), n = any_of(COUNT), p = any_of(TRUTH), x = any_of(NUMBER), y = any_of(PAIR),
        first = next_id;
    results(depth, (Kind[]){ NUMBER, PAIR }, 2);
    printf(" = call %%%d, %%%d, %%%d, %%%d {callee=@f%d}\n", n, p, x, y, callee);
    know(first, NUMBER);
    know(first + 1, PAIR);
}

static void block(int depth, int size) {
    for (int i = 0; i < size && left > 0; i++) {
        int what = depth > DEEPEST ? 9 : pick(10);
        if (what == 0)
            branch(depth);
        else if (what == 1)
            counted(depth);
        else if (what == 2)
            uncounted(depth);
        else if (what == 3 && function && depth < 3)
            call(depth);
        else
            arithmetic(depth);
    }
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    state = strtoull(argv[1], NULL, 10) * 1000003;
    int count = atoi(argv[2]);
    for (function = 0; function < count; function++) {
        next_id = nknown = 0;
        left = 30;
        printf("// order: 1\n// 0: 0 .. 4\n// 1: 0 .. 2\n");
        printf("func @f%d(%%0: i64[], %%1: bool[], %%2: f64[], %%3: f64[2]) -> f64[], f64[2] {\n", function);
        know(next_id++, COUNT), know(next_id++, TRUTH), know(next_id++, NUMBER), know(next_id++, PAIR);
        block(1, 8);
        give(1, (Kind[]){ NUMBER, PAIR }, 2);
        printf("}\n\n");
    }
    return 0;
}
