/* The element types, and how one element is read. */
#include "internal.h"

#include <math.h>
#include <string.h>

/* In the order of jxl_dtype. */
const Dtype jxl_dtypes[] = {
    /* name         brief    kind          size part      exponents from */
    { "bool", "bool_", KIND_BOOL, 1, JXL_BOOL, 0 },
    { "int8", "i8", KIND_INT, 1, JXL_I8, 0 },
    { "int16", "i16", KIND_INT, 2, JXL_I16, 0 },
    { "int32", "i32", KIND_INT, 4, JXL_I32, 0 },
    { "int64", "i64", KIND_INT, 8, JXL_I64, 0 },
    { "uint8", "u8", KIND_INT, 1, JXL_U8, 0 },
    { "uint16", "u16", KIND_INT, 2, JXL_U16, 0 },
    { "uint32", "u32", KIND_INT, 4, JXL_U32, 0 },
    { "uint64", "u64", KIND_INT, 8, JXL_U64, 0 },
    { "float16", "f16", KIND_FLOAT, 2, JXL_F16, 1e3 },
    { "bfloat16", "bf16", KIND_FLOAT, 2, JXL_BF16, 0 },
    { "float32", "f32", KIND_FLOAT, 4, JXL_F32, 1e6 },
    { "float64", "f64", KIND_FLOAT, 8, JXL_F64, 1e16 },
    { "complex64", "c64", KIND_COMPLEX, 8, JXL_F32, 0 },
    { "complex128", "c128", KIND_COMPLEX, 16, JXL_F64, 0 },
};

double jxl_half_to_double(uint16_t h) {
    int exponent = h >> 10 & 31, fraction = h & 1023;
    double x;
    if (exponent == 31)
        x = fraction ? NAN : INFINITY;
    else if (exponent == 0)
        x = ldexp(fraction, -24);
    else
        x = ldexp(1024 + fraction, exponent - 25);
    return h >> 15 ? -x : x;
}

uint16_t jxl_double_to_half(double x) {
    uint16_t sign = signbit(x) ? 0x8000 : 0;
    int exponent;
    x = fabs(x);
    if (isnan(x)) return 0x7e00;
    if (x >= 65520) return sign | 0x7c00;
    frexp(x, &exponent);                               /* x is a fraction in 0.5..1 times two to the exponent */
    if (x < 0x1p-14) exponent = -13;                   /* subnormal, or zero */
    double units = nearbyint(ldexp(x, 11 - exponent)); /* 1024..2048, where 2048 carries; less when subnormal */
    return sign | (uint16_t)(units + 1024 * (exponent + 13));
}

static double bfloat_to_double(uint16_t b) {
    uint32_t bits = (uint32_t)b << 16;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static int64_t read_signed(const void *at, int size) {
    int64_t i64;
    int32_t i32;
    int16_t i16;
    switch (size) {
    case 1: return *(const int8_t *)at;
    case 2: return memcpy(&i16, at, 2), i16;
    case 4: return memcpy(&i32, at, 4), i32;
    default: return memcpy(&i64, at, 8), i64;
    }
}

static uint64_t read_unsigned(const void *at, int size) {
    uint64_t u64;
    uint32_t u32;
    uint16_t u16;
    switch (size) {
    case 1: return *(const uint8_t *)at;
    case 2: return memcpy(&u16, at, 2), u16;
    case 4: return memcpy(&u32, at, 4), u32;
    default: return memcpy(&u64, at, 8), u64;
    }
}

static double read_float(const void *at, int dtype) {
    double f64;
    float f32;
    switch (dtype) {
    case JXL_F16: return jxl_half_to_double((uint16_t)read_unsigned(at, 2));
    case JXL_BF16: return bfloat_to_double((uint16_t)read_unsigned(at, 2));
    case JXL_F32: return memcpy(&f32, at, 4), f32;
    default: return memcpy(&f64, at, 8), f64;
    }
}

Number jxl_element(const jxl_array *a, int64_t index) {
    const Dtype *d = &jxl_dtypes[a->dtype];
    const char *at = (const char *)a->data + index * d->size;
    Number x = { .dtype = a->dtype };
    if (a->dtype >= JXL_I8 && a->dtype <= JXL_I64) {
        int64_t value = read_signed(at, d->size);
        x.negative = value < 0;
        x.magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;
    } else if (d->kind == KIND_FLOAT) {
        x.re = read_float(at, a->dtype);
    } else if (d->kind == KIND_COMPLEX) {
        x.re = read_float(at, d->part);
        x.im = read_float(at + d->size / 2, d->part);
    } else {
        x.magnitude = read_unsigned(at, d->size);
    }
    return x;
}

int64_t jxl_count(const jxl_array *a) {
    int64_t n = 1;
    for (int i = 0; i < a->rank; i++) n *= a->shape[i];
    return n;
}
