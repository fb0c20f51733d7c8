using Microsoft.Extensions.Options;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Contracts.Settings;
using StableDiffusion.Coordinator.Batches.Fields;
using StableDiffusion.Coordinator.Inputs;

namespace StableDiffusion.Coordinator.Batches;

/// <summary>Turns a request into the images it stands for: the one place where requests are validated, defaults filled in
/// and random seeds drawn. What belongs together among the fields is resolved together, see <see cref="Fields"/>.</summary>
public sealed class BatchResolver(IOptions<BatchesOptions> options, IOptions<InputOptions> inputOptions)
{
    private const int DefaultSteps = 20;
    private const double MaxCfgScale = 30;
    private const int MaxClipSkip = 12; // layers of the smallest text encoder

    private readonly BatchesOptions limits = options.Value;

    /// <summary>The images in order, prompts outermost, and the pictures they need; none when <paramref name="errors"/> is not empty.</summary>
    /// <param name="request">As it was sent.</param>
    /// <param name="catalog">What it may name.</param>
    /// <param name="errors">Takes what is wrong, all at once.</param>
    public ResolvedBatch Resolve(BatchRequest request, Catalog catalog, RequestErrors errors)
    {
        var inputs = new RequestInputs(inputOptions.Value, errors);
        var model = ModelChoice.Resolve(request.Model ?? limits.DefaultModel, catalog, errors);
        var prompts = Prompts.Resolve(request, limits.MaxPromptLength, errors);
        var seeds = Seeds.Resolve(request, limits.MaxImages, errors);
        if ((long)prompts.Count * seeds.Count > limits.MaxImages)
        {
            errors.Add(
                request.Seeds is null && seeds.Count > prompts.Count ? "n_iter" : "prompts",
                $"{prompts.Count} prompts with {seeds.Count} seeds each are more than the {limits.MaxImages} images a batch may have: split it.");
        }

        var common = Common(request, catalog, model, prompts.Count * seeds.Count, inputs, errors);
        List<ImageSettings> ofPrompts = [];
        foreach (var (index, prompt) in prompts.Index())
        {
            ofPrompts.Add(common with
            {
                Prompt = prompt,
                Loras = common.PromptSyntax == PromptSyntax.Plain
                    ? common.Loras
                    : NamedAdapters.WithTags(common.Loras, request.Prompt is null ? $"prompts[{index}]" : "prompt", prompt ?? "", catalog, errors),
                Embeddings = NamedAdapters.Embeddings(catalog, prompt, request.Prompt2, request.NegativePrompt, request.NegativePrompt2),
            });
        }

        return errors.IsEmpty ? Batch(ofPrompts, seeds, inputs.Pictures) : ResolvedBatch.None;
    }

    // prompts outermost; those that name the same adapters share a recipe
    private static ResolvedBatch Batch(List<ImageSettings> ofPrompts, IReadOnlyList<long> seeds, IReadOnlyList<InputPicture> inputs)
    {
        var recipes = new List<ResolvedRecipe>();
        var prompts = new List<ResolvedPrompt>(ofPrompts.Count);
        var images = new List<ResolvedImage>(ofPrompts.Count * seeds.Count);
        var known = new Dictionary<string, int>();
        ImageSettings? last = null;
        var recipe = 0;
        foreach (var settings in ofPrompts)
        {
            // the key takes as long as writing the settings down: found once for prompts in a row that name nothing of their own
            if (last is null || settings.Embeddings is not null || last.Embeddings is not null || !ReferenceEquals(settings.Loras, last.Loras))
            {
                var key = GroupKey.Of(settings);
                if (!known.TryGetValue(key, out recipe))
                {
                    known[key] = recipe = recipes.Count;
                    recipes.Add(new ResolvedRecipe(ResolvedPrompt.Without(settings), key));
                }
            }

            last = settings;
            prompts.Add(ResolvedPrompt.Of(settings));
            images.AddRange(seeds.Select(seed => new ResolvedImage(recipe, prompts.Count - 1, seed)));
        }

        return new ResolvedBatch(recipes, prompts, images, inputs);
    }

    // all but the prompt, what it names, and the seed
    private ImageSettings Common(BatchRequest request, Catalog catalog, ModelResponse? model, int images, RequestInputs inputs, RequestErrors errors)
    {
        foreach (var (field, text) in new[] { ("negative_prompt", request.NegativePrompt), ("prompt_2", request.Prompt2), ("negative_prompt_2", request.NegativePrompt2) })
        {
            Prompts.CheckText(field, text ?? "", limits.MaxPromptLength, errors);
        }

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
            Prompt2 = request.Prompt2,
            NegativePrompt = request.NegativePrompt ?? "",
            NegativePrompt2 = request.NegativePrompt2,
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
