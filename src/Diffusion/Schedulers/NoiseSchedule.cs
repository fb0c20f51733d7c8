using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>
/// How fast training drowned a picture in noise: β by time step, and from it the forward process in closed form,
/// q(x_t|x_0) = N(√ᾱ_t·x_0, 1 − ᾱ_t) (Ho et al. 2020). Rounded to single precision where diffusers does, on the CPU.
/// </summary>
public sealed class NoiseSchedule
{
    private readonly float[] betas;
    private readonly float[] alphasCumprod;

    /// <summary>Takes β_t for every training step.</summary>
    public NoiseSchedule(IReadOnlyList<float> betas)
    {
        this.betas = [.. betas];
        alphasCumprod = new float[betas.Count];
        double product = 1;
        for (int t = 0; t < betas.Count; t++)
        {
            product *= 1f - betas[t];
            alphasCumprod[t] = (float)product;
        }
    }

    /// <summary>β_t: the share of variance that is replaced by noise at t.</summary>
    public IReadOnlyList<float> Betas => betas;

    /// <summary>ᾱ_t = ∏(1 − β): the share of variance that is left of the picture at t.</summary>
    public IReadOnlyList<float> AlphasCumprod => alphasCumprod;

    /// <summary>diffusers' <c>num_train_timesteps</c>.</summary>
    public int NumTrainTimesteps => betas.Length;

    /// <summary>Where a sample stands at a whole time.</summary>
    internal NoiseLevel Level(double time) => NoiseLevel.OfAlphaCumprod(alphasCumprod[(int)time]);

    /// <summary>σ_t = √((1 − ᾱ_t)/ᾱ_t), the noise beside a picture of variance one.</summary>
    public float[] Sigmas() => [.. alphasCumprod.Select(alpha => MathF.Sqrt((1 - alpha) / alpha))];

    /// <summary>"linear" in β (Ho et al. 2020).</summary>
    public static NoiseSchedule Linear(double betaStart, double betaEnd, int steps) => new(Linspace(betaStart, betaEnd, steps));

    /// <summary>"scaled_linear", linear in √β: latent diffusion's own (Rombach et al. 2022).</summary>
    public static NoiseSchedule ScaledLinear(double betaStart, double betaEnd, int steps) =>
        new([.. Linspace(Math.Sqrt(betaStart), Math.Sqrt(betaEnd), steps).Select(root => root * root)]);

    /// <summary>"squaredcos_cap_v2": ᾱ follows a squared cosine (Nichol and Dhariwal 2021).</summary>
    public static NoiseSchedule Cosine(int steps) => OfAlphaBar(steps, t => Math.Pow(Math.Cos((t + 0.008) / 1.008 * Math.PI / 2), 2));

    /// <summary>"laplace": the log of the signal-to-noise ratio is Laplace-distributed (Hang et al. 2024).</summary>
    public static NoiseSchedule Laplace(int steps) => OfAlphaBar(steps, t =>
    {
        double ratio = Math.Exp(-0.5 * (t <= 0.5 ? 1 : -1) * Math.Log(1 - (2 * Math.Abs(0.5 - t)) + 1e-6));
        return Math.Sqrt(ratio / (1 + ratio));
    });

    /// <summary>"exp": ᾱ falls exponentially.</summary>
    public static NoiseSchedule Exponential(int steps) => OfAlphaBar(steps, t => Math.Exp(-12 * t));

    /// <summary>"sigmoid" in β, from −6 to 6 (Xu et al. 2022, GeoDiff).</summary>
    public static NoiseSchedule Sigmoid(double betaStart, double betaEnd, int steps) =>
        new([.. Linspace(-6, 6, steps).Select(x => (1 / (1 + MathF.Exp(-x)) * (float)(betaEnd - betaStart)) + (float)betaStart)]);

