using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>Diffusion exponential integrator sampler, log-ρ multistep of order 1 to 3: ε is a polynomial in log ρ through the last outputs,
/// integrated over ρ = σ/α (Zhang and Chen 2023; diffusers' DEISMultistepScheduler).</summary>
public sealed class DEISMultistepScheduler : ISigmaScheduler
{
    private const int FewSteps = 15; // below this, high orders at the end make pictures worse

    private readonly SolverSpacing spacing;
    private readonly PredictionType prediction;
    private readonly SampleLimit limit;
    private readonly bool lowerOrderFinal;
    private readonly TensorHistory outputs;
    private SigmaSchedule run = SigmaSchedule.Empty;

    /// <exception cref="Networks.Configs.UnsupportedConfigException">A value that diffusers does not know either.</exception>
    public DEISMultistepScheduler(SchedulerConfig config)
    {
        SolverConfig.RefuseFlows(config);
        var table = new SigmaTable(NoiseSchedule.Read(config));
        var curve = SigmaCurves.Read(config);
        _ = config.Choice("algorithm_type", "deis", "deis", "dpmsolver", "dpmsolver++"); // the latter two stand for the first
        _ = config.Choice("solver_type", "logrho", "logrho", "midpoint", "heun", "bh1", "bh2"); // as do these
        spacing = new SolverSpacing(table, config, curve) { FinalSigma = curve == SigmaCurve.None ? table.Lowest : null };
        prediction = Predictions.Read(config);
        limit = SampleLimit.ReadThresholding(config);
        lowerOrderFinal = config.Flag("lower_order_final", true);
        outputs = new TensorHistory(SolverConfig.ReadOrder(config, most: 3));
    }

    /// <inheritdoc/>
    public IReadOnlyList<double> Timesteps => run.Timesteps;

    /// <inheritdoc/>
    public IReadOnlyList<float> Sigmas => run.Sigmas;

    /// <inheritdoc/>
    public void SetTimesteps(int numInferenceSteps)
    {
        outputs.Clear();
        run = spacing.Lay(numInferenceSteps);
    }

    /// <inheritdoc/>
    public Tensor Step(Tensor modelOutput, int step, Tensor sample, StepOptions options, NoiseSource noise)
    {
        using var scope = NewDisposeScope();
        NoiseLevel from = Level(step), to = Level(step + 1);
        outputs.Add(Predictions.EpsilonBeside(limit.Apply(prediction.OriginalSample(modelOutput, sample, from)), sample, from));

        int order = OrderOf(step);
        if (order == 1)
        {
            // exact for a constant ε
            double weight = to.Sigma * (Math.Exp(to.Lambda - from.Lambda) - 1);
            return ((sample * (to.Alpha / from.Alpha)) - (outputs[0] * weight)).MoveToOuterDisposeScope();
        }

        var sum = sample / from.Alpha;
        for (int k = 0; k < order; k++)
        {
            sum = sum + (outputs[k] * Coefficient(order, step, k));
        }

        return (sum * to.Alpha).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor AddNoise(Tensor originalSamples, Tensor noise, int step) => Level(step).AddNoise(originalSamples, noise);

    /// <inheritdoc/>
    public void Dispose() => outputs.Dispose();

    /// <summary>As high as there are outputs for, but lower at the end of short runs.</summary>
    private int OrderOf(int step)
    {
        bool lower = lowerOrderFinal && run.Timesteps.Length < FewSteps;
        return Math.Min(outputs.Count, lower ? run.Timesteps.Length - step : int.MaxValue);
    }

    /// <summary>∫ over the step's ρ of the k-th Lagrange polynomial in log ρ through the last <paramref name="order"/> points. In single
    /// precision and term by term as diffusers has it: at order 3 the terms cancel so far that another rounding would show.</summary>
    private float Coefficient(int order, int step, int k)
    {
        float to = Ratio(step + 1), from = Ratio(step);
        float own = MathF.Log(Ratio(step - k)), c = MathF.Log(Ratio(step - ((k + 1) % order))), d = MathF.Log(Ratio(step - ((k + 2) % order)));
        return order == 2 ? Second(to) - Second(from) : Third(to) - Third(from);

        float Second(float rho) => rho * (-c + MathF.Log(rho) - 1) / (own - c);

        float Third(float rho)
        {
            float l = MathF.Log(rho);
            return rho * ((c * (d - l + 1)) - (d * l) + d + (l * l) - (2 * l) + 2) / ((own - c) * (own - d));
        }
    }

    /// <summary>ρ = σ/α, which is the run's σ but for its rounding.</summary>
    private float Ratio(int step)
    {
        float sigma = run.Sigmas[step], alpha = 1 / MathF.Sqrt((sigma * sigma) + 1);
        return sigma * alpha / alpha;
    }

    private NoiseLevel Level(int step) => NoiseLevel.OfRatio(run.Sigmas[step]);
}
