using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>DPM-Solver and DPM-Solver++ of order 1 to 3 as multistep methods: what the network said at the steps before gives slope and
/// curvature (Lu et al. 2022 and 2022b, algorithm 2; diffusers' DPMSolverMultistepScheduler; A1111's DPM++ 2M and its relatives).</summary>
public sealed class DPMSolverMultistepScheduler : ISigmaScheduler
{
    private const int FewSteps = 15; // below this, high orders at the end make pictures worse

    private readonly DpmSolver solver;
    private readonly SolverSpacing spacing;
    private readonly bool lowerOrderFinal, eulerAtFinal;
    private readonly TensorHistory outputs;
    private SigmaSchedule run = SigmaSchedule.Empty;

    /// <exception cref="Networks.Configs.UnsupportedConfigException">A value that is not known, or that goes not with another.</exception>
    public DPMSolverMultistepScheduler(SchedulerConfig config)
    {
        SolverConfig.RefuseFlows(config);
        solver = new DpmSolver(config, "dpmsolver", "dpmsolver++", "sde-dpmsolver", "sde-dpmsolver++");
        var table = new SigmaTable(NoiseSchedule.Read(config), config.Flag("rescale_betas_zero_snr", false));
        var curve = SigmaCurves.Read(config);
        curve = curve != SigmaCurve.Karras && config.Flag("use_lu_lambdas", false) ? SigmaCurve.Lu : curve;
        spacing = new SolverSpacing(table, config, curve)
        {
            FinalSigma = solver.EndsAtZero ? 0 : table.Lowest,
            RoundsTimes = config.Word("beta_schedule", "linear") != "squaredcos_cap_v2",
        };
        lowerOrderFinal = config.Flag("lower_order_final", true);
        eulerAtFinal = config.Flag("euler_at_final", false);
        outputs = new TensorHistory(solver.Order);
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
        outputs.Add(solver.Convert(modelOutput, sample, Level(step)));

        var weights = solver.Between(Level(step), Level(step + 1));
        var next = (sample * weights.Sample) + (outputs[0] * weights.D0);
        next = OrderOf(step) switch
        {
            1 => next,
            2 => next + (Slope(step, 0) * (solver.Midpoint ? weights.D1Midpoint : weights.D1)),
            _ => AddThirdOrder(next, step, weights),
        };
        next = solver.IsStochastic ? next + (noise.Draw(sample.shape, sample.device) * weights.Noise) : next;
        return next.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor AddNoise(Tensor originalSamples, Tensor noise, int step) => Level(step).AddNoise(originalSamples, noise);

    /// <inheritdoc/>
    public void Dispose() => outputs.Dispose();

    /// <summary>As high as there are outputs for, but lower at the end.</summary>
    private int OrderOf(int step)
    {
        int left = run.Timesteps.Length - step;
        bool lower = lowerOrderFinal && run.Timesteps.Length < FewSteps;
        int most = left == 1 && (eulerAtFinal || lower || solver.EndsAtZero) ? 1 : left == 2 && lower ? 2 : 3;
        return Math.Min(outputs.Count, most);
    }

    /// <summary>D₁ between the output <paramref name="back"/> steps ago and the one before, over this step's h.</summary>
    private Tensor Slope(int step, int back) => (outputs[back] - outputs[back + 1]) / Ratio(step, back);

    private Tensor AddThirdOrder(Tensor next, int step, DpmSolverWeights weights)
    {
        double r0 = Ratio(step, 0), r1 = Ratio(step, 1);
        Tensor latest = Slope(step, 0), before = Slope(step, 1), bend = latest - before;
        var slope = latest + (bend * (r0 / (r0 + r1)));
        return next + (slope * weights.D1) + (bend * (1 / (r0 + r1)) * weights.D2);
    }

    /// <summary>How long, in λ, the step <paramref name="back"/> before this one and the next older was, over this one's length.</summary>
    private double Ratio(int step, int back) =>
        (Level(step - back).Lambda - Level(step - back - 1).Lambda) / (Level(step + 1).Lambda - Level(step).Lambda);

    private NoiseLevel Level(int step) => NoiseLevel.OfRatio(run.Sigmas[step]);
}
