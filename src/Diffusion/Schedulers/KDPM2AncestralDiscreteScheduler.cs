using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>DPM-Solver-2 to below the next σ, and noise back up to it (k-diffusion's <c>sample_dpm_2_ancestral</c>; diffusers'
/// KDPM2AncestralDiscreteScheduler).</summary>
public sealed class KDPM2AncestralDiscreteScheduler : MidpointScheduler
{
    /// <exception cref="Networks.Configs.UnsupportedConfigException">A value that diffusers does not know either.</exception>
    public KDPM2AncestralDiscreteScheduler(SchedulerConfig config)
        : base(config, AncestralStep.Middle, wholeKarrasTimes: true, zeros: 2) // diffusers lists the last one thrice
    {
    }

    /// <inheritdoc/>
    public override Tensor Step(Tensor modelOutput, int step, Tensor sample, StepOptions options, NoiseSource noise)
    {
        using var scope = NewDisposeScope();
        if (Start.Count == 0)
        {
            Start.Add(sample);
            float from = Sigmas[step];
            return (sample + (Slope(from) * (AncestralStep.Middle(from, Sigmas[step + 1]) - from))).MoveToOuterDisposeScope();
        }

        var (sigma, next) = (Sigmas[step - 1], Sigmas[step]);
        var ancestral = AncestralStep.Between(sigma, next);
        var previous = Start[0] + (Slope(AncestralStep.Middle(sigma, next)) * (ancestral.Down - sigma)) + (noise.Draw(sample.shape, sample.device) * ancestral.Up);
        Start.Clear();
        return previous.MoveToOuterDisposeScope();

        Tensor Slope(double at) => (sample - Prediction.OriginalSample(modelOutput, sample, at)) / at;
    }
}
