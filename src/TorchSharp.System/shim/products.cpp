// Products that libtorch's threads share out. An OpenBLAS that has threads of its own wakes and joins them for every single product,
// and they and libtorch's stand in each other's way: here each of libtorch's multiplies its share alone. And attention, for libtorch
// before 2.0.
#include "attention.h"
#include "shim.h"
#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <algorithm>
#include <cmath>
#include <dlfcn.h>
#include <mutex>
#include <vector>

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

bool applies(at::ScalarType type, std::initializer_list<at::Tensor> tensors) {
  if (at::in_parallel_region() || at::get_num_threads() == 1) return false;
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

// Keys as attention::attend reads them, (n, panels, depth, kPanel), and values filled up to its width, (n, places, width).
at::Tensor panels_of(const at::Tensor& key) {
  const int64_t places = key.size(2), panels = (places + attention::kPanel - 1) / attention::kPanel;
  auto filled = at::constant_pad_nd(key.transpose(2, 3), {0, panels * attention::kPanel - places});  // (B, heads, depth, panels · kPanel)
  return filled.reshape({-1, key.size(3), panels, attention::kPanel}).transpose(1, 2).contiguous();
}

// Each thread takes some of the tiles of rows of some head. The result lies as (B, rows, heads, d) in memory.
at::Tensor attention_shared_out(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value) {
  const int64_t heads = query.size(1), rows = query.size(2), depth = query.size(3), places = key.size(2), out = value.size(3);
  const int64_t tiles = (rows + attention::kRows - 1) / attention::kRows, width = attention::padded_width(out);
  auto queries = query.transpose(1, 2).to(at::kFloat).contiguous(), keys = panels_of(key.to(at::kFloat));
  auto values = at::constant_pad_nd(value.to(at::kFloat), {0, width - out}).reshape({-1, places, width}).contiguous();
  auto result = at::empty({query.size(0), rows, heads, out}, queries.options());
  const float scale = static_cast<float>(1 / std::sqrt(static_cast<double>(depth)));
  const float *first_query = queries.data_ptr<float>(), *first_key = keys.data_ptr<float>(), *first_value = values.data_ptr<float>();
  float* first_result = result.data_ptr<float>();
  const int64_t keys_size = keys.numel() / keys.size(0);
  at::parallel_for(0, query.size(0) * heads * tiles, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> some(attention::kRows * depth), scores(attention::kRows * attention::kPlaces), mixed(attention::kRows * width);
    for (int64_t task = begin; task < end; task++) {
      const int64_t head = task / tiles, start = task % tiles * attention::kRows, length = std::min(attention::kRows, rows - start);
      const int64_t row = ((head / heads * rows) + start) * heads + head % heads;  // of (B · rows · heads)
      for (int64_t r = 0; r < length; r++)
        for (int64_t k = 0; k < depth; k++) some[r * depth + k] = first_query[(row + r * heads) * depth + k] * scale;
      attention::attend(some.data(), (length + attention::kRowStep - 1) / attention::kRowStep * attention::kRowStep, depth,
                        first_key + head * keys_size, first_value + head * places * width, places, width, scores.data(), mixed.data());
      for (int64_t r = 0; r < length; r++) std::copy_n(mixed.data() + r * width, out, first_result + (row + r * heads) * out);
    }
  });
  return result.to(query.scalar_type()).transpose(1, 2);
}

}  // namespace

// input·weightᵀ + bias over the last dimension; a null bias is none.
EXPORT int32_t shared_linear(void* input_handle, void* weight_handle, void* bias_handle, void** result) {
  return guarded([&] {
    auto input = borrow(input_handle), weight = borrow(weight_handle), bias = borrow(bias_handle);
    const bool large = weight.dim() == 2 && input.dim() > 0 && input.size(-1) == weight.size(1) &&
        (!bias.defined() || bias.dim() == 1) && input.numel() * weight.size(0) >= kSmall;
    *result = release(large && OpenBlas::instance().set_num_threads != nullptr && applies(at::kFloat, {input, weight, bias}) ? linear_shared_out(input, weight, bias) : at::linear(input, weight, bias));
  });
}

// (n, r, k) × (n, k, c)
EXPORT int32_t shared_bmm(void* left_handle, void* right_handle, void** result) {
  return guarded([&] {
    auto left = borrow(left_handle), right = borrow(right_handle);
    const bool many = left.dim() == 3 && right.dim() == 3 && left.size(0) == right.size(0) && left.size(0) >= at::get_num_threads() &&
        left.numel() * right.size(2) >= kSmall;
    *result = release(many && OpenBlas::instance().set_num_threads != nullptr && applies(at::kFloat, {left, right}) ? bmm_shared_out(left, right) : at::bmm(left, right));
  });
}

// softmax(q·kᵀ/√d)·v over (B, heads, rows, d); null where it has to be done otherwise.
EXPORT int32_t shared_attention(void* query_handle, void* key_handle, void* value_handle, void** result) {
  return guarded([&] {
    auto query = borrow(query_handle), key = borrow(key_handle), value = borrow(value_handle);
    const bool plain = query.dim() == 4 && key.dim() == 4 && value.dim() == 4 && query.numel() > 0 && key.numel() > 0 &&
        key.sizes().slice(0, 2) == query.sizes().slice(0, 2) && value.sizes().slice(0, 3) == key.sizes().slice(0, 3);
    const auto type = query.scalar_type() == at::kBFloat16 ? at::kBFloat16 : at::kFloat;
    *result = plain && applies(type, {query, key, value}) ? release(attention_shared_out(query, key, value)) : nullptr;
  });
}
