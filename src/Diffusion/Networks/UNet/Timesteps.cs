using TorchSharp;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Networks.UNet;

/// <summary>Time steps as sines and cosines of falling frequency (https://arxiv.org/abs/1706.03762, section 3.5).</summary>
internal sealed class Timesteps(long channels, bool flipSinToCos, double freqShift)
{
    private const double LongestPeriod = 10000;

    /// <param name="timesteps">(B), whole or fractional</param>
    /// <returns>(B, channels), single precision</returns>
    public Tensor Embed(Tensor timesteps)
    {
        using var scope = NewDisposeScope();
        var half = channels / 2;
        var exponents = arange(0, half, dtype: ScalarType.Float32, device: timesteps.device) * -Math.Log(LongestPeriod) / (half - freqShift);
        var angles = timesteps.to(ScalarType.Float32).unsqueeze(-1) * exponents.exp(); // (B, channels/2)
        var (sin, cos) = (angles.sin(), angles.cos());
        var embedding = cat(flipSinToCos ? [cos, sin] : new[] { sin, cos }, -1);
        if (channels % 2 != 0)
        {
            embedding = cat([embedding, zeros_like(embedding.narrow(-1, 0, 1))], -1);
        }

        return scope.MoveToOuter(embedding);
    }
}
