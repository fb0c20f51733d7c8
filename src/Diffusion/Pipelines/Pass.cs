using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Schedulers;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>One run through time: a request has one, or two with <see cref="HighResolution"/>.</summary>
/// <param name="Size">What it draws at.</param>
/// <param name="NumInferenceSteps">Steps that the time is cut into.</param>
/// <param name="Strength">Share of them that is taken, from a picture; null takes them all, from noise.</param>
internal sealed record Pass(DrawnSize Size, int NumInferenceSteps, double? Strength)
{
    /// <summary>The request's passes, in order.</summary>
    public static IReadOnlyList<Pass> Of(GenerationRequest request, StableDiffusionModel model)
    {
        var first = new Pass(DrawnSize.Of(request, model), request.NumInferenceSteps, request.Init?.Strength);
        return request.HighResolution is { } high
            ? [first, new Pass(first.Size.Enlarged(high, model.VaeScaleFactor), high.NumInferenceSteps ?? first.NumInferenceSteps, high.DenoisingStrength)]
            : [first];
    }

    /// <summary>Steps that are taken, counted as the request does.</summary>
    public int StepsTaken => Strength is { } strength ? Math.Min((int)(NumInferenceSteps * strength), NumInferenceSteps) : NumInferenceSteps;

    /// <summary>Index of the first time that the network is asked at; none is left where the strength is 0.</summary>
    public int Begin(IScheduler scheduler) =>
        StepsTaken == 0 ? scheduler.Timesteps.Count : (NumInferenceSteps - StepsTaken) * scheduler.Order;

    /// <summary>How often the network is asked.</summary>
    public int Calls(IScheduler scheduler) => scheduler.Timesteps.Count - Begin(scheduler);
}
