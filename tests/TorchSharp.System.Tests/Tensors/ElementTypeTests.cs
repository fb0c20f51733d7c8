using static TorchSharp.torch;

namespace TorchSharp.Tests.Tensors;

public class ElementTypeTests
{
    [Fact]
    public void Half_precision_round_trips_through_its_element_type()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new[] { 1.5f, -65504f, 1e-7f }).to_type(float16);
        Assert.Equal([(Half)1.5f, (Half)(-65504f), (Half)1e-7f], x.data<Half>().ToArray());
        Assert.Equal(1.5f, tensor(new[] { (Half)1.5f })[0].to_type(float32).item<float>());
    }

    [Fact]
    public void BFloat16_rounds_as_libtorch_does()
    {
        using var scope = NewDisposeScope();
        // 1.00390625 lies half way between two bfloat16 numbers, 3.0117188 too: ties go to the even one.
        float[] values = [1f, 1.00390625f, 3.01171875f, -2.7182817f, 1e38f];
        var native = tensor(values).bfloat16();
        Assert.Equal(Array.ConvertAll(values, v => (BFloat16)v), native.data<BFloat16>().ToArray());
        Assert.Equal(1f, (float)(BFloat16)1.00390625f);
        Assert.Equal(2, native.element_size());
    }

    [Fact]
    public void Conversion_shares_memory_only_when_nothing_changes()
    {
        using var scope = NewDisposeScope();
        var x = ones(2);
        var same = x.to(float32);
        same.add_(1);
        Assert.Equal(2f, x[0].item<float>());
        x.to(float32, copy: true).add_(1);
        Assert.Equal(2f, x[0].item<float>());
        Assert.Equal([2L, 2L], x.@long().data<long>().ToArray());
        Assert.Equal(x.dtype, x.to(CPU).dtype);
    }

    [Fact]
    public void Tensor_can_be_disposed_of_by_its_conversion()
    {
        using var scope = NewDisposeScope();
        var x = ones(2);
        var converted = x.to(float64, disposeAfter: true);
        Assert.True(x.IsInvalid);
        Assert.Equal(ScalarType.Float64, converted.dtype);
    }

    [Fact]
    public void Reading_as_another_type_is_refused()
    {
        using var scope = NewDisposeScope();
        var x = ones(2);
        Assert.Throws<ArgumentException>(() => x.data<int>());
        Assert.Throws<ArgumentException>(() => x.item<float>());
    }

    [Fact]
    public void Numbers_come_out_converted_to_what_is_asked_for()
    {
        using var scope = NewDisposeScope();
        Assert.Equal(3, tensor(3.7f).ToInt32());
        Assert.Equal(7.0, tensor(7L).ToDouble());
        Assert.True(tensor(2).ToBoolean());
        Assert.Equal(5f, (float)tensor(5));
    }

    [Fact]
    public void Bytes_are_the_elements_in_memory()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new[] { 1, 256 });
        Assert.Equal([1, 0, 0, 0, 0, 1, 0, 0], x.bytes.ToArray());
        x.bytes = new byte[] { 2, 0, 0, 0, 3, 0, 0, 0 };
        Assert.Equal([2, 3], x.data<int>().ToArray());
    }

    [Fact]
    public void Limits_of_the_types_are_known()
    {
        Assert.Equal(65504, finfo(float16).max);
        Assert.Equal(float.MinValue, finfo(float32).min);
        Assert.Equal(Math.Pow(2, -7), finfo(bfloat16).eps);
    }
}
