using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>DPM-Solver++ (2S) to below the next σ, and noise back up to it: A1111's "DPM++ 2S a" (Lu et al. 2022b, algorithm 1, with r = ½;
/// k-diffusion's <c>sample_dpmpp_2s_ancestral</c>). diffusers has no such class; the config is that of its
/// KDPM2AncestralDiscreteScheduler.</summary>
public sealed class DPMSolver2SAncestralScheduler : MidpointScheduler
{
    /// <exception cref="Networks.Configs.UnsupportedConfigException">A value that is not known.</exception>
    public DPMSolver2SAncestralScheduler(SchedulerConfig config)
        : base(config, AncestralStep.Middle)
    {
    }

    /// <inheritdoc/>
    public override Tensor Step(Tensor modelOutput, int step, Tensor sample, StepOptions options, NoiseSource noise)
    {
        using var scope = NewDisposeScope();
        if (Start.Count == 0)
        {
            var (from, to) = (Sigmas[step], Sigmas[step + 1]);
            Start.Add(sample);
            return Advance(from, from, AncestralStep.Middle(from, to)).MoveToOuterDisposeScope(); // to 0 at the end, which is Euler's step
        }

        var (sigma, next) = (Sigmas[step - 1], Sigmas[step]);
        var ancestral = AncestralStep.Between(sigma, next);
        var previous = Advance(AncestralStep.Middle(sigma, next), sigma, ancestral.Down) + (noise.Draw(sample.shape, sample.device) * ancestral.Up);
        Start.Clear();
        return previous.MoveToOuterDisposeScope();

        // from the step's start, the equation solved for the x₀ that the network sees at a σ
        Tensor Advance(double at, double from, double to) =>
            (Start[0] * (to / from)) + (Prediction.OriginalSample(modelOutput, sample, at) * (1 - (to / from)));
    }
}
