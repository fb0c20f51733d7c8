using static TorchSharp.torch;

namespace TorchSharp.Native;

/// <summary>
/// An argument of an operator. The schema of the operator decides what becomes of it: an int where a double is wanted is
/// converted, one number where a list is wanted is repeated, null is None.
/// </summary>
internal readonly struct Arg
{
    private Arg(Tag tag, long bits, object? reference = null)
    {
        Tag = tag;
        Bits = bits;
        Reference = reference;
    }

    /// <summary>No value, where the schema allows none.</summary>
    public static Arg None => new(Tag.None, 0);

    /// <summary>The schema's own default.</summary>
    public static Arg Default => new(Tag.Default, 0);

    public Tag Tag { get; }

    public long Bits { get; }

    public object? Reference { get; }

    /// <summary>How many 8-byte cells the argument takes beside its own value.</summary>
    public int Cells => Reference switch
    {
        long[] list => list.Length,
        double[] list => list.Length,
        Tensor?[] list => list.Length,
        string text => (text.Length + 7) / 8,
        _ => 0,
    };

    public static implicit operator Arg(Tensor? value) => value is null ? None : new(Tag.Tensor, 0, value);
    public static implicit operator Arg(Tensor?[]? value) => value is null ? None : new(Tag.TensorList, 0, value);
    public static implicit operator Arg(bool value) => new(Tag.Bool, value ? 1 : 0);
    public static implicit operator Arg(int value) => new(Tag.Int, value);
    public static implicit operator Arg(long value) => new(Tag.Int, value);
    public static implicit operator Arg(long? value) => value is { } v ? v : None;
    public static implicit operator Arg(float value) => (double)value;
    public static implicit operator Arg(double value) => new(Tag.Double, BitConverter.DoubleToInt64Bits(value));
    public static implicit operator Arg(double? value) => value is { } v ? v : None;
    public static implicit operator Arg(long[]? value) => value is null ? None : new(Tag.IntList, 0, value);
    public static implicit operator Arg(ReadOnlySpan<long> value) => new(Tag.IntList, 0, value.ToArray());
    public static implicit operator Arg(double[]? value) => value is null ? None : new(Tag.DoubleList, 0, value);
    public static implicit operator Arg(string? value) => value is null ? None : new(Tag.String, 0, value);
    public static implicit operator Arg(ScalarType value) => new(Tag.Int, (long)value);
    public static implicit operator Arg(ScalarType? value) => value is { } v ? v : None;
    public static implicit operator Arg(Device? value) => value is null ? None : new(Tag.Device, value.Packed);
    public static implicit operator Arg(Generator? value) => value is null ? None : new(Tag.Generator, 0, value);
    public static implicit operator Arg(Scalar? value) => value is null ? None : value.ToArg();
}
