/* The kernels of fft_lanes.h for vectors of BYTES bytes, and their table, LEVEL. */
#include "fft.h"

#include <string.h>

/* cos and sin of 2 pi j / R */
#define ROOTS_OF_3                                                                                                     \
    {                                                                                                                  \
        { (REAL)1.0, (REAL)0.0 }, { (REAL)-0.5, (REAL)0.8660254037844386467637 }, {                                    \
            (REAL) - 0.5, (REAL)-0.8660254037844386467637                                                              \
        }                                                                                                              \
    }
#define ROOTS_OF_5                                                                                                     \
    {                                                                                                                  \
        { (REAL)1.0, (REAL)0.0 }, { (REAL)0.3090169943749474241023, (REAL)0.9510565162951535721164 },                  \
            { (REAL)-0.8090169943749474241023, (REAL)0.5877852522924731291687 },                                       \
            { (REAL)-0.8090169943749474241023, (REAL)-0.5877852522924731291687 }, {                                    \
            (REAL)0.3090169943749474241023, (REAL)-0.9510565162951535721164                                            \
        }                                                                                                              \
    }
#define ROOTS_OF_7                                                                                                     \
    {                                                                                                                  \
        { (REAL)1.0, (REAL)0.0 }, { (REAL)0.623489801858733530525, (REAL)0.7818314824680298087084 },                   \
            { (REAL)-0.2225209339563144042889, (REAL)0.9749279121818236070181 },                                       \
            { (REAL)-0.9009688679024191262361, (REAL)0.4338837391175581204758 },                                       \
            { (REAL)-0.9009688679024191262361, (REAL)-0.4338837391175581204758 },                                      \
            { (REAL)-0.2225209339563144042889, (REAL)-0.9749279121818236070181 }, {                                    \
            (REAL)0.623489801858733530525, (REAL)-0.7818314824680298087084                                             \
        }                                                                                                              \
    }
#define ROOTS_OF_11                                                                                                    \
    {                                                                                                                  \
        { (REAL)1.0, (REAL)0.0 }, { (REAL)0.8412535328311811688618, (REAL)0.5406408174555975821076 },                  \
            { (REAL)0.4154150130018864255293, (REAL)0.9096319953545183714117 },                                        \
            { (REAL)-0.1423148382732851404438, (REAL)0.9898214418809327323761 },                                       \
            { (REAL)-0.6548607339452850640569, (REAL)0.755749574354258283774 },                                        \
            { (REAL)-0.9594929736144973898904, (REAL)0.2817325568414296977114 },                                       \
            { (REAL)-0.9594929736144973898904, (REAL)-0.2817325568414296977114 },                                      \
            { (REAL)-0.6548607339452850640569, (REAL)-0.755749574354258283774 },                                       \
            { (REAL)-0.1423148382732851404438, (REAL)-0.9898214418809327323761 },                                      \
            { (REAL)0.4154150130018864255293, (REAL)-0.9096319953545183714117 }, {                                     \
            (REAL)0.8412535328311811688618, (REAL)-0.5406408174555975821076                                            \
        }                                                                                                              \
    }

/* Lanes of two vectors laid one behind the other: which, in a vector of whole numbers as wide. */
#ifdef __clang__
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (PICK){ __VA_ARGS__ })
#endif
#define LIST(...) __VA_ARGS__

/* for so many lanes: every second one; one of each by turns; the steps of a transpose, in which blocks of size `half` change
** places */
#define EVEN_2 0, 2
#define ODD_2 1, 3
#define REVERSED_2 1, 0
#define LOW_2 0, 2
#define HIGH_2 1, 3
#define STEPS_2 STEP(1, (0, 2), (1, 3))
#define EVEN_4 0, 2, 4, 6
#define ODD_4 1, 3, 5, 7
#define REVERSED_4 3, 2, 1, 0
#define LOW_4 0, 4, 1, 5
#define HIGH_4 2, 6, 3, 7
#define STEPS_4                                                                                                        \
    STEP(1, (0, 4, 2, 6), (1, 5, 3, 7))                                                                                \
    STEP(2, (0, 1, 4, 5), (2, 3, 6, 7))
