// The C interface between TorchSharp.System and libtorch. Nothing here knows an operator: operators are found by name in
// the dispatcher's table, so one shim serves every libtorch.
#pragma once
#include <ATen/core/Tensor.h>
#include <cstdint>
#include <string>

#define EXPORT extern "C" __attribute__((visibility("default")))

// A value that crosses the boundary, 16 bytes on both sides. Must equal Native/NativeValue.cs.
enum class Tag : int32_t {
  None, Default, Tensor, Int, Double, Bool, IntList, DoubleList, TensorList, String, Device, Generator
};

struct Value {
  Tag tag;
  int32_t count;  // of a list's elements, of a string's bytes
  union {
    int64_t i;
    double d;
    void* p;
  };
};

// A tensor's handle is its TensorImpl, holding one reference.
inline at::Tensor borrow(void* handle) {
  return handle == nullptr
      ? at::Tensor()
      : at::Tensor(c10::intrusive_ptr<at::TensorImpl, at::UndefinedTensorImpl>::reclaim_copy(static_cast<at::TensorImpl*>(handle)));
}

inline void* release(at::Tensor tensor) {
  return tensor.defined() ? tensor.unsafeReleaseTensorImpl() : nullptr;
}

inline c10::Device device_of(int64_t packed) {
  return c10::Device(static_cast<c10::DeviceType>(packed >> 8), static_cast<c10::DeviceIndex>(static_cast<int8_t>(packed & 0xff)));
}

inline int64_t pack(c10::Device device) {
  return (static_cast<int64_t>(device.type()) << 8) | (static_cast<uint8_t>(device.index()));
}

// The message of this thread's last failure; valid until its next one.
extern thread_local std::string last_error;

// A call under way. Once the process ends none begins in another thread: libtorch's libraries take their memory back then, and a
// thread that still computed would crash. Not for what finalizers call, since the runtime waits for them.
struct Call {
  Call() noexcept;
  ~Call();
};

// Runs `body`; 0 when it went well, else 1 with the message kept for last_error_message.
template <class Body>
int32_t guarded(Body&& body) noexcept {
  Call call;
  try {
    body();
    return 0;
  } catch (const c10::Error& e) {
    last_error = e.what_without_backtrace();
  } catch (const std::exception& e) {
    last_error = e.what();
  } catch (...) {
    last_error = "an exception of unknown type in libtorch";
  }
  return 1;
}
