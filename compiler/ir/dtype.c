/* dtype: the table of dtypes, and single elements in memory.
**
** f16 and bf16 are taken apart by hand: a number is rounded to them once, from the exact double. */
#include "ir/ir.h"

#include <math.h>
#include <string.h>

typedef struct {
    const char *name, *long_name;
    DTypeKind kind;
    int bytes;
} Row;

static const Row rows[DT_COUNT] = {
#define DTYPE(name, longname, kind, bytes) { #name, longname, KIND_##kind, bytes },
#include "ir/dtype.def"
#undef DTYPE
};

const char *dtype_name(DType d) { return rows[d].name; }
const char *dtype_long_name(DType d) { return rows[d].long_name; }
int dtype_bytes(DType d) { return rows[d].bytes; }
DTypeKind dtype_kind(DType d) { return rows[d].kind; }
bool dtype_is_float(DType d) { return rows[d].kind == KIND_FLOAT; }
bool dtype_is_integer(DType d) { return rows[d].kind == KIND_SIGNED || rows[d].kind == KIND_UNSIGNED; }
bool dtype_is_complex(DType d) { return rows[d].kind == KIND_COMPLEX; }
bool dtype_is_inexact(DType d) { return dtype_is_float(d) || dtype_is_complex(d); }
DType dtype_real(DType d) { return d == DT_c64 ? DT_f32 : d == DT_c128 ? DT_f64 : d; }

bool dtype_from_name(const char *name, DType *out) {
    for (int i = 0; i < DT_COUNT; i++)
        if (!strcmp(name, rows[i].name) || !strcmp(name, rows[i].long_name)) {
            *out = (DType)i;
            return true;
        }
    return false;
}

/* 1 sign bit, then the exponent, then `mantissa` bits, as IEEE does it. */
typedef struct {
    int mantissa, bias;
} Small;
static const Small half = { 10, 15 }, brain = { 7, 127 };

static uint16_t small_from_double(Small f, double x) {
    uint16_t sign = signbit(x) ? 0x8000 : 0, infinity = (uint16_t)((2 * f.bias + 1) << f.mantissa);
    if (isnan(x)) return (uint16_t)(sign | infinity | 1 << (f.mantissa - 1));
    if (isinf(x)) return sign | infinity;
    if (x == 0) return sign;
    int exponent;
    double fraction = frexp(fabs(x), &exponent); /* in [0.5, 1) */
    exponent += f.bias - 1;                      /* biased, of a number in [1, 2) */
    int digits = f.mantissa + 1;
    if (exponent < 1) { /* subnormal: the same grid for all of them */
        digits -= 1 - exponent;
        exponent = 1;
    }
    double units = nearbyint(ldexp(fraction, digits)); /* ties to even */
    uint32_t bits =
        (uint32_t)units + ((uint32_t)(exponent - 1) << f.mantissa); /* the leading 1 adds 1 to the exponent */
    return bits >= infinity ? sign | infinity : (uint16_t)(sign | bits);
}

static double small_to_double(Small f, uint16_t bits) {
    int exponent = (bits & 0x7fff) >> f.mantissa, units = bits & ((1 << f.mantissa) - 1);
    double x;
    if (exponent == 2 * f.bias + 1)
        x = units ? (double)NAN : (double)INFINITY;
    else if (exponent == 0)
        x = ldexp(units, 1 - f.bias - f.mantissa);
    else
        x = ldexp(units + (1 << f.mantissa), exponent - f.bias - f.mantissa);
    return bits & 0x8000 ? -x : x;
}

#define LOAD(T, p) (*(const T *)memcpy(&(T){ 0 }, (p), sizeof(T)))
#define STORE(T, p, v) memcpy((p), &(T){ (T)(v) }, sizeof(T))

double element_real(DType d, const void *p) {
    switch (d) {
    case DT_f16: return small_to_double(half, LOAD(uint16_t, p));
    case DT_bf16: return small_to_double(brain, LOAD(uint16_t, p));
    case DT_f32:
    case DT_c64: return (double)LOAD(float, p);
    case DT_f64:
    case DT_c128: return LOAD(double, p);
    case DT_u64: return (double)LOAD(uint64_t, p);
    default: return (double)element_int(d, p);
    }
}

