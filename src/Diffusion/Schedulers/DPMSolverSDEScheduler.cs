using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>DPM-Solver++ (2S) of the stochastic equation, with ancestral noise in both halves of a step (Lu et al. 2022b; k-diffusion's
/// <c>sample_dpmpp_sde</c>; diffusers' DPMSolverSDEScheduler). Noise is drawn plainly from the pictures' generators; diffusers takes it from a
/// Brownian tree, so the same seed gives another picture there.</summary>
public sealed class DPMSolverSDEScheduler : MidpointScheduler
{
    /// <exception cref="Networks.Configs.UnsupportedConfigException">A value that diffusers does not know either.</exception>
    public DPMSolverSDEScheduler(SchedulerConfig config)
        : base(config, GeometricMiddle)
    {
    }

    /// <inheritdoc/>
    public override Tensor Step(Tensor modelOutput, int step, Tensor sample, StepOptions options, NoiseSource noise)
    {
        using var scope = NewDisposeScope();
        if (Start.Count == 0)
        {
            var (sigma, next) = (Sigmas[step], Sigmas[step + 1]);
            var original = Prediction.OriginalSample(modelOutput, sample, sigma);
            if (next == 0)
            {
                return (sample + ((sample - original) / sigma * -sigma)).MoveToOuterDisposeScope();
            }

            Start.Add(sample);
            return Advance(sample, original, sigma, GeometricMiddle(sigma, next)).MoveToOuterDisposeScope();
        }

        var (from, to) = (Sigmas[step - 1], Sigmas[step]);
        var previous = Advance(Start[0], Prediction.OriginalSample(modelOutput, sample, GeometricMiddle(from, to)), from, to);
        Start.Clear();
        return previous.MoveToOuterDisposeScope();

        // the equation solved for a constant x₀, with its noise
        Tensor Advance(Tensor x, Tensor original, double sigma, double next)
        {
            var ancestral = AncestralStep.Between(sigma, next);
            double kept = ancestral.Down / sigma;
            return (x * kept) + (original * (1 - kept)) + (noise.Draw(x.shape, x.device) * (options.SNoise * ancestral.Up));
        }
    }
}
