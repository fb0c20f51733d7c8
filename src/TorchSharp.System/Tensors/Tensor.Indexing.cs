using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>As Python's <c>tensor[…]</c>: numbers and slices give a view, tensors of indices and masks a copy.</summary>
        public Tensor this[params TensorIndex[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        public Tensor this[params Tensor[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        public Tensor this[params long[] indices]
        {
            get => index(Singles(indices));
            set => index_put_(value, Singles(indices));
        }

        public Tensor this[long i1]
        {
            get => select(0, i1);
            set => index_put_(value, Singles(i1));
        }

        public Tensor this[long i1, long i2]
        {
            get => index(Singles(i1, i2));
            set => index_put_(value, Singles(i1, i2));
        }

        public Tensor this[long i1, long i2, long i3]
        {
            get => index(Singles(i1, i2, i3));
            set => index_put_(value, Singles(i1, i2, i3));
        }

        public Tensor this[long i1, long i2, long i3, long i4]
        {
            get => index(Singles(i1, i2, i3, i4));
            set => index_put_(value, Singles(i1, i2, i3, i4));
        }

        public Tensor index(params TensorIndex[] indices)
        {
            var (view, tensors) = Sliced(indices);
            if (tensors is null) return view;
            var result = Op.Call("index.Tensor", view, tensors);
            view.Dispose();
            return result;
        }

        public Tensor index(params Tensor[] indices) => Op.Call("index.Tensor", this, indices);

        public Tensor index_put_(Tensor value, params TensorIndex[] indices) => index_put_(value, indices, false);

        public Tensor index_put_(Tensor value, TensorIndex[] indices, bool accumulate = false)
        {
            var (view, tensors) = Sliced(indices);
            using (view)
            {
                if (tensors is not null) Op.CallInPlace("index_put_", view, tensors, value, accumulate);
                else if (accumulate) view.add_(value);
                else view.copy_(value);
            }
            return this;
        }

        public Tensor index_put_(Tensor value, params Tensor[] indices) => index_put_(value, indices, false);

        public Tensor index_put_(Tensor value, Tensor[] indices, bool accumulate = false) =>
            Op.CallInPlace("index_put_", this, indices, value, accumulate);

        public Tensor index_put_(Scalar value, params TensorIndex[] indices)
        {
            using var filler = full([], value, dtype, device);
            return index_put_(filler, indices, false);
        }

        public Tensor index_put_(Scalar value, params Tensor[] indices)
        {
            using var filler = full([], value, dtype, device);
            return index_put_(filler, indices, false);
        }

        /// <summary>Numbers and slices applied one dimension after the other; tensors of indices collected, at their places.</summary>
        private (Tensor View, Tensor?[]? Indices) Sliced(TensorIndex[] indices)
        {
            var view = alias();
            var tensors = new List<Tensor?>();
            var at = 0L;
            var taken = indices.Sum(DimensionsTaken);

            void Replace(Tensor next)
            {
                view.Dispose();
                view = next;
            }

            foreach (var place in indices)
            {
                switch (place.Kind)
                {
                    case TensorIndex.IndexKind.Single:
                        Replace(view.select(at, place.Start!.Value));
                        break;
                    case TensorIndex.IndexKind.Slice:
                        if ((place.Start, place.Stop, place.Step) is not (null, null, null))
                            Replace(Op.Call("slice.Tensor", view, at, place.Start, place.Stop, place.Step ?? 1));
                        at++;
                        break;
                    case TensorIndex.IndexKind.Ellipsis:
                        at += dim() - taken;
                        break;
                    case TensorIndex.IndexKind.None:
                        Replace(view.unsqueeze(at));
                        at++;
                        break;
                    case TensorIndex.IndexKind.Bool:
                        Replace(view.unsqueeze(at));
                        SetAt(tensors, at, tensor(place.Start == 1).to(device));
                        at++;
                        break;
                    case TensorIndex.IndexKind.Tensor:
                        SetAt(tensors, at, place.Indices!);
                        at += DimensionsTaken(place);
                        break;
                }
            }
            return (view, tensors.Count == 0 ? null : tensors.ToArray());
        }

        private static TensorIndex[] Singles(params long[] indices) => Array.ConvertAll(indices, i => TensorIndex.Single(i));

        /// <summary>A mask counts for as many dimensions as it has.</summary>
        private static long DimensionsTaken(TensorIndex place) => place.Kind switch
        {
            TensorIndex.IndexKind.Single or TensorIndex.IndexKind.Slice => 1,
            TensorIndex.IndexKind.Tensor => place.Indices!.dtype is ScalarType.Bool or ScalarType.Byte ? place.Indices.dim() : 1,
            _ => 0,
        };

        private static void SetAt(List<Tensor?> tensors, long place, Tensor indices)
        {
            while (tensors.Count < place) tensors.Add(null);
            tensors.Add(indices);
        }
    }
}
