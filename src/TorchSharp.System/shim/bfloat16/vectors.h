// Sixteen numbers of bfloat16 at a time, as single precision, on processors that have AVX512-BF16. Included where that is what is
// compiled for (#pragma GCC target), behind a question to has_products().
#pragma once
#include <immintrin.h>
#include <cstdint>

namespace bfloat16 {
namespace {

constexpr int64_t kVector = 16;

typedef float Vector __attribute__((vector_size(4 * kVector)));

inline Vector load(const uint16_t* from) {
  return (Vector)_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from))), 16);
}

inline void store(uint16_t* to, Vector x) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), (__m256i)_mm512_cvtneps_pbh((__m512)x));
}

// 2^x to 3e-6, a thousandth of bfloat16's rounding: a power of two and a polynomial for the rest, the smallest of degree 4.
inline Vector power(Vector x) {
  const Vector rest = (Vector)_mm512_reduce_ps((__m512)x, _MM_FROUND_TO_NEG_INF);
  Vector y = rest * 0.013534168f + 0.052011467f;
  y = y * rest + 0.24144275f;
  y = y * rest + 0.69300383f;
  y = y * rest + 1.0000026f;
  return (Vector)_mm512_scalef_ps((__m512)y, (__m512)x);
}

inline float sum(Vector x) { return _mm512_reduce_add_ps((__m512)x); }

}  // namespace
}  // namespace bfloat16