    /// <summary>The schedule that a config describes; its class has the defaults.</summary>
    public static NoiseSchedule Read(SchedulerConfig config, double betaStart = 0.0001, double betaEnd = 0.02, string betaSchedule = "linear")
    {
        double start = config.Number("beta_start", betaStart), end = config.Number("beta_end", betaEnd);
        int steps = config.Whole("num_train_timesteps", 1000, least: 1);
        string kind = config.Choice("beta_schedule", betaSchedule, "linear", "scaled_linear", "squaredcos_cap_v2", "sigmoid", "laplace", "exp");
        if (config.OptionalNumbers("trained_betas") is { } trained)
        {
            return trained.Length == steps
                ? new NoiseSchedule(trained)
                : throw config.Unsupported("trained_betas", $"num_train_timesteps ({steps}) numbers");
        }

        return kind switch
        {
            "linear" => Linear(start, end, steps),
            "scaled_linear" => ScaledLinear(start, end, steps),
            "squaredcos_cap_v2" => Cosine(steps),
            "sigmoid" => Sigmoid(start, end, steps),
            "laplace" => Laplace(steps),
            _ => Exponential(steps),
        };
    }

    /// <summary>The same schedule, shifted and scaled in √ᾱ so that nothing is left of the picture at the last step (Lin et al. 2024,
    /// algorithm 1).</summary>
    public NoiseSchedule WithZeroTerminalSnr()
    {
        float[] roots = [.. alphasCumprod.Select(alpha => MathF.Sqrt(alpha))];
        float first = roots[0], last = roots[^1];
        float[] bars = [.. roots.Select(root => (root - last) * (first / (first - last))).Select(root => root * root)];
        return new([.. bars.Select((bar, t) => 1 - (t == 0 ? bar : bar / bars[t - 1]))]);
    }

    /// <summary>x_t = √ᾱ_t·x₀ + √(1 − ᾱ_t)·ε for each sample at its own time.</summary>
    /// <param name="originalSamples">x₀, (B, …).</param>
    /// <param name="noise">ε, of the same shape.</param>
    /// <param name="timesteps">(B), whole numbers in 0 … <see cref="NumTrainTimesteps"/> − 1.</param>
    public Tensor AddNoise(Tensor originalSamples, Tensor noise, Tensor timesteps)
    {
        using var scope = NewDisposeScope();
        var (signal, spread) = Roots(originalSamples, timesteps);
        return ((signal * originalSamples) + (spread * noise)).MoveToOuterDisposeScope();
    }

    /// <summary>v_t = √ᾱ_t·ε − √(1 − ᾱ_t)·x₀, shapes as in <see cref="AddNoise"/>.</summary>
    public Tensor GetVelocity(Tensor originalSamples, Tensor noise, Tensor timesteps)
    {
        using var scope = NewDisposeScope();
        var (signal, spread) = Roots(originalSamples, timesteps);
        return ((signal * noise) - (spread * originalSamples)).MoveToOuterDisposeScope();
    }

    /// <summary>√ᾱ_t and √(1 − ᾱ_t) as (B, 1, …), to multiply samples with.</summary>
    private (Tensor Signal, Tensor Spread) Roots(Tensor samples, Tensor timesteps)
    {
        var alphas = tensor(alphasCumprod, dtype: ScalarType.Float32).to(samples.device).index_select(0, timesteps.to(ScalarType.Int64).to(samples.device));
        long[] shape = [alphas.shape[0], .. Enumerable.Repeat(1L, (int)samples.dim() - 1)];
        alphas = alphas.reshape(shape);
        return (alphas.sqrt().to(samples.dtype), (1 - alphas).sqrt().to(samples.dtype));
    }

    /// <summary>β from ᾱ as a function of the time passed, 0 … 1; at most 0.999, so that something is left to divide by.</summary>
    private static NoiseSchedule OfAlphaBar(int steps, Func<double, double> alphaBar) => new([.. Enumerable.Range(0, steps).Select(i =>
        (float)Math.Min(1 - (alphaBar((i + 1.0) / steps) / alphaBar((double)i / steps)), 0.999))]);

    /// <summary>torch.linspace in single precision: from both ends towards the middle.</summary>
    private static float[] Linspace(double start, double end, int steps)
    {
        float from = (float)start, to = (float)end, step = steps > 1 ? (to - from) / (steps - 1) : 0;
        return [.. Enumerable.Range(0, steps).Select(i =>
            i < steps / 2 ? MathF.FusedMultiplyAdd(step, i, from) : MathF.FusedMultiplyAdd(-step, steps - 1 - i, to))];
    }
}
