using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>UniPC: a multistep predictor, and with the network's word at the point reached, which costs no call more, a corrector of one order
/// higher (Zhao et al. 2023; diffusers' UniPCMultistepScheduler).</summary>
public sealed class UniPCMultistepScheduler : ISigmaScheduler
{
    private readonly SolverSpacing spacing;
    private readonly PredictionType prediction;
    private readonly SampleLimit limit;
    private readonly UniPCUpdate update;
    private readonly int solverOrder;
    private readonly bool lowerOrderFinal;
    private readonly HashSet<int> uncorrected;
    private readonly TensorHistory outputs, corrected = new(1);
    private SigmaSchedule run = SigmaSchedule.Empty;
    private int lastOrder;

    /// <exception cref="Networks.Configs.UnsupportedConfigException">A value that is not known.</exception>
    public UniPCMultistepScheduler(SchedulerConfig config)
    {
        SolverConfig.RefuseFlows(config);
        var table = new SigmaTable(NoiseSchedule.Read(config), config.Flag("rescale_betas_zero_snr", false));
        var curve = SigmaCurves.Read(config);
        float? least = curve == SigmaCurve.None ? table.Lowest : null;
        spacing = new SolverSpacing(table, config, curve) { FinalSigma = SolverConfig.ReadFinalSigmaZero(config) ? 0 : least };
        prediction = Predictions.Read(config);
        limit = SampleLimit.ReadThresholding(config);
        string solverType = config.Choice("solver_type", "bh2", "bh1", "bh2", "midpoint", "heun", "logrho"); // the latter three stand for bh2
        update = new UniPCUpdate(config.Flag("predict_x0", true), bh1: solverType == "bh1");
        solverOrder = SolverConfig.ReadOrder(config, most: UniPCUpdate.MaxOrder);
        lowerOrderFinal = config.Flag("lower_order_final", true);
        uncorrected = [.. (config.OptionalNumbers("disable_corrector") ?? []).Select(step => (int)step)];
        outputs = new TensorHistory(solverOrder);
        if (config.Has("solver_p"))
        {
            throw config.Unsupported("solver_p", "null; another predictor than UniP is not built");
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<double> Timesteps => run.Timesteps;

    /// <inheritdoc/>
    public IReadOnlyList<float> Sigmas => run.Sigmas;

    /// <inheritdoc/>
    public void SetTimesteps(int numInferenceSteps)
    {
        Dispose();
        run = spacing.Lay(numInferenceSteps);
    }

    /// <inheritdoc/>
    public Tensor Step(Tensor modelOutput, int step, Tensor sample, StepOptions options, NoiseSource noise)
    {
        using var scope = NewDisposeScope();
        var output = Convert(modelOutput, sample, Level(step));
        if (corrected.Count > 0 && !uncorrected.Contains(step - 1))
        {
            sample = update.Apply(corrected[0], outputs, Levels(step - 1, lastOrder), Level(step), output);
        }

        outputs.Add(output);
        corrected.Clear();
        corrected.Add(sample);
        int most = lowerOrderFinal ? Math.Min(solverOrder, run.Timesteps.Length - step) : solverOrder;
        lastOrder = Math.Min(most, outputs.Count);
        return update.Apply(sample, outputs, Levels(step, lastOrder), Level(step + 1)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor AddNoise(Tensor originalSamples, Tensor noise, int step) => Level(step).AddNoise(originalSamples, noise);

    /// <inheritdoc/>
    public void Dispose()
    {
        outputs.Clear();
        corrected.Clear();
    }

    private Tensor Convert(Tensor output, Tensor sample, NoiseLevel level) => update.PredictX0
        ? limit.Apply(prediction.OriginalSample(output, sample, level))
        : prediction.Epsilon(output, sample, level);

    /// <summary>The levels of as many steps, back from <paramref name="step"/>.</summary>
    private NoiseLevel[] Levels(int step, int count) => [.. Enumerable.Range(0, count).Select(back => Level(step - back))];

    private NoiseLevel Level(int step) => NoiseLevel.OfRatio(run.Sigmas[step]);
}
