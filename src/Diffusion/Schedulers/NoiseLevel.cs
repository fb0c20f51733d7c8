using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>Where a sample stands between picture and noise: x = α·x₀ + σ·ε with α² + σ² = 1.</summary>
/// <param name="Alpha">α, the picture's part.</param>
/// <param name="Sigma">σ, the noise's part.</param>
internal readonly record struct NoiseLevel(double Alpha, double Sigma)
{
    /// <summary>λ = log(α/σ), half the log of the signal-to-noise ratio; infinite where there is no noise.</summary>
    public double Lambda => Math.Log(Alpha) - Math.Log(Sigma);

    /// <summary>The level at a training time: α = √ᾱ.</summary>
    public static NoiseLevel OfAlphaCumprod(double alphaCumprod) => new(Math.Sqrt(alphaCumprod), Math.Sqrt(1 - alphaCumprod));

    /// <summary>The level whose noise is <paramref name="ratio"/> times its picture, the σ of the σ-methods.</summary>
    public static NoiseLevel OfRatio(double ratio)
    {
        double alpha = 1 / Math.Sqrt((ratio * ratio) + 1);
        return new(alpha, ratio * alpha);
    }

    /// <summary>A clean sample at this level, in the current dispose scope.</summary>
    public Tensor AddNoise(Tensor original, Tensor noise)
    {
        using var scope = NewDisposeScope();
        return ((original * Alpha) + (noise * Sigma)).MoveToOuterDisposeScope();
    }
}
