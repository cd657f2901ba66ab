/* lab: what the programs of this directory share: functions of .jxir files, where their arguments come from, and what is
** made of them.
**
** Lines before a function say where its arguments come from: `// 0: 0.1 .. 2` is argument 0.  A line `// order: 1` ends the
** compositions sooner, `// to: 1e-9` forgives what is ill-conditioned, `// to: 1e-11 in float64` says nothing of float32. */
#ifndef JXL_TESTS_LAB_H
#define JXL_TESTS_LAB_H

#include "transform/transform.h"

enum { MOST = 512, LANES = 3 };

typedef struct {
    double low, high;
} Range;
typedef struct {
    Compiler *cx;
    Module *m;
    const char *file;
    FILE *nowhere; /* where the programs print */
    uint64_t seed;
    int64_t size; /* of every size variable, give or take */
    int nsizes;   /* that the subject has: the first of every function made of it */
    int checks, failures;
} Lab;
/* A function and where its arguments come from. */
typedef struct {
    Func *func;
    Range range[MOST];
    int order;
    double to;      /* how near the laws must hold in float64 */
    bool no_single; /* in float32 it may be something else */
} Subject;

double uniform(Lab *);
Tensor random_tensor(Lab *, Arena *, const Type *, Range);
void element(const Tensor *, int64_t i, double z[2]);

/* The number that stands for the i-th size of the subject, and a type with such numbers. */
const Dim *size_number(Lab *, int i);
const Type *concrete(Lab *, const Func *, const Type *);

bool complain(Lab *, const Func *, const char *law, const char *format, ...) FORMAT(4, 5);
/* Evaluates; a failure is reported unless law is NULL. */
bool run(Lab *, Arena *, Func *, const Tensor *args, Tensor *results, const char *law);

/* jvp(x..., v...) = the results, and the tangents of those that move; false where nothing moves */
bool jvp_of(Lab *, const Subject *, Subject *j);
/* gradient(x..., ct...) = the cotangents of x; false where nothing moves */
bool gradient_of(Lab *, const Subject *, Subject *g);
/* over two lanes; false where there is nothing to map over */
bool vmap_of(Lab *, const Subject *, Subject *v);

/* The body of a pmap, which means nothing by itself. */
bool is_shard(const Func *);

/* The module in lab->m, which the caller frees; or NULL and a complaint.  `text` is that of the file. */
Module *lab_read(Lab *, const char *path, const char **text);
Subject lab_subject(const char *text, Func *);

#endif
