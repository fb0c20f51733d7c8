using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Prompts;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>What a request comes to with a model: all that can be refused before a network is asked. It holds no tensors.</summary>
internal sealed class GenerationPlan
{
    private readonly StableDiffusionModel model;

    /// <exception cref="ArgumentException">A field is out of range; the message names it.</exception>
    /// <exception cref="NotSupportedException">The scheduler is not built.</exception>
    /// <exception cref="InvalidModelException">The scheduler's configuration is not valid, or an embedding does not fit the model.</exception>
    public GenerationPlan(GenerationRequest request, StableDiffusionModel model)
    {
        RequestChecks.Check(request, model);
        (Request, this.model) = (request, model);
        Passes = Pass.Of(request, model);
        Calls = [.. Passes.Select(CountCalls)];
        Guidance = new ClassifierFreeGuidance(request.GuidanceScale, request.GuidanceRescale, IsInput: model.UNet.Config.TimeCondProjDim is not null);
        Area = request.Inpainting is { } inpainting ? InpaintingArea.Of(request.Init!.Image, inpainting, Passes[0].Size) : null;
        ReadPrompts().Dispose(); // embeddings that do not fit are told now
    }

    /// <summary>Whose plan it is.</summary>
    public GenerationRequest Request { get; }

    /// <summary>Its runs through time, in order.</summary>
    public IReadOnlyList<Pass> Passes { get; }

    /// <summary>How often each of them asks the network.</summary>
    public IReadOnlyList<int> Calls { get; }

    /// <summary>How much the prompts have to say.</summary>
    public ClassifierFreeGuidance Guidance { get; }

    /// <summary>What is drawn of the picture; null without in-painting.</summary>
    public InpaintingArea? Area { get; }

    /// <summary>A new reader of its prompts, which holds nothing until it is asked.</summary>
    public IPromptReader ReadPrompts() => PromptReader.Create(Request.PromptReading, model, Request.ClipSkip, Request.Embeddings);

    private int CountCalls(Pass pass)
    {
        using var scheduler = RequestScheduler.Create(Request, model, pass);
        return pass.Calls(scheduler);
    }
}
