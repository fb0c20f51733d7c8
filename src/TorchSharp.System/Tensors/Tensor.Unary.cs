using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    /// <content>Functions of one element.</content>
    public partial class Tensor
    {
        public Tensor abs() => Op.Call("abs", this);
        public Tensor abs_() => Op.CallInPlace("abs_", this);
        public Tensor asin() => Op.Call("asin", this);
        public Tensor ceil() => Op.Call("ceil", this);
        public Tensor ceil_() => Op.CallInPlace("ceil_", this);
        public Tensor cos() => Op.Call("cos", this);
        public Tensor cosh() => Op.Call("cosh", this);
        public Tensor erf() => Op.Call("erf", this);
        public Tensor erfinv() => Op.Call("erfinv", this);
        public Tensor exp() => Op.Call("exp", this);
        public Tensor exp_() => Op.CallInPlace("exp_", this);
        public Tensor expm1() => Op.Call("expm1", this);
        public Tensor floor() => Op.Call("floor", this);
        public Tensor floor_() => Op.CallInPlace("floor_", this);
        public Tensor log() => Op.Call("log", this);
        public Tensor log_() => Op.CallInPlace("log_", this);
        public Tensor log10() => Op.Call("log10", this);
        public Tensor log1p() => Op.Call("log1p", this);
        public Tensor log2() => Op.Call("log2", this);
        public Tensor logical_not() => Op.Call("logical_not", this);
        public Tensor neg() => Op.Call("neg", this);
        public Tensor neg_() => Op.CallInPlace("neg_", this);
        public Tensor reciprocal() => Op.Call("reciprocal", this);
        public Tensor rsqrt() => Op.Call("rsqrt", this);
        public Tensor rsqrt_() => Op.CallInPlace("rsqrt_", this);
        public Tensor sigmoid() => Op.Call("sigmoid", this);
        public Tensor sigmoid_() => Op.CallInPlace("sigmoid_", this);
        public Tensor sign() => Op.Call("sign", this);
        public Tensor sign_() => Op.CallInPlace("sign_", this);
        public Tensor sin() => Op.Call("sin", this);
        public Tensor sinh() => Op.Call("sinh", this);
        public Tensor sqrt() => Op.Call("sqrt", this);
        public Tensor sqrt_() => Op.CallInPlace("sqrt_", this);
        public Tensor tanh() => Op.Call("tanh", this);
        public Tensor tanh_() => Op.CallInPlace("tanh_", this);
        public Tensor trunc() => Op.Call("trunc", this);
        public Tensor square() => Op.Call("square", this);
        public Tensor positive() => Op.Call("positive", this);
        public Tensor isfinite() => Op.Call("isfinite", this);
        public Tensor isinf() => Op.Call("isinf", this);
        public Tensor isnan() => Op.Call("isnan", this);
        public Tensor relu() => Op.Call("relu", this);
        public Tensor silu() => Op.Call("silu", this);
        public Tensor gelu() => Op.Call("gelu", this);
        public Tensor relu_() => Op.CallInPlace("relu_", this);
        public Tensor silu_() => Op.CallInPlace("silu_", this);
        public Tensor absolute() => abs();
        public Tensor negative() => neg();
        public Tensor round(long decimals = 0L) => decimals == 0 ? Op.Call("round", this) : Op.Call("round.decimals", this, decimals);
        public Tensor round_(long decimals = 0L) => decimals == 0 ? Op.CallInPlace("round_", this) : Op.CallInPlace("round_.decimals", this, decimals);
        public Tensor nan_to_num(double nan = 0d, double? posinf = null, double? neginf = null) => Op.Call("nan_to_num", this, nan, posinf, neginf);
        public Tensor softplus(double beta = 1, double threshold = 20) => Op.Call("softplus", this, beta, threshold);
        public Tensor leaky_relu(Scalar negative_slope) => Op.Call("leaky_relu", this, negative_slope);
    }
}
