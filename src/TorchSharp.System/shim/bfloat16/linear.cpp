// Linear layers over many rows in bfloat16 on a CPU, for libtorch before 2.0, whose oneDNN brings all weights into an order of its own at
// each call: here a panel of them is turned while it lies in the cache. Over fewer rows oneDNN is as quick.
#include "linear.h"
#include "processor.h"
#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <algorithm>
#include <vector>

#ifdef BFLOAT16_KERNELS
#pragma GCC push_options
#pragma GCC target("arch=x86-64-v4,avx512bf16")
#include "vectors.h"

namespace {

using namespace bfloat16;

constexpr int64_t kPair = 2, kDepth = 1280;  // of the depth at a time: a panel of 160 KiB stays in the second cache
constexpr int64_t kManyRows = 256;
constexpr int64_t kAhead = 256;  // numbers: of so many rows at once the processor guesses nothing
constexpr int kRows = 6, kVectors = 4;                     // 24 sums, which AVX-512's 32 registers hold beside the operands
constexpr int64_t kColumns = kVectors * kVector, kRowsAtOnce = 516;

// Sixteen rows of sixteen pairs, turned.
void turn(const uint16_t* from, int64_t stride, uint16_t* to, int64_t to_stride) {
  __m512i a[16], b[16];
#pragma GCC unroll 16
  for (int r = 0; r < 16; r++) {
    a[r] = _mm512_loadu_si512(from + r * stride);
    _mm_prefetch(from + r * stride + kAhead, _MM_HINT_T0);
  }
#pragma GCC unroll 16
  for (int r = 0; r < 16; r += 2) {
    b[r] = _mm512_unpacklo_epi32(a[r], a[r + 1]);
    b[r + 1] = _mm512_unpackhi_epi32(a[r], a[r + 1]);
  }
#pragma GCC unroll 4
  for (int r = 0; r < 16; r += 4) {
    a[r] = _mm512_unpacklo_epi64(b[r], b[r + 2]);
    a[r + 1] = _mm512_unpackhi_epi64(b[r], b[r + 2]);
    a[r + 2] = _mm512_unpacklo_epi64(b[r + 1], b[r + 3]);
    a[r + 3] = _mm512_unpackhi_epi64(b[r + 1], b[r + 3]);
  }
  // a[4 g + c] holds columns c, c + 4, c + 8, c + 12 of rows 4 g to 4 g + 3, a quarter each
#pragma GCC unroll 4
  for (int c = 0; c < 4; c++) {
    const __m512i low01 = _mm512_shuffle_i32x4(a[c], a[4 + c], 0x44), high01 = _mm512_shuffle_i32x4(a[c], a[4 + c], 0xee);
    const __m512i low23 = _mm512_shuffle_i32x4(a[8 + c], a[12 + c], 0x44), high23 = _mm512_shuffle_i32x4(a[8 + c], a[12 + c], 0xee);
    b[c] = _mm512_shuffle_i32x4(low01, low23, 0x88);
    b[c + 4] = _mm512_shuffle_i32x4(low01, low23, 0xdd);
    b[c + 8] = _mm512_shuffle_i32x4(high01, high23, 0x88);
    b[c + 12] = _mm512_shuffle_i32x4(high01, high23, 0xdd);
  }
#pragma GCC unroll 16
  for (int c = 0; c < 16; c++) _mm512_storeu_si512(to + c * to_stride, b[c]);
}

// sums (kRows, kColumns) += rows · panel, for `Vectors` vectors of columns.
template <int Vectors>
void multiply(const uint16_t* const* rows, int64_t depth, const uint16_t* panel, float* sums) {
  const uint16_t *row0 = rows[0], *row1 = rows[1], *row2 = rows[2], *row3 = rows[3], *row4 = rows[4], *row5 = rows[5];
  __m512 sum[kRows][Vectors];
#pragma GCC unroll 6
  for (int r = 0; r < kRows; r++)
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; v++) sum[r][v] = _mm512_loadu_ps(sums + r * kColumns + v * kVector);
  for (int64_t k = 0; k < depth; k += kPair, panel += Vectors * kVector * kPair) {
    __m512bh weight[Vectors];
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; v++) weight[v] = (__m512bh)_mm512_loadu_si512(panel + v * kVector * kPair);
    const uint16_t* const pairs[kRows] = {row0 + k, row1 + k, row2 + k, row3 + k, row4 + k, row5 + k};
#pragma GCC unroll 6
    for (int r = 0; r < kRows; r++) {
      int32_t both;
      __builtin_memcpy(&both, pairs[r], sizeof both);
#pragma GCC unroll 4
      for (int v = 0; v < Vectors; v++) sum[r][v] = _mm512_dpbf16_ps(sum[r][v], (__m512bh)_mm512_set1_epi32(both), weight[v]);
    }
  }
