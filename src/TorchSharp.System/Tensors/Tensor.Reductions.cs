using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    /// <content>Reductions, scans and sorting.</content>
    public partial class Tensor
    {
        public Tensor sum(ScalarType? type = null) => Op.Call("sum", this, type);
        public Tensor sum(ReadOnlySpan<long> dim, bool keepdim = false, ScalarType? type = null) => Op.Call("sum.dim_IntList", this, dim, keepdim, type);
        public Tensor sum(long dim, bool keepdim = false, ScalarType? type = null) => Op.Call("sum.dim_IntList", this, dim, keepdim, type);
        public Tensor sum(long[] dim, bool keepdim = false, ScalarType? type = null) => Op.Call("sum.dim_IntList", this, dim, keepdim, type);
        public Tensor sum(long dim0, long dim1, bool keepdim = false, ScalarType? type = null) => sum([dim0, dim1], keepdim, type);
        public Tensor sum(long dim0, long dim1, long dim2, bool keepdim = false, ScalarType? type = null) => sum([dim0, dim1, dim2], keepdim, type);
        public Tensor mean() => Op.Call("mean", this);
        public Tensor mean(long[] dimensions, bool keepdim = false, ScalarType? type = null) => Op.Call("mean.dim", this, dimensions, keepdim, type);
        public Tensor std(bool unbiased = true) => Op.Call("std", this, unbiased);
        public Tensor std((long, long) dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Op.Call("std.correction", Typed(type), (long[])[dim.Item1, dim.Item2], unbiased ? 1L : 0L, keepdim);
        public Tensor std((long, long, long) dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Op.Call("std.correction", Typed(type), (long[])[dim.Item1, dim.Item2, dim.Item3], unbiased ? 1L : 0L, keepdim);
        public Tensor std(ReadOnlySpan<long> dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Op.Call("std.correction", Typed(type), dimensions, unbiased ? 1L : 0L, keepdim);
        public Tensor std(long dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Op.Call("std.correction", Typed(type), dim, unbiased ? 1L : 0L, keepdim);
        public Tensor std(long[] dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Op.Call("std.correction", Typed(type), dimensions, unbiased ? 1L : 0L, keepdim);
        public Tensor var(bool unbiased = true) => Op.Call("var", this, unbiased);
        public Tensor var((long, long) dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Op.Call("var.correction", Typed(type), (long[])[dim.Item1, dim.Item2], unbiased ? 1L : 0L, keepdim);
        public Tensor var((long, long, long) dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Op.Call("var.correction", Typed(type), (long[])[dim.Item1, dim.Item2, dim.Item3], unbiased ? 1L : 0L, keepdim);
        public Tensor var(ReadOnlySpan<long> dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Op.Call("var.correction", Typed(type), dimensions, unbiased ? 1L : 0L, keepdim);
        public Tensor var(long dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Op.Call("var.correction", Typed(type), dim, unbiased ? 1L : 0L, keepdim);
        public Tensor var(long[] dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Op.Call("var.correction", Typed(type), dimensions, unbiased ? 1L : 0L, keepdim);
        public (Tensor std, Tensor mean) std_mean(bool unbiased = true) => Op.Call2("std_mean", this, unbiased);
        public (Tensor std, Tensor mean) std_mean((long, long) dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Op.Call2("std_mean.correction", Typed(type), (long[])[dim.Item1, dim.Item2], unbiased ? 1L : 0L, keepdim);
        public (Tensor std, Tensor mean) std_mean((long, long, long) dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Op.Call2("std_mean.correction", Typed(type), (long[])[dim.Item1, dim.Item2, dim.Item3], unbiased ? 1L : 0L, keepdim);
        public (Tensor std, Tensor mean) std_mean(ReadOnlySpan<long> dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Op.Call2("std_mean.correction", Typed(type), dimensions, unbiased ? 1L : 0L, keepdim);
        public (Tensor std, Tensor mean) std_mean(long dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Op.Call2("std_mean.correction", Typed(type), dim, unbiased ? 1L : 0L, keepdim);
        public (Tensor std, Tensor mean) std_mean(long[] dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Op.Call2("std_mean.correction", Typed(type), dimensions, unbiased ? 1L : 0L, keepdim);
        public (Tensor @var, Tensor mean) var_mean(bool unbiased = true) => Op.Call2("var_mean", this, unbiased);
        public (Tensor @var, Tensor mean) var_mean((long, long) dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Op.Call2("var_mean.correction", Typed(type), (long[])[dim.Item1, dim.Item2], unbiased ? 1L : 0L, keepdim);
        public (Tensor @var, Tensor mean) var_mean((long, long, long) dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Op.Call2("var_mean.correction", Typed(type), (long[])[dim.Item1, dim.Item2, dim.Item3], unbiased ? 1L : 0L, keepdim);
        public (Tensor std, Tensor mean) var_mean(ReadOnlySpan<long> dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Op.Call2("var_mean.correction", Typed(type), dimensions, unbiased ? 1L : 0L, keepdim);
        public (Tensor @var, Tensor mean) var_mean(long dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Op.Call2("var_mean.correction", Typed(type), dim, unbiased ? 1L : 0L, keepdim);
        public (Tensor std, Tensor mean) var_mean(long[] dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => Op.Call2("var_mean.correction", Typed(type), dimensions, unbiased ? 1L : 0L, keepdim);
        public Tensor prod(ScalarType? type = null) => Op.Call("prod", this, type);
        public Tensor prod(long dim, bool keepdim = false, ScalarType? type = null) => Op.Call("prod.dim_int", this, dim, keepdim, type);
        public Tensor max() => Op.Call("max", this);
        public (Tensor values, Tensor indexes) max(long dim, bool keepdim = false) => Op.Call2("max.dim", this, dim, keepdim);
        public Tensor min() => Op.Call("min", this);
        public (Tensor values, Tensor indexes) min(long dim, bool keepdim = false) => Op.Call2("min.dim", this, dim, keepdim);
        public Tensor argmax() => Op.Call("argmax", this);
        public Tensor argmax(long dim, bool keepdim = false) => Op.Call("argmax", this, dim, keepdim);
        public Tensor argmin() => Op.Call("argmin", this);
        public Tensor argmin(long dim, bool keepdim = false) => Op.Call("argmin", this, dim, keepdim);
        public Tensor median() => Op.Call("median", this);
        public Tensor norm(float p = 2.0f) => Op.Call("norm.Scalar", this, p);
        public Tensor norm(int dim, bool keepdim = false, float p = 2.0f) => Op.Call("norm.ScalarOpt_dim", this, p, dim, keepdim);
        public Tensor cumsum(long dim, ScalarType? type = null) => Op.Call("cumsum", this, dim, type);
        public Tensor cumprod(long dim, ScalarType? type = null) => Op.Call("cumprod", this, dim, type);
        public Tensor logsumexp(long dim, bool keepdim = false) => Op.Call("logsumexp", this, dim, keepdim);
        public Tensor softmax(long dim, ScalarType? dtype = null) => Op.Call("softmax.int", this, dim, dtype);
        public Tensor log_softmax(long dim, ScalarType? dtype = null) => Op.Call("log_softmax.int", this, dim, dtype);
        /// <summary>Quantiles along a dimension; of all elements where it is −1, TorchSharp's sign for none.</summary>
        public Tensor quantile(Tensor q, long dim = -1, bool keepdim = false) => Op.Call("quantile", this, q, dim == -1 ? Arg.None : dim, keepdim);
        public (Tensor Values, Tensor Indices) sort(long dim = -1, bool descending = false, bool stable = false) => Op.Call2("sort.stable", this, stable, dim, descending);
        public Tensor argsort(long dim = -1, bool descending = false) => Op.Call("argsort", this, dim, descending);
        public (Tensor values, Tensor indexes) topk(int k, int dim = -1, bool largest = true, bool sorted = true) => Op.Call2("topk", this, k, dim, largest, sorted);
        public (Tensor values, Tensor indices) mode(long dim = -1L, bool keepdim = false) => Op.Call2("mode", this, dim, keepdim);
        public Tensor amax(ReadOnlySpan<long> dims, bool keepdim = false, Tensor? @out = null) => @out is null ? Op.Call("amax", this, dims, keepdim) : @out.copy_(Op.Call("amax", this, dims, keepdim));
        public Tensor amax(long[] dims, bool keepdim = false, Tensor? @out = null) => @out is null ? Op.Call("amax", this, dims, keepdim) : @out.copy_(Op.Call("amax", this, dims, keepdim));
        public Tensor amax(params long[] dims) => Op.Call("amax", this, dims);
        public Tensor amin(ReadOnlySpan<long> dims, bool keepdim = false, Tensor? @out = null) => @out is null ? Op.Call("amin", this, dims, keepdim) : @out.copy_(Op.Call("amin", this, dims, keepdim));
        public Tensor amin(long[] dims, bool keepdim = false, Tensor? @out = null) => @out is null ? Op.Call("amin", this, dims, keepdim) : @out.copy_(Op.Call("amin", this, dims, keepdim));
        public Tensor amin(params long[] dims) => Op.Call("amin", this, dims);

        private Tensor Typed(ScalarType? type) => type is { } wanted && wanted != dtype ? to_type(wanted) : this;
    }
}
