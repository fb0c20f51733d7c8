// Attention in single precision, on every processor.
#include "rows.h"

// Compiled for several generations of processors; the one that it runs on chooses.
#if defined(__x86_64__) && __GNUC__ >= 12 && !defined(__clang__)
#define EVERY_GENERATION __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define EVERY_GENERATION
#endif

namespace attention {
namespace {

struct Float {
  using Number = float;
  static constexpr int kPair = 1;
  typedef int32_t Integers __attribute__((vector_size(4 * kVector)));

  template <int Width>
  static INLINE typename Sized<Width>::Vector load(const float* from) { return attention::load<Width>(from); }

  template <int Width>
  static INLINE float spread(const float* from) { return *from; }

  template <class V>
  static INLINE void add_product(V& sums, float left, const V& right) { sums += left * right; }

  // To one unit in the last place: a power of two and a polynomial for the rest, the smallest of degree 6 in relative error.
  static INLINE Vector power(Vector x) {
    const float shift = 12582912;  // 1.5·2^23: adding it rounds to whole numbers
    const Vector least = Vector{} - 126;
    x = x < least ? least : x;
    const Vector shifted = x + shift, rest = x - (shifted - shift);
    Vector y = rest * 1.534581242594868e-4f + 1.3399930903688073e-3f;
    y = y * rest + 9.618489071726799e-3f;
    y = y * rest + 5.5503286421298980e-2f;
    y = y * rest + 2.4022646248340607e-1f;
    y = y * rest + 6.9314718246459960e-1f;
    y = y * rest + 1;
    return (Vector)((Integers)y + (((Integers)shifted) << 23));
  }

  static INLINE void store(float* to, Vector low, Vector high) {
    attention::store(to, low);
    attention::store(to + kVector, high);
  }
};

}  // namespace

EVERY_GENERATION void of_float(const float* query, const float* keys, const float* values, int64_t places, int64_t depth, int64_t width,
                               float scale, float* scores, float* output) {
  attend<Float>(query, keys, values, places, depth, width, scale, scores, output);
}

}  // namespace attention
