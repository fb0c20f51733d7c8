using System.Collections;
using static TorchSharp.torch;

namespace TorchSharp.Utils;

/// <summary>Reads and writes the elements of a tensor on the CPU. It is the tensor's view: good while the tensor lives.</summary>
public sealed class TensorAccessor<T> : IDisposable, IEnumerable<T> where T : unmanaged
{
    private readonly Tensor tensor;
    private readonly long[] shape;
    private readonly long[] strides;
    private readonly bool contiguous;

    internal TensorAccessor(Tensor tensor)
    {
        this.tensor = tensor;
        shape = tensor.shape;
        strides = tensor.stride();
        contiguous = tensor.is_contiguous();
        Count = tensor.numel();
    }

    public long Count { get; }

    public bool IsReadOnly => false;

    /// <summary>The element at an index per dimension, or, given one number, at that place in logical order.</summary>
    /// <exception cref="IndexOutOfRangeException">There is none.</exception>
    public unsafe T this[params long[] indices]
    {
        get
        {
            var element = ((T*)tensor.DataPointer())[Offset(indices)];
            GC.KeepAlive(tensor);
            return element;
        }

        set
        {
            ((T*)tensor.DataPointer())[Offset(indices)] = value;
            GC.KeepAlive(tensor);
        }
    }

    /// <summary>All elements in logical order.</summary>
    public T[] ToArray()
    {
        var array = new T[Count];
        CopyTo(array);
        return array;
    }

    /// <summary>An array of as many dimensions as the tensor has; one element for none.</summary>
    public Array ToNDArray()
    {
        if (shape.Length == 0) return ToArray();
        var array = Array.CreateInstance(typeof(T), shape);
        var elements = ToArray();
        var indices = new long[shape.Length];
        foreach (var element in elements)
        {
            array.SetValue(element, indices);
            for (var d = shape.Length - 1; d >= 0 && ++indices[d] == shape[d]; d--) indices[d] = 0;
        }
        return array;
    }

    public void CopyTo(T[] array, int arrayIndex = 0, long tensorIndex = 0) => CopyTo(array.AsSpan(), arrayIndex, tensorIndex);

    /// <summary>Copies from the tensor's place <paramref name="tensorIndex"/> on to its end into the array.</summary>
    public unsafe void CopyTo(Span<T> array, int arrayIndex = 0, long tensorIndex = 0)
    {
        using var plain = tensor.contiguous();
        new ReadOnlySpan<T>((T*)plain.DataPointer(), checked((int)Count))[checked((int)tensorIndex)..].CopyTo(array[arrayIndex..]);
    }

    public void CopyFrom(T[] array, int arrayIndex = 0, long tensorIndex = 0) =>
        CopyFrom((ReadOnlySpan<T>)array, arrayIndex, tensorIndex);

    /// <summary>Copies from the array's place <paramref name="arrayIndex"/> on, as much as both hold.</summary>
    public unsafe void CopyFrom(ReadOnlySpan<T> array, int arrayIndex = 0, long tensorIndex = 0)
    {
        var source = array[arrayIndex..];
        var count = (int)Math.Min(source.Length, Count - tensorIndex);
        var first = (T*)tensor.DataPointer();
        for (var k = 0; k < count; k++) first[LinearOffset(tensorIndex + k)] = source[k];
        GC.KeepAlive(tensor);
    }

    public IEnumerator<T> GetEnumerator() => ((IEnumerable<T>)ToArray()).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Nothing to free: the tensor owns the memory.</summary>
    public void Dispose()
    {
    }

    private long Offset(long[] indices)
    {
        if (indices.Length == 1 && shape.Length != 1) return LinearOffset(indices[0]);
        if (indices.Length != shape.Length)
            throw new ArgumentException($"{indices.Length} indices for a tensor of {shape.Length} dimensions.", nameof(indices));
        var offset = 0L;
        for (var d = 0; d < indices.Length; d++)
        {
            if ((ulong)indices[d] >= (ulong)shape[d])
                throw new IndexOutOfRangeException($"Index {indices[d]} is outside dimension {d} of size {shape[d]}.");
            offset += indices[d] * strides[d];
        }
        return offset;
    }

    private long LinearOffset(long index)
    {
        if ((ulong)index >= (ulong)Count) throw new IndexOutOfRangeException($"Index {index} is outside the {Count} elements.");
        if (contiguous) return index;
        var offset = 0L;
        for (var d = shape.Length - 1; d >= 0; d--)
        {
            offset += index % shape[d] * strides[d];
            index /= shape[d];
        }
        return offset;
    }
}
