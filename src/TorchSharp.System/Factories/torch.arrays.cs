using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

/// <content>Tensors from .NET arrays.</content>
public static partial class torch
{
    /// <summary>A tensor over the array's own memory where its element type is the one wanted, else a copy.</summary>
    public static Tensor from_array(Array rawArray, Device? device = null) => from_array(rawArray, null, device);

    /// <inheritdoc cref="from_array(Array, Device)"/>
    public static Tensor from_array(Array rawArray, ScalarType? dtype, Device? device = null, bool requires_grad = false, string[]? names = null)
    {
        RefuseNames(names);
        ArgumentNullException.ThrowIfNull(rawArray);
        return Placed(Share(rawArray, ElementTypeOf(rawArray), Lengths(rawArray), 0), dtype, device, requires_grad);
    }

    /// <summary>
    /// A one-dimensional tensor of <paramref name="dtype"/> over the array's own memory: changing one changes the other.
    /// </summary>
    /// <param name="rawArray">The array, which stays pinned while the tensor lives.</param>
    /// <param name="dtype">How its bytes are to be read.</param>
    /// <param name="count">How many elements; all that there are where negative.</param>
    /// <param name="offset">How many bytes to leave out at the start.</param>
    /// <param name="requires_grad">Whether autograd records what is done with it.</param>
    public static Tensor frombuffer(Array rawArray, ScalarType dtype, long count = -1, long offset = 0, bool requires_grad = false)
    {
        ArgumentNullException.ThrowIfNull(rawArray);
        var size = ElementTypes.Size(dtype);
        var bytes = rawArray.LongLength * ElementTypes.Size(ElementTypeOf(rawArray));
        if (count < 0) count = (bytes - offset) / size;
        if (offset < 0 || offset + (count * size) > bytes)
            throw new ArgumentException($"{count} elements of {size} bytes from byte {offset} on are more than the buffer's {bytes} bytes.", nameof(count));
        return Share(rawArray, dtype, [count], offset).requires_grad_(requires_grad);
    }

    public static Tensor as_tensor(Tensor data, ScalarType? dtype = null, Device? device = null) =>
        Op.Call("to.dtype_layout", data, dtype, Arg.None, device);

    public static Tensor as_tensor(Array data, ScalarType? dtype = null, Device? device = null) => from_array(data, dtype, device);

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

    private static unsafe Tensor Share(Array array, ScalarType type, long[] sizes, long offset)
    {
        var pin = GCHandle.Alloc(array, GCHandleType.Pinned);
        fixed (long* first = sizes)
        {
            Op.Check(NativeMethods.tensor_from_blob(pin.AddrOfPinnedObject() + (nint)offset, first, sizes.Length, (int)type, &Unpin, GCHandle.ToIntPtr(pin), out var handle));
            return new Tensor(handle);
        }
    }

    [UnmanagedCallersOnly]
    private static void Unpin(IntPtr pin) => GCHandle.FromIntPtr(pin).Free();

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
