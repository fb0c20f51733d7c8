using Microsoft.Extensions.Options;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Contracts.Sampling;

namespace StableDiffusion.Coordinator.Batches;

/// <summary>Turns a request into the images it stands for: the one place where requests are validated, defaults filled in
/// and random seeds drawn.</summary>
public sealed class BatchResolver(IOptions<BatchesOptions> options)
{
    private const int DefaultSteps = 20;
    private const double MaxCfgScale = 30;

    private readonly BatchesOptions limits = options.Value;

    /// <summary>The images in order, prompts outermost; empty when <paramref name="errors"/> is not.</summary>
    /// <param name="request">As it was sent.</param>
    /// <param name="models">The models the farm knows.</param>
    /// <param name="faults">The models that could not be loaded.</param>
    /// <param name="errors">Takes what is wrong, all at once.</param>
    public IReadOnlyList<ImageSettings> Resolve(
        BatchRequest request, IReadOnlyList<ModelResponse> models, IReadOnlyList<ModelFault> faults, RequestErrors errors)
    {
        var model = ResolveModel(request.Model, models, faults, errors);
        var prompts = Prompts.Resolve(request, limits.MaxPromptLength, errors);
        var seeds = Seeds.Resolve(request, limits.MaxImages, errors);
        var width = ResolveSide("width", request.Width, model, errors);
        var height = ResolveSide("height", request.Height, model, errors);
        var sampler = ResolveSampler(request.SamplerName, model, errors);
        var steps = request.Steps ?? DefaultSteps;
        if (steps < 1 || steps > limits.MaxSteps)
        {
            errors.Add("steps", $"{steps} is out of range: give 1 to {limits.MaxSteps}.");
        }

        var cfgScale = request.CfgScale ?? model?.DefaultCfgScale ?? 0;
        if (!(cfgScale >= 0 && cfgScale <= MaxCfgScale)) // so that NaN is out of range, too
        {
            errors.Add("cfg_scale", $"{cfgScale} is out of range: give 0 to {MaxCfgScale} (1 and below is no guidance).");
        }

        var negative = request.NegativePrompt ?? "";
        Prompts.CheckText("negative_prompt", negative, limits.MaxPromptLength, errors);
        if ((long)prompts.Count * seeds.Count > limits.MaxImages)
        {
            errors.Add(
                request.Seeds is null && seeds.Count > prompts.Count ? "n_iter" : "prompts",
                $"{prompts.Count} prompts with {seeds.Count} seeds each are more than the {limits.MaxImages} images a batch may have: split it.");
        }

        if (!errors.IsEmpty || model is null || sampler is null)
        {
            return [];
        }

        var common = new ImageSettings
        {
            Model = model.Name,
            Prompt = "",
            NegativePrompt = negative,
            Seed = 0,
            Steps = steps,
            CfgScale = cfgScale,
            Width = width,
            Height = height,
            SamplerName = sampler,
        };
        return [.. from prompt in prompts from seed in seeds select common with { Prompt = prompt, Seed = seed }];
    }

    private ModelResponse? ResolveModel(string? name, IReadOnlyList<ModelResponse> models, IReadOnlyList<ModelFault> faults, RequestErrors errors)
    {
        var wanted = name ?? limits.DefaultModel;
        if (wanted is null && models.Where(model => model.Live).ToList() is { Count: > 0 } live)
        {
            models = live; // a model whose workers have gone must be named
        }

        var found = wanted is null && models.Count == 1 ? models[0] : models.FirstOrDefault(model => model.Name == wanted);
        if (found is null && faults.FirstOrDefault(fault => fault.Name == wanted) is { } fault)
        {
            errors.Add("model", $"\"{Short(fault.Name)}\" could not be loaded: {fault.Reason}");
        }
        else if (found is null)
        {
            var known = models.Count == 0
                ? "no worker has reported one yet; start a worker, or wait until GET /v1/models lists one."
                : $"the farm knows {string.Join(", ", models.Select(model => model.Name).Order(StringComparer.Ordinal))}.";
            errors.Add("model", wanted is null ? $"Name a model: {known}" : $"\"{Short(wanted)}\" is not a known model: {known}");
        }

        return found;
    }

    private int ResolveSide(string field, int? side, ModelResponse? model, RequestErrors errors)
    {
        var value = side ?? model?.DefaultSize ?? 0;
        var factor = model?.VaeScaleFactor ?? 1;
        if (side is not null && (value < factor || value > limits.MaxSide))
        {
            errors.Add(field, $"{value} pixels are out of range: give {factor} to {limits.MaxSide}.");
        }
        else if (value % factor != 0)
        {
            var below = value / factor * factor;
            errors.Add(field, $"{value} is no multiple of {factor}, which model {model!.Name} needs: give {(below + factor <= limits.MaxSide ? $"{below} or {below + factor}" : below)}.");
        }

        return value;
    }

    private static string? ResolveSampler(string? name, ModelResponse? model, RequestErrors errors)
    {
        var wanted = name ?? model?.DefaultSampler;
        var sampler = wanted is null ? null : Samplers.Canonical(wanted);
        if (wanted is not null && sampler is null)
        {
            errors.Add("sampler_name", $"\"{Short(wanted)}\" is not a known sampler: give one of {string.Join(", ", Samplers.Names)}.");
        }

        return sampler;
    }

    private static string Short(string text) => text.Length <= 100 ? text : text[..100] + "…";
}
