// Attention in bfloat16, where the processor multiplies it (AVX512-BF16): scores, weights' sums and results are summed up in single
// precision, weights are rounded to bfloat16 like values.
#include "attention.h"
#include "../bfloat16/processor.h"

#ifdef BFLOAT16_KERNELS
#include <immintrin.h>
#pragma GCC target("arch=x86-64-v4,avx512bf16")
#include "../bfloat16/vectors.h"
#include "rows.h"

namespace attention {
namespace {

struct BFloat16 {
  using Number = uint16_t;
  static constexpr int kPair = 2;

  template <int Width>
  static INLINE auto load(const Number* from) {
    if constexpr (Width == kVector) return _mm512_loadu_si512(from);
    else return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  }

  template <int Width>
  static INLINE auto spread(const Number* from) {
    int32_t both;
    __builtin_memcpy(&both, from, sizeof both);
    if constexpr (Width == kVector) return _mm512_set1_epi32(both);
    else return _mm256_set1_epi32(both);
  }

  static INLINE void add_product(Vector& sums, __m512i left, __m512i right) {
    sums = (Vector)_mm512_dpbf16_ps((__m512)sums, (__m512bh)left, (__m512bh)right);
  }

  static INLINE void add_product(Half& sums, __m256i left, __m256i right) {
    sums = (Half)_mm256_dpbf16_ps((__m256)sums, (__m256bh)left, (__m256bh)right);
  }

  static INLINE Vector power(Vector x) { return bfloat16::power(x); }

  static INLINE void store(Number* to, Vector low, Vector high) {
    _mm512_storeu_si512(to, (__m512i)_mm512_cvtne2ps_pbh((__m512)high, (__m512)low));
  }
};

}  // namespace

void of_bfloat16(const uint16_t* query, const uint16_t* keys, const uint16_t* values, int64_t places, int64_t depth, int64_t width,
                 float scale, float* scores, float* output) {
  attend<BFloat16>(query, keys, values, places, depth, width, scale, scores, output);
}

}  // namespace attention
#else
namespace attention {

void of_bfloat16(const uint16_t*, const uint16_t*, const uint16_t*, int64_t, int64_t, int64_t, float, float*, float*) {}

}  // namespace attention
#endif
