using StableDiffusion.Diffusion.Schedulers;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>What is drawn for one picture of in-painting, (1, C, h, w) each, in diffusers' order.</summary>
/// <param name="Image">For the sample of the picture's latents; null where none is taken.</param>
/// <param name="Noise">For the start.</param>
/// <param name="MaskedImage">For the sample of the masked picture's latents, which diffusers takes for every U-Net.</param>
internal sealed record InpaintingDraws(Tensor? Image, Tensor Noise, Tensor MaskedImage)
{
    /// <param name="own">The picture's.</param>
    /// <param name="latentsSeed">Whose generator samples latents, if it is not the picture's own.</param>
    /// <param name="samplesImage">Whether the first is drawn.</param>
    /// <param name="shape">(1, C, h, w)</param>
    /// <param name="device">Where they are wanted.</param>
    public static InpaintingDraws Of(PictureNoise own, long? latentsSeed, bool samplesImage, long[] shape, Device device)
    {
        bool another = latentsSeed is { } seed && seed != own.Seed;
        using var shared = another ? new PictureNoise(latentsSeed!.Value) : null;
        var samples = (shared ?? own).Source;
        var image = samplesImage ? samples.Draw(shape, device) : null;
        var noise = own.Source.Draw(shape, device);
        _ = another ? samples.Draw(shape, device) : null; // the start noise of the picture whose generator it is
        return new InpaintingDraws(image, noise, samples.Draw(shape, device));
    }
}
