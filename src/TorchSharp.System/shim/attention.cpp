// Attention without ever holding all scores (https://arxiv.org/abs/2112.05682): some rows at a time over blocks of places, the softmax
// put together from block to block. In single precision, with sums in registers.
#include "shim.h"
#include "attention.h"
#include <algorithm>
#include <cmath>
#include <limits>

// Compiled for several generations of processors; the one that it runs on chooses.
#if defined(__x86_64__) && __GNUC__ >= 12 && !defined(__clang__)
#define EVERY_GENERATION __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define EVERY_GENERATION
#endif
#define INLINE inline __attribute__((always_inline))

namespace attention {
namespace {

constexpr int kVector = 16, kAccumulators = 24;  // what AVX-512's 32 registers hold beside the operands
constexpr int kScoreRows = 6, kScoreVectors = 4;

typedef float Vector __attribute__((vector_size(4 * kVector)));
typedef int32_t Integers __attribute__((vector_size(4 * kVector)));
typedef float Unaligned __attribute__((vector_size(4 * kVector), aligned(4), may_alias));

// e^x for x ≤ 0 to two units in the last place: a power of two and a polynomial for the rest.
INLINE void exponential(Vector& x) {
  const float shift = 12582912;  // 1.5·2^23: adding it rounds to whole numbers
  const Vector least = Vector{} - 87;
  x = x > least ? x : least;
  const Vector shifted = x * 1.44269504f + shift, whole = shifted - shift;
  const Vector rest = x - whole * 0.693359375f + whole * 2.12194440e-4f;
  Vector y = rest * 1.9875691500e-4f + 1.3981999507e-3f;
  y = y * rest + 8.3334519073e-3f;
  y = y * rest + 4.1665795894e-2f;
  y = y * rest + 1.6666665459e-1f;
  y = y * rest + 5.0000001201e-1f;
  y = y * rest * rest + rest + 1;
  x = (Vector)((Integers)y + (((Integers)shifted) << 23));
}

// Six rows of scores for 64 places.
INLINE void score(const float* query, int64_t depth, const float* keys, float* scores) {
  Vector sums[kScoreRows][kScoreVectors] = {};
  for (int64_t k = 0; k < depth; k++) {
#pragma GCC unroll 8
    for (int v = 0; v < kScoreVectors; v++) {
      const Vector key = *reinterpret_cast<const Unaligned*>(keys + (k * kScoreVectors + v) * kVector);
#pragma GCC unroll 8
      for (int r = 0; r < kScoreRows; r++) sums[r][v] += query[r * depth + k] * key;
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kScoreRows; r++)
#pragma GCC unroll 8
    for (int v = 0; v < kScoreVectors; v++) *reinterpret_cast<Unaligned*>(scores + r * kPlaces + v * kVector) = sums[r][v];
}

// output += weights × values, for as many rows as registers allow and `Vectors` vectors of the width.
template <int Vectors>
INLINE void mix(const float* weights, int64_t places, const float* values, int64_t width, float* output) {
  constexpr int rows = kAccumulators / Vectors;
  Vector sums[rows][Vectors];
#pragma GCC unroll 8
  for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; v++) sums[r][v] = *reinterpret_cast<const Unaligned*>(output + r * width + v * kVector);
  for (int64_t place = 0; place < places; place++) {
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; v++) {
      const Vector value = *reinterpret_cast<const Unaligned*>(values + place * width + v * kVector);
#pragma GCC unroll 8
      for (int r = 0; r < rows; r++) sums[r][v] += weights[r * kPlaces + place] * value;
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; v++) *reinterpret_cast<Unaligned*>(output + r * width + v * kVector) = sums[r][v];
}

template <int Vectors>
INLINE void mix_all(const float* weights, int64_t rows, int64_t places, const float* values, int64_t width, float* output) {
  for (int64_t column = 0; column < width; column += Vectors * kVector)
    for (int64_t row = 0; row < rows; row += kAccumulators / Vectors)
      mix<Vectors>(weights + row * kPlaces, places, values + column, width, output + row * width + column);
}

// Makes weights of one row's scores, and fits what the row has summed up so far to their new scale.
INLINE void weigh(float* scores, int64_t places, int64_t padded, float& largest, float& sum, float* output, int64_t width) {
  for (int64_t k = places; k < padded; k++) scores[k] = -std::numeric_limits<float>::infinity();
  Vector most = *reinterpret_cast<Unaligned*>(scores);
  for (int64_t k = kVector; k < padded; k += kVector) {
    const Vector next = *reinterpret_cast<Unaligned*>(scores + k);
    most = next > most ? next : most;
  }
  float now = largest;
  for (int v = 0; v < kVector; v++) now = std::max(now, most[v]);
  Vector total = {};
  for (int64_t k = 0; k < padded; k += kVector) {
    Vector x = *reinterpret_cast<Unaligned*>(scores + k) - now;
    exponential(x);
    *reinterpret_cast<Unaligned*>(scores + k) = x;
    total += x;
  }
  const float fit = std::exp(largest - now);
  float added = 0;
  for (int v = 0; v < kVector; v++) added += total[v];
  sum = sum * fit + added;
  largest = now;
  for (int64_t k = 0; k < width; k++) output[k] *= fit;
}

}  // namespace

int64_t padded_width(int64_t depth) {
  int64_t best = 0;
  for (int64_t vectors : {3, 4, 5}) {
    const int64_t step = vectors * kVector, width = (depth + step - 1) / step * step;
    if (best == 0 || width < best) best = width;
  }
  return best;
}

EVERY_GENERATION void attend(const float* query, int64_t rows, int64_t depth, const float* keys, const float* values, int64_t places,
                             int64_t width, float* scores, float* output) {
  float largest[kRows], sums[kRows];
  std::fill(largest, largest + rows, -std::numeric_limits<float>::infinity());
  std::fill(sums, sums + rows, 0.0f);
  std::fill(output, output + rows * width, 0.0f);
  for (int64_t start = 0; start < places; start += kPlaces) {
    const int64_t count = std::min(kPlaces, places - start), padded = (count + kPanel - 1) / kPanel * kPanel;
    for (int64_t panel = 0; panel < padded; panel += kPanel)
      for (int64_t row = 0; row < rows; row += kScoreRows)
        score(query + row * depth, depth, keys + (start + panel) * depth, scores + row * kPlaces + panel);
    for (int64_t row = 0; row < rows; row++) weigh(scores + row * kPlaces, count, padded, largest[row], sums[row], output + row * width, width);
    const float* block = values + start * width;
    if (width % (5 * kVector) == 0) mix_all<5>(scores, rows, count, block, width, output);
    else if (width % (4 * kVector) == 0) mix_all<4>(scores, rows, count, block, width, output);
    else mix_all<3>(scores, rows, count, block, width, output);
  }
  for (int64_t row = 0; row < rows; row++)
    for (int64_t k = 0; k < width; k++) output[row * width + k] /= sums[row];
}

}  // namespace attention
