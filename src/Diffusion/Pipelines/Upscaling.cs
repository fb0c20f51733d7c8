using StableDiffusion.Diffusion.Pictures;
using StableDiffusion.Diffusion.Schedulers;
using TorchSharp;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>Enlarges what a first pass drew.</summary>
internal static class Upscaling
{
    /// <summary>Latents (B, C, h, w) at another size, in the caller's dispose scope. Those that go through pixels are drawn from what the VAE holds
    /// likely, with the pictures' own generators.</summary>
    public static Tensor Enlarge(Tensor latents, Upscaler upscaler, DrawnSize size, LatentSpace space, NoiseSource noise)
    {
        using var scope = NewDisposeScope();
        long[] target = [size.Height / space.Model.VaeScaleFactor, size.Width / space.Model.VaeScaleFactor];
        Tensor Interpolated(InterpolationMode mode, bool antialias = false) => nn.functional.interpolate(latents, target, mode: mode, antialias: antialias);
        var enlarged = upscaler switch
        {
            Upscaler.Latent => Interpolated(InterpolationMode.Bilinear),
            Upscaler.LatentAntialiased => Interpolated(InterpolationMode.Bilinear, antialias: true),
            Upscaler.LatentBicubic => Interpolated(InterpolationMode.Bicubic),
            Upscaler.LatentBicubicAntialiased => Interpolated(InterpolationMode.Bicubic, antialias: true),
            Upscaler.LatentNearest => Interpolated(InterpolationMode.Nearest),
            Upscaler.LatentNearestExact => Interpolated(InterpolationMode.NearestExact),
            Upscaler.Lanczos => ThroughPixels(PictureResize.Lanczos),
            _ => ThroughPixels(PictureResize.Nearest),
        };
        return enlarged.MoveToOuterDisposeScope();

        Tensor ThroughPixels(Func<Picture, int, int, Picture> resize)
        {
            var posteriors = latents.split(1)
                .Select(picture => space.Encode(PictureTensors.ToTensor(resize(space.Decode(picture), size.Width, size.Height)))).ToArray();
            var mean = cat([.. posteriors.Select(posterior => posterior.Mean)], 0);
            var logvar = cat([.. posteriors.Select(posterior => posterior.Logvar)], 0);
            return space.Sample(new(mean, logvar), noise.Draw(mean.shape, mean.device));
        }
    }
}
