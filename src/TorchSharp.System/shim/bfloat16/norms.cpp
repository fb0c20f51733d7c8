// Norms and activations in bfloat16 on a CPU, for libtorch before 2.0, which takes several times as long for them and sums up in
// bfloat16. Here sums are of single precision, put together in double, and each number is rounded once. Without gradients.
#include "processor.h"
#include "../shim.h"
#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <algorithm>
#include <cmath>
#include <vector>

#ifdef BFLOAT16_KERNELS
#pragma GCC push_options
#pragma GCC target("arch=x86-64-v4,avx512bf16")
#include "vectors.h"

namespace {

using namespace bfloat16;

constexpr int64_t kAtOnce = 4;

void silu(const uint16_t* from, int64_t count, uint16_t* to) {
  for (int64_t k = 0; k < count; k += kVector) {
    const Vector x = load(from + k);
    store(to + k, x / (1 + bfloat16::power(x * -1.44269504f)));
  }
}

// (x - mean) / deviation · weight + bias over a row; weight and bias may be null.
void normalize(const uint16_t* from, int64_t count, const uint16_t* weight, const uint16_t* bias, float eps, uint16_t* to) {
  Vector sums = {}, squares = {};
  for (int64_t k = 0; k < count; k += kVector) sums += load(from + k);
  const float mean = bfloat16::sum(sums) / count;
  for (int64_t k = 0; k < count; k += kVector) {
    const Vector x = load(from + k) - mean;
    squares += x * x;
  }
  const float factor = 1 / std::sqrt(bfloat16::sum(squares) / count + eps);
  for (int64_t k = 0; k < count; k += kVector) {
    Vector x = (load(from + k) - mean) * factor;
    if (weight != nullptr) x *= load(weight + k);
    if (bias != nullptr) x += load(bias + k);
    store(to + k, x);
  }
}

// Of `Count` vectors of channels, over pixels that lie `stride` apart: sums of x - first and of their squares.
template <int Count>
void sum_up(const uint16_t* from, const uint16_t* first, int64_t pixels, int64_t stride, float* sums, float* squares) {
  Vector firsts[Count], sum[Count] = {}, square[Count] = {};
  for (int v = 0; v < Count; v++) firsts[v] = load(first + v * kVector);
  for (int64_t pixel = 0; pixel < pixels; pixel++, from += stride)
    for (int v = 0; v < Count; v++) {
      const Vector x = load(from + v * kVector) - firsts[v];
      sum[v] += x;
      square[v] += x * x;
    }
  for (int v = 0; v < Count; v++) {
    _mm512_storeu_ps(sums + v * kVector, (__m512)sum[v]);
    _mm512_storeu_ps(squares + v * kVector, (__m512)square[v]);
  }
}

void sum_up_all(const uint16_t* from, const uint16_t* first, int64_t pixels, int64_t channels, float* sums, float* squares) {
  int64_t c = 0;
  for (; c + kAtOnce * kVector <= channels; c += kAtOnce * kVector) sum_up<kAtOnce>(from + c, first + c, pixels, channels, sums + c, squares + c);
  for (; c < channels; c += kVector) sum_up<1>(from + c, first + c, pixels, channels, sums + c, squares + c);
}

void scale_and_shift(const uint16_t* from, int64_t pixels, int64_t channels, const float* scale, const float* shift, uint16_t* to) {
  for (int64_t pixel = 0; pixel < pixels; pixel++, from += channels, to += channels)
    for (int64_t c = 0; c < channels; c += kVector)
      store(to + c, load(from + c) * (Vector)_mm512_loadu_ps(scale + c) + (Vector)_mm512_loadu_ps(shift + c));
}

}  // namespace
#pragma GCC pop_options

