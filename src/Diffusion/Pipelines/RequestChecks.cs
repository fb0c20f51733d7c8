using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Prompts;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>Refuses a request that a model cannot draw, before anything is computed; each message begins with the field.</summary>
internal static class RequestChecks
{
    /// <exception cref="ArgumentException">A field is out of range.</exception>
    /// <exception cref="NotSupportedException">A part is not built.</exception>
    public static void Check(GenerationRequest request, StableDiffusionModel model)
    {
        Require(request.Images is { Count: > 0 }, "images: at least one picture must be asked for.");
        foreach (var (image, index) in request.Images.Select((image, index) => (image, index)))
        {
            Require(image is { Prompt: not null }, $"images[{index}].prompt: it must not be null; an empty prompt is \"\".");
            Require(image.Seed >= 0, $"images[{index}].seed: {image.Seed} is negative; seeds are 0 and above.");
        }

        NotBuilt(request.Init is null, "image: image-to-image");
        NotBuilt(request.Inpainting is null, "mask_image: in-painting");
        NotBuilt(request.HighResolution is null, "enable_hr: a second pass at a larger size");
        NotBuilt(request.SizeConditions is null, "original_size: SDXL's sizes");
        NotBuilt(request.BatchClass == 1, "batch_class: more than one picture in a network call");

        var (width, height) = Size(request, model);
        int factor = model.VaeScaleFactor;
        Require(width > 0 && width % factor == 0, $"width: {width} is no positive multiple of {factor}, the pixels that one latent of this model stands for.");
        Require(height > 0 && height % factor == 0, $"height: {height} is no positive multiple of {factor}, the pixels that one latent of this model stands for.");
        Require(request.NumInferenceSteps >= 1, $"num_inference_steps: {request.NumInferenceSteps} is less than 1.");
        Require(double.IsFinite(request.GuidanceScale), $"guidance_scale: {request.GuidanceScale} is not a finite number.");
        Require(request.GuidanceRescale is >= 0 and <= 1, $"guidance_rescale: {request.GuidanceRescale} is not in 0 … 1.");
        Require(request.Eta is >= 0 and <= 1, $"eta: {request.Eta} is not in 0 … 1.");
        int layers = PromptReader.LargestClipSkip(model);
        Require(request.ClipSkip is null or >= 0 && !(request.ClipSkip > layers), $"clip_skip: {request.ClipSkip} is not in 0 … {layers}, as the layers of this model's text encoder allow.");
    }

    /// <summary>The picture's size; what the request leaves out is what the model was trained at.</summary>
    public static (int Width, int Height) Size(GenerationRequest request, StableDiffusionModel model) =>
        (request.Width ?? model.DefaultSize, request.Height ?? model.DefaultSize);

    private static void NotBuilt(bool holds, string what)
    {
        if (!holds)
        {
            throw new NotSupportedException($"{what} is not built");
        }
    }

    private static void Require(bool holds, string message)
    {
        if (!holds)
        {
            throw new ArgumentException(message);
        }
    }
}
