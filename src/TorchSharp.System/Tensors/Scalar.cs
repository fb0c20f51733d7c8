using TorchSharp.Native;

namespace TorchSharp;

/// <summary>One number with its type, as operators take it beside tensors. It weighs nothing on the result's dtype.</summary>
public sealed class Scalar : IDisposable
{
    private readonly double real;
    private readonly long integer;

    private Scalar(double value, torch.ScalarType type)
    {
        real = value;
        integer = double.IsFinite(value) ? (long)value : 0;
        Type = type;
    }

    private Scalar(long value, torch.ScalarType type)
    {
        real = value;
        integer = value;
        Type = type;
    }

    public torch.ScalarType Type { get; }

    internal double Double => real;

    internal long Integer => integer;

    internal bool IsInteger => torch.is_integral(Type);

    // Each branch is an Arg before they meet: a long and a double would meet as doubles.
    internal Arg ToArg() => Type == torch.ScalarType.Bool ? (Arg)(integer != 0) : IsInteger ? (Arg)integer : (Arg)real;

    public static implicit operator Scalar(byte value) => new(value, torch.ScalarType.Byte);
    public static implicit operator Scalar(sbyte value) => new(value, torch.ScalarType.Int8);
    public static implicit operator Scalar(short value) => new(value, torch.ScalarType.Int16);
    public static implicit operator Scalar(int value) => new(value, torch.ScalarType.Int32);
    public static implicit operator Scalar(long value) => new(value, torch.ScalarType.Int64);
    public static implicit operator Scalar(bool value) => new(value ? 1L : 0L, torch.ScalarType.Bool);
    public static implicit operator Scalar(float value) => new(value, torch.ScalarType.Float32);
    public static implicit operator Scalar(double value) => new(value, torch.ScalarType.Float64);
    public static implicit operator Scalar(Half value) => new((double)value, torch.ScalarType.Float16);
    public static implicit operator Scalar(BFloat16 value) => new((double)value, torch.ScalarType.BFloat16);

    /// <summary>Nothing to free; there for callers who dispose what TorchSharp keeps in native memory.</summary>
    public void Dispose()
    {
    }
}

/// <summary>Numbers to scalars and back.</summary>
public static class ScalarExtensionMethods
{
    public static Scalar ToScalar(this byte value) => value;
    public static Scalar ToScalar(this sbyte value) => value;
    public static Scalar ToScalar(this short value) => value;
    public static Scalar ToScalar(this int value) => value;
    public static Scalar ToScalar(this long value) => value;
    public static Scalar ToScalar(this bool value) => value;
    public static Scalar ToScalar(this float value) => value;
    public static Scalar ToScalar(this double value) => value;
    public static Scalar ToScalar(this Half value) => value;
    public static Scalar ToScalar(this BFloat16 value) => value;
    public static Scalar ToBFloat16Scalar(this float value) => (BFloat16)value;

    public static float ToSingle(this Scalar value) => (float)Check(value).Double;
    public static double ToDouble(this Scalar value) => Check(value).Double;
    public static Half ToHalf(this Scalar value) => (Half)Check(value).Double;
    public static BFloat16 ToBFloat16(this Scalar value) => (BFloat16)Check(value).Double;
    public static byte ToByte(this Scalar value) => (byte)Check(value).Integer;
    public static sbyte ToSByte(this Scalar value) => (sbyte)Check(value).Integer;
    public static short ToInt16(this Scalar value) => (short)Check(value).Integer;
    public static int ToInt32(this Scalar value) => (int)Check(value).Integer;
    public static long ToInt64(this Scalar value) => Check(value).Integer;
    public static bool ToBoolean(this Scalar value) => Check(value).Double != 0;

    private static Scalar Check(Scalar value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return value;
    }
}
