using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>What the multistep and the singlestep form of DPM-Solver have in common: the algorithm that a config chooses, and what it makes of
/// the network's words.</summary>
internal sealed class DpmSolver
{
    private readonly string algorithm;
    private readonly PredictionType prediction;
    private readonly SampleLimit limit;

    /// <param name="config">Reads algorithm_type, solver_type, solver_order, final_sigmas_type, prediction_type and thresholding.</param>
    /// <param name="algorithms">Those that the class has.</param>
    /// <exception cref="Networks.Configs.UnsupportedConfigException">A value that is not known, or that goes not with another.</exception>
    public DpmSolver(SchedulerConfig config, params string[] algorithms)
    {
        // the words of other solvers stand for the default, so that one config serves them all
        algorithm = config.Choice("algorithm_type", "dpmsolver++", [.. algorithms, "deis"]);
        algorithm = algorithm == "deis" ? "dpmsolver++" : algorithm;
        Midpoint = config.Choice("solver_type", "midpoint", "midpoint", "heun", "logrho", "bh1", "bh2") != "heun";
        Order = SolverConfig.ReadOrder(config, most: algorithm == "sde-dpmsolver" ? 2 : 3);
        EndsAtZero = SolverConfig.ReadFinalSigmaZero(config);
        if (EndsAtZero && !PredictsOriginal)
        {
            throw config.Unsupported("final_sigmas_type", $"sigma_min with algorithm_type {algorithm}, whose ε has no meaning without noise");
        }

        prediction = Predictions.Read(config);
        limit = SampleLimit.ReadThresholding(config);
    }

    /// <summary>The highest order of a step.</summary>
    public int Order { get; }

    /// <summary>Whether the slope is taken at the middle of a step.</summary>
    public bool Midpoint { get; }

    /// <summary>Whether the run ends without any noise.</summary>
    public bool EndsAtZero { get; }

    /// <summary>Whether steps add noise.</summary>
    public bool IsStochastic => algorithm.StartsWith("sde", StringComparison.Ordinal);

    private bool PredictsOriginal => algorithm.EndsWith("++", StringComparison.Ordinal);

    /// <summary>The weights of a step from level <paramref name="s"/> to level <paramref name="t"/>.</summary>
    public DpmSolverWeights Between(NoiseLevel s, NoiseLevel t) => algorithm switch
    {
        "dpmsolver++" => DpmSolverWeights.ForOriginal(s, t),
        "sde-dpmsolver++" => DpmSolverWeights.ForOriginalWithNoise(s, t),
        "dpmsolver" => DpmSolverWeights.ForEpsilon(s, t),
        _ => DpmSolverWeights.ForEpsilonWithNoise(s, t),
    };

    /// <summary>What the network says, as the algorithm wants it: x₀, or ε, within its limits.</summary>
    public Tensor Convert(Tensor output, Tensor sample, NoiseLevel level)
    {
        if (PredictsOriginal)
        {
            return limit.Apply(prediction.OriginalSample(output, sample, level));
        }

        var epsilon = prediction.Epsilon(output, sample, level);
        return limit.IsOn
            ? Predictions.EpsilonBeside(limit.Apply(PredictionType.Epsilon.OriginalSample(epsilon, sample, level)), sample, level)
            : epsilon;
    }
}