namespace {

bool applies(const at::Tensor& tensor) {
  return tensor.is_cpu() && tensor.scalar_type() == at::kBFloat16 && tensor.numel() > 0 && !c10::GradMode::is_enabled() && bfloat16::has_products();
}

bool fits(const at::Tensor& parameter, int64_t count) {
  return !parameter.defined() || (parameter.is_cpu() && parameter.scalar_type() == at::kBFloat16 && parameter.numel() == count && parameter.is_contiguous());
}

uint16_t* data(const at::Tensor& tensor) { return tensor.defined() ? static_cast<uint16_t*>(tensor.data_ptr()) : nullptr; }

float value(const at::Tensor& parameter, int64_t k, float otherwise) {
  return parameter.defined() ? static_cast<float>(parameter.data_ptr<at::BFloat16>()[k]) : otherwise;
}

// (B, H·W, C) in memory. Blocks of pixels are summed up each for itself, so that threads and other pictures change no bit.
at::Tensor group_norm(const at::Tensor& input, int64_t groups, const at::Tensor& weight, const at::Tensor& bias, double eps) {
  constexpr int64_t block = 64;
  const int64_t batch = input.size(0), channels = input.size(1), pixels = input.numel() / (batch * channels), each = channels / groups;
  const int64_t blocks = (pixels + block - 1) / block;
  const uint16_t* const from = data(input);
  std::vector<float> sums(batch * blocks * channels), squares(sums.size()), scale(batch * channels), shift(batch * channels);
  at::parallel_for(0, batch * blocks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; task++) {
      const int64_t picture = task / blocks * pixels, start = task % blocks * block;
      sum_up_all(from + (picture + start) * channels, from + picture * channels, std::min(block, pixels - start), channels, &sums[task * channels], &squares[task * channels]);
    }
  });
  for (int64_t group = 0; group < batch * groups; group++) {
    const int64_t image = group / groups, first_channel = group % groups * each;
    std::vector<double> sum(each), square(each), first(each);
    double mean = 0, variance = 0;
    for (int64_t c = 0; c < each; c++) {
      for (int64_t k = 0; k < blocks; k++) {
        sum[c] += sums[(image * blocks + k) * channels + first_channel + c];
        square[c] += squares[(image * blocks + k) * channels + first_channel + c];
      }
      first[c] = static_cast<float>(input.data_ptr<at::BFloat16>()[image * pixels * channels + first_channel + c]);
      mean += first[c] * pixels + sum[c];
    }
    mean /= each * pixels;
    for (int64_t c = 0; c < each; c++) {
      const double off = mean - first[c];
      variance += square[c] - 2 * off * sum[c] + pixels * off * off;
    }
    const double factor = 1 / std::sqrt(std::max(variance / (each * pixels), 0.0) + eps);
    for (int64_t c = first_channel; c < first_channel + each; c++) {
      scale[image * channels + c] = static_cast<float>(factor * value(weight, c, 1));
      shift[image * channels + c] = static_cast<float>(value(bias, c, 0) - mean * factor * value(weight, c, 1));
    }
  }
  auto result = at::empty_like(input);
  at::parallel_for(0, batch * blocks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; task++) {
      const int64_t start = task % blocks * block, at = (task / blocks * pixels + start) * channels;
      scale_and_shift(from + at, std::min(block, pixels - start), channels, &scale[task / blocks * channels], &shift[task / blocks * channels], data(result) + at);
    }
  });
  return result;
}

at::Tensor layer_norm(const at::Tensor& input, int64_t count, const at::Tensor& weight, const at::Tensor& bias, double eps) {
  auto result = at::empty_like(input);
  at::parallel_for(0, input.numel() / count, 16, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) normalize(data(input) + row * count, count, data(weight), data(bias), static_cast<float>(eps), data(result) + row * count);
  });
  return result;
}

}  // namespace

// Each gives null where it has to be done otherwise.
EXPORT int32_t bfloat16_silu(void* input_handle, int32_t in_place, void** result) {
  return guarded([&] {
    auto input = borrow(input_handle);
    *result = nullptr;
    if (!applies(input) || !input.is_non_overlapping_and_dense() || input.numel() % kVector != 0) return;
    auto output = in_place ? input : at::empty_like(input);
    at::parallel_for(0, input.numel() / kVector, 1024, [&](int64_t begin, int64_t end) {
      silu(data(input) + begin * kVector, (end - begin) * kVector, data(output) + begin * kVector);
    });
    *result = release(in_place ? input.alias() : output);
  });
}

EXPORT int32_t bfloat16_layer_norm(void* input_handle, int64_t count, void* weight_handle, void* bias_handle, double eps, void** result) {
  return guarded([&] {
    auto input = borrow(input_handle), weight = borrow(weight_handle), bias = borrow(bias_handle);
    const bool plain = applies(input) && input.is_contiguous() && count % kVector == 0 && fits(weight, count) && fits(bias, count);
    *result = plain ? release(layer_norm(input, count, weight, bias, eps)) : nullptr;
  });
}

EXPORT int32_t bfloat16_group_norm(void* input_handle, int64_t groups, void* weight_handle, void* bias_handle, double eps, void** result) {
  return guarded([&] {
    auto input = borrow(input_handle), weight = borrow(weight_handle), bias = borrow(bias_handle);
    const bool plain = applies(input) && input.dim() == 4 && input.is_contiguous(at::MemoryFormat::ChannelsLast) && input.size(1) % kVector == 0 &&
        groups > 0 && input.size(1) % groups == 0 && fits(weight, input.size(1)) && fits(bias, input.size(1));
    *result = plain ? release(group_norm(input, groups, weight, bias, eps)) : nullptr;
  });
}
#else
EXPORT int32_t bfloat16_silu(void*, int32_t, void** result) { *result = nullptr; return 0; }
EXPORT int32_t bfloat16_layer_norm(void*, int64_t, void*, void*, double, void** result) { *result = nullptr; return 0; }
EXPORT int32_t bfloat16_group_norm(void*, int64_t, void*, void*, double, void** result) { *result = nullptr; return 0; }
#endif
