// A tensor's own data: life, shape, memory, gradient; and the autograd engine.
#include "shim.h"
#include <torch/csrc/autograd/autograd.h>

namespace {

at::TensorImpl* impl(void* handle) { return static_cast<at::TensorImpl*>(handle); }

std::vector<at::Tensor> borrow_all(void* const* handles, int32_t count) {
  std::vector<at::Tensor> tensors;
  tensors.reserve(count);
  for (int32_t k = 0; k < count; k++) tensors.push_back(borrow(handles[k]));
  return tensors;
}

}  // namespace

EXPORT void tensor_free(void* handle) {
  c10::intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl>::reclaim(impl(handle));
}

EXPORT void* tensor_share(void* handle) { return release(borrow(handle)); }

EXPORT int64_t tensor_dim(void* handle) { return impl(handle)->dim(); }
EXPORT int64_t tensor_numel(void* handle) { return impl(handle)->numel(); }
EXPORT int32_t tensor_dtype(void* handle) { return static_cast<int32_t>(c10::typeMetaToScalarType(impl(handle)->dtype())); }
EXPORT int64_t tensor_device(void* handle) { return pack(impl(handle)->device()); }

EXPORT int32_t tensor_sizes(void* handle, int64_t* sizes) {
  return guarded([&] { auto s = impl(handle)->sizes(); std::copy(s.begin(), s.end(), sizes); });
}

EXPORT int32_t tensor_strides(void* handle, int64_t* strides) {
  return guarded([&] { auto s = impl(handle)->strides(); std::copy(s.begin(), s.end(), strides); });
}

// A sparse tensor does not say.
EXPORT int32_t tensor_is_contiguous(void* handle, int32_t* result) {
  return guarded([&] { *result = impl(handle)->is_contiguous(); });
}

EXPORT int32_t tensor_requires_grad(void* handle) { return borrow(handle).requires_grad(); }
EXPORT int32_t tensor_is_leaf(void* handle) { return borrow(handle).is_leaf(); }
EXPORT int32_t tensor_is_sparse(void* handle) { return borrow(handle).is_sparse(); }

EXPORT int32_t tensor_data(void* handle, void** data) {
  return guarded([&] { *data = borrow(handle).data_ptr(); });
}

EXPORT int32_t tensor_set_requires_grad(void* handle, int32_t requires_grad) {
  return guarded([&] { borrow(handle).set_requires_grad(requires_grad != 0); });
}

EXPORT int32_t tensor_retain_grad(void* handle) {
  return guarded([&] { borrow(handle).retain_grad(); });
}

EXPORT int32_t tensor_grad(void* handle, void** grad) {
  return guarded([&] { *grad = release(at::Tensor(borrow(handle).grad())); });
}

EXPORT int32_t tensor_set_grad(void* handle, void* grad) {
  return guarded([&] { borrow(handle).mutable_grad() = borrow(grad); });
}

// Makes `handle` hold `source`'s storage and shape: what `module.to(device)` does to a parameter in place.
EXPORT int32_t tensor_set_data(void* handle, void* source) {
  return guarded([&] { borrow(handle).set_data(borrow(source)); });
}

EXPORT int32_t autograd_backward(void* const* tensors, void* const* grads, int32_t count, int32_t retain_graph, int32_t create_graph,
                                 void* const* inputs, int32_t input_count) {
  return guarded([&] {
    torch::autograd::backward(borrow_all(tensors, count), grads ? borrow_all(grads, count) : std::vector<at::Tensor>(),
                              retain_graph != 0, create_graph != 0, borrow_all(inputs, input_count));
  });
}

// An input that the outputs do not depend on gets a null gradient where that is allowed.
EXPORT int32_t autograd_grad(void* const* outputs, void* const* grads, int32_t output_count, void* const* inputs, int32_t input_count,
                             int32_t retain_graph, int32_t create_graph, int32_t allow_unused, void** result) {
  return guarded([&] {
    auto found = torch::autograd::grad(borrow_all(outputs, output_count), borrow_all(inputs, input_count),
                                       grads ? borrow_all(grads, output_count) : std::vector<at::Tensor>(), retain_graph != 0,
                                       create_graph != 0, allow_unused != 0);
    for (int32_t k = 0; k < input_count; k++) result[k] = release(std::move(found[k]));
  });
}
