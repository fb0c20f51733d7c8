// Attention for libtorch before 2.0, which has none of its own: lays the operands out for the kernels and shares the rows out among
// libtorch's threads.
#include "attention.h"
#include "../bfloat16/processor.h"
#include "../shim.h"
#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace {

// One of the operands, (B, heads, places, depth) with the depth's numbers side by side.
template <class Number>
struct Operand {
  const Number* first;
  int64_t heads, batch_stride, head_stride, place_stride;

  explicit Operand(const at::Tensor& tensor)
      : first(static_cast<const Number*>(tensor.data_ptr())), heads(tensor.size(1)),
        batch_stride(tensor.stride(0)), head_stride(tensor.stride(1)), place_stride(tensor.stride(2)) {}

  const Number* at(int64_t head, int64_t place) const {
    return first + head / heads * batch_stride + head % heads * head_stride + place * place_stride;
  }
};

// (places, depth) to (depth / pair, count, pair), zeros from `places` to `count`.
template <class Number, int pair>
void lay_out_keys(const Number* from, int64_t stride, int64_t places, int64_t count, int64_t depth, Number* to) {
  for (int64_t k = 0; k < depth; k += pair, to += count * pair) {
    for (int64_t place = 0; place < places; place++) std::memcpy(to + place * pair, from + place * stride + k, pair * sizeof(Number));
    std::fill(to + places * pair, to + count * pair, Number(0));
  }
}

// (places, depth) to (count / pair, width, pair), zeros likewise and from `depth` to `width`.
template <class Number, int pair>
void lay_out_values(const Number* from, int64_t stride, int64_t places, int64_t count, int64_t depth, int64_t width, Number* to) {
  for (int64_t place = 0; place < count; place += pair, to += width * pair) {
    std::fill(to, to + width * pair, Number(0));
    for (int64_t p = 0; p < pair && place + p < places; p++)
      for (int64_t k = 0; k < depth; k++) to[k * pair + p] = from[(place + p) * stride + k];
  }
}

void copy(const float* from, int64_t count, float* to) { std::copy_n(from, count, to); }

void copy(const float* from, int64_t count, uint16_t* to) {
  for (int64_t k = 0; k < count; k++) to[k] = c10::BFloat16(from[k]).x;
}

// The result lies as (B, rows, heads, depth) in memory.
template <class Number, int pair>
at::Tensor attend(at::Tensor query, at::Tensor key, at::Tensor value, attention::Kernel<Number>* kernel) {
  using namespace attention;
  const float scale = static_cast<float>(1 / std::sqrt(static_cast<double>(query.size(3))));
  if (const int64_t odd = query.size(3) % pair; odd != 0) {
    query = at::constant_pad_nd(query, {0, pair - odd});
    key = at::constant_pad_nd(key, {0, pair - odd});
  }
  for (auto* operand : {&query, &key, &value})
    if (operand->stride(3) != 1) *operand = operand->contiguous();
  const Operand<Number> queries(query), keys(key), values(value);
  const int64_t all = query.size(0) * queries.heads, rows = query.size(2), places = key.size(2), depth = query.size(3), out = value.size(3);
  const int64_t width = up_to(out, kVector / 2), filled = up_to(places, kVector), panels = (places + kPanel - 1) / kPanel;
  const int64_t tiles = (rows + kRows - 1) / kRows;

  auto laid_keys = at::empty({all, filled * depth}, query.options()), laid_values = at::empty({all, filled * width}, query.options());
  auto* const first_key = static_cast<Number*>(laid_keys.data_ptr());
  auto* const first_value = static_cast<Number*>(laid_values.data_ptr());
  at::parallel_for(0, all * panels, 1, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; task++) {
      const int64_t head = task / panels, start = task % panels * kPanel;
      const int64_t there = std::min(kPanel, places - start), count = std::min(kPanel, filled - start);
      lay_out_keys<Number, pair>(keys.at(head, start), keys.place_stride, there, count, depth, first_key + (head * filled + start) * depth);
      lay_out_values<Number, pair>(values.at(head, start), values.place_stride, there, count, out, width, first_value + (head * filled + start) * width);
    }
  });

  auto result = at::empty({query.size(0), rows, queries.heads, out}, query.options());
  auto* const first_result = static_cast<Number*>(result.data_ptr());
  at::parallel_for(0, all * tiles, 1, [&](int64_t begin, int64_t end) {
    std::vector<Number> some(kRows * depth);
    std::vector<float> scores(kRows * kPlaces), mixed(kRows * width);
    for (int64_t task = begin; task < end; task++) {
      const int64_t head = task / tiles, start = task % tiles * kRows, length = std::min(kRows, rows - start);
      for (int64_t r = 0; r < length; r++) std::copy_n(queries.at(head, start + r), depth, some.data() + r * depth);
      kernel(some.data(), first_key + head * filled * depth, first_value + head * filled * width, places, depth, width, scale, scores.data(), mixed.data());
      auto* const to = first_result + ((head / queries.heads * rows + start) * queries.heads + head % queries.heads) * out;
      for (int64_t r = 0; r < length; r++) copy(mixed.data() + r * width, out, to + r * queries.heads * out);
    }
  });
  return result.transpose(1, 2);
}

bool applies(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value) {
  for (const auto* t : {&query, &key, &value}) {
    const bool known = t->scalar_type() == at::kFloat || t->scalar_type() == at::kBFloat16;
    if (t->dim() != 4 || t->numel() == 0 || !t->is_cpu() || !known || t->scalar_type() != query.scalar_type() ||
        (c10::GradMode::is_enabled() && t->requires_grad())) return false;
  }
  return key.sizes().slice(0, 2) == query.sizes().slice(0, 2) && value.sizes().slice(0, 3) == key.sizes().slice(0, 3) &&
      key.size(3) == query.size(3);
}

}  // namespace

// softmax(q·kᵀ/√d)·v over (B, heads, rows, d); null where it has to be done otherwise.
EXPORT int32_t shared_attention(void* query_handle, void* key_handle, void* value_handle, void** result) {
  return guarded([&] {
    auto query = borrow(query_handle), key = borrow(key_handle), value = borrow(value_handle);
    const auto type = query.scalar_type();
    if (!applies(query, key, value)) *result = nullptr;
    else if (type == at::kFloat) *result = release(attend<float, 1>(query, key, value, attention::of_float));
    else if (bfloat16::has_products()) *result = release(attend<uint16_t, 2>(query, key, value, attention::of_bfloat16));
    else *result = release(attend<float, 1>(query.to(at::kFloat), key.to(at::kFloat), value.to(at::kFloat), attention::of_float).to(type));
  });
}
