using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>A linear multistep method in σ of order 4: the polynomial through the last derivatives is integrated over the step
/// (k-diffusion's <c>sample_lms</c>; diffusers' LMSDiscreteScheduler).</summary>
public sealed class LMSDiscreteScheduler : ISigmaScheduler
{
    private const int Points = 4;

    private readonly SigmaSpacing spacing;
    private readonly PredictionType prediction;
    private readonly List<Tensor> derivatives = new(Points); // the latest first; ours
    private SigmaSchedule run = SigmaSchedule.Empty;

    /// <exception cref="Networks.Configs.UnsupportedConfigException">A value that diffusers does not know either.</exception>
    public LMSDiscreteScheduler(SchedulerConfig config)
    {
        var schedule = NoiseSchedule.Read(config);
        spacing = new SigmaSpacing(schedule, schedule.Sigmas(), config);
        prediction = Predictions.Read(config);
    }

    /// <inheritdoc/>
    public IReadOnlyList<double> Timesteps => run.Timesteps;

    /// <inheritdoc/>
    public IReadOnlyList<float> Sigmas => run.Sigmas;

    /// <inheritdoc/>
    public int Order => 1;

    /// <inheritdoc/>
    public double InitNoiseSigma => run.InitNoiseSigma(spacing.TimestepSpacing);

    /// <inheritdoc/>
    public void SetTimesteps(int numInferenceSteps)
    {
        Dispose();
        run = spacing.Lay(numInferenceSteps);
    }

    /// <inheritdoc/>
    public Tensor ScaleModelInput(Tensor sample, int step)
    {
        double sigma = run.Sigmas[step];
        return sample / Math.Sqrt((sigma * sigma) + 1);
    }

    /// <inheritdoc/>
    public Tensor Step(Tensor modelOutput, int step, Tensor sample, StepOptions options, NoiseSource noise)
    {
        using var scope = NewDisposeScope();
        double sigma = run.Sigmas[step];
        var derivative = (sample - prediction.OriginalSample(modelOutput, sample, sigma)) / sigma;
        derivatives.Insert(0, derivative.DetachFromDisposeScope());
        if (derivatives.Count > Points)
        {
            derivatives[Points].Dispose();
            derivatives.RemoveAt(Points);
        }

        int order = Math.Min(step + 1, Points);
        foreach (var (k, past) in derivatives.Take(order).Index())
        {
            sample = sample + (past * Coefficient(order, step, k));
        }

        return sample.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor AddNoise(Tensor originalSamples, Tensor noise, int step)
    {
        using var scope = NewDisposeScope();
        return (originalSamples + (noise * run.Sigmas[step])).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        derivatives.ForEach(derivative => derivative.Dispose());
        derivatives.Clear();
    }

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