#pragma GCC unroll 6
  for (int r = 0; r < kRows; r++)
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; v++) _mm512_storeu_ps(sums + r * kColumns + v * kVector, sum[r][v]);
}

// output (count, columns) = input (count, depth) · weightᵀ (columns, depth) + bias, for up to kColumns columns. `panel` and `sums` are room.
template <int Vectors>
void block(const uint16_t* input, int64_t count, int64_t depth, const uint16_t* weight, const uint16_t* bias, uint16_t* panel, float* sums,
           uint16_t* output, int64_t output_stride) {
  constexpr int64_t columns = Vectors * kVector;
  __builtin_memset(sums, 0, (count + kRows - 1) / kRows * kRows * kColumns * sizeof(float));
  for (int64_t start = 0; start < depth; start += kDepth) {
    const int64_t part = std::min(kDepth, depth - start);
    for (int64_t k = 0; k < part; k += kVector * kPair)
      for (int64_t c = 0; c < columns; c += kVector)
        turn(weight + c * depth + start + k, depth, panel + k * columns + c * kPair, columns * kPair);
    for (int64_t r = 0; r < count; r += kRows) {
      const uint16_t* rows[kRows];  // the last ones again, where there are no more
      for (int64_t k = 0; k < kRows; k++) rows[k] = input + std::min(r + k, count - 1) * depth + start;
      multiply<Vectors>(rows, part, panel, sums + r * kColumns);
    }
  }
  for (int64_t r = 0; r < count; r++)
    for (int64_t c = 0; c < columns; c += kVector) {
      Vector sum = (Vector)_mm512_loadu_ps(sums + r * kColumns + c);
      if (bias != nullptr) sum += load(bias + c);
      store(output + r * output_stride + c, sum);
    }
}

}  // namespace
#pragma GCC pop_options

bool bfloat16_linear_fits(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias) {
  return input.numel() >= kManyRows * weight.size(1) && bfloat16::has_products() && weight.is_contiguous() && (!bias.defined() || bias.is_contiguous()) &&
      weight.size(0) % kVector == 0 && weight.size(1) % (kVector * kPair) == 0;
}

at::Tensor bfloat16_linear(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias) {
  const auto rows = input.reshape({-1, weight.size(1)}).contiguous();
  const int64_t count = rows.size(0), depth = weight.size(1), columns = weight.size(0);
  auto sizes = input.sizes().vec();
  sizes.back() = columns;
  auto result = at::empty(sizes, rows.options());
  const auto *from = static_cast<const uint16_t*>(rows.data_ptr()), *weights = static_cast<const uint16_t*>(weight.data_ptr());
  const auto* biases = bias.defined() ? static_cast<const uint16_t*>(bias.data_ptr()) : nullptr;
  auto* const to = static_cast<uint16_t*>(result.data_ptr());
  const int64_t panels = (columns + kColumns - 1) / kColumns, blocks = (count + kRowsAtOnce - 1) / kRowsAtOnce;
  at::parallel_for(0, panels * blocks, 1, [&](int64_t begin, int64_t end) {
    std::vector<uint16_t> panel(kColumns * std::min(kDepth, depth));
    std::vector<float> sums(std::min(kRowsAtOnce, count + kRows) * kColumns);
    for (int64_t task = begin; task < end; task++) {
      const int64_t column = task % panels * kColumns, row = task / panels * kRowsAtOnce, length = std::min(kRowsAtOnce, count - row);
      const int64_t vectors = std::min(kColumns, columns - column) / kVector;
      (vectors == 4 ? block<4> : vectors == 3 ? block<3> : vectors == 2 ? block<2> : block<1>)(
          from + row * depth, length, depth, weights + column * depth, biases == nullptr ? nullptr : biases + column, panel.data(), sums.data(),
          to + row * columns + column, columns);
    }
  });
  return result;
}
#else
bool bfloat16_linear_fits(const at::Tensor&, const at::Tensor&, const at::Tensor&) { return false; }
at::Tensor bfloat16_linear(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias) { return at::linear(input, weight, bias); }
#endif
