// Attention without ever holding all scores (https://arxiv.org/abs/2112.05682): some rows at a time over blocks of places, the softmax
// put together from block to block, sums in registers. Included once for each type of number, whose `Type` says how to
//   load<Width>(p)            Width · pair numbers
//   spread<Width>(p)          one pair, to multiply each pair of a vector with
//   add_product(sums, a, b)   adds the products of each pair
//   power(x)                  2^x for x ≤ 0
//   store(p, low, high)       two vectors of weights
#pragma once
#include "attention.h"

#define INLINE inline __attribute__((always_inline))

namespace attention {
namespace {

template <int Width>
struct Sized {
  typedef float Vector __attribute__((vector_size(4 * Width)));
  typedef float Unaligned __attribute__((vector_size(4 * Width), aligned(4), may_alias));
};
using Vector = Sized<kVector>::Vector;
using Half = Sized<kVector / 2>::Vector;

constexpr int kAccumulators = 24;  // what AVX-512's 32 registers hold beside the operands
constexpr int kScoreRows = 6, kScoreVectors = kPanel / kVector;

template <int Width = kVector>
INLINE typename Sized<Width>::Vector load(const float* from) { return *reinterpret_cast<const typename Sized<Width>::Unaligned*>(from); }

template <class V>
INLINE void store(float* to, V x) { *reinterpret_cast<typename Sized<sizeof(V) / 4>::Unaligned*>(to) = x; }

// Six rows of scores for some vectors of places.
template <class Type, int Vectors>
INLINE void score(const typename Type::Number* query, int64_t depth, const typename Type::Number* keys, float* scores) {
  constexpr int pair = Type::kPair;
  Vector sums[kScoreRows][Vectors] = {};
  for (int64_t k = 0; k < depth; k += pair) {
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; v++) {
      const auto key = Type::template load<kVector>(keys + (k * Vectors + v * pair) * kVector);
#pragma GCC unroll 8
      for (int r = 0; r < kScoreRows; r++) Type::add_product(sums[r][v], Type::template spread<kVector>(query + r * depth + k), key);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kScoreRows; r++)
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; v++) store(scores + r * kPlaces + v * kVector, sums[r][v]);
}

// Makes weights of one row's scores, in their place, and fits what the row has summed up so far to their new scale.
template <class Type>
INLINE void weigh(float* scores, int64_t places, float scale, float& largest, float& sum, float* output, int64_t width) {
  const int64_t padded = up_to(places, 2 * kVector);
  for (int64_t k = places; k < padded; k++) scores[k] = -__builtin_inff();
  Vector most = load(scores);
  for (int64_t k = kVector; k < padded; k += kVector) {
    const Vector next = load(scores + k);
    most = next > most ? next : most;
  }
  float now = largest;
  for (int v = 0; v < kVector; v++) now = most[v] * scale > now ? most[v] * scale : now;
  auto weights = reinterpret_cast<typename Type::Number*>(scores);
  Vector even = {}, odd = {};
  for (int64_t k = 0; k < padded; k += 2 * kVector) {
    const Vector low = Type::power(load(scores + k) * scale - now), high = Type::power(load(scores + k + kVector) * scale - now);
    Type::store(weights + k, low, high);
    even += low;
    odd += high;
  }
  even += odd;
  float added = 0;
  for (int v = 0; v < kVector; v++) added += even[v];
  const float fit = Type::power(Vector{} + (largest - now))[0];
  sum = sum * fit + added;
  largest = now;
  for (int64_t k = 0; k < width; k++) output[k] *= fit;
}

// output += weights × values, for as many rows as registers allow, over `Vectors` whole vectors of the width and maybe half a one.
template <class Type, int Vectors, bool AndHalf>
INLINE void mix(const typename Type::Number* weights, int64_t places, const typename Type::Number* values, int64_t width, float* output) {
  constexpr int rows = kAccumulators / (Vectors + AndHalf), pair = Type::kPair;
  constexpr int64_t stride = kPlaces * sizeof(float) / sizeof(typename Type::Number);
  for (int64_t row = 0; row < kRows; row += rows, weights += rows * stride, output += rows * width) {
    Vector sums[rows][Vectors + 1];
    Half half[rows];
#pragma GCC unroll 24
    for (int r = 0; r < rows; r++) {
#pragma GCC unroll 8
      for (int v = 0; v < Vectors; v++) sums[r][v] = load(output + r * width + v * kVector);
      if (AndHalf) half[r] = load<kVector / 2>(output + r * width + Vectors * kVector);
    }
    for (int64_t place = 0; place < places; place += pair) {
#pragma GCC unroll 8
      for (int v = 0; v < Vectors; v++) {
        const auto value = Type::template load<kVector>(values + place * width + v * kVector * pair);
#pragma GCC unroll 24
        for (int r = 0; r < rows; r++) Type::add_product(sums[r][v], Type::template spread<kVector>(weights + r * stride + place), value);
      }
      if (AndHalf) {
        const auto value = Type::template load<kVector / 2>(values + place * width + Vectors * kVector * pair);
#pragma GCC unroll 24
        for (int r = 0; r < rows; r++) Type::add_product(half[r], Type::template spread<kVector / 2>(weights + r * stride + place), value);
      }
    }
#pragma GCC unroll 24
    for (int r = 0; r < rows; r++) {
#pragma GCC unroll 8
      for (int v = 0; v < Vectors; v++) store(output + r * width + v * kVector, sums[r][v]);
      if (AndHalf) store(output + r * width + Vectors * kVector, half[r]);
    }
  }
}

template <class Type>
INLINE void mix_all(const typename Type::Number* weights, int64_t places, const typename Type::Number* values, int64_t width, float* output) {
  int64_t column = 0;
  for (; width - column >= 5 * kVector; column += 5 * kVector)
    mix<Type, 5, false>(weights, places, values + column * Type::kPair, width, output + column);
  values += column * Type::kPair;
  output += column;
  switch ((width - column) / (kVector / 2)) {
    case 1: return mix<Type, 0, true>(weights, places, values, width, output);
    case 2: return mix<Type, 1, false>(weights, places, values, width, output);
    case 3: return mix<Type, 1, true>(weights, places, values, width, output);
    case 4: return mix<Type, 2, false>(weights, places, values, width, output);
    case 5: return mix<Type, 2, true>(weights, places, values, width, output);
    case 6: return mix<Type, 3, false>(weights, places, values, width, output);
    case 7: return mix<Type, 3, true>(weights, places, values, width, output);
    case 8: return mix<Type, 4, false>(weights, places, values, width, output);
    case 9: return mix<Type, 4, true>(weights, places, values, width, output);
  }
}

template <class Type>
INLINE void attend(const typename Type::Number* query, const typename Type::Number* keys, const typename Type::Number* values,
                   int64_t places, int64_t depth, int64_t width, float scale, float* scores, float* output) {
  float largest[kRows], sums[kRows];
  for (int64_t row = 0; row < kRows; row++) {
    largest[row] = -1e30f;  // what is multiplied by 2 to its power is gone
    sums[row] = 0;
  }
  for (int64_t k = 0; k < kRows * width; k++) output[k] = 0;
  for (int64_t start = 0; start < places; start += kPlaces) {
    const int64_t count = places - start < kPlaces ? places - start : kPlaces;
    for (int64_t panel = 0; panel < count; panel += kPanel)
      for (int64_t row = 0; row < kRows; row += kScoreRows) {
        const auto some = query + row * depth, key = keys + (start + panel) * depth;
        float* const to = scores + row * kPlaces + panel;
        switch ((count - panel + kVector - 1) / kVector) {
          case 1: score<Type, 1>(some, depth, key, to); break;
          case 2: score<Type, 2>(some, depth, key, to); break;
          case 3: score<Type, 3>(some, depth, key, to); break;
          default: score<Type, kScoreVectors>(some, depth, key, to);
        }
      }
    const float binary = scale * 1.44269504f;  // e^x = 2^(x · log2 e)
    for (int64_t row = 0; row < kRows; row++) weigh<Type>(scores + row * kPlaces, count, binary, largest[row], sums[row], output + row * width, width);
    mix_all<Type>(reinterpret_cast<const typename Type::Number*>(scores), count, values + start * width, width, output);
  }
  for (int64_t row = 0; row < kRows; row++)
    for (int64_t k = 0; k < width; k++) output[row * width + k] /= sums[row];
}

}  // namespace
}  // namespace attention
