using static TorchSharp.torch;

namespace TorchSharp.Tests.Tensors;

/// <summary>Values computed by hand; single-precision results are compared within a few ulps of numbers near 1.</summary>
public class ArithmeticTests
{
    private const float Tolerance = 1e-6f;

    private static float[] Floats(Tensor tensor) => tensor.data<float>().ToArray();

    [Fact]
    public void Operators_take_tensors_and_numbers_on_both_sides()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new[] { 1f, 2f, 4f });
        Assert.Equal([2f, 3f, 5f], Floats(x + 1));
        Assert.Equal([9f, 8f, 6f], Floats(10 - x));
        Assert.Equal([0.5f, 1f, 2f], Floats(x * 0.5));
        Assert.Equal([4f, 2f, 1f], Floats(4f / x));
        Assert.Equal([1f, 0f, 0f], Floats(x % 2L));
        Assert.Equal([0f, 0f, 0f], Floats(x - x));
        Assert.Equal([-1f, -2f, -4f], Floats(-x));
    }

    [Fact]
    public void Number_beside_an_integer_tensor_keeps_its_type_unless_it_has_a_fraction()
    {
        using var scope = NewDisposeScope();
        var x = arange(3);
        Assert.Equal(ScalarType.Int64, (x + 1).dtype);
        Assert.Equal(ScalarType.Float32, (x + 0.5).dtype);
        Assert.Equal(ScalarType.Float16, (zeros(2, dtype: float16) * 2.0).dtype);
    }

    [Fact]
    public void In_place_forms_change_the_tensor_and_give_it_back()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new[] { 1f, 2f });
        Assert.Same(x, x.add_(tensor(new[] { 1f, 1f }), 3));
        Assert.Equal([4f, 5f], Floats(x));
        x.addcmul_(x, tensor(new[] { 2f, 2f }), 0.5).mul_(2).clamp_(max: 17).neg_();
        Assert.Equal([-16f, -17f], Floats(x));
        x.addcdiv_(tensor(new[] { 1f, 3f }), tensor(new[] { 2f, 2f }), 2);
        Assert.Equal([-15f, -14f], Floats(x));
        Assert.Equal([0f, 0f], Floats(x.fill_(0)));
    }

    [Fact]
    public void Functions_of_one_element_have_their_known_values()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new[] { 0.5f });
        (Tensor Value, double Expected)[] cases =
        [
            (x.exp(), 1.6487213), (x.log(), -0.6931472), (x.sin(), 0.4794255), (x.cos(), 0.8775826), (x.tanh(), 0.4621172),
            (x.sigmoid(), 0.6224593), (x.erf(), 0.5204999), (x.sqrt(), 0.7071068), (x.rsqrt(), 1.4142135), (x.square(), 0.25),
            (x.reciprocal(), 2), (x.pow(3), 0.125), (x.round(), 0), (x.ceil(), 1), (x.floor(), 0), (x.sign(), 1), (x.silu(), 0.3112297),
        ];
        Assert.All(cases, c => Assert.Equal((float)c.Expected, c.Value.item<float>(), Tolerance));
    }

    [Fact]
    public void Rounding_goes_to_even_and_to_decimals()
    {
        using var scope = NewDisposeScope();
        Assert.Equal([0f, 2f, 2f], Floats(tensor(new[] { 0.5f, 1.5f, 2.5f }).round()));
        Assert.Equal(1.23f, tensor(1.2345f).round(2).item<float>(), Tolerance);
        Assert.Equal([-2f, 1f], Floats(tensor(new[] { -3f, 3f }).div(2, RoundingMode.floor)));
        Assert.Equal([-1f, 1f], Floats(tensor(new[] { -3f, 3f }).div(2, RoundingMode.trunc)));
    }

    [Fact]
    public void Clamp_takes_either_bound_alone()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new[] { -2f, 0f, 2f });
        Assert.Equal([-1f, 0f, 1f], Floats(x.clamp(-1, 1)));
        Assert.Equal([0f, 0f, 2f], Floats(x.clamp(min: 0)));
        Assert.Equal([-2f, 0f, 1f], Floats(clamp(x, max: 1)));
    }

    [Fact]
    public void Comparisons_give_booleans()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new[] { 1f, 2f, float.NaN });
        Assert.Equal([false, true, false], x.gt(1).data<bool>().ToArray());
        Assert.Equal([true, false, false], (x == 1).data<bool>().ToArray());
        Assert.Equal([true, false, false], (2 > x).data<bool>().ToArray());
        Assert.Equal([false, false, true], x.isnan().data<bool>().ToArray());
        Assert.False(x.isfinite().all().item<bool>());
        Assert.True(x.isfinite().any().item<bool>());
        Assert.True(allclose(tensor(new[] { 1f }), tensor(new[] { 1f + 1e-7f })));
        Assert.False(tensor(new[] { 1f }).allclose(tensor(new[] { 1.001f })));
    }

    [Fact]
    public void Lerp_and_where_choose_between_two_tensors()
    {
        using var scope = NewDisposeScope();
        var a = zeros(2);
        var b = tensor(new[] { 10f, 20f });
        Assert.Equal([2.5f, 5f], Floats(a.lerp(b, tensor(0.25f))));
        Assert.Equal([0f, 20f], Floats(where(tensor(new[] { true, false }), a, b)));
        Assert.Equal([10f, 7f], Floats(b.masked_fill(b > 15, 7)));
    }
}
