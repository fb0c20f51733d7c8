using StableDiffusion.Diffusion.Networks.Vae;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Networks;

public sealed class PosteriorTests
{
    [Fact]
    public void Log_variances_are_held_within_the_bounds_of_diffusers()
    {
        using var scope = NewDisposeScope();
        var posterior = DiagonalGaussianDistribution.FromParameters(tensor([1f, 2, 3, -100, 0.5f, 100], [1, 6, 1, 1]));
        Assert.Equal([1f, 2, 3], posterior.Mean.data<float>().ToArray());
        Assert.Equal([-30f, 0.5f, 20], posterior.Logvar.data<float>().ToArray());
    }
}
