using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

/// <content>Tensors from .NET arrays.</content>
public static partial class torch
{
    private static unsafe Tensor FromElements<T>(ReadOnlySpan<T> elements, ReadOnlySpan<long> dimensions, ScalarType? dtype, Device? device, bool requires_grad, string[]? names)
        where T : unmanaged
    {
        RefuseNames(names);
        var count = 1L;
        foreach (var dimension in dimensions) count *= dimension;
        if (count > elements.Length)
            throw new ArgumentException($"mismatched total size creating a tensor from an array: {count} vs. {elements.Length}");
        var made = Op.Call("empty.memory_format", dimensions, ElementTypes.Of<T>(), Arg.None, CPU);
        elements[..(int)count].CopyTo(new Span<T>((void*)made.DataPointer(), (int)count));
        return Placed(made, dtype, device, requires_grad);
    }

    private static unsafe Tensor FromArray(Array array, ScalarType? dtype, Device? device, bool requires_grad, string[]? names)
    {
        RefuseNames(names);
        var made = Op.Call("empty.memory_format", Lengths(array), ElementTypeOf(array), Arg.None, CPU);
        var bytes = made.bytes;
        MemoryMarshal.CreateReadOnlySpan(ref MemoryMarshal.GetArrayDataReference(array), bytes.Length).CopyTo(bytes);
        return Placed(made, dtype, device, requires_grad);
    }

    private static Tensor Placed(Tensor made, ScalarType? dtype, Device? device, bool requires_grad)
    {
        var place = InitializeDevice(device);
        if ((dtype is null || dtype == made.dtype) && place.type == DeviceType.CPU) return made.requires_grad_(requires_grad);
        return made.to(dtype ?? made.dtype, place, disposeAfter: true).requires_grad_(requires_grad);
    }

    private static long[] Lengths(Array array)
    {
        var lengths = new long[array.Rank];
        for (var d = 0; d < lengths.Length; d++) lengths[d] = array.GetLongLength(d);
        return lengths;
    }

    private static ScalarType ElementTypeOf(Array array) => ElementTypes.Of(array.GetType().GetElementType()!);

    private static void RefuseNames(string[]? names)
    {
        if (names is { Length: > 0 }) throw new NotSupportedException("Named dimensions are not supported.");
    }
}
