using System.Runtime.InteropServices;

namespace TorchSharp.Native;

/// <summary>What a value that crosses the boundary is; equal to <c>Tag</c> in shim/shim.h.</summary>
internal enum Tag
{
    None, Default, Tensor, Int, Double, Bool, IntList, DoubleList, TensorList, String, Device, Generator,
}

/// <summary>A value as the shim reads and writes it; equal to <c>Value</c> in shim/shim.h.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal struct NativeValue
{
    [FieldOffset(0)] public Tag Tag;
    [FieldOffset(4)] public int Count;
    [FieldOffset(8)] public long Int;
    [FieldOffset(8)] public double Double;
    [FieldOffset(8)] public IntPtr Pointer;
}
