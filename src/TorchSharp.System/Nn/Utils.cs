using TorchSharp.Modules;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class utils
        {
            /// <summary>Scales all gradients by one factor so that their joint norm is at most max_norm, and gives the norm before that.</summary>
            public static double clip_grad_norm_(IEnumerable<Parameter> tensors, double max_norm, double norm_type = 2.0)
            {
                using var frozen = no_grad();
                using var scope = NewDisposeScope();
                var grads = Gradients(tensors);
                if (grads.Length == 0) return 0;
                var norms = Op.CallList("_foreach_norm.Scalar", grads, norm_type);
                var total = Op.Call("norm.Scalar", stack(norms), norm_type).to(ScalarType.Float64).item<double>();
                double factor = max_norm / (total + 1e-6);
                if (factor < 1) Op.CallVoid("_foreach_mul_.Scalar", grads, factor);
                return total;
            }

            /// <summary>Clamps every gradient's values to ±clip_value.</summary>
            public static void clip_grad_value_(IEnumerable<Parameter> tensors, double clip_value)
            {
                using var frozen = no_grad();
                using var scope = NewDisposeScope();
                foreach (var grad in Gradients(tensors)) Op.CallInPlace("clamp_", grad, -clip_value, clip_value);
            }

            /// <summary>All parameters' values in one row.</summary>
            public static Tensor parameters_to_vector(IEnumerable<Parameter> tensors)
            {
                using var scope = NewDisposeScope();
                return cat([.. tensors.Select(tensor => tensor.reshape(-1))], 0).MoveToOuterDisposeScope();
            }

            /// <summary>The reverse of <see cref="parameters_to_vector"/>.</summary>
            public static void vector_to_parameters(Tensor vec, IEnumerable<Parameter> tensors)
            {
                using var frozen = no_grad();
                using var scope = NewDisposeScope();
                long start = 0;
                foreach (var tensor in tensors)
                {
                    tensor.copy_(vec.narrow(0, start, tensor.numel()).view_as(tensor));
                    start += tensor.numel();
                }
            }

            private static Tensor[] Gradients(IEnumerable<Parameter> tensors) =>
                [.. tensors.Select(tensor => tensor.grad).OfType<Tensor>()];
        }
    }
}
