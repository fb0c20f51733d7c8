// Matrix products of libtorch 1.x on an OpenBLAS that has threads of its own: its threads and libtorch's stand in each other's
// way, and it wakes and joins them for every single product. Here libtorch's threads share the work out, and each multiplies alone.
#include "shim.h"
#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <cmath>
#include <dlfcn.h>
#include <mutex>

namespace {

// Below so many multiplications the threads cost more than they bring.
constexpr int64_t kSmall = 1 << 16;

// Rows of scores that a thread holds at a time: so many numbers, 2 MiB in single precision, which its cache can hold.
constexpr int64_t kScores = 1 << 19;

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

bool applies(std::initializer_list<at::Tensor> tensors) {
  if (OpenBlas::instance().set_num_threads == nullptr || at::in_parallel_region() || at::get_num_threads() == 1) return false;
  for (const auto& t : tensors) {
    if (!t.defined()) continue;
    if (!t.is_cpu() || t.scalar_type() != at::kFloat || (at::GradMode::is_enabled() && t.requires_grad())) return false;
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
  auto result = at::empty({rows.size(0), weight.size(0)}, rows.options());
  const int64_t dim = result.size(0) > result.size(1) ? 0 : 1, vector = 16, vectors = (result.size(dim) + vector - 1) / vector;
  share_out(vectors, (vectors + at::get_num_threads() - 1) / at::get_num_threads(), [&](int64_t begin, int64_t end) {
    const int64_t start = begin * vector, length = std::min(end * vector, result.size(dim)) - start;
    auto part = result.narrow(dim, start, length);
    auto left = dim == 0 ? rows.narrow(0, start, length) : rows;
    auto right = (dim == 0 ? weight : weight.narrow(0, start, length)).t();
    if (!bias.defined()) at::mm_out(part, left, right);
    else at::addmm_out(part, dim == 0 ? bias : bias.narrow(0, start, length), left, right);
  });
  auto sizes = input.sizes().vec();
  sizes.back() = weight.size(0);
  return result.view(sizes);
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

// Each thread takes some of the tiles of rows of some head's scores. The result lies as (B, rows, heads, d) in memory.
at::Tensor attention_shared_out(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value) {
  const int64_t heads = query.size(1), rows = query.size(2), places = key.size(2);
  const int64_t tile = std::min(std::max<int64_t>(kScores / places / 16 * 16, 16), rows), tiles = (rows + tile - 1) / tile;
  const double scale = 1 / std::sqrt(static_cast<double>(query.size(3)));
  auto result = at::empty({query.size(0), rows, heads, value.size(3)}, query.options()).transpose(1, 2);
  share_out(query.size(0) * heads * tiles, 1, [&](int64_t begin, int64_t end) {
    auto buffer = at::empty({tile, places}, query.options());
    for (int64_t task = begin; task < end; task++) {
      const int64_t picture = task / tiles / heads, head = task / tiles % heads, start = task % tiles * tile, length = std::min(tile, rows - start);
      auto scores = buffer.narrow(0, 0, length);
      at::addmm_out(scores, scores, query[picture][head].narrow(0, start, length), key[picture][head].t(), 0, scale);
      at::_softmax_out(scores, scores, -1, false);
      auto part = result[picture][head].narrow(0, start, length);
      at::mm_out(part, scores, value[picture][head]);
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
    *result = release(large && applies({input, weight, bias}) ? linear_shared_out(input, weight, bias) : at::linear(input, weight, bias));
  });
}

// (n, r, k) × (n, k, c)
EXPORT int32_t shared_bmm(void* left_handle, void* right_handle, void** result) {
  return guarded([&] {
    auto left = borrow(left_handle), right = borrow(right_handle);
    const bool many = left.dim() == 3 && right.dim() == 3 && left.size(0) == right.size(0) && left.size(0) >= at::get_num_threads() &&
        left.numel() * right.size(2) >= kSmall;
    *result = release(many && applies({left, right}) ? bmm_shared_out(left, right) : at::bmm(left, right));
  });
}

// softmax(q·kᵀ/√d)·v over (B, heads, rows, d); null where it has to be done otherwise.
EXPORT int32_t shared_attention(void* query_handle, void* key_handle, void* value_handle, void** result) {
  return guarded([&] {
    auto query = borrow(query_handle), key = borrow(key_handle), value = borrow(value_handle);
    const bool plain = query.dim() == 4 && key.dim() == 4 && value.dim() == 4 && query.numel() > 0 && key.numel() > 0 &&
        key.sizes().slice(0, 2) == query.sizes().slice(0, 2) && value.sizes().slice(0, 3) == key.sizes().slice(0, 3);
    *result = plain && applies({query, key, value}) ? release(attention_shared_out(query, key, value)) : nullptr;
  });
}
