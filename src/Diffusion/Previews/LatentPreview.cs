using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Networks.Vae;
using StableDiffusion.Diffusion.Pictures;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Previews;

/// <summary>
/// What latents look like, without the VAE: each becomes one pixel, whose red, green and blue are weighted sums of its channels
/// (https://discuss.huggingface.co/t/decoding-latents-to-rgb-without-upscaling/23204). About a millisecond for a picture.
/// </summary>
public sealed class LatentPreview
{
    private const float LargestDeviation = 1.5f; // of a picture, 1 on average; σ-spaced samplers start at 14 and more

    private readonly float[][] factors; // for red, green and blue: a weight for each channel, and an offset

    internal LatentPreview(float[][] factors) => this.factors = factors;

    /// <summary>
    /// The preview for a model's VAE. The weights are the community's for Stable Diffusion 1.x and 2.x and for XL, whose VAEs are told by
    /// their scaling factors; for another VAE they are fitted to it, which decodes a few small pictures once.
    /// </summary>
    public static LatentPreview Of(StableDiffusionModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Published(model.Vae.Config) ?? new LatentPreview(LatentFit.Of(model));
    }

    /// <summary>Draws a picture as many pixels wide and high as there are latents. What is noisier than a picture ever is, as at the first steps, is shown paler.</summary>
    /// <param name="latents">(1, C, h, w), any floating-point type and device, scaled as the U-Net has them, after any step.</param>
    public Picture Draw(Tensor latents)
    {
        ArgumentNullException.ThrowIfNull(latents);
        int channels = factors[0].Length - 1;
        if (latents.dim() != 4 || latents.shape[0] != 1 || latents.shape[1] != channels)
        {
            throw new ArgumentException($"Latents (1, {channels}, h, w) are wanted, not [{string.Join(", ", latents.shape)}].", nameof(latents));
        }

        using var scope = NewDisposeScope();
        var (height, width) = ((int)latents.shape[2], (int)latents.shape[3]);
        float[] values = latents.detach().to(ScalarType.Float32).cpu().contiguous().data<float>().ToArray();
        float scale = 1 / Math.Max(1, Deviation(values) / LargestDeviation);
        var pixels = new byte[height * width * 3];
        int plane = height * width;
        for (int at = 0; at < plane; at++)
        {
            for (int colour = 0; colour < 3; colour++)
            {
                float sum = factors[colour][channels];
                for (int channel = 0; channel < channels; channel++)
                {
                    sum += factors[colour][channel] * values[(channel * plane) + at] * scale;
                }

                pixels[(at * 3) + colour] = (byte)Math.Round(Math.Clamp((sum + 1) * 127.5f, 0, 255)); // −1 … 1
            }
        }

        return new Picture(width, height, 3, pixels);
    }

    private static float Deviation(float[] values)
    {
        double mean = values.Average(value => (double)value);
        return (float)Math.Sqrt(values.Average(value => (value - mean) * (value - mean)));
    }

    /// <summary>As ComfyUI's latent_formats.py has them.</summary>
    private static LatentPreview? Published(AutoencoderKLConfig config) => (config.LatentChannels, config.ScalingFactor) switch
    {
        (4, 0.18215) => new([[0.3512f, 0.3250f, -0.2829f, -0.2120f, 0], [0.2297f, 0.4974f, 0.1762f, -0.2616f, 0], [0.3227f, 0.2350f, 0.2721f, -0.7177f, 0]]),
        (4, 0.13025) => new(
        [
            [0.3651f, -0.2533f, 0.1076f, -0.3165f, 0.1084f],
            [0.4232f, -0.0042f, 0.1111f, -0.2492f, -0.0175f],
            [0.4341f, 0.1068f, -0.0362f, -0.2188f, -0.0011f],
        ]),
        _ => null,
    };
}
