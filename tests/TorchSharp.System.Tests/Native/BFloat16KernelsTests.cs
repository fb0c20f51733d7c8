using static TorchSharp.torch;

namespace TorchSharp.Tests.Native;

/// <summary>Norms and activations in bfloat16 against double precision's, on the same numbers of eight bits.</summary>
public class BFloat16KernelsTests
{
    [Theory]
    [InlineData(2, 320, 9, 7, 32)] // no whole blocks of pixels, groups across vectors
    [InlineData(1, 48, 20, 20, 3)]
    [InlineData(1, 36, 5, 5, 4)] // no whole vectors
    public void Groups_of_channels_are_normalised_however_they_lie(long batch, long channels, long height, long width, long groups)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        // far from zero, and other in each channel
        var input = Eight(Numbers.Normal(1, batch, channels, height, width) + Numbers.Normal(2, channels, 1, 1) + 7);
        Tensor weight = Eight(Numbers.Normal(3, channels)), bias = Eight(Numbers.Normal(4, channels));
        var expected = nn.functional.group_norm(Double(input), groups, Double(weight), Double(bias), 1e-6);
        var bare = nn.functional.group_norm(Double(input), groups, eps: 1e-6);
        var last = input.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);

        var result = nn.functional.group_norm(last, groups, weight, bias, 1e-6);

        AssertRounded(expected, Double(nn.functional.group_norm(input, groups, weight, bias, 1e-6)));
        AssertRounded(expected, Double(result));
        AssertRounded(bare, Double(nn.functional.group_norm(last, groups, eps: 1e-6)));
    }

    [Theory]
    [InlineData(2, 157, 768, 320)]
    [InlineData(1, 520, 2592, 112)] // more than one block of rows and of the depth, no whole panel
    [InlineData(1, 2, 1280, 1280)] // few rows
    [InlineData(1, 300, 40, 24)] // no whole vectors
    public void Linear_layers_multiply_and_add(long batch, long rows, long from, long to)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        Tensor input = Eight(Numbers.Normal(1, batch, rows, from)), weight = Eight(Numbers.Normal(2, to, from) / Math.Sqrt(from)), bias = Eight(Numbers.Normal(3, to));
        var product = Double(input).matmul(Double(weight).t());

        var result = nn.functional.linear(input, weight, bias);

        AssertRounded(product + Double(bias), Double(result));
        AssertRounded(product, Double(nn.functional.linear(input, weight)));
        AssertRounded(product[0, 0], Double(nn.functional.linear(input[0, 0], weight)));
    }

    [Theory]
    [InlineData(320)]
    [InlineData(24)] // no whole vectors
    public void Rows_are_normalised(long width)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        Tensor input = Eight(Numbers.Normal(1, 3, 50, width) + 7), weight = Eight(Numbers.Normal(2, width)), bias = Eight(Numbers.Normal(3, width));

        var result = nn.functional.layer_norm(input, [width], weight, bias);

        AssertRounded(nn.functional.layer_norm(Double(input), [width], Double(weight), Double(bias)), Double(result));
        AssertRounded(nn.functional.layer_norm(Double(input), [width]), Double(nn.functional.layer_norm(input, [width])));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Silu_is_right_to_a_unit_over_all_magnitudes(bool inplace)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var input = Eight(cat([Numbers.Normal(1, 2000) * 4, tensor([0.0, -0.0, 1e-30, -1e-30, 50, -50, 88, -88, 1000, -1000, double.PositiveInfinity, double.NaN, 1, -1, 2, -2])]));
        var exact = Double(input);
        var expected = exact / (1 + (-exact).exp());

        var result = nn.functional.silu(input, inplace);

        AssertRounded(expected.nan_to_num(), Double(result).nan_to_num(), summand: 1e-3);
        Assert.Equal(1, result.isnan().sum().item<long>());
        Assert.True(inplace == result.nan_to_num().Equals(input.nan_to_num()));
    }

    [Fact]
    public void Gradients_are_recorded_through_them()
    {
        using var scope = NewDisposeScope();
        var input = Eight(Numbers.Normal(1, 4, 32)).requires_grad_();

        nn.functional.layer_norm(nn.functional.silu(input), [32]).square().sum().backward();

        Assert.NotNull(input.grad);
    }

    // A unit of eight bits: half of it for the rounding, half for what some libtorch rounds before it, a bias' summand for one, whose
    // size counts where the sum is small.
    private static void AssertRounded(Tensor expected, Tensor actual, double summand = 0.5) =>
        Numbers.AssertClose(zeros_like(expected), (actual - expected) / (expected.abs() + summand), 1.01 / 128);

    private static Tensor Eight(Tensor x) => x.to(ScalarType.BFloat16);

    private static Tensor Double(Tensor x) => x.to(ScalarType.Float64);
}
