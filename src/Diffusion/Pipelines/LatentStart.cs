using StableDiffusion.Diffusion.Schedulers;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>What a group's first pass starts from. Its tensors are the scope's that it was drawn in.</summary>
/// <param name="Latents">(B, C, h, w)</param>
/// <param name="Inpainting">What of them is drawn anew; null is all.</param>
internal sealed record LatentStart(Tensor Latents, GroupInpainting? Inpainting)
{
    /// <summary>Draws it, in diffusers' order: a sample of the picture's latents, the noise, a sample of the masked picture's latents.</summary>
    /// <param name="pass">The first.</param>
    /// <param name="inputs">The request's.</param>
    /// <param name="fill">What the masked area starts from.</param>
    /// <param name="space">The model's.</param>
    /// <param name="scheduler">With its times laid out.</param>
    /// <param name="noise">A generator for each picture of the group.</param>
    /// <param name="count">B.</param>
    public static LatentStart Draw(
        Pass pass, RequestInputs inputs, InpaintingFill fill, LatentSpace space, IScheduler scheduler, NoiseSource noise, int count)
    {
        var (vae, device) = (space.Model.Vae, space.Model.Device);
        long[] shape = [count, vae.Config.LatentChannels, pass.Size.Height / vae.ScaleFactor, pass.Size.Width / vae.ScaleFactor];
        if (inputs.Image is null)
        {
            return new LatentStart(noise.Draw(shape, device) * scheduler.InitNoiseSigma, null);
        }

        bool plainUNet = inputs.MaskedImage is null, fromNoise = inputs.Mask is not null && pass.Strength == 1;
        var image = plainUNet || !fromNoise ? space.Draw(inputs.Image, noise, count) : null;
        var drawn = noise.Draw(shape, device);
        if (inputs.Mask is null)
        {
            return new LatentStart(Noised(image!), null);
        }

        // diffusers samples the masked picture for every U-Net; plain ones have no use for it
        var masked = plainUNet ? null : space.Draw(inputs.MaskedImage!, noise, count);
        _ = plainUNet ? noise.Draw(shape, device) : null;
        return new LatentStart(
            fromNoise ? drawn * scheduler.InitNoiseSigma : Noised(Filled(image!)),
            new GroupInpainting(inputs.Mask, plainUNet ? image : null, drawn, masked));

        Tensor Filled(Tensor picture) => fill switch
        {
            InpaintingFill.LatentNoise => (picture * (1 - inputs.Mask)) + (drawn * inputs.Mask),
            InpaintingFill.LatentNothing => picture * (1 - inputs.Mask),
            _ => picture,
        };

        Tensor Noised(Tensor picture) => LatentStart.Noised(pass, picture, drawn, scheduler);
    }

    /// <summary>What a second pass starts from: enlarged latents (B, C, h, w), with the noise that the pictures' generators give next.</summary>
    public static LatentStart Again(Pass pass, Tensor enlarged, IScheduler scheduler, NoiseSource noise) =>
        new(Noised(pass, enlarged, noise.Draw(enlarged.shape, enlarged.device), scheduler), null);

    /// <summary>A picture as noisy as the pass begins; as it is, where the pass has no steps.</summary>
    private static Tensor Noised(Pass pass, Tensor picture, Tensor drawn, IScheduler scheduler)
    {
        int begin = pass.Begin(scheduler);
        return begin < scheduler.Timesteps.Count ? scheduler.AddNoise(picture, drawn, begin) : picture;
    }
}
