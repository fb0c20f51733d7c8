using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>Fills tensors with starting values, in place and unseen by autograd, from PyTorch's formulas and draws.</summary>
        public static partial class init
        {
            public enum NonlinearityType
            {
                Linear = 0,
                Conv1D = 1,
                Conv2D = 2,
                Conv3D = 3,
                ConvTranspose1D = 4,
                ConvTranspose2D = 5,
                ConvTranspose3D = 6,
                Sigmoid = 7,
                Tanh = 8,
                ReLU = 9,
                LeakyReLU = 10,
            }

            public enum FanInOut
            {
                FanIn = 0,
                FanOut = 1,
            }

            /// <summary>The factor by which a nonlinearity wants its weights' deviation raised; <paramref name="param"/> is LeakyReLU's slope.</summary>
            public static double calculate_gain(NonlinearityType nonlinearity, double param = 0.0) => nonlinearity switch
            {
                NonlinearityType.Tanh => 5.0 / 3.0,
                NonlinearityType.ReLU => Math.Sqrt(2),
                NonlinearityType.LeakyReLU => Math.Sqrt(2 / (1 + param * param)),
                _ => 1,
            };

            public static (long fanIn, long fanOut) CalculateFanInAndFanOut(Tensor tensor)
            {
                var shape = tensor.shape;
                if (shape.Length < 2)
                    throw new ArgumentException("Fan in and fan out can not be computed for tensor with fewer than 2 dimensions", nameof(tensor));
                long field = shape.Skip(2).Aggregate(1L, (product, size) => product * size);
                return (shape[1] * field, shape[0] * field);
            }

            public static Tensor constant_(Tensor tensor, Scalar val) => Frozen("fill_.Scalar", tensor, val);

            public static Tensor zeros_(Tensor tensor) => Frozen("zero_", tensor);

            public static Tensor ones_(Tensor tensor) => Frozen("fill_.Scalar", tensor, 1);

            public static Tensor kaiming_uniform_(Tensor tensor, double a = 0, FanInOut mode = FanInOut.FanIn,
                NonlinearityType nonlinearity = NonlinearityType.LeakyReLU) =>
                Uniform(tensor, Math.Sqrt(3) * KaimingDeviation(tensor, a, mode, nonlinearity));

            public static Tensor kaiming_normal_(Tensor tensor, double a = 0, FanInOut mode = FanInOut.FanIn,
                NonlinearityType nonlinearity = NonlinearityType.LeakyReLU) =>
                Frozen("normal_", tensor, 0.0, KaimingDeviation(tensor, a, mode, nonlinearity));

            /// <summary>What linear layers and convolutions start with: U(−1/√fan_in, 1/√fan_in), the weight drawn before the bias.</summary>
            internal static void LinearDefaults(Tensor weight, Tensor? bias)
            {
                kaiming_uniform_(weight, Math.Sqrt(5));
                if (bias is null) return;
                Uniform(bias, 1 / Math.Sqrt(Math.Max(1, CalculateFanInAndFanOut(weight).fanIn)));
            }

            private static double KaimingDeviation(Tensor tensor, double a, FanInOut mode, NonlinearityType nonlinearity)
            {
                var (fanIn, fanOut) = CalculateFanInAndFanOut(tensor);
                return calculate_gain(nonlinearity, a) / Math.Sqrt(mode == FanInOut.FanIn ? fanIn : fanOut);
            }

            private static Tensor Uniform(Tensor tensor, double bound) => Frozen("uniform_", tensor, -bound, bound);

            private static Tensor Frozen(string op, Tensor tensor, params ReadOnlySpan<Arg> args)
            {
                using var frozen = no_grad();
                return Op.CallInPlace(op, tensor, args);
            }
        }
    }
}
