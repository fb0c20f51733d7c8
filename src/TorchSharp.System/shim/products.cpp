// Products that libtorch's threads share out, each multiplying its share alone. An OpenBLAS that has threads of its own wakes and joins
// them for every single product, and they and libtorch's stand in each other's way.
#include "shim.h"
#include "bfloat16/linear.h"
#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <algorithm>
#include <dlfcn.h>
#include <torch/version.h>

namespace {

// Below so many multiplications the threads cost more than they bring.
constexpr int64_t kSmall = 1 << 16;

// Leaves an OpenBLAS that has threads of its own one, and says whether it is such a one. As this library is loaded and never again: their
// number is the process's setting and not a thread's, and on some processors a sum's rounding hangs on how it was divided, so that what
// one thread set for a while would change another's numbers.
bool take_the_blas_threads() {
  void* library = dlopen("libopenblas.so.0", RTLD_LAZY | RTLD_NOLOAD);
  if (library == nullptr) return false;
  auto parallel = reinterpret_cast<int (*)()>(dlsym(library, "openblas_get_parallel"));
  auto set_num_threads = reinterpret_cast<void (*)(int)>(dlsym(library, "openblas_set_num_threads"));
  if (parallel == nullptr || set_num_threads == nullptr || parallel() != 1) return false;  // 1: its own, 2: OpenMP's, which are libtorch's
  set_num_threads(1);
  return true;
}
const bool blas_has_one_thread = take_the_blas_threads();

// Whether there are threads to share with, and a BLAS that does not use libtorch's by itself.
bool threads_are_needed() { return blas_has_one_thread && at::get_num_threads() > 1 && !at::in_parallel_region(); }

bool applies(at::ScalarType type, std::initializer_list<at::Tensor> tensors) {
  for (const auto& t : tensors) {
    if (!t.defined()) continue;
    if (!t.is_cpu() || t.scalar_type() != type || (c10::GradMode::is_enabled() && t.requires_grad())) return false;
  }
  return true;
}

template <class Body>
void share_out(int64_t count, int64_t grain, const Body& body) {
  at::parallel_for(0, count, grain, [&](int64_t begin, int64_t end) {
    c10::InferenceMode quiet;
    body(begin, end);
  });
}

// left·right + bias. Each thread takes some of the longer side, in whole vectors.
void mm_shared_out(const at::Tensor& result, const at::Tensor& left, const at::Tensor& right, const at::Tensor& bias) {
  const int64_t dim = result.size(0) > result.size(1) ? 0 : 1, vector = 16, vectors = (result.size(dim) + vector - 1) / vector;
  share_out(vectors, (vectors + at::get_num_threads() - 1) / at::get_num_threads(), [&](int64_t begin, int64_t end) {
    const int64_t start = begin * vector, length = std::min(end * vector, result.size(dim)) - start;
    auto part = result.narrow(dim, start, length);
    auto rows = dim == 0 ? left.narrow(0, start, length) : left;
    auto columns = dim == 0 ? right : right.narrow(1, start, length);
    if (!bias.defined()) at::mm_out(part, rows, columns);
    else at::addmm_out(part, dim == 0 ? bias : bias.narrow(0, start, length), rows, columns);
  });
}

at::Tensor linear_shared_out(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias) {
  auto rows = input.reshape({-1, weight.size(1)});
  auto sizes = input.sizes().vec();
  sizes.back() = weight.size(0);
  auto result = at::empty(sizes, rows.options());
  mm_shared_out(result.view({rows.size(0), weight.size(0)}), rows, weight.t(), bias);
  return result;
}

// Each thread takes some of the products.
at::Tensor bmm_shared_out(const at::Tensor& left, const at::Tensor& right) {
  auto result = at::empty({left.size(0), left.size(1), right.size(2)}, left.options());
  share_out(left.size(0), 1, [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; k++) {
      auto part = result.select(0, k);
      at::mm_out(part, left.select(0, k), right.select(0, k));
    }
  });
  return result;
}

}  // namespace

// input·weightᵀ + bias over the last dimension; a null bias is none.
EXPORT int32_t shared_linear(void* input_handle, void* weight_handle, void* bias_handle, void** result) {
  return guarded([&] {
    auto input = borrow(input_handle), weight = borrow(weight_handle), bias = borrow(bias_handle);
    const bool large = weight.dim() == 2 && input.dim() > 0 && input.size(-1) == weight.size(1) &&
        (!bias.defined() || bias.dim() == 1) && input.numel() * weight.size(0) >= kSmall;
    const auto operands = {input, weight, bias};
    if (large && threads_are_needed() && applies(at::kFloat, operands)) *result = release(linear_shared_out(input, weight, bias));
    else if (TORCH_VERSION_MAJOR < 2 && large && applies(at::kBFloat16, operands) && bfloat16_linear_fits(input, weight, bias)) *result = release(bfloat16_linear(input, weight, bias));
    else *result = release(at::linear(input, weight, bias));
  });
}

// (r, k) × (k, c)
EXPORT int32_t shared_mm(void* left_handle, void* right_handle, void** result) {
  return guarded([&] {
    auto left = borrow(left_handle), right = borrow(right_handle);
    const bool large = left.dim() == 2 && right.dim() == 2 && left.size(1) == right.size(0) && left.numel() * right.size(1) >= kSmall;
    if (large && threads_are_needed() && applies(at::kFloat, {left, right})) {
      auto product = at::empty({left.size(0), right.size(1)}, left.options());
      mm_shared_out(product, left, right, {});
      *result = release(product);
    } else {
      *result = release(at::mm(left, right));
    }
  });
}

// (n, r, k) × (n, k, c)
EXPORT int32_t shared_bmm(void* left_handle, void* right_handle, void** result) {
  return guarded([&] {
    auto left = borrow(left_handle), right = borrow(right_handle);
    const bool many = left.dim() == 3 && right.dim() == 3 && left.size(0) == right.size(0) && left.size(0) >= at::get_num_threads() &&
        left.numel() * right.size(2) >= kSmall;
    *result = release(many && threads_are_needed() && applies(at::kFloat, {left, right}) ? bmm_shared_out(left, right) : at::bmm(left, right));
  });
}
