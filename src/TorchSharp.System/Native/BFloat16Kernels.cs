using static TorchSharp.torch;

namespace TorchSharp.Native;

/// <summary>
/// What libtorch before 2.0 does slowly or coarsely in bfloat16 on a CPU, by the shim (shim/bfloat16/norms.cpp). Each gives null where it has
/// to be done otherwise: on other devices, types and processors, where gradients are recorded, and for sizes without whole vectors.
/// </summary>
internal static class BFloat16Kernels
{
    /// <summary>Before 2.0 a CPU sums a norm's bfloat16 in bfloat16, which over the thousands of numbers of a picture is no mean any more.</summary>
    public static bool IsCoarse(Tensor input) => IsOld && input.dtype == ScalarType.BFloat16 && input.device_type == DeviceType.CPU;

    private static bool IsOld { get; } = __version__.StartsWith("1.", StringComparison.Ordinal);

    public static Tensor? Silu(Tensor input, bool inplace)
    {
        if (!IsCoarse(input)) return null;
        Op.Check(NativeMethods.bfloat16_silu(input.Handle, inplace ? 1 : 0, out var result));
        return Result(result, input, null, null);
    }

    public static Tensor? LayerNorm(Tensor input, long[] shape, Tensor? weight, Tensor? bias, double eps)
    {
        if (!IsCoarse(input) || shape.Length != 1 || shape[0] != input.shape[^1]) return null;
        Op.Check(NativeMethods.bfloat16_layer_norm(input.Handle, shape[0], weight?.Handle ?? IntPtr.Zero, bias?.Handle ?? IntPtr.Zero, eps, out var result));
        return Result(result, input, weight, bias);
    }

    public static Tensor? GroupNorm(Tensor input, long groups, Tensor? weight, Tensor? bias, double eps)
    {
        if (!IsCoarse(input)) return null;
        Op.Check(NativeMethods.bfloat16_group_norm(input.Handle, groups, weight?.Handle ?? IntPtr.Zero, bias?.Handle ?? IntPtr.Zero, eps, out var result));
        return Result(result, input, weight, bias);
    }

    // The handles were read from the tensors, which must outlive the call.
    private static Tensor? Result(IntPtr handle, Tensor input, Tensor? weight, Tensor? bias)
    {
        GC.KeepAlive(input);
        GC.KeepAlive(weight);
        GC.KeepAlive(bias);
        return handle == IntPtr.Zero ? null : new Tensor(handle);
    }
}
