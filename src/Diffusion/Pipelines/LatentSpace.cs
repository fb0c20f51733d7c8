using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Memory;
using StableDiffusion.Diffusion.Networks.Vae;
using StableDiffusion.Diffusion.Pictures;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>Between pictures and the latents that the U-Net works on, which have unit variance.</summary>
internal readonly record struct LatentSpace(StableDiffusionModel Model, MemoryOptions Memory)
{
    private VaeStage Vae => new(Model, Memory);

    /// <summary>The latents that the VAE holds likely for a picture (1, 3, H, W), −1 … 1; in single precision and the caller's scope.</summary>
    public DiagonalGaussianDistribution Encode(Tensor image)
    {
        using var scope = NewDisposeScope();
        var posterior = Vae.Encode(image.to(Model.Device));
        scope.MoveToOuter(posterior.Mean, posterior.Logvar);
        return posterior;
    }

    /// <summary>Of the latents of so many pictures: (B, C, h, w).</summary>
    public long[] Shape(int count, DrawnSize size) =>
        [count, Model.Vae.Config.LatentChannels, size.Height / Model.VaeScaleFactor, size.Width / Model.VaeScaleFactor];

    /// <summary>A sample of a picture's latents for each picture of normal noise (B, C, h, w).</summary>
    public Tensor Sample(DiagonalGaussianDistribution posterior, Tensor noise)
    {
        using var scope = NewDisposeScope();
        return (posterior.Sample(noise) * Model.Vae.Config.ScalingFactor).MoveToOuterDisposeScope();
    }

    /// <summary>The picture of latents (1, C, h, w).</summary>
    public Picture Decode(Tensor latents)
    {
        using var scope = NewDisposeScope();
        return PictureTensors.ToPicture(Vae.Decode(latents));
    }
}
