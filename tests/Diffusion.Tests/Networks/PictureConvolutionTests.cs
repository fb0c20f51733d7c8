using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Networks;

public sealed class PictureConvolutionTests
{
    // sums of thousands of products in single precision; the transforms cost a digit
    private const double Bound = 1e-5;

    [Theory]
    [InlineData(2, 128, 128, 16, 16)]
    [InlineData(1, 128, 160, 23, 26)] // no multiples of a tile
    [InlineData(1, 160, 128, 512, 1)]
    [InlineData(1, 128, 128, 244, 248)] // several strips
    [InlineData(2, 512, 528, 8, 8)] // few pixels
    [InlineData(1, 1024, 512, 1, 3)]
    public void Every_size_gives_the_layers_own_result(long batch, long channels, long filters, long height, long width)
    {
        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        Conv2d conv = default(LayerFactory).Conv2d(channels, filters, 3, padding: 1);
        Tensor input = randn([batch, channels, height, width], generator: new Generator(1));
        Tensor expected = conv.call(input);

        Compare(expected, PictureConvolution.Call(conv, input));
        Compare(expected, PictureConvolution.Call(conv, input.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)));
    }

    [Fact]
    public void Filtering_without_a_bias_is_the_convolution_without_one()
    {
        using var scope = NewDisposeScope();
        Tensor input = randn([1, 3, 9, 5], generator: new Generator(1)), weight = randn([2, 3, 3, 3], generator: new Generator(2));

        Compare(nn.functional.conv2d(input, weight, padding: [1, 1]), WinogradConvolution.Call(input, weight, null));
    }

    [Fact]
    public void A_repeated_call_is_equal_bit_for_bit()
    {
        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        Conv2d conv = default(LayerFactory).Conv2d(128, 128, 3, padding: 1);
        Tensor input = randn(2, 128, 32, 32);

        Assert.True(PictureConvolution.Call(conv, input).Equals(PictureConvolution.Call(conv, input)));
    }

    [Fact]
    public void Gradients_flow_where_they_are_recorded()
    {
        using var scope = NewDisposeScope();
        Conv2d conv = default(LayerFactory).Conv2d(128, 128, 3, padding: 1);

        PictureConvolution.Call(conv, randn(2, 128, 16, 16)).sum().backward();

        Assert.NotNull(conv.weight.grad);
    }

    private static void Compare(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.shape, actual.shape);
        double difference = (expected - actual).abs().max().item<float>(), largest = expected.abs().max().item<float>();
        Assert.True(difference <= Bound * largest, $"{difference} of {largest}");
    }
}
