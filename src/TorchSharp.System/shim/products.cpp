// Products that libtorch's threads share out. An OpenBLAS that has threads of its own wakes and joins them for every single product,
// and they and libtorch's stand in each other's way: here each of libtorch's multiplies its share alone.
#include "shim.h"
#include "bfloat16/linear.h"
#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <algorithm>
#include <dlfcn.h>
#include <mutex>
#include <torch/version.h>

namespace {

// Below so many multiplications the threads cost more than they bring.
constexpr int64_t kSmall = 1 << 16;

struct OpenBlas {
  void (*set_num_threads)(int) = nullptr;
  int (*get_num_threads)() = nullptr;

  OpenBlas() {
    void* library = dlopen("libopenblas.so.0", RTLD_LAZY | RTLD_NOLOAD);
    if (library == nullptr) return;
    auto parallel = reinterpret_cast<int (*)()>(dlsym(library, "openblas_get_parallel"));
    if (parallel == nullptr || parallel() != 1) return;  // 1: threads of its own, 2: OpenMP's, which are libtorch's
    set_num_threads = reinterpret_cast<void (*)(int)>(dlsym(library, "openblas_set_num_threads"));
    get_num_threads = reinterpret_cast<int (*)()>(dlsym(library, "openblas_get_num_threads"));
  }

  static const OpenBlas& instance() {
    static const OpenBlas found;
    return found;
  }
};

// While one lives, a product runs on the thread that asks for it. The setting is the process's, so the last one restores it.
class SingleThreaded {
 public:
  SingleThreaded() {
    std::lock_guard<std::mutex> lock(mutex);
    if (living++ != 0) return;
    before = OpenBlas::instance().get_num_threads();
    OpenBlas::instance().set_num_threads(1);
  }
  ~SingleThreaded() {
    std::lock_guard<std::mutex> lock(mutex);
    if (--living == 0) OpenBlas::instance().set_num_threads(before);
  }

 private:
  static std::mutex mutex;
  static int living, before;
};
std::mutex SingleThreaded::mutex;
int SingleThreaded::living = 0, SingleThreaded::before = 0;

// Whether there are threads to share with, and a BLAS that does not use libtorch's by itself.
bool threads_are_needed() {
  return OpenBlas::instance().set_num_threads != nullptr && at::get_num_threads() > 1 && !at::in_parallel_region();
}

bool applies(at::ScalarType type, std::initializer_list<at::Tensor> tensors) {
  for (const auto& t : tensors) {
    if (!t.defined()) continue;
    if (!t.is_cpu() || t.scalar_type() != type || (c10::GradMode::is_enabled() && t.requires_grad())) return false;
  }
  return true;
}

template <class Body>
void share_out(int64_t count, int64_t grain, const Body& body) {
  SingleThreaded alone;
  at::parallel_for(0, count, grain, [&](int64_t begin, int64_t end) {
    c10::InferenceMode quiet;
    body(begin, end);
  });
}

// Each thread takes some of the longer side, in whole vectors.
at::Tensor linear_shared_out(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias) {
  auto rows = input.reshape({-1, weight.size(1)});
  auto sizes = input.sizes().vec();
  sizes.back() = weight.size(0);
  auto whole = at::empty(sizes, rows.options()), result = whole.view({rows.size(0), weight.size(0)});
  const int64_t dim = result.size(0) > result.size(1) ? 0 : 1, vector = 16, vectors = (result.size(dim) + vector - 1) / vector;
  share_out(vectors, (vectors + at::get_num_threads() - 1) / at::get_num_threads(), [&](int64_t begin, int64_t end) {
    const int64_t start = begin * vector, length = std::min(end * vector, result.size(dim)) - start;
    auto part = result.narrow(dim, start, length);
    auto left = dim == 0 ? rows.narrow(0, start, length) : rows;
    auto right = (dim == 0 ? weight : weight.narrow(0, start, length)).t();
    if (!bias.defined()) at::mm_out(part, left, right);
    else at::addmm_out(part, dim == 0 ? bias : bias.narrow(0, start, length), left, right);
  });
  return whole;
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

// (n, r, k) × (n, k, c)
EXPORT int32_t shared_bmm(void* left_handle, void* right_handle, void** result) {
  return guarded([&] {
    auto left = borrow(left_handle), right = borrow(right_handle);
    const bool many = left.dim() == 3 && right.dim() == 3 && left.size(0) == right.size(0) && left.size(0) >= at::get_num_threads() &&
        left.numel() * right.size(2) >= kSmall;
    *result = release(many && threads_are_needed() && applies(at::kFloat, {left, right}) ? bmm_shared_out(left, right) : at::bmm(left, right));
  });
}
