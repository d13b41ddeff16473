/* base/half.h: the two 16-bit floating-point formats of weight files, as their bit patterns.
 *
 *   half      (F16)   1 sign, 5 exponent, 10 fraction bits    IEEE 754 binary16
 *   bfloat16  (BF16)  1 sign, 8 exponent,  7 fraction bits    the upper half of a float
 *
 * To 16 bits is rounded to nearest, ties to even, as PyTorch does; a NaN stays a NaN. For files, plain C and tests:
 * code that converts much at a time uses the CPU's instructions. */
#ifndef MASKE_BASE_HALF_H
#define MASKE_BASE_HALF_H

#include <stdint.h>
#include <string.h>

static inline uint32_t float_bits(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}
static inline float float_from_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline float bfloat16_to_float(uint16_t bits) { return float_from_bits((uint32_t)bits << 16); }
static inline uint16_t float_to_bfloat16(float value) {
    uint32_t bits = float_bits(value);
    if ((bits & 0x7FFFFFFF) > 0x7F800000) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

static inline float half_to_float(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, magnitude = half & 0x7FFF;
    if (magnitude >= 0x7C00) return float_from_bits(sign | 0x7F800000 | (magnitude & 0x3FF) << 13);
    if (magnitude >= 0x0400) return float_from_bits(sign | ((magnitude << 13) + 0x38000000));
    float subnormal = (float)magnitude * 0x1p-24f;      /* exact: at most 10 bits */
    return sign ? -subnormal : subnormal;
}
static inline uint16_t float_to_half(float value) {
    uint32_t bits = float_bits(value);
    uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    bits &= 0x7FFFFFFF;
    if (bits > 0x7F800000) return (uint16_t)(sign | 0x7E00);
    if (bits >= 0x477FF000) return (uint16_t)(sign | 0x7C00);       /* 65520 and more round to infinity */
    if (bits < 0x38800000)      /* below 2^-14: adding 0.5 leaves the 10 fraction bits at the end, rounded to even */
        return (uint16_t)(sign | (float_bits(float_from_bits(bits) + 0.5f) - 0x3F000000));
    return (uint16_t)(sign | ((bits - 0x38000000 + 0xFFF + (bits >> 13 & 1)) >> 13));
}

#endif
