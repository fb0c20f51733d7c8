using TorchSharp.Native;

namespace TorchSharp;

/// <content>Ranges and the identity.</content>
public static partial class torch
{
    public static Tensor arange(Scalar stop, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        arange(0, stop, 1, dtype, device, requires_grad);

    public static Tensor arange(Scalar start, Scalar stop, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        arange(start, stop, 1, dtype, device, requires_grad);

    /// <summary>From start on, below stop. Integers where all three are, else the default dtype.</summary>
    public static Tensor arange(Scalar start, Scalar stop, Scalar step, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
    {
        var natural = start.IsInteger && stop.IsInteger && step.IsInteger ? ScalarType.Int64 : get_default_dtype();
        return Op.Call("arange.start_step", start, stop, step, dtype ?? natural, Arg.None, InitializeDevice(device)).requires_grad_(requires_grad);
    }

    /// <summary>Evenly spaced numbers, both ends included.</summary>
    public static Tensor linspace(double start, double end, long steps, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) =>
        Op.Call("linspace", start, end, steps, dtype ?? get_default_dtype(), Arg.None, InitializeDevice(device)).requires_grad_(requires_grad);

    public static Tensor eye(long rows, long columns = -1L, ScalarType? dtype = null, Device? device = null, bool requires_grad = false, string[]? names = null)
    {
        RefuseNames(names);
        return Op.Call("eye.m", rows, columns < 0 ? rows : columns, dtype ?? get_default_dtype(), Arg.None, InitializeDevice(device))
            .requires_grad_(requires_grad);
    }

    /// <summary>The device where one is given, else the default one.</summary>
    public static Device InitializeDevice(Device? device) => device ?? get_default_device();
}
