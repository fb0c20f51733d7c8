using TorchSharp;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Networks.Vae;

/// <summary>
/// The latents that the encoder holds likely for a picture: a normal distribution with its own mean and variance at each
/// value (https://arxiv.org/abs/1312.6114). Its tensors belong to the caller's dispose scope; it keeps no others.
/// </summary>
/// <param name="Mean">(B, latent_channels, h, w)</param>
/// <param name="Logvar">(B, latent_channels, h, w), log σ², within −30 … 20</param>
public sealed record DiagonalGaussianDistribution(Tensor Mean, Tensor Logvar)
{
    /// <summary>Splits what the encoder puts out.</summary>
    /// <param name="parameters">(B, 2 · latent_channels, h, w): means, then log-variances</param>
    public static DiagonalGaussianDistribution FromParameters(Tensor parameters)
    {
        using var scope = NewDisposeScope();
        var halves = parameters.chunk(2, 1);
        return new DiagonalGaussianDistribution(scope.MoveToOuter(halves[0]), scope.MoveToOuter(halves[1].clamp(-30.0, 20.0)));
    }

    /// <summary>Mean + σ · noise.</summary>
    /// <param name="noise">(B, latent_channels, h, w), standard normal</param>
    /// <returns>(B, latent_channels, h, w)</returns>
    public Tensor Sample(Tensor noise)
    {
        using var scope = NewDisposeScope();
        return scope.MoveToOuter(Mean + (Logvar * 0.5).exp() * noise);
    }

    /// <summary>Draws a sample with noise from a CPU generator, so that a seed means the same on every device.</summary>
    /// <returns>(B, latent_channels, h, w)</returns>
    public Tensor Sample(Generator generator)
    {
        using var scope = NewDisposeScope();
        var noise = randn(Mean.shape, dtype: ScalarType.Float32, generator: generator);
        return scope.MoveToOuter(Sample(noise.to(Mean.dtype, Mean.device)));
    }

    /// <summary>The likeliest latents, which is the mean. (B, latent_channels, h, w)</summary>
    public Tensor Mode() => Mean;

    /// <summary>The divergence from a standard normal distribution, summed over each picture's values. (B)</summary>
    public Tensor Kl()
    {
        using var scope = NewDisposeScope();
        var terms = Mean.pow(2) + Logvar.exp() - 1.0 - Logvar; // (B, latent_channels, h, w)
        return scope.MoveToOuter(terms.sum(new long[] { 1, 2, 3 }) * 0.5);
    }
}
