// What belongs to the process or the thread: errors, generators, modes, threads, devices, the build's description.
#include "shim.h"
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <atomic>
#include <chrono>
#include <dlfcn.h>
#include <thread>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <torch/version.h>

#ifdef __GLIBC__
// By default glibc maps every large block anew and hands it back when it is freed, so that the kernel zeroes each page of
// each intermediate tensor: a third of a U-Net's time. Blocks up to 1 GiB stay in the heap instead and are used again. One
// arena, because only the main one grows beyond 64 MiB; threads that have another by now keep it, so that ./farm sets
// MALLOC_ARENA_MAX from the start.
__attribute__((constructor)) static void keep_freed_blocks() {
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
}
#endif

thread_local std::string last_error;

static std::atomic<int> calls_under_way{0};
static std::atomic<std::thread::id> last_caller{};  // the only thread that may still call; none while the process lives

Call::Call() noexcept {
  calls_under_way++;
  const auto last = last_caller.load();
  if (last == std::thread::id() || last == std::this_thread::get_id()) return;
  calls_under_way--;
  for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
}

Call::~Call() { calls_under_way--; }

// This thread is about to end the process: waits a while for what others have under way, and lets no more begin.
EXPORT void end_calls(int32_t milliseconds) {
  using clock = std::chrono::steady_clock;
  last_caller = std::this_thread::get_id();
  const auto latest = clock::now() + std::chrono::milliseconds(milliseconds);
  while (calls_under_way != 0 && clock::now() < latest) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

EXPORT const char* last_error_message() { return last_error.c_str(); }

EXPORT const char* torch_version() { return TORCH_VERSION; }

EXPORT const char* torch_config() {
  static const std::string text = at::show_config() + at::get_parallel_info();
  return text.c_str();
}

EXPORT int32_t torch_cxx11_abi() { return _GLIBCXX_USE_CXX11_ABI; }

EXPORT int32_t get_num_threads() { return at::get_num_threads(); }

// Of the thread that asks. OpenBLAS's own are no matter, see products.cpp.
EXPORT int32_t set_num_threads(int32_t count) { return guarded([&] { at::set_num_threads(count); }); }

EXPORT int32_t get_num_interop_threads() { return static_cast<int32_t>(at::get_num_interop_threads()); }
EXPORT int32_t set_num_interop_threads(int32_t count) { return guarded([&] { at::set_num_interop_threads(count); }); }

EXPORT int32_t grad_mode() { return at::GradMode::is_enabled(); }
EXPORT void set_grad_mode(int32_t enabled) { at::GradMode::set_enabled(enabled != 0); }
EXPORT int32_t inference_mode() { return c10::InferenceMode::is_enabled(); }
EXPORT void* enter_inference_mode(int32_t enabled) { return new c10::InferenceMode(enabled != 0); }
EXPORT void leave_inference_mode(void* guard) { delete static_cast<c10::InferenceMode*>(guard); }

EXPORT int32_t manual_seed(int64_t seed) { return guarded([&] { at::manual_seed(static_cast<uint64_t>(seed)); }); }

EXPORT int32_t default_generator(int64_t device, void** result) {
  return guarded([&] { *result = new at::Generator(at::globalContext().defaultGenerator(device_of(device))); });
}

EXPORT int32_t new_generator(uint64_t seed, int64_t device, void** result) {
  return guarded([&] {
    auto origin = at::globalContext().defaultGenerator(device_of(device));
    at::Generator generator;
    {
      std::lock_guard<std::mutex> lock(origin.mutex());
      generator = origin.clone();
    }
    generator.set_current_seed(seed);
    *result = new at::Generator(generator);
  });
}

EXPORT void free_generator(void* handle) { delete static_cast<at::Generator*>(handle); }

EXPORT int32_t generator_set_seed(void* handle, uint64_t seed) {
  return guarded([&] {
    auto& generator = *static_cast<at::Generator*>(handle);
    std::lock_guard<std::mutex> lock(generator.mutex());
    generator.set_current_seed(seed);
  });
}

EXPORT int64_t generator_initial_seed(void* handle) {
  return static_cast<int64_t>(static_cast<at::Generator*>(handle)->current_seed());
}

EXPORT int32_t generator_seed(void* handle, int64_t* seed) {
  return guarded([&] {
    auto& generator = *static_cast<at::Generator*>(handle);
    std::lock_guard<std::mutex> lock(generator.mutex());
    *seed = static_cast<int64_t>(generator.seed());
  });
}

EXPORT int32_t generator_state(void* handle, void** state) {
  return guarded([&] {
    auto& generator = *static_cast<at::Generator*>(handle);
    std::lock_guard<std::mutex> lock(generator.mutex());
    *state = release(generator.get_state());
  });
}

EXPORT int32_t generator_set_state(void* handle, void* state) {
  return guarded([&] {
    auto& generator = *static_cast<at::Generator*>(handle);
    std::lock_guard<std::mutex> lock(generator.mutex());
    generator.set_state(borrow(state));
  });
}

EXPORT int32_t cuda_device_count() {
  if (!c10::impl::hasDeviceGuardImpl(c10::DeviceType::CUDA)) return 0;
  return c10::impl::getDeviceGuardImpl(c10::DeviceType::CUDA)->deviceCount();
}

EXPORT int32_t cudnn_available() { return at::globalContext().hasCuDNN(); }

EXPORT int32_t allow_tf32_matmul() { return at::globalContext().allowTF32CuBLAS(); }
EXPORT void set_allow_tf32_matmul(int32_t allow) { at::globalContext().setAllowTF32CuBLAS(allow != 0); }
EXPORT int32_t allow_tf32_cudnn() { return at::globalContext().allowTF32CuDNN(); }
EXPORT void set_allow_tf32_cudnn(int32_t allow) { at::globalContext().setAllowTF32CuDNN(allow != 0); }

// Found at run time, so that the shim also builds against a libtorch without CUDA.
EXPORT int32_t cuda_synchronize(int32_t index) {
  return guarded([&] {
    using Synchronize = void (*)();
    void* library = dlopen("libc10_cuda.so", RTLD_LAZY | RTLD_NOLOAD);
    auto synchronize = library ? reinterpret_cast<Synchronize>(dlsym(library, "_ZN3c104cuda18device_synchronizeEv")) : nullptr;
    TORCH_CHECK(synchronize != nullptr, "this libtorch was built without CUDA");
    c10::OptionalDeviceGuard guard;
    if (index >= 0) guard.reset_device(c10::Device(c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(index)));
    synchronize();
  });
}
