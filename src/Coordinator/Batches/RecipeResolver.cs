using Microsoft.Extensions.Options;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Contracts.Settings;
using StableDiffusion.Coordinator.Batches.Fields;

namespace StableDiffusion.Coordinator.Batches;

/// <summary>Turns fields into settings: the one place where they are validated and defaults filled in. What belongs together among them is
/// resolved together, see <see cref="Fields"/>.</summary>
public sealed class RecipeResolver(IOptions<BatchesOptions> options)
{
    private const int DefaultSteps = 20;
    private const double MaxCfgScale = 30;
    private const int MaxClipSkip = 12; // layers of the smallest text encoder

    private readonly BatchesOptions limits = options.Value;

    /// <summary>All but the prompt, what it names, and the seed.</summary>
    /// <param name="request">As it was sent.</param>
    /// <param name="catalog">What it may name.</param>
    /// <param name="images">How many are to be drawn so.</param>
    /// <param name="inputs">Its pictures.</param>
    /// <param name="errors">Takes what is wrong, all at once.</param>
    internal ImageSettings Resolve(ImageFields request, Catalog catalog, int images, RequestInputs inputs, RequestErrors errors)
    {
        var model = ModelChoice.Resolve(request.Model ?? limits.DefaultModel, catalog, errors);
        var init = Pictures.Init(request, inputs, errors);
        var inpainting = Pictures.Inpainting(request, inputs, errors);
        if (model is { Inpainting: true } && inpainting is null)
        {
            errors.Add("mask", $"The model {model.Name} is made for in-painting alone: give init_images and a mask.");
        }

        if (model is { Family: ModelFamily.Refiner } && init is null)
        {
            errors.Add("init_images", $"The model {model.Name} is an SDXL refiner, which draws over a picture: give one, or take the base model.");
        }

        var own = inpainting is { InpaintFullRes: true } ? null : init; // a masked area alone is drawn at the model's size
        var width = Side("width", request.Width, own?.Width, model, errors);
        var height = Side("height", request.Height, own?.Height, model, errors);
        var steps = errors.Whole("steps", request.Steps, DefaultSteps, 1, limits.MaxSteps);
        var sampling = SamplerAndSchedule.Resolve(request.SamplerName, request.Scheduler, model, errors);
        var clipSkip = errors.Whole("clip_skip", request.ClipSkip, 1, 1, MaxClipSkip, " (1 is the text encoder's last layer, 2 the last but one)");
        return new ImageSettings
        {
            Model = model?.Name ?? "",
            Prompt = "",
            NegativePrompt = "",
            PromptSyntax = request.PromptSyntax ?? PromptSyntax.A1111,
            Loras = NamedAdapters.ResolveLoras(request.Loras, catalog, errors),
            Vae = NamedAdapters.ResolveVae(request.Vae, catalog, errors),
            ClipSkip = clipSkip == 1 ? null : clipSkip,
            Seed = 0,
            Steps = steps,
            CfgScale = errors.Number("cfg_scale", request.CfgScale, model?.DefaultCfgScale ?? 0, 0, MaxCfgScale, " (1 and below is no guidance)"),
            GuidanceRescale = errors.Number("guidance_rescale", request.GuidanceRescale, 0, 0, 1),
            Width = width,
            Height = height,
            SamplerName = sampling?.Sampler ?? "",
            Scheduler = sampling?.Schedule ?? "",
            Eta = errors.Number("eta", request.Eta, 0, 0, 1),
            ImageToImage = Pictures.ImageToImage(request, init, steps, errors),
            Inpainting = inpainting,
            HighResolution = SecondPass.Resolve(request, width, height, steps, model?.VaeScaleFactor ?? 1, limits, errors),
            ControlNets = ControlNets.Resolve(request.ControlnetUnits, catalog, inputs, errors),
            Sizes = SdxlFields.Resolve(request, model?.Family, width, height, errors),
            BatchClass = BatchClass(request.BatchClass, model, images, errors),
        };
    }

    /// <summary>One of the classes that the model's workers offer, the largest and its halves; left out, the largest that the request has so
    /// many images for: a single one is not drawn in a call of four.</summary>
    private static int BatchClass(int? given, ModelResponse? model, int images, RequestErrors errors)
    {
        List<int> offered = [];
        for (var size = model?.BatchClass ?? 1; size >= 1; size /= 2)
        {
            offered.Add(size);
        }

        if (given is { } wanted && model is not null && !offered.Contains(wanted))
        {
            errors.Add("batch_class", $"The workers of {model.Name} do not offer {wanted}: give {string.Join(" or ", offered.Order())} (more is their setting Worker:BatchClass).");
        }

        return given ?? offered.Find(size => size <= Math.Max(images, 1));
    }

    /// <summary>Width or height: as given, or that of the picture to start from, cut to what the model can draw, or the model's own.</summary>
    private int Side(string field, int? side, int? ofPicture, ModelResponse? model, RequestErrors errors)
    {
        var factor = model?.VaeScaleFactor ?? 1;
        var value = side ?? (ofPicture is { } pixels ? pixels / factor * factor : model?.DefaultSize ?? 0);
        if ((side ?? ofPicture) is not null && (value < factor || value > limits.MaxSide))
        {
            errors.Add(field, $"{side ?? ofPicture} pixels are out of range: give {factor} to {limits.MaxSide}.");
        }
        else if (value % factor != 0)
        {
            var below = value / factor * factor;
            errors.Add(field, $"{value} is no multiple of {factor}, which model {model!.Name} needs: give {(below + factor <= limits.MaxSide ? $"{below} or {below + factor}" : below)}.");
        }

        return value;
    }
}
