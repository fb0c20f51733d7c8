namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>
/// A step of the exponential integrators DPM-Solver (Lu et al. 2022, for ε) and DPM-Solver++ (Lu et al. 2022b, for x₀). What the network says
/// is taken as a polynomial in λ over the step, with value D₀, slope D₁ and curvature D₂ at its start, and the rest of the equation is
/// solved exactly. That makes x_t a sum with these weights; h = λ_t − λ_s. D₁ and D₂ have no weight that counts where h is infinite.
/// </summary>
/// <param name="Sample">Of the sample that the step starts from.</param>
/// <param name="D0">Of D₀.</param>
/// <param name="D1">Of D₁.</param>
/// <param name="D1Midpoint">Of D₁ where it is taken to hold at the middle of the step.</param>
/// <param name="D2">Of D₂.</param>
/// <param name="Noise">Of new noise.</param>
internal readonly record struct DpmSolverWeights(double Sample, double D0, double D1, double D1Midpoint, double D2, double Noise = 0)
{
    /// <summary>"dpmsolver++".</summary>
    public static DpmSolverWeights ForOriginal(NoiseLevel s, NoiseLevel t)
    {
        double h = t.Lambda - s.Lambda, a = Math.Exp(-h) - 1;
        return new(
            t.Sigma / s.Sigma,
            D0: -t.Alpha * a,
            D1: t.Alpha * ((a / h) + 1),
            D1Midpoint: -0.5 * t.Alpha * a,
            D2: -t.Alpha * (((a + h) / (h * h)) - 0.5));
    }

    /// <summary>"sde-dpmsolver++", of the stochastic equation.</summary>
    public static DpmSolverWeights ForOriginalWithNoise(NoiseLevel s, NoiseLevel t)
    {
        double h = t.Lambda - s.Lambda, a = 1 - Math.Exp(-2 * h);
        return new(
            t.Sigma / s.Sigma * Math.Exp(-h),
            D0: t.Alpha * a,
            D1: t.Alpha * (1 - (a / (2 * h))),
            D1Midpoint: 0.5 * t.Alpha * a,
            D2: t.Alpha * (((a - (2 * h)) / (4 * h * h)) - 0.5),
            Noise: t.Sigma * Math.Sqrt(a));
    }

    /// <summary>"dpmsolver".</summary>
    public static DpmSolverWeights ForEpsilon(NoiseLevel s, NoiseLevel t)
    {
        double h = t.Lambda - s.Lambda, a = Math.Exp(h) - 1;
        return new(
            t.Alpha / s.Alpha,
            D0: -t.Sigma * a,
            D1: -t.Sigma * ((a / h) - 1),
            D1Midpoint: -0.5 * t.Sigma * a,
            D2: -t.Sigma * (((a - h) / (h * h)) - 0.5));
    }

    /// <summary>"sde-dpmsolver", of the stochastic equation.</summary>
    public static DpmSolverWeights ForEpsilonWithNoise(NoiseLevel s, NoiseLevel t)
    {
        var plain = ForEpsilon(s, t);
        double noise = t.Sigma * Math.Sqrt(Math.Exp(2 * (t.Lambda - s.Lambda)) - 1);
        return new(plain.Sample, 2 * plain.D0, 2 * plain.D1, 2 * plain.D1Midpoint, 2 * plain.D2, noise);
    }
}