static int64_t saturated(double x) {
    return isnan(x) ? 0 : x >= 0x1p63 ? INT64_MAX : x < -0x1p63 ? INT64_MIN : (int64_t)x;
}

int64_t element_int(DType d, const void *p) {
    switch (d) {
    case DT_bool: return LOAD(uint8_t, p) != 0;
    case DT_i8: return LOAD(int8_t, p);
    case DT_i16: return LOAD(int16_t, p);
    case DT_i32: return LOAD(int32_t, p);
    case DT_u8: return LOAD(uint8_t, p);
    case DT_u16: return LOAD(uint16_t, p);
    case DT_u32: return LOAD(uint32_t, p);
    case DT_i64:
    case DT_u64: return LOAD(int64_t, p);
    default: return saturated(element_real(d, p));
    }
}

/* To an integer dtype: cut off towards 0, then to the nearest number it has. */
static int64_t clamped(DType d, double x) {
    int bits = 8 * dtype_bytes(d);
    if (dtype_kind(d) == KIND_UNSIGNED) {
        if (!(x > 0)) return 0;
        if (bits == 64) return x >= 0x1p64 ? -1 : (int64_t)(uint64_t)x;
        return x >= ldexp(1, bits) ? (int64_t)((UINT64_C(1) << bits) - 1) : (int64_t)x;
    }
    int64_t i = saturated(x), most = INT64_MAX >> (64 - bits);
    return i > most ? most : i < -most - 1 ? -most - 1 : i;
}

void element_set_real(DType d, void *p, double x) {
    switch (d) {
    case DT_f16: STORE(uint16_t, p, small_from_double(half, x)); return;
    case DT_bf16: STORE(uint16_t, p, small_from_double(brain, x)); return;
    case DT_f32: STORE(float, p, x); return;
    case DT_f64: STORE(double, p, x); return;
    case DT_c64:
        STORE(float, p, x);
        STORE(float, (char *)p + 4, 0);
        return;
    case DT_c128:
        STORE(double, p, x);
        STORE(double, (char *)p + 8, 0);
        return;
    case DT_bool: STORE(uint8_t, p, x != 0); return;
    default: element_set_int(d, p, clamped(d, x)); return;
    }
}

/* A double that rounds to any narrower float as `i` itself does: where 53 bits are too few, the last one says that more
** follow. */
static double sticky(int64_t i) {
    if (i > -(INT64_C(1) << 53) && i < INT64_C(1) << 53) return (double)i;
    bool negative = i < 0;
    uint64_t u = negative ? 0 - (uint64_t)i : (uint64_t)i, low = u & 2047;
    u = (u & ~UINT64_C(2047)) | (low ? 2048 : 0);
    return negative ? -(double)u : (double)u;
}

void element_set_int(DType d, void *p, int64_t i) {
    switch (d) {
    case DT_bool: STORE(uint8_t, p, i != 0); return;
    case DT_i8:
    case DT_u8: STORE(uint8_t, p, i); return;
    case DT_i16:
    case DT_u16: STORE(uint16_t, p, i); return;
    case DT_i32:
    case DT_u32: STORE(uint32_t, p, i); return;
    case DT_i64:
    case DT_u64: STORE(int64_t, p, i); return;
    case DT_f32: STORE(float, p, i); return;
    case DT_f16:
    case DT_bf16:
    case DT_c64: element_set_real(d, p, d == DT_c64 ? (double)(float)i : sticky(i)); return;
    default: element_set_real(d, p, (double)i); return;
    }
}

void element_complex(DType d, const void *p, double z[2]) {
    DType part = dtype_real(d);
    z[0] = element_real(part, p);
    z[1] = dtype_is_complex(d) ? element_real(part, (const char *)p + dtype_bytes(part)) : 0;
}
void element_set_complex(DType d, void *p, const double z[2]) {
    DType part = dtype_real(d);
    element_set_real(part, p, z[0]);
    if (dtype_is_complex(d)) element_set_real(part, (char *)p + dtype_bytes(part), z[1]);
}
