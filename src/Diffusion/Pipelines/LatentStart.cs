using StableDiffusion.Diffusion.Schedulers;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>What a group's pass starts from. Its tensors are the scope's that it was drawn in.</summary>
/// <param name="Latents">(B, C, h, w)</param>
/// <param name="Inpainting">What of them is drawn anew; null is all.</param>
internal sealed record LatentStart(Tensor Latents, GroupInpainting? Inpainting)
{
    /// <summary>Text-to-image starts from noise alone.</summary>
    public static LatentStart FromText(Pass pass, LatentSpace space, IScheduler scheduler, NoiseSource noise, int count) =>
        new(noise.Draw(space.Shape(count, pass.Size), space.Model.Device) * scheduler.InitNoiseSigma, null);

    /// <summary>Image-to-image starts from a sample of the picture's latents, drawn first, with noise over them.</summary>
    public static LatentStart FromPicture(Pass pass, RequestInputs inputs, LatentSpace space, IScheduler scheduler, NoiseSource noise, int count)
    {
        var image = space.Sample(inputs.Image!, noise.Draw(space.Shape(count, pass.Size), space.Model.Device));
        return Again(pass, image, scheduler, noise);
    }

    /// <summary>In-painting starts from the same, or from noise alone at full strength.</summary>
    public static LatentStart FromMask(
        Pass pass, RequestInputs inputs, Inpainting inpainting, LatentSpace space, IScheduler scheduler, IReadOnlyList<PictureNoise> pictures)
    {
        bool plainUNet = inputs.MaskedImage is null, fromNoise = pass.Strength == 1, samples = plainUNet || !fromNoise;
        var draws = pictures.Select(own => InpaintingDraws.Of(own, inpainting.LatentsSeed, samples, space.Shape(1, pass.Size), space.Model.Device)).ToArray();
        Tensor noise = cat([.. draws.Select(draw => draw.Noise)], 0), mask = inputs.Mask!;
        var image = samples ? space.Sample(inputs.Image!, cat([.. draws.Select(draw => draw.Image!)], 0)) : null;
        var masked = plainUNet ? null : space.Sample(inputs.MaskedImage!, cat([.. draws.Select(draw => draw.MaskedImage)], 0));
        var latents = fromNoise ? noise * scheduler.InitNoiseSigma : Noised(pass, Filled(image!), noise, scheduler);
        return new LatentStart(latents, new GroupInpainting(mask, plainUNet ? image : null, noise, masked));

        Tensor Filled(Tensor picture) => inpainting.Fill switch
        {
            InpaintingFill.LatentNoise => (picture * (1 - mask)) + (noise * mask),
            InpaintingFill.LatentNothing => picture * (1 - mask),
            _ => picture,
        };
    }

    /// <summary>What another model left, (1, C, h, w) each.</summary>
    public static LatentStart Continued(IEnumerable<Tensor> latents, LatentSpace space) =>
        new(cat([.. latents], 0).to(ScalarType.Float32, space.Model.Device), null);

    /// <summary>Latents (B, C, h, w) with the noise over them that the pictures' generators give next.</summary>
    public static LatentStart Again(Pass pass, Tensor latents, IScheduler scheduler, NoiseSource noise) =>
        new(Noised(pass, latents, noise.Draw(latents.shape, latents.device), scheduler), null);

    /// <summary>Latents as noisy as the pass begins; as they are, where it has no steps.</summary>
    private static Tensor Noised(Pass pass, Tensor latents, Tensor noise, IScheduler scheduler)
    {
        int begin = pass.Begin(scheduler);
        return begin < scheduler.Timesteps.Count ? scheduler.AddNoise(latents, noise, begin) : latents;
    }
}
