using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>
/// The exponential integrators of DPM-Solver (Lu et al. 2022, for ε) and DPM-Solver++ (Lu et al. 2022b, for x₀), and of the stochastic
/// equation (ibid., section 3.4). What the network says is taken as a polynomial in λ over the step, D₀ + D₁·… + D₂·…, and the rest of the
/// equation is solved exactly, which gives x_t as a sum with the weights below; h = λ_t − λ_s.
/// </summary>
/// <param name="Sample">Weight of the sample that the step starts from.</param>
/// <param name="D0">Weight of D₀, the network's word at the start.</param>
/// <param name="D1">Weight of D₁, its slope.</param>
/// <param name="D1Midpoint">Weight of D₁ where the slope is taken at the middle ("midpoint").</param>
/// <param name="D2">Weight of D₂, its curvature.</param>
/// <param name="Noise">Weight of new noise.</param>
internal readonly record struct DpmSolver(double Sample, double D0, double D1, double D1Midpoint, double D2, double Noise)
{
    /// <summary>The weights of a step.</summary>
    /// <param name="algorithm">diffusers' algorithm_type.</param>
    /// <param name="s">The level that the step starts from.</param>
    /// <param name="t">The level that it leads to.</param>
    public static DpmSolver Between(string algorithm, NoiseLevel s, NoiseLevel t)
    {
        double h = t.Lambda - s.Lambda;
        double a, twoH = 2 * h;
        switch (algorithm)
        {
            case "dpmsolver++":
                a = Math.Exp(-h) - 1;
                return new(t.Sigma / s.Sigma, -t.Alpha * a, t.Alpha * ((a / h) + 1), -0.5 * t.Alpha * a, -t.Alpha * (((a + h) / (h * h)) - 0.5), 0);
            case "sde-dpmsolver++":
                a = 1 - Math.Exp(-twoH);
                return new(
                    t.Sigma / s.Sigma * Math.Exp(-h), t.Alpha * a, t.Alpha * ((a / -twoH) + 1), 0.5 * t.Alpha * a,
                    t.Alpha * (((a - twoH) / (twoH * twoH)) - 0.5), t.Sigma * Math.Sqrt(a));
            default:
                a = Math.Exp(h) - 1;
                var weights = new DpmSolver(
                    t.Alpha / s.Alpha, -t.Sigma * a, -t.Sigma * ((a / h) - 1), -0.5 * t.Sigma * a, -t.Sigma * (((a - h) / (h * h)) - 0.5), 0);
                return algorithm == "dpmsolver" ? weights : weights with
                {
                    D0 = 2 * weights.D0, D1 = 2 * weights.D1, D1Midpoint = 2 * weights.D1Midpoint, Noise = t.Sigma * Math.Sqrt(Math.Exp(twoH) - 1),
                };
        }
    }

    /// <summary>Whether the algorithm is one for x₀, not for ε.</summary>
    public static bool PredictsOriginal(string algorithm) => algorithm.EndsWith("++", StringComparison.Ordinal);

    /// <summary>Whether the algorithm adds noise.</summary>
    public static bool IsStochastic(string algorithm) => algorithm.StartsWith("sde", StringComparison.Ordinal);

    /// <summary>diffusers' algorithm_type; DEIS' own word stands for the default, so that one config serves both.</summary>
    public static string ReadAlgorithm(SchedulerConfig config, params string[] known)
    {
        string algorithm = config.Choice("algorithm_type", "dpmsolver++", [.. known, "deis"]);
        return algorithm == "deis" ? "dpmsolver++" : algorithm;
    }

    /// <summary>Whether the slope is taken at the middle; the words of other solvers stand for the default.</summary>
    public static bool ReadMidpoint(SchedulerConfig config) =>
        config.Choice("solver_type", "midpoint", "midpoint", "heun", "logrho", "bh1", "bh2") != "heun";

    /// <summary>What the network says, as the algorithm wants it, within its limits.</summary>
    /// <returns>x₀ or ε, in the current dispose scope.</returns>
    public static Tensor Convert(string algorithm, PredictionType prediction, SampleLimit limit, Tensor output, Tensor sample, NoiseLevel level)
    {
        if (PredictsOriginal(algorithm))
        {
            return limit.Apply(prediction.OriginalSample(output, sample, level));
        }

        var epsilon = prediction.Epsilon(output, sample, level);
        return limit.IsOn
            ? Predictions.EpsilonBeside(limit.Apply(PredictionType.Epsilon.OriginalSample(epsilon, sample, level)), sample, level)
            : epsilon;
    }
}