#define EVEN_8 0, 2, 4, 6, 8, 10, 12, 14
#define ODD_8 1, 3, 5, 7, 9, 11, 13, 15
#define REVERSED_8 7, 6, 5, 4, 3, 2, 1, 0
#define LOW_8 0, 8, 1, 9, 2, 10, 3, 11
#define HIGH_8 4, 12, 5, 13, 6, 14, 7, 15
#define STEPS_8                                                                                                        \
    STEP(1, (0, 8, 2, 10, 4, 12, 6, 14), (1, 9, 3, 11, 5, 13, 7, 15))                                                  \
    STEP(2, (0, 1, 8, 9, 4, 5, 12, 13), (2, 3, 10, 11, 6, 7, 14, 15))                                                  \
    STEP(4, (0, 1, 2, 3, 8, 9, 10, 11), (4, 5, 6, 7, 12, 13, 14, 15))
#define EVEN_16 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define ODD_16 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
#define REVERSED_16 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0
#define LOW_16 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define HIGH_16 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#define STEPS_16                                                                                                       \
    STEP(1, (0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30),                                               \
         (1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31))                                                  \
    STEP(2, (0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29),                                                \
         (2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31))                                                 \
    STEP(4, (0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27),                                                \
         (4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31))                                                 \
    STEP(8, (0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23),                                                  \
         (8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31))

#define REAL double
#define PICK Longs
#define NAMED(name) name##_double
typedef int64_t Longs __attribute__((vector_size(BYTES)));
#if BYTES == 64
#define LANES 8
#define EVEN EVEN_8
#define ODD ODD_8
#define REVERSED REVERSED_8
#define LOW LOW_8
#define HIGH HIGH_8
#define STEPS STEPS_8
#elif BYTES == 32
#define LANES 4
#define EVEN EVEN_4
#define ODD ODD_4
#define REVERSED REVERSED_4
#define LOW LOW_4
#define HIGH HIGH_4
#define STEPS STEPS_4
#else
#define LANES 2
#define EVEN EVEN_2
#define ODD ODD_2
#define REVERSED REVERSED_2
#define LOW LOW_2
#define HIGH HIGH_2
#define STEPS STEPS_2
#endif
#include "fft_lanes.h"
#undef LANES
#undef EVEN
#undef ODD
#undef REVERSED
#undef LOW
#undef HIGH
#undef STEPS
#undef NAMED
#undef PICK
#undef REAL

#define REAL float
#define PICK Ints
#define NAMED(name) name##_float
typedef int32_t Ints __attribute__((vector_size(BYTES)));
#if BYTES == 64
#define LANES 16
#define EVEN EVEN_16
#define ODD ODD_16
#define REVERSED REVERSED_16
#define LOW LOW_16
#define HIGH HIGH_16
#define STEPS STEPS_16
#elif BYTES == 32
#define LANES 8
#define EVEN EVEN_8
#define ODD ODD_8
#define REVERSED REVERSED_8
#define LOW LOW_8
#define HIGH HIGH_8
#define STEPS STEPS_8
#else
#define LANES 4
#define EVEN EVEN_4
#define ODD ODD_4
#define REVERSED REVERSED_4
#define LOW LOW_4
#define HIGH HIGH_4
#define STEPS STEPS_4
#endif
#include "fft_lanes.h"
#undef LANES
#undef EVEN
#undef ODD
#undef REVERSED
#undef LOW
#undef HIGH
#undef STEPS
#undef NAMED
#undef PICK
#undef REAL

#ifdef ALONE
#define LANES 1
#define REAL double
#define NAMED(name) name##_double_alone
#include "fft_lanes.h"
#undef REAL
#undef NAMED
#define REAL float
#define NAMED(name) name##_float_alone
#include "fft_lanes.h"
const Kernels *const jxl_fft_alone[2] = { &kernels_double_alone, &kernels_float_alone };
#endif

const Kernels *const LEVEL[2] = { &kernels_double, &kernels_float };
