using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            // Where the shim's kernel does not apply (masks, dropout, gradients), scores stay below this many numbers at a time, 64 MiB
            // in single precision: smaller products would spend their time on waking threads.
            private const long ScoresAtOnce = 1 << 24;

            /// <summary>
            /// softmax(q·kᵀ/√d + mask)·v over (…, heads, rows, d). The mask is added, or where it is boolean, false hides a place.
            /// libtorch's own kernel where it has one; before 2.0 the shim's, or the same sum in tiles of query rows.
            /// </summary>
            public static Tensor scaled_dot_product_attention(Tensor query, Tensor key, Tensor value, Tensor? attn_mask = null,
                double p = 0.0, bool is_casual = false)
            {
                if (attn_mask is not null && is_casual)
                    throw new ArgumentException("attn_mask and is_casual exclude each other: give one of them.", nameof(is_casual));
                if (Op.Exists("scaled_dot_product_attention"))
                    return Op.Call("scaled_dot_product_attention", query, key, value, attn_mask, p, is_casual);
                var plain = attn_mask is null && p == 0 && !is_casual ? Products.Attention(query, key, value) : null;
                return plain ?? TiledAttention(query, key, value, attn_mask, p, is_casual);
            }

            internal static Tensor TiledAttention(Tensor query, Tensor key, Tensor value, Tensor? attn_mask, double p, bool is_casual)
            {
                using var scope = NewDisposeScope();
                long rows = query.size(-2), places = key.size(-2);
                long tile = Math.Clamp(ScoresAtOnce / Math.Max(1, query.numel() / (rows * query.size(-1)) * places), 1, rows);
                var scaled = Op.Call("mul.Scalar", query, 1 / Math.Sqrt(query.size(-1)));
                var keys = key.transpose(-2, -1);
                if (is_casual) attn_mask = Op.Call("tril", ones([rows, places], ScalarType.Bool, query.device));
                var bias = AdditiveMask(attn_mask, query);
                if (tile == rows) return Attend(scaled, keys, value, bias, p).MoveToOuterDisposeScope();

                var tiles = new List<Tensor>();
                for (long start = 0; start < rows; start += tile)
                {
                    using var perTile = NewDisposeScope();
                    long length = Math.Min(tile, rows - start);
                    var part = bias is null || bias.size(-2) == 1 ? bias : bias.narrow(-2, start, length);
                    tiles.Add(Attend(scaled.narrow(-2, start, length), keys, value, part, p).MoveToOuterDisposeScope());
                }
                return cat(tiles, -2).MoveToOuterDisposeScope();
            }

            private static Tensor? AdditiveMask(Tensor? mask, Tensor query)
            {
                if (mask is null || mask.dtype != ScalarType.Bool) return mask;
                var bias = zeros(mask.shape, query.dtype, query.device);
                return bias.masked_fill_(mask.logical_not(), double.NegativeInfinity);
            }

            private static Tensor Attend(Tensor scaledQuery, Tensor keys, Tensor value, Tensor? bias, double p)
            {
                using var scope = NewDisposeScope();
                var scores = scaledQuery.matmul(keys);
                if (bias is not null) scores = scores.add_(bias);
                var weights = Op.Call("softmax.int", scores, -1);
                if (p > 0) weights = Op.Call("dropout", weights, p, true);
                return weights.matmul(value).MoveToOuterDisposeScope();
            }
        }
    }
}
