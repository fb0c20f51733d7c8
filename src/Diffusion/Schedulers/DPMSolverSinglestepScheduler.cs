using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>DPM-Solver and DPM-Solver++ as singlestep methods: steps in blocks of two or three, each solved anew from the block's start with
/// one order more (Lu et al. 2022, algorithms 1 and 2, and 2022b, algorithm 1; diffusers' DPMSolverSinglestepScheduler).</summary>
public sealed class DPMSolverSinglestepScheduler : ISigmaScheduler
{
    private readonly DpmSolver solver;
    private readonly SolverSpacing spacing;
    private readonly bool lowerOrderFinal;
    private readonly TensorHistory outputs, blockStart = new(1);
    private SigmaSchedule run = SigmaSchedule.Empty;
    private int[] orders = [];

    /// <exception cref="Networks.Configs.UnsupportedConfigException">A value that is not known, or that goes not with another.</exception>
    public DPMSolverSinglestepScheduler(SchedulerConfig config)
    {
        SolverConfig.RefuseFlows(config);
        solver = new DpmSolver(config, "dpmsolver", "dpmsolver++", "sde-dpmsolver++");
        var table = new SigmaTable(NoiseSchedule.Read(config));
        spacing = new SolverSpacing(table, config, SigmaCurves.Read(config), spacings: false) { FinalSigma = solver.EndsAtZero ? 0 : table.Lowest };
        lowerOrderFinal = config.Flag("lower_order_final", false);
        outputs = new TensorHistory(solver.Order);
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
        orders = LayOrders(numInferenceSteps);
    }

    /// <inheritdoc/>
    public Tensor Step(Tensor modelOutput, int step, Tensor sample, StepOptions options, NoiseSource noise)
    {
        using var scope = NewDisposeScope();
        outputs.Add(solver.Convert(modelOutput, sample, Level(step)));

        int order = Math.Min(orders[step], outputs.Count); // a run that starts in the middle of a block has no outputs before
        if (order == 1)
        {
            blockStart.Add(sample);
        }

        int start = step - order + 1;
        double h = Level(step + 1).Lambda - Level(start).Lambda;
        var weights = solver.Between(Level(start), Level(step + 1));
        var next = (blockStart[0] * weights.Sample) + (outputs[order - 1] * weights.D0);
        next = order switch
        {
            1 => next,
            2 => next + (SlopeTo(step) * (solver.Midpoint ? weights.D1Midpoint : weights.D1)),
            _ when solver.Midpoint => next + (SlopeTo(step) * weights.D1),
            _ => AddThirdOrder(),
        };
        next = solver.IsStochastic ? next + (noise.Draw(sample.shape, sample.device) * weights.Noise) : next;
        return next.MoveToOuterDisposeScope();

        // how far into the block a step's start is, and the slope from the block's start to there
        double Ratio(int at) => (Level(at).Lambda - Level(start).Lambda) / h;
        Tensor SlopeTo(int at) => (outputs[step - at] - outputs[order - 1]) / Ratio(at);

        Tensor AddThirdOrder()
        {
            double r0 = Ratio(step), r1 = Ratio(step - 1);
            Tensor near = SlopeTo(step - 1), far = SlopeTo(step);
            return next + (((near * r0) - (far * r1)) / (r0 - r1) * weights.D1) + ((far - near) * 2 / (r0 - r1) * weights.D2);
        }
    }

    /// <inheritdoc/>
    public Tensor AddNoise(Tensor originalSamples, Tensor noise, int step) => Level(step).AddNoise(originalSamples, noise);

    /// <inheritdoc/>
    public void Dispose()
    {
        outputs.Clear();
        blockStart.Clear();
    }

    /// <summary>The order of each step, in blocks of 1, 2 … solver_order, of which the last may be cut short; none of high order ends at σ = 0.</summary>
    private int[] LayOrders(int steps)
    {
        int[] laid = [.. Enumerable.Range(0, steps).Select(step => (step % solver.Order) + 1)];
        if (solver.EndsAtZero || (lowerOrderFinal && steps % solver.Order == 0))
        {
            laid[^1] = 1;
        }

        return laid;
    }

    private NoiseLevel Level(int step) => NoiseLevel.OfRatio(run.Sigmas[step]);
}
