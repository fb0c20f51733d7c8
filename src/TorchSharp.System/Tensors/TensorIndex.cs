namespace TorchSharp;

public static partial class torch
{
    /// <summary>One place of an index: a number, a slice, an ellipsis, a new dimension, a mask or a tensor of indices.</summary>
    public readonly struct TensorIndex
    {
        internal enum IndexKind
        {
            None, Ellipsis, Single, Bool, Slice, Tensor,
        }

        private TensorIndex(IndexKind kind, long? start = null, long? stop = null, long? step = null, torch.Tensor? tensor = null)
        {
            Kind = kind;
            Start = start;
            Stop = stop;
            Step = step;
            Indices = tensor;
        }

        internal IndexKind Kind { get; }

        internal long? Start { get; }

        internal long? Stop { get; }

        internal long? Step { get; }

        internal torch.Tensor? Indices { get; }

        /// <summary>As many whole dimensions as are left.</summary>
        public static readonly TensorIndex Ellipsis = new(IndexKind.Ellipsis);

        /// <summary>A new dimension of size 1.</summary>
        public static readonly TensorIndex None = new(IndexKind.None);

        /// <summary>As <see cref="None"/>.</summary>
        public static readonly TensorIndex Null = new(IndexKind.None);

        /// <summary>The whole dimension.</summary>
        public static readonly TensorIndex Colon = new(IndexKind.Slice);

        public static TensorIndex Slice(long? start = null, long? stop = null, long? step = null) => new(IndexKind.Slice, start, stop, step);

        public static TensorIndex Slice((int? start, int? end) range) => Slice(range.start, range.end);

        public static TensorIndex Slice(Range range) => new(
            IndexKind.Slice, Signed(range.Start), range.End.Equals(Index.End) ? null : Signed(range.End));

        public static TensorIndex Bool(bool value) => new(IndexKind.Bool, value ? 1 : 0);

        public static TensorIndex Single(long? index) => index is null ? None : new TensorIndex(IndexKind.Single, index);

        public static TensorIndex Tensor(torch.Tensor tensor) => new(IndexKind.Tensor, tensor: tensor);

        public static implicit operator TensorIndex(long value) => Single(value);

        public static implicit operator TensorIndex((int? start, int? end) range) => Slice(range);

        public static implicit operator TensorIndex(Index index) => Single(Signed(index));

        public static implicit operator TensorIndex(Range range) => Slice(range);

        private static long Signed(Index index) => index.IsFromEnd ? -index.Value : index.Value;
    }
}
