/* Made by tests/math/coefficients.py; changes are lost.
**
** The numbers of math*.c.  Polynomials begin with the constant term. */
#ifndef JXL_MATH_TABLES_H
#define JXL_MATH_TABLES_H

#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wunused-const-variable" /* a file takes the tables it needs */
#pragma GCC diagnostic ignored "-Wunused-variable"
#endif

static const double exp_f32[] = {
    0x1.fffffc0000000p-2, 0x1.55548a0000000p-3, 0x1.55584e0000000p-5, 0x1.123f400000000p-7, 0x1.6ad3be0000000p-10,
};
static const double expm1_f32[] = {
    0x1p-1, 0x1.55552c0000000p-3, 0x1.5555020000000p-5, 0x1.1155a00000000p-7, 0x1.6d2e4e0000000p-10,
    0x1.3afed80000000p-13,
};
static const double exp2_f32[] = {
    0x1.62e4300000000p-1, 0x1.ebfbe00000000p-3, 0x1.c6b06e0000000p-5, 0x1.3b2a5e0000000p-7, 0x1.5da5900000000p-10,
    0x1.440bf20000000p-13, 0x1.e09d260000000p-17,
};
static const double exp_f64[] = {
    0x1.000000000000ap-1, 0x1.5555555555501p-3, 0x1.555555555060bp-5, 0x1.111111112571cp-7, 0x1.6c16c184afea5p-10,
    0x1.a01a013903580p-13, 0x1.a01998aceb409p-16, 0x1.71df00bc1d608p-19, 0x1.28aead1316454p-22, 0x1.adbe24303749fp-26,
};
static const double expm1_f64[] = {
    0x1p-1, 0x1.5555555555559p-3, 0x1.5555555555558p-5, 0x1.111111110f713p-7, 0x1.6c16c16c174a0p-10,
    0x1.a01a01af9e513p-13, 0x1.a01a0199ceac9p-16, 0x1.71ddf923eabd1p-19, 0x1.27e5027fc303bp-22, 0x1.af5d437f15ff2p-26,
    0x1.1f2a634b61403p-29,
};
static const double exp2_f64[] = {
    0x1.62e42fefa39efp-1, 0x1.ebfbdff82c574p-3, 0x1.c6b08d704a1fap-5, 0x1.3b2ab6fbaad9ep-7, 0x1.5d87fe786ac66p-10,
    0x1.430912dce3c98p-13, 0x1.ffcbfd7c37de6p-17, 0x1.62c0915ebea95p-20, 0x1.b522c2a78fa1ap-24, 0x1.e3385cef60b52p-28,
    0x1.ed1d119ece167p-32, 0x1.f6fc958ae83fcp-35,
};
static const double log_f32[] = {
    0x1.5555480000000p-2, -0x1.00000c0000000p-2, 0x1.99a4660000000p-3, -0x1.555a760000000p-3, 0x1.233c020000000p-3,
    -0x1.fc58820000000p-4, 0x1.e6e1400000000p-4, -0x1.dd2df00000000p-4, 0x1.1355260000000p-4,
};
static const double log_f64[] = {
    0x1.5555555555593p-1, 0x1.999999997fa00p-2, 0x1.2492494228ee1p-2, 0x1.c71c51d9e74d4p-3, 0x1.746649013af7ep-3,
    0x1.39a0ae74a101ap-3, 0x1.2f1034ff366e0p-3,
};
static const double pow_log_f32[] = {
    0x1.555555561f2a6p-2, 0x1.999996a692ab6p-3, 0x1.2494132d76be6p-3, 0x1.c62aa2b8a10c7p-4, 0x1.911c7e3a3723bp-4,
};
static const double pow_log_f64[] = {
    0x1.9999999999996p-2, 0x1.2492492492f56p-2, 0x1.c71c71c595942p-3, 0x1.745d1829f093ep-3, 0x1.3b1364999d91bp-3,
    0x1.1120771b8ba13p-3, 0x1.de3c1636612f1p-4, 0x1.ead1a85e3c9d2p-4,
};
static const double pow_exp_f32[] = {
    0x1.000000000003ap+0, 0x1.62e42fefa239ep-1, 0x1.ebfbdff8151abp-3, 0x1.c6b08d74fd50ep-5, 0x1.3b2ab72ab6026p-7,
    0x1.5d87f65760497p-10, 0x1.43088e7165660p-13, 0x1.ffe055a48f4dbp-17, 0x1.63efb5f08df1dp-20, 0x1.a4ce168e3bad5p-24,
};
static const double sin_f32[] = {
    -0x1.5555440000000p-3, 0x1.1106ba0000000p-7, -0x1.99154a0000000p-13,
};
static const double cos_f32[] = {
    0x1.55554a0000000p-5, -0x1.6c0c1a0000000p-10, 0x1.99e0e00000000p-16,
};
static const double sin_f64[] = {
    -0x1.5555555555547p-3, 0x1.111111110f578p-7, -0x1.a01a019badadbp-13, 0x1.71de351e60f8cp-19, -0x1.ae5e1e783afd4p-26,
    0x1.5d7dbdd4a1728p-33,
};
static const double cos_f64[] = {
    0x1.555555555554ap-5, -0x1.6c16c16c14dc3p-10, 0x1.a01a019c512f9p-16, -0x1.27e4f7c20cf2dp-22, 0x1.1ee9b9c1fd2e3p-29,
    -0x1.8f940c7707712p-37,
};
static const double asin_f32[] = {
    0x1.5555ca0000000p-3, 0x1.3301620000000p-4, 0x1.748b780000000p-5, 0x1.8ba50c0000000p-6, 0x1.59dc680000000p-5,
};
static const double atan_f32[] = {
    -0x1.55554a0000000p-2, 0x1.9991e20000000p-3, -0x1.23b98c0000000p-3, 0x1.b2216a0000000p-4, -0x1.f2ce0e0000000p-5,
};
static const double asin_f64[] = {
    0x1.5555555555578p-3, 0x1.333333332df18p-4, 0x1.6db6db722b45bp-5, 0x1.f1c71a8ba8e63p-6, 0x1.6e8bdfe553311p-6,
    0x1.1c49de157020bp-6, 0x1.ca2142c38d304p-7, 0x1.757796ce5a8c5p-7, 0x1.618a93ffe8e66p-7, 0x1.e15ca91f6c569p-9,
    0x1.6501d4369b037p-6, -0x1.59f69885f1c99p-6, 0x1.0be485e76c6acp-5,
};
static const double atan_f64[] = {
    -0x1.555555555553dp-2, 0x1.999999999583dp-3, -0x1.24924922ab5b5p-3, 0x1.c71c70e4f858dp-4, -0x1.745cf8b56be9cp-4,
    0x1.3b1115ecd5e68p-4, -0x1.10eb8f2a3591bp-4, 0x1.df0cb38428557p-5, -0x1.9cc5fde44f5b7p-5, 0x1.37b2bdc5458abp-5,
    -0x1.2518bfe403689p-6,
};
static const double tanh_f32[] = {
    -0x1.5555540000000p-2, 0x1.1110840000000p-3, -0x1.b9f4b60000000p-5, 0x1.63d1b40000000p-6, -0x1.0d604a0000000p-7,
    0x1.1e4e880000000p-9,
};
static const double sinh_f32[] = {
    0x1.5555560000000p-3, 0x1.1110e40000000p-7, 0x1.a01fc20000000p-13, 0x1.75f0fe0000000p-19,
};
static const double tanh_f64[] = {
    -0x1.555555555554ep-2, 0x1.11111111105fdp-3, -0x1.ba1ba1b9637a0p-5, 0x1.664f485337544p-6, -0x1.226e2e3df2d7bp-7,
    0x1.d6d2784ccd425p-9, -0x1.7d8dfcf2180c8p-10, 0x1.34741462ab4b8p-11, -0x1.e8cc984d498b1p-13, 0x1.5b95007101e21p-14,
    -0x1.4256d0f43289fp-16,
};
static const double sinh_f64[] = {
    0x1.5555555555555p-3, 0x1.1111111111198p-7, 0x1.a01a01a007f8bp-13, 0x1.71de3a67b4b7ep-19, 0x1.ae6442ac6f68dp-26,
    0x1.6130322c8bec9p-33, 0x1.a730a6b83363dp-41, 0x1.b5c5f4fae39cbp-48,
};
static const double erf_f32[] = {
    0x1.06eba80000000p-3, -0x1.81273e0000000p-2, 0x1.ce2ce60000000p-4, -0x1.b7f71a0000000p-6, 0x1.53f2260000000p-8,
    -0x1.a351880000000p-11, 0x1.4772e00000000p-14,
};
static const double erfc_f32[] = {
    0x1.46e80e0000000p+0, -0x1.7bf6ee0000000p-4, -0x1.54077a0000000p-3, 0x1.50067a0000000p-3, -0x1.bc26f40000000p-5,
    -0x1.0c7bd40000000p-7, 0x1.1b339e0000000p-7, 0x1.b4fe4c0000000p-10, -0x1.2427360000000p-10, -0x1.7b01ac0000000p-11,
    -0x1.9fb1cc0000000p-13,
};
static const double erf_f64[] = {
    0x1.06eba8214db69p-3, -0x1.812746b037a25p-2, 0x1.ce2f21a0458a9p-4, -0x1.b82ce31353043p-6, 0x1.565bcd2bf9c22p-8,
    -0x1.c02db91a170dfp-11, 0x1.f9a3b5d01b349p-14, -0x1.f4dca1dfacae6p-17, 0x1.ba6488d680e92p-20,
    -0x1.6365c2213a0c4p-23, 0x1.1222c592c308fp-26, -0x1.be162d621170ep-30, 0x1.320067a84ab4bp-33,
};
static const double erfc_f64[] = {
    0x1.3ba5916e9fd7fp+0, -0x1.1df1ad154a249p-3, 0x1.f7f5df66fb406p-7, 0x1.16ecefcfa156ep-4, -0x1.9ddb23c3d9f8dp-4,
    0x1.7fee004e984a8p-4, -0x1.0fb06dff75794p-4, 0x1.3079ede5a5deap-5, -0x1.09623859337eep-6, 0x1.49c67744fca6ap-8,
    -0x1.8d4ab30105fd9p-11, -0x1.a1e264c5cfb27p-13, 0x1.3be0da81822b5p-13, -0x1.98ffcc93c2eefp-16,
    -0x1.7864b91b3d5c5p-17, 0x1.7c24df48cf9a7p-18, 0x1.2228660629ad4p-22, -0x1.9c34db356b88bp-21, 0x1.052a672644da2p-23,
    0x1.3ba4428a069adp-24, -0x1.105b1e4be2d6bp-24, -0x1.70e25cf0b1c27p-27, 0x1.4efb0e167af7dp-26, 0x1.c72c44cf9fcfdp-28,
};
static const double erf_tail_f32[] = {
    -0x1.575b320000000p+2, -0x1.1ac3220000000p+2, -0x1.d8f6240000000p-1, -0x1.0e01760000000p-6, 0x1.d200540000000p-9,
    -0x1.77c94e0000000p-11, 0x1.601fc60000000p-13, -0x1.25734a0000000p-17,
};
static const double erf_inv_f64_low[] = {
    0x1.a755e7c99ae87p+0, 0x1.ebd80d9b13e26p-3, -0x1.8b6c33115069dp-8, -0x1.845769484f0aap-11, 0x1.879c2a21a0ce5p-13,
    -0x1.d1d1f7b8bc4c8p-17, -0x1.6e8a549161899p-20, 0x1.c6b4f5d58e75ap-22, -0x1.f36cc382e4748p-26,
    -0x1.1a9e39166c025p-28, 0x1.20f3e6d4d7d28p-30, -0x1.dc58486738293p-35, -0x1.c86ef647fcd8fp-37,
    0x1.72a29599f85b0p-39, -0x1.7152e5f162391p-44, -0x1.6d398e87a75b4p-45, 0x1.e2a735448074ap-48, 0x1.87dbd0f18f508p-56,
    -0x1.3e2a21d93abb3p-53, 0x1.9b15c122e9c78p-57, 0x1.b76d47e5c6dc9p-60, -0x1.8d06f7c056f30p-63,
    -0x1.19a982169f724p-67,
};
static const double erf_inv_f64_mid[] = {
    0x1.8abcc380d5a47p+1, 0x1.0158a6d641d36p+0, 0x1.5ffcfe5b8b3cep-8, -0x1.ebadabb86b74fp-9, 0x1.468eec9d68dc7p-9,
    -0x1.ba92413b580d7p-10, 0x1.f3cc57f244c88p-11, -0x1.7448a6fefb13fp-12, 0x1.932a3081fba7ep-16, 0x1.1e6822f0d4a02p-14,
    -0x1.8ce8372e01b16p-15, 0x1.a29ed3c816e44p-17, 0x1.870e129f05592p-19, -0x1.0d7149a7a42b5p-18, 0x1.981bf864b7ca1p-20,
    0x1.4e728df8d0e4fp-26, -0x1.399b37c590618p-22, 0x1.8378bcbe07d07p-24, 0x1.342ec40feafa3p-27,
};
static const double erf_inv_f64_high[] = {
    0x1.3664ddd1ad7fbp+2, 0x1.02a30d1fba0b5p+0, -0x1.22ea5df24670bp-13, -0x1.c2f36a84335d6p-13, 0x1.3ebf4f0f21723p-14,
    -0x1.4a349c2cc0a11p-16, 0x1.2fbcf64428f9ap-18, -0x1.0a8be27224b6bp-20, 0x1.ebe374bd9f1f5p-23,
    -0x1.230a2995d3149p-24, 0x1.f2ea2aaa6969ap-26, -0x1.ffa9b5f60a13dp-27, 0x1.0a1d46191b189p-27,
    -0x1.079cdf2dfcebdp-28, 0x1.886329b7293bcp-30, -0x1.0b3126398f0c5p-32, -0x1.f286943db3a4cp-38,
};
static const double lgamma_1[] = {
    -0x1.2788cfc6fb619p-1, 0x1.a51a6625307cep-1, -0x1.9a4d55beab234p-2, 0x1.151322ac7ed36p-2, -0x1.a8b9c17abf281p-3,
    0x1.5b40cb0e86d2cp-3, -0x1.2703a1d09f0a8p-3, 0x1.010b3711d3a5ap-3, -0x1.c80676993e3a9p-4, 0x1.9a01cb01b9cfep-4,
    -0x1.748b505a4a425p-4, 0x1.556c3ccb2566dp-4, -0x1.3b3113577b990p-4, 0x1.249634a433c1cp-4, -0x1.101264f52eb19p-4,
    0x1.fdd39f4a02526p-5, -0x1.f0c530a61ec1ep-5, 0x1.e690e14f6fdb2p-5, -0x1.7ea671c2a9f64p-5, 0x1.b7da23c60b849p-6,
    -0x1.60ea6a0ef6aaap-5, 0x1.966dc69a4dd77p-4, -0x1.b6371280a1d23p-4, 0x1.5dd2b10d82ed6p-5,
};
static const double lgamma_2[] = {
    0x1.b0ee6072093cep-2, 0x1.4a34cc4a60fa5p-2, -0x1.13e001a557521p-4, 0x1.51322ac7d97d8p-6, -0x1.e404fc21eed1cp-8,
    0x1.7add6eab07ceep-9, -0x1.38ac5bef0434ep-10, 0x1.0b36b0e08f5acp-11, -0x1.d3fd7369d7412p-13, 0x1.a126f3f03bf15p-14,
    -0x1.78d7623b2853bp-15, 0x1.582c17f40db72p-16, -0x1.3d77b6a73b5d5p-17, 0x1.22a8819773b52p-18,
    -0x1.065b15e8cca2cp-19, 0x1.2bb5971f09880p-20, -0x1.4e554d371e608p-21, -0x1.ee98f00a8dc5ap-24,
    0x1.3c43d7115dfb9p-25, 0x1.64f1e10c245b8p-22,
};
static const double lgamma_large[] = {
    0x1.5555555555555p-4, -0x1.6c16c16c09ecep-9, 0x1.a01a00ff14190p-11, -0x1.3812c4efe1f0ep-11, 0x1.b8ea2d611a1eap-11,
    -0x1.e835d2851abdcp-10, 0x1.24e7658ce5974p-8,
};
static const double digamma_large[] = {
    0x1.5555555555555p-4, -0x1.111111110c242p-7, 0x1.041040d4aeca6p-8, -0x1.1110bc7e33477p-8, 0x1.f0359f1753267p-8,
    -0x1.52469931a47c0p-6, 0x1.f29d03cd4b3a1p-5,
};
static const double digamma_zero[] = { 0x1.762d86356be3fp+0, 0x1.b86a722197829p-54 };
static const double digamma_near[] = {
    0x1.e6f0cbb873617p-1, -0x1.b1cb63005ef14p-2, 0x1.eca189b8e675dp-3, -0x1.2feeeb9895a6ap-3, 0x1.8512e590c61fbp-4,
    -0x1.fb442042876a7p-5, 0x1.4de9a9db4035ap-5, -0x1.b9f8a980d6b98p-6, 0x1.25647ea612475p-6, -0x1.8636b14644132p-7,
    0x1.03beffc7a6a57p-7, -0x1.59e4626a56a7bp-8, 0x1.cd642b490ce82p-9, -0x1.35a267044bd37p-9, 0x1.9661416ef479cp-10,
    -0x1.f187c5baab791p-11, 0x1.86c44c366cdfdp-11, -0x1.90eba2a92f1c1p-11, 0x1.84fa9d2683840p-13, 0x1.710d679ffa3fdp-12,
    0x1.339863f11734dp-12, -0x1.2446abec134e4p-11,
};
static const double half_pi_f32[] = {
    0x1.921fb40000000p+0, 0x1.4442d00000000p-24, 0x1.8469880000000p-48,
};
static const double ln2_f32[] = {
    0x1.62e4000000000p-1, 0x1.7f7d1c0000000p-20,
};
static const double half_pi_f64[] = {
    0x1.921fb54442d18p+0, 0x1.1a62633145c06p-54, 0x1.c1cd129024e08p-107,
};
static const double ln2_f64[] = {
    0x1.62e42fefa3800p-1, 0x1.ef35793c76730p-45,
};
static const double log2_e[] = {
    0x1.71547652b82fep+0, 0x1.777d0ffda0d24p-56,
};
static const double ln2_long[] = {
    0x1.62e42fefa3800p-1, 0x1.ef35793c76730p-45,
};
/* 2 / pi behind the binary point, 32 bits a word */
static const uint32_t two_over_pi[] = {
    0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab, 0xdebbc561,
    0xb7246e3a, 0x424dd2e0, 0x06492eea, 0x09d1921c, 0xfe1deb1c, 0xb129a73e, 0xe88235f5, 0x2ebb4484,
    0xe99c7026, 0xb45f7e41, 0x3991d639, 0x835339f4, 0x9c845f8b, 0xbdf9283b, 0x1ff897ff, 0xde05980f,
    0xef2f118b, 0x5a0a6d1f, 0x6d367ecf, 0x27cb09b7, 0x4f463f66, 0x9e5fea2d, 0x7527bac7, 0xebe5f17b,
    0x3d0739f7, 0x8a5292ea, 0x6bfb5fb1, 0x1f8d5d08, 0x56033046, 0xfc7b6bab, 0xf0cfbc20,
};

#endif
