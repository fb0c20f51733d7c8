using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Networks.ControlNet;
using StableDiffusion.Diffusion.Networks.UNet;
using TorchSharp;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Networks;

public sealed class ControlNetTests : IDisposable
{
    private const int Latents = 4;

    private readonly DisposeScope scope = NewDisposeScope();
    private readonly IDisposable noGrad = no_grad();
    private readonly Generator generator = new(11);
    private readonly ControlNetModel network = NetworkFolder.LoadControlNet(Goldens.Path("models/tiny-controlnet"));
    private readonly UNetConditions text;
    private readonly Tensor sample;
    private readonly Tensor picture;

    public ControlNetTests()
    {
        text = new UNetConditions(Noise(2, 7, network.Config.CrossAttentionDim));
        sample = Noise(2, network.Config.InChannels, Latents, Latents);
        picture = rand([1, 3, Latents * 8, Latents * 8], generator: generator);
    }

    public void Dispose()
    {
        network.Dispose();
        generator.Dispose();
        noGrad.Dispose();
        scope.Dispose();
    }

    [Fact]
    public void Residuals_grow_with_the_scale()
    {
        var (whole, half) = (Run(network, picture), Run(network, picture, scale: 0.5));
        Assert.All(whole.Down.Append(whole.Mid).Zip(half.Down.Append(half.Mid)), pair => Assert.True((pair.First * 0.5).allclose(pair.Second)));
    }

    [Fact]
    public void Guess_mode_starts_at_a_tenth_and_grows_by_a_constant_factor_to_the_middle()
    {
        var (plain, guess) = (Run(network, picture), Run(network, picture, guess: true));
        double[] factors = [.. plain.Down.Append(plain.Mid).Zip(guess.Down.Append(guess.Mid), (one, other) => Factor(one, other))];
        Assert.Equal(0.1, factors[0], 1e-6);
        Assert.Equal(1, factors[^1], 1e-6);
        double growth = Math.Pow(10, 1.0 / (factors.Length - 1));
        Assert.All(factors.Zip(factors.Skip(1)), pair => Assert.Equal(growth, pair.Second / pair.First, 1e-5));
    }

    [Fact]
    public void Pooled_conditions_are_the_residuals_averages_and_know_no_guess_mode()
    {
        using var pooling = With(network.Config with { GlobalPoolConditions = true });
        var (plain, pooled) = (Run(network, picture), Run(pooling, picture, guess: true));
        Assert.All(plain.Down.Append(plain.Mid).Zip(pooled.Down.Append(pooled.Mid)), pair =>
            Assert.True(pair.First.mean([2, 3], keepdim: true).allclose(pair.Second, 1e-5, 1e-6)));
    }

    [Fact]
    public void A_network_trained_on_bgr_still_takes_rgb()
    {
        using var bgr = With(network.Config with { ControlnetConditioningChannelOrder = "bgr" });
        Assert.True(Run(network, picture).Mid.allclose(Run(bgr, picture.flip(1)).Mid));
        Assert.False(Run(network, picture).Mid.allclose(Run(network, picture.flip(1)).Mid));
    }

    [Fact]
    public void An_untrained_network_leaves_a_unet_as_it_is()
    {
        using var untrained = new ControlNetModel(network.Config);
        using var unet = NetworkFolder.LoadUNet(Goldens.Path("models/tiny-sd15/unet"));
        var expected = unet.call(sample, tensor(5L), text);
        var output = unet.call(sample, tensor(5L), text with { Control = Run(untrained, picture) });
        Assert.True(output.equal(expected).all().item<bool>());
        var controlled = unet.call(sample, tensor(5L), text with { Control = Run(network, picture) });
        Assert.False(controlled.allclose(expected, 1e-2, 1e-2));
    }

    [Fact]
    public void A_picture_of_another_size_is_refused_with_both_sizes()
    {
        var error = Assert.Throws<ArgumentException>(() => Run(network, picture.narrow(3, 0, 24)));
        Assert.Contains("24×32, not 32×32", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Residuals_for_another_unet_are_refused()
    {
        using var unet = NetworkFolder.LoadUNet(Goldens.Path("models/tiny-sd15-inpaint-unet"));
        var control = Run(network, picture);
        var error = Assert.Throws<ArgumentException>(() => unet.call(Noise(2, 9, Latents, Latents), tensor(5L), text with { Control = control }));
        Assert.Contains($"{control.Down.Count} control residuals", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_call_leaves_no_tensor_behind_but_its_output()
    {
        var timestep = tensor(5L);
        network.call(sample, timestep, text, picture, 1, false);
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        var output = network.call(sample, timestep, text, picture, 1, false);
        Assert.Equal(before + output.Down.Count + 1, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    private static double Factor(Tensor one, Tensor other) => ((one * other).sum() / (one * one).sum()).item<float>();

    /// <summary>A network of another configuration with the same weights.</summary>
    private ControlNetModel With(ControlNetConfig config)
    {
        var other = new ControlNetModel(config);
        foreach (var (weight, value) in other.parameters().Zip(network.parameters()))
        {
            weight.copy_(value);
        }

        return other;
    }

    private Tensor Noise(params long[] shape) => randn(shape, generator: generator);

    private ControlResiduals Run(ControlNetModel network, Tensor control, double scale = 1, bool guess = false) =>
        network.call(sample, tensor(5L), text, control, scale, guess);
}
