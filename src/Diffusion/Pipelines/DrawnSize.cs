using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Pictures;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>A size that the networks draw at, in pixels.</summary>
internal readonly record struct DrawnSize(int Width, int Height)
{
    /// <summary>The request's first pass. What the request leaves out is the size of its picture, or else of its first control picture, cut to whole latents, or what the model
    /// was trained at where it has none, or where only a part of it is drawn. Latents that are gone on from have the size that they have.</summary>
    public static DrawnSize Of(GenerationRequest request, StableDiffusionModel model)
    {
        if (request.Continuation is { Latents: [{ } latents, ..] })
        {
            return new DrawnSize((int)latents.shape[3] * model.VaeScaleFactor, (int)latents.shape[2] * model.VaeScaleFactor);
        }

        bool partOnly = request.Inpainting?.PaddingMaskCrop is not null;
        Picture? given = partOnly ? null : request.Init?.Image ?? (request.ControlNets.Count > 0 ? request.ControlNets[0].Image : null);
        return new DrawnSize(request.Width ?? Whole(given?.Width), request.Height ?? Whole(given?.Height));

        int Whole(int? pixels) => pixels is { } size ? size - (size % model.VaeScaleFactor) : model.DefaultSize;
    }

    /// <summary>The second pass, from the first's size.</summary>
    public DrawnSize Enlarged(HighResolution high, int vaeScaleFactor)
    {
        double shape = (double)Width / Height;
        var (width, height) = (high.Width, high.Height) switch
        {
            ({ } w, { } h) => (w, h),
            ({ } w, null) => (w, Whole(w / shape)),
            (null, { } h) => (Whole(h * shape), h),
            _ => (Whole(Width * high.Scale), Whole(Height * high.Scale)),
        };
        return new DrawnSize(width, height);

        int Whole(double pixels) => (int)(pixels / vaeScaleFactor) * vaeScaleFactor;
    }
}
