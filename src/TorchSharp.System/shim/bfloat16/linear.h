// input·weightᵀ + bias over the last dimension, in bfloat16 on this processor; a bias that is undefined is none.
#pragma once
#include <ATen/core/Tensor.h>

bool bfloat16_linear_fits(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias);
at::Tensor bfloat16_linear(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias);
