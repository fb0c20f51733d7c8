using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Networks.UNet;
using TorchSharp;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Networks;

public sealed class ForwardTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();
    private readonly Generator generator = new(7);
    private readonly UNet2DConditionModel unet = NetworkFolder.LoadUNet(Goldens.Path("models/tiny-sd15/unet"));

    public void Dispose()
    {
        unet.Dispose();
        generator.Dispose();
        scope.Dispose();
    }

    [Theory]
    [InlineData(9, 11)]
    [InlineData(8, 8)]
    [InlineData(3, 17)]
    [InlineData(1, 1)]
    public void Latents_of_any_size_come_back_in_that_size(int height, int width)
    {
        using var noGrad = no_grad();
        using var output = Run(unet, Noise(2, unet.Config.InChannels, height, width));
        Assert.Equal([2, unet.Config.OutChannels, height, width], output.shape);
        Assert.True(output.isfinite().all().item<bool>());
    }

    [Fact]
    public void A_forward_leaves_nothing_but_its_output()
    {
        using var noGrad = no_grad();
        var sample = Noise(1, unet.Config.InChannels, 8, 8);
        var (timestep, text) = (tensor(5L), Noise(1, 7, unet.Config.CrossAttentionDim));
        unet.call(sample, timestep, new UNetConditions(text)).Dispose();
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        var output = unet.call(sample, timestep, new UNetConditions(text));
        Assert.Equal(before + 1, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        Assert.True(scope.Contains(output));
        Assert.Equal(1, sample.shape[0]); // an input is still alive
    }

    [Fact]
    public void Gradients_reach_every_weight_and_the_output_is_the_same_with_and_without()
    {
        int size = 2 << unet.Config.BlockOutChannels.Count; // several tokens even at the bottom, where one alone has nothing to choose
        var sample = Noise(2, unet.Config.InChannels, size, size);
        var text = Noise(2, 7, unet.Config.CrossAttentionDim);
        unet.train();
        var output = unet.call(sample, tensor(new long[] { 5, 900 }), new UNetConditions(text));
        output.pow(2).mean().backward();
        Assert.All(unet.named_parameters(), pair => Assert.True(pair.parameter.grad is { } gradient && gradient.abs().sum().item<float>() > 0, pair.name));

        unet.eval();
        using var noGrad = no_grad();
        var again = unet.call(sample, tensor(new long[] { 5, 900 }), new UNetConditions(text));
        Assert.InRange((output - again).abs().max().item<float>() / output.abs().max().item<float>(), 0, 1e-5f); // attention sums in another order where no gradient is wanted
    }

    [Fact]
    public void A_gradient_agrees_with_a_finite_difference()
    {
        using var network = NetworkFolder.LoadUNet(Goldens.Path("models/tiny-sd15/unet"), ScalarType.Float64);
        var sample = Noise(1, unet.Config.InChannels, 4, 4).to(ScalarType.Float64);
        var text = Noise(1, 3, unet.Config.CrossAttentionDim).to(ScalarType.Float64);
        var weight = network.get_parameter("mid_block.attentions.0.transformer_blocks.0.attn2.to_v.weight")!;
        Loss().backward();
        using var noGrad = no_grad();
        var direction = weight.grad! / weight.grad!.norm(); // along it the slope is the gradient's norm
        double slope = weight.grad!.norm().item<double>();

        const double step = 1e-4; // error of order step², and of rounding over step
        weight.add_(direction * step);
        double above = Loss().item<double>();
        weight.sub_(direction * (2 * step));
        Assert.Equal(slope, (above - Loss().item<double>()) / (2 * step), slope * 1e-4);

        Tensor Loss() => network.call(sample, tensor(5L), new UNetConditions(text)).pow(2).sum();
    }

    private Tensor Noise(params long[] shape) => randn(shape, generator: generator);

    private Tensor Run(UNet2DConditionModel unet, Tensor sample) =>
        unet.call(sample, tensor(5L), new UNetConditions(Noise(sample.shape[0], 7, unet.Config.CrossAttentionDim)));
}
