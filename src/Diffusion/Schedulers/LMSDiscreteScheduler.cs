using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>A linear multistep method in σ of order 4: the polynomial through the last derivatives is integrated over the step
/// (k-diffusion's <c>sample_lms</c>; diffusers' LMSDiscreteScheduler).</summary>
public sealed class LMSDiscreteScheduler : ISigmaScheduler
{
    private const int MaxOrder = 4;

    private readonly SigmaSpacing spacing;
    private readonly PredictionType prediction;
    private readonly TensorHistory derivatives = new(MaxOrder);
    private SigmaSchedule run = SigmaSchedule.Empty;

    /// <exception cref="Networks.Configs.UnsupportedConfigException">A value that diffusers does not know either.</exception>
    public LMSDiscreteScheduler(SchedulerConfig config)
    {
        spacing = new SigmaSpacing(new SigmaTable(NoiseSchedule.Read(config)), config);
        prediction = Predictions.Read(config);
    }

    /// <inheritdoc/>
    public IReadOnlyList<double> Timesteps => run.Timesteps;

    /// <inheritdoc/>
    public IReadOnlyList<float> Sigmas => run.Sigmas;

    /// <inheritdoc/>
    public double InitNoiseSigma => run.InitNoiseSigma(spacing.TimestepSpacing);

    /// <inheritdoc/>
    public void SetTimesteps(int numInferenceSteps)
    {
        derivatives.Clear();
        run = spacing.Lay(numInferenceSteps);
    }

    /// <inheritdoc/>
    public Tensor ScaleModelInput(Tensor sample, int step) => run.ScaleModelInput(sample, step);

    /// <inheritdoc/>
    public Tensor Step(Tensor modelOutput, int step, Tensor sample, StepOptions options, NoiseSource noise)
    {
        using var scope = NewDisposeScope();
        double sigma = run.Sigmas[step];
        var derivative = (sample - prediction.OriginalSample(modelOutput, sample, sigma)) / sigma;
        derivatives.Add(derivative);

        // a run that starts in the middle has no derivatives yet for the order that its step has
        int order = Math.Min(step + 1, Math.Clamp(options.LmsOrder, 1, MaxOrder));
        for (int k = 0; k < Math.Min(order, derivatives.Count); k++)
        {
            sample = sample + (derivatives[k] * Coefficient(order, step, k));
        }

        return sample.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor AddNoise(Tensor originalSamples, Tensor noise, int step) => run.AddNoise(originalSamples, noise, step);

    /// <inheritdoc/>
    public void Dispose() => derivatives.Dispose();

    /// <summary>∫ of the k-th Lagrange polynomial through the last σ over the step; Gauss's two points are exact up to order 4.</summary>
    private double Coefficient(int order, int step, int k)
    {
        double from = run.Sigmas[step], to = run.Sigmas[step + 1];
        double middle = (from + to) / 2, half = (to - from) / 2, point = half / Math.Sqrt(3);
        return half * (Lagrange(middle - point) + Lagrange(middle + point));

        double Lagrange(double sigma)
        {
            double product = 1;
            for (int j = 0; j < order; j++)
            {
                if (j != k)
                {
                    product *= (sigma - run.Sigmas[step - j]) / (run.Sigmas[step - k] - run.Sigmas[step - j]);
                }
            }

            return product;
        }
    }
}
