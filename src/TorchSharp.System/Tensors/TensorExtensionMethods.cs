using static TorchSharp.torch;

namespace TorchSharp;

/// <summary>Tensors to numbers.</summary>
public static class TensorExtensionMethods
{
    public static int ElementSize(this ScalarType type) => ElementTypes.Size(type);

    public static long TotalSize(this IEnumerable<long> shape) => shape.Aggregate(1L, (product, size) => product * size);

    // The single element as a number, converted as a C# cast would.
    public static float ToSingle(this Tensor value) => Scalar(value).ToSingle();
    public static double ToDouble(this Tensor value) => Scalar(value).ToDouble();
    public static Half ToHalf(this Tensor value) => Scalar(value).ToHalf();
    public static BFloat16 ToBFloat16(this Tensor value) => Scalar(value).ToBFloat16();
    public static byte ToByte(this Tensor value) => Scalar(value).ToByte();
    public static sbyte ToSByte(this Tensor value) => Scalar(value).ToSByte();
    public static short ToInt16(this Tensor value) => Scalar(value).ToInt16();
    public static int ToInt32(this Tensor value) => Scalar(value).ToInt32();
    public static long ToInt64(this Tensor value) => Scalar(value).ToInt64();
    public static bool ToBoolean(this Tensor value) => Scalar(value).ToBoolean();

    private static Scalar Scalar(Tensor value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return value.ToScalar();
    }
}
