using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace TorchSharp.Tests.Functional;

public sealed class NormalizationTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    /// <summary>The bound is a bfloat16's half unit in the last place, 2⁻⁹, twice over for a value and its scale.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Group_norm_in_bfloat16_is_that_in_single_precision_rounded(bool channelsLast)
    {
        using var generator = new Generator(4);
        var picture = (randn([1, 8, 64, 64], generator: generator) + 3).to(ScalarType.BFloat16);
        picture = channelsLast ? picture.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2) : picture;
        var (weight, bias) = (full([8], 1.5, ScalarType.BFloat16), full([8], -0.5, ScalarType.BFloat16));
        Close(
            group_norm(picture, 2, weight, bias),
            group_norm(picture.to(ScalarType.Float32), 2, weight.to(ScalarType.Float32), bias.to(ScalarType.Float32)));
    }

    [Fact]
    public void Layer_norm_in_bfloat16_is_that_in_single_precision_rounded()
    {
        using var generator = new Generator(4);
        var tokens = (randn([2, 5, 1280], generator: generator) + 3).to(ScalarType.BFloat16);
        var weight = full([1280], 1.5, ScalarType.BFloat16);
        Close(layer_norm(tokens, [1280], weight), layer_norm(tokens.to(ScalarType.Float32), [1280], weight.to(ScalarType.Float32)));
    }

    [Fact]
    public void Gradients_pass_a_norm_in_bfloat16()
    {
        var picture = arange(32, dtype: ScalarType.Float32).reshape(1, 2, 4, 4).to(ScalarType.BFloat16).requires_grad_();
        var weight = ones(2, dtype: ScalarType.BFloat16).requires_grad_();
        group_norm(picture, 1, weight).pow(2).sum().backward();
        Assert.Equal(ScalarType.BFloat16, picture.grad!.dtype);
        Assert.True(weight.grad!.to(ScalarType.Float32).abs().sum().item<float>() > 0);
    }

    private static void Close(Tensor made, Tensor expected)
    {
        Assert.Equal(ScalarType.BFloat16, made.dtype);
        double off = (made.to(ScalarType.Float32) - expected).abs().max().item<float>(), largest = expected.abs().max().item<float>();
        Assert.True(off <= largest / 256, $"{off} of {largest}");
    }
}
