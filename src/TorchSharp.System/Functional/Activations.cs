using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            public static Tensor relu(Tensor x, bool inplace = false) => Unary("relu", x, inplace);

            public static Tensor silu(Tensor x, bool inplace = false) => BFloat16Kernels.Silu(x, inplace) ?? Unary("silu", x, inplace);

            public static Tensor sigmoid(Tensor x) => Unary("sigmoid", x, false);

            public static Tensor sigmoid(Tensor x, bool inplace) => Unary("sigmoid", x, inplace);

            public static Tensor tanh(Tensor x, bool inplace = false) => Unary("tanh", x, inplace);

            public static Tensor leaky_relu(Tensor input, double negative_slope = 0.01, bool inplace = false) => inplace
                ? Op.CallInPlace("leaky_relu_", input, negative_slope).alias()
                : Op.Call("leaky_relu", input, negative_slope);

            public static Tensor gelu(Tensor x) => gelu(x, Modules.GELU.Approximate.none);

            public static Tensor gelu(Tensor x, bool inplace) => gelu(x, Modules.GELU.Approximate.none, inplace);

            /// <summary>x · Φ(x): exactly, or by the tanh formula.</summary>
            public static Tensor gelu(Tensor x, Modules.GELU.Approximate approximate, bool inplace = false)
            {
                string formula = approximate == Modules.GELU.Approximate.tanh ? "tanh" : "none";
                if (inplace) return Op.CallInPlace("gelu_", x, formula).alias();
                if (x.device.type != DeviceType.CPU || x.is_contiguous()) return Op.Call("gelu", x, formula);
                // number by number, five times as slow, where they do not lie in a row
                using var row = x.contiguous();
                return Op.Call("gelu", row, formula);
            }

            public static Tensor softplus(Tensor x, double beta = 1, double threshold = 20) => Op.Call("softplus", x, beta, threshold);

            public static Tensor softmax(Tensor input, long dim, ScalarType? dtype = null) => Op.Call("softmax.int", input, dim, dtype);

            public static Tensor log_softmax(Tensor x, long dim) => Op.Call("log_softmax.int", x, dim);

            /// <summary>Zeroes with probability p and scales the rest by 1/(1-p); without training, the input itself under a new handle.</summary>
            public static Tensor dropout(Tensor input, double p = 0.5, bool training = true, bool inplace = false)
            {
                if (p is < 0 or > 1) throw new ArgumentException($"dropout probability has to be between 0 and 1, but got {p}", nameof(p));
                if (inplace) return Op.CallInPlace("dropout_", input, p, training).alias();
                return training ? Op.Call("dropout", input, p, true) : input.alias();
            }

            // In place gives the changed input under a new handle, so that input and result can be disposed of apart.
            private static Tensor Unary(string name, Tensor x, bool inplace) =>
                inplace ? Op.CallInPlace(name + "_", x).alias() : Op.Call(name, x);
        }
    }
}
