// Whether kernels in bfloat16 are compiled, and run on this processor.
#pragma once

#if defined(__x86_64__) && __GNUC__ >= 12 && !defined(__clang__)
#define BFLOAT16_KERNELS
#endif

namespace bfloat16 {

// Whether this processor multiplies bfloat16 (AVX512-BF16).
inline bool has_products() {
#ifdef BFLOAT16_KERNELS
  static const bool has = __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
  return has;
#else
  return false;
#endif
}

}  // namespace bfloat16
