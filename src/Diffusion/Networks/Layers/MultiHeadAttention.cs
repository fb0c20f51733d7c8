using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace StableDiffusion.Diffusion.Networks.Layers;

/// <summary>softmax(q kᵀ / √dim) v over several heads (https://arxiv.org/abs/1706.03762), on projected inputs.</summary>
internal static class MultiHeadAttention
{
    /// <param name="query">(B, T, heads · dim)</param>
    /// <param name="key">(B, S, heads · dim)</param>
    /// <param name="value">(B, S, heads · dim)</param>
    /// <param name="heads">How many heads share the channels.</param>
    /// <param name="causal">Whether a position sees none after itself.</param>
    /// <returns>(B, T, heads · dim)</returns>
    public static Tensor Attend(Tensor query, Tensor key, Tensor value, long heads, bool causal = false)
    {
        using var scope = NewDisposeScope();
        var q = Split(query, heads); // (B, heads, T, dim)
        var k = Split(key, heads); // (B, heads, S, dim)
        var v = Split(value, heads); // (B, heads, S, dim)
        var mixed = scaled_dot_product_attention(q, k, v, null, 0.0, causal); // (B, heads, T, dim)
        return scope.MoveToOuter(mixed.transpose(1, 2).reshape(query.shape)); // (B, T, heads · dim)
    }

    private static Tensor Split(Tensor x, long heads) =>
        x.view(x.shape[0], x.shape[1], heads, x.shape[2] / heads).transpose(1, 2);
}
