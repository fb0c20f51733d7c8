using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    /// <content>Picking, gathering and scattering elements.</content>
    public partial class Tensor
    {
        public Tensor select(long dim, long index) => Op.Call("select.int", this, dim, index);
        public Tensor narrow(long dim, long start, long length) => Op.Call("narrow", this, dim, start, length);
        public Tensor slice(long dim, long start, long finish, long step) => Op.Call("slice.Tensor", this, dim, start, finish, step);
        public Tensor index_select(long dim, Tensor index) => Op.Call("index_select", this, dim, index);
        public Tensor index_add_(long dim, Tensor index, Tensor source, Scalar alpha) => Op.CallInPlace("index_add_", this, dim, index, source, alpha);
        public Tensor index_copy_(long dim, Tensor index, Tensor source) => Op.CallInPlace("index_copy_", this, dim, index, source);
        public Tensor gather(long dim, Tensor index) => Op.Call("gather", this, dim, index);
        public Tensor scatter(long dim, Tensor index, Tensor src) => Op.Call("scatter.src", this, dim, index, src);
        public Tensor scatter_(long dim, Tensor index, Tensor src) => Op.CallInPlace("scatter_.src", this, dim, index, src);
        public Tensor scatter_add(long dim, Tensor index, Tensor src) => Op.Call("scatter_add", this, dim, index, src);
        public Tensor scatter_add_(long dim, Tensor index, Tensor src) => Op.CallInPlace("scatter_add_", this, dim, index, src);
        public Tensor masked_fill(Tensor mask, Scalar value) => Op.Call("masked_fill.Scalar", this, mask, value);
        public Tensor masked_fill_(Tensor mask, Scalar value) => Op.CallInPlace("masked_fill_.Scalar", this, mask, value);
        public Tensor masked_select(Tensor mask) => Op.Call("masked_select", this, mask);
        public Tensor take(Tensor index) => Op.Call("take", this, index);
        public Tensor where(Tensor condition, Tensor y) => Op.Call("where.self", condition, this, y);
        public (Tensor output, Tensor? inverse_indices, Tensor? counts) unique(bool sorted = true, bool return_inverse = false, bool return_counts = false, int? dim = null) => Unique(sorted, return_inverse, return_counts, dim);

        private (Tensor output, Tensor? inverse_indices, Tensor? counts) Unique(bool sorted, bool inverse, bool counts, int? dim)
        {
            var (output, positions, numbers) = dim is { } d
                ? Op.Call3("unique_dim", this, d, sorted, inverse, counts)
                : Op.Call3("_unique2", this, sorted, inverse, counts);
            if (!inverse) positions.Dispose();
            if (!counts) numbers.Dispose();
            return (output, inverse ? positions : null, counts ? numbers : null);
        }
    }
}
