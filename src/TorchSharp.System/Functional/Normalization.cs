using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            /// <summary>Normalises groups of channels of (N, C, …), then scales and shifts each channel.</summary>
            public static Tensor group_norm(Tensor input, long num_groups, Tensor? weight = null, Tensor? bias = null, double eps = 1e-5) =>
                BFloat16Kernels.GroupNorm(input, num_groups, weight, bias, eps)
                ?? Precisely(input, weight, bias, (x, scale, shift) => Op.Call("group_norm", x, num_groups, scale, shift, eps));

            public static Tensor layer_norm(Tensor input, long[] normalized_shape, Tensor? weight = null, Tensor? bias = null, double eps = 1e-5) =>
                BFloat16Kernels.LayerNorm(input, normalized_shape, weight, bias, eps)
                ?? Precisely(input, weight, bias, (x, scale, shift) => Op.Call("layer_norm", x, normalized_shape, scale, shift, eps));

            public static Tensor batch_norm(Tensor input, Tensor? running_mean, Tensor? running_var, Tensor? weight = null, Tensor? bias = null,
                bool training = false, double momentum = 0.1, double eps = 1e-5) =>
                Op.Call("batch_norm", input, weight, bias, running_mean, running_var, training, momentum, eps, true);

            /// <summary>Divides by the p-norm along a dimension.</summary>
            public static Tensor normalize(Tensor input, double p = 2.0, long dim = 1L, double eps = 1e-12)
            {
                using var norm = Op.Call("norm.ScalarOpt_dim", input, p, new[] { dim }, true);
                using var bounded = Op.Call("clamp_min", norm, eps);
                return Op.Call("div.Tensor", input, bounded);
            }

            public static Tensor cosine_similarity(Tensor x1, Tensor x2, long dim = 1, double eps = 1e-8) =>
                Op.Call("cosine_similarity", x1, x2, dim, eps);

            // As BFloat16Kernels would: in single precision, and rounded.
            private static Tensor Precisely(Tensor input, Tensor? weight, Tensor? bias, Func<Tensor, Tensor?, Tensor?, Tensor> norm)
            {
                if (!BFloat16Kernels.IsCoarse(input)) return norm(input, weight, bias);
                using var precise = input.to(ScalarType.Float32);
                using var scale = weight?.to(ScalarType.Float32);
                using var shift = bias?.to(ScalarType.Float32);
                using var normed = norm(precise, scale, shift);
                return normed.to(ScalarType.BFloat16);
            }
        }
    }
}
