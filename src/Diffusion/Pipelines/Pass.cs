using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Schedulers;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>One run through time: a request has one, or two with <see cref="HighResolution"/>.</summary>
/// <param name="Size">What it draws at.</param>
/// <param name="NumInferenceSteps">Steps that the time is cut into.</param>
/// <param name="Strength">Share of them that is taken, from a picture; null takes them all, from noise.</param>
internal sealed record Pass(DrawnSize Size, int NumInferenceSteps, double? Strength)
{
    /// <summary>Only times below it are taken: the rest is behind what is gone on from.</summary>
    public double? Below { get; private init; }

    /// <summary>Only times from it on are taken.</summary>
    public double? Least { get; private init; }

    /// <summary>The request's passes, in order.</summary>
    public static IReadOnlyList<Pass> Of(GenerationRequest request, StableDiffusionModel model)
    {
        var first = new Pass(DrawnSize.Of(request, model), request.NumInferenceSteps, request.Init?.Strength)
        {
            Below = Time(request.Continuation?.DenoisingStart),
            Least = Time(request.DenoisingEnd),
        };
        return request.HighResolution is { } high
            ? [first, new Pass(first.Size.Enlarged(high, model.VaeScaleFactor), high.NumInferenceSteps ?? first.NumInferenceSteps, high.DenoisingStrength)]
            : [first];

        // rounded as diffusers does
        double? Time(double? share) => share is { } behind && RequestScheduler.TrainTimesteps(request, model) is var all ? Math.Round(all - (behind * all)) : null;
    }

    /// <summary>Steps that are taken, counted as the request does.</summary>
    public int StepsTaken => Strength is { } strength ? Math.Min((int)(NumInferenceSteps * strength), NumInferenceSteps) : NumInferenceSteps;

    /// <summary>Index of the first time that the network is asked at; none is left where the strength is 0.</summary>
    public int Begin(IScheduler scheduler)
    {
        int all = scheduler.Timesteps.Count;
        if (Below is not { } below)
        {
            return StepsTaken == 0 ? all : (NumInferenceSteps - StepsTaken) * scheduler.Order;
        }

        int left = scheduler.Timesteps.Count(time => time < below);
        return all - (scheduler.Order == 2 && left % 2 == 0 ? Math.Min(left + 1, all) : left); // never between the halves of a step
    }

    /// <summary>How often the network is asked.</summary>
    public int Calls(IScheduler scheduler) => scheduler.Timesteps.Skip(Begin(scheduler)).Count(time => !(time < Least));
}
