using StableDiffusion.Diffusion.Schedulers;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>In-painting inside the loop. A U-Net of nine channels is shown the mask and the masked picture; with a plain one, what is kept
/// is put back after every step, as noisy as the next step has it.</summary>
/// <param name="Mask">(1, 1, h, w), 1 where is drawn anew.</param>
/// <param name="Image">(B, C, h, w), what is put back; null for U-Nets of nine channels.</param>
/// <param name="Noise">(B, C, h, w), the noise that the pass started with.</param>
/// <param name="MaskedImage">(B, C, h, w); null for plain U-Nets.</param>
internal sealed record GroupInpainting(Tensor Mask, Tensor? Image, Tensor Noise, Tensor? MaskedImage)
{
    /// <summary>What the U-Net is given: (texts · B, C or 2C + 1, h, w).</summary>
    /// <param name="sample">(texts · B, C, h, w), scaled for the network.</param>
    /// <param name="texts">Rows of each picture.</param>
    public Tensor Extend(Tensor sample, int texts)
    {
        if (MaskedImage is null)
        {
            return sample;
        }

        using var scope = NewDisposeScope();
        var masked = MaskedImage.to(sample.dtype).repeat(texts, 1, 1, 1);
        var mask = Mask.to(sample.dtype).expand(sample.shape[0], -1, -1, -1);
        return cat([sample, mask, masked], 1).MoveToOuterDisposeScope();
    }

    /// <summary>The latents with what is kept put back: (B, C, h, w).</summary>
    /// <param name="latents">After a step.</param>
    /// <param name="scheduler">That took it.</param>
    /// <param name="next">Index of the time that comes after it; behind the last one nothing is noisy.</param>
    public Tensor KeepOutside(Tensor latents, IScheduler scheduler, int next)
    {
        if (Image is null)
        {
            return latents;
        }

        var kept = next < scheduler.Timesteps.Count ? scheduler.AddNoise(Image, Noise, next) : Image;
        return ((1 - Mask) * kept) + (Mask * latents);
    }
}
