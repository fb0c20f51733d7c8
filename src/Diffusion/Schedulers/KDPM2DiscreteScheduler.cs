using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>DPM-Solver-2: the step is taken along the slope at the geometric middle of its σ (Karras et al. 2022, algorithm 2, with the
/// middle of Lu et al. 2022, algorithm 1; k-diffusion's <c>sample_dpm_2</c>; diffusers' KDPM2DiscreteScheduler).</summary>
public sealed class KDPM2DiscreteScheduler : MidpointScheduler
{
    /// <exception cref="Networks.Configs.UnsupportedConfigException">A value that diffusers does not know either.</exception>
    public KDPM2DiscreteScheduler(SchedulerConfig config)
        : base(config, GeometricMiddle, wholeKarrasTimes: true, zeros: 2) // diffusers lists the last one thrice
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
            return (sample + (Slope(from) * (GeometricMiddle(from, Sigmas[step + 1]) - from))).MoveToOuterDisposeScope();
        }

        var (sigma, next) = (Sigmas[step - 1], Sigmas[step]);
        var previous = Start[0] + (Slope(GeometricMiddle(sigma, next)) * (next - sigma));
        Start.Clear();
        return previous.MoveToOuterDisposeScope();

        Tensor Slope(double at) => (sample - Prediction.OriginalSample(modelOutput, sample, at)) / at;
    }
}
