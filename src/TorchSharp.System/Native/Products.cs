using static TorchSharp.torch;

namespace TorchSharp.Native;

/// <summary>The products that the shim shares out among libtorch's threads where the BLAS would not do it well (shim/products.cpp).</summary>
internal static class Products
{
    /// <summary>input·weightᵀ + bias, over the last dimension.</summary>
    public static Tensor Linear(Tensor input, Tensor weight, Tensor? bias)
    {
        Op.Check(NativeMethods.shared_linear(input.Handle, weight.Handle, bias?.Handle ?? IntPtr.Zero, out var result));
        Keep(input, weight, bias);
        return new Tensor(result);
    }

    /// <summary>(r, k) × (k, c)</summary>
    public static Tensor Mm(Tensor left, Tensor right)
    {
        Op.Check(NativeMethods.shared_mm(left.Handle, right.Handle, out var result));
        Keep(left, right);
        return new Tensor(result);
    }

    /// <summary>(n, r, k) × (n, k, c)</summary>
    public static Tensor Bmm(Tensor left, Tensor right)
    {
        Op.Check(NativeMethods.shared_bmm(left.Handle, right.Handle, out var result));
        Keep(left, right);
        return new Tensor(result);
    }

    /// <summary>softmax(q·kᵀ/√d)·v over (B, heads, rows, d), or null where it has to be done otherwise.</summary>
    public static Tensor? Attention(Tensor query, Tensor key, Tensor value)
    {
        Op.Check(NativeMethods.shared_attention(query.Handle, key.Handle, value.Handle, out var result));
        Keep(query, key, value);
        return result == IntPtr.Zero ? null : new Tensor(result);
    }

    // The handles above were read from the tensors, which must outlive the call.
    private static void Keep(params ReadOnlySpan<Tensor?> tensors)
    {
        foreach (var tensor in tensors) GC.KeepAlive(tensor);
    }
}
