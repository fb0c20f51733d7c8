using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Networks.Vae;
using StableDiffusion.Diffusion.Pictures;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>Between pictures and the latents that the U-Net works on, which have unit variance. Pictures go through the VAE one by one, so
/// that their company does not touch their bits.</summary>
internal readonly record struct LatentSpace(StableDiffusionModel Model)
{
    /// <summary>The latents that the VAE holds likely for a picture (1, 3, H, W), −1 … 1; in single precision and the caller's scope.</summary>
    public DiagonalGaussianDistribution Encode(Tensor image)
    {
        using var scope = NewDisposeScope();
        var (mean, logvar) = Model.Vae.Encode(image.to(Model.DType, Model.Device));
        return new DiagonalGaussianDistribution(
            mean.to(ScalarType.Float32).MoveToOuterDisposeScope(), logvar.to(ScalarType.Float32).MoveToOuterDisposeScope());
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
        var image = Model.Vae.Decode((latents / Model.Vae.Config.ScalingFactor).to(Model.DType)); // (1, 3, H, W), about −1 … 1
        return PictureTensors.ToPicture(image);
    }
}
