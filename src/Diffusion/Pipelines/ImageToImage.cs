using StableDiffusion.Diffusion.Pictures;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>Starts from a picture instead of noise alone (SDEdit, Meng et al. 2022).</summary>
public sealed record ImageToImage
{
    /// <summary>Brought to the request's size with Lanczos' filter where it has another; alpha is dropped.</summary>
    public required Picture Image { get; init; }

    /// <summary>0 … 1: the share of the steps that are taken. 1 keeps as good as nothing of the picture, 0 is the VAE's round trip.</summary>
    public double Strength { get; init; } = 0.8;
}
