using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Memory;
using StableDiffusion.Diffusion.Networks.Vae;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>
/// A pipeline's way through the VAE, in single precision on either side: one picture at a time, in tiles where the picture is large,
/// and with the VAE itself in single precision where halves overflow in it.
/// </summary>
/// <param name="model">Stays the caller's.</param>
/// <param name="memory">Says when and how a picture is cut into tiles.</param>
internal sealed class VaeStage(StableDiffusionModel model, MemoryOptions memory)
{
    private readonly AutoencoderKL vae = model.Vae;
    private readonly bool upcast = model.IsXL && model.Vae.Config.ForceUpcast; // as diffusers: only SDXL's pipelines heed it

    /// <param name="latents">(B, latent_channels, h, w), single precision, scaled as the U-Net has them.</param>
    /// <returns>(B, 3, H, W), single precision, about −1 … 1</returns>
    public Tensor Decode(Tensor latents)
    {
        var tiles = Tiles(latents.shape[2] * vae.ScaleFactor, latents.shape[3] * vae.ScaleFactor);
        return EachAlone(latents / vae.Config.ScalingFactor, one => SafePrecision.Run(vae, upcast, one, tiles is null ? vae.Decode : tiles.Decode));
    }

    /// <summary>Latents not scaled for the U-Net yet.</summary>
    /// <param name="image">(B, 3, H, W), single precision, −1 … 1</param>
    public DiagonalGaussianDistribution Encode(Tensor image)
    {
        using var scope = NewDisposeScope();
        var tiles = Tiles(image.shape[2], image.shape[3]);
        var parameters = EachAlone(image, one => SafePrecision.Run(vae, upcast, one, tiles is null ? vae.EncodeParameters : tiles.EncodeParameters));
        var posterior = DiagonalGaussianDistribution.FromParameters(parameters);
        scope.MoveToOuter(posterior.Mean, posterior.Logvar);
        return posterior;
    }

    private VaeTiles? Tiles(long height, long width) => height * width > memory.VaeTilingAbove ? new VaeTiles(vae, memory.VaeTileSize) : null;

    /// <summary>A picture's numbers do not depend on its company, nor does the memory.</summary>
    private static Tensor EachAlone(Tensor batch, Func<Tensor, Tensor> network)
    {
        using var scope = NewDisposeScope();
        var outputs = Enumerable.Range(0, (int)batch.shape[0]).Select(i => network(batch.narrow(0, i, 1))).ToArray();
        return scope.MoveToOuter(outputs.Length == 1 ? outputs[0] : cat(outputs, 0));
    }
}
