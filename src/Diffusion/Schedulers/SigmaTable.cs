namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>The noise levels σ that a model was trained at, by time step, and the times of levels between them.</summary>
internal sealed class SigmaTable
{
    private readonly float[] sigmas;
    private readonly float[] logSigmas;

    /// <param name="schedule">The noise schedule.</param>
    /// <param name="zeroTerminalSnr">Whether the schedule is to end in pure noise (Lin et al. 2024).</param>
    public SigmaTable(NoiseSchedule schedule, bool zeroTerminalSnr = false)
    {
        sigmas = zeroTerminalSnr ? schedule.WithZeroTerminalSnr().Sigmas() : schedule.Sigmas();
        if (zeroTerminalSnr)
        {
            sigmas[^1] = 4096; // infinite by rights; diffusers puts ᾱ = 2⁻²⁴ there, half precision's smallest number
        }

        logSigmas = [.. sigmas.Select(sigma => MathF.Log(sigma))];
    }

    public int Count => sigmas.Length;

    public float Lowest => sigmas[0];

    public float Highest => sigmas[^1];

    /// <summary>σ at a fractional time, linear between whole ones and held at the ends.</summary>
    public double At(double time)
    {
        int below = Math.Clamp((int)Math.Floor(time), 0, sigmas.Length - 1), above = Math.Min(below + 1, sigmas.Length - 1);
        return sigmas[below] + (Math.Clamp(time - below, 0, 1) * ((double)sigmas[above] - sigmas[below]));
    }

    /// <summary>The fractional time of a σ, linear in log σ and held at the ends.</summary>
    public double TimeOf(double sigma)
    {
        double log = Math.Log(Math.Max(sigma, 1e-10));
        int found = Array.FindLastIndex(logSigmas, known => known <= log);
        int below = Math.Clamp(found, 0, Math.Max(logSigmas.Length - 2, 0)), above = Math.Min(below + 1, logSigmas.Length - 1);
        double weight = Math.Clamp((logSigmas[below] - log) / (logSigmas[below] - logSigmas[above]), 0, 1);
        return ((1 - weight) * below) + (weight * above);
    }

    /// <summary>σ evenly in its logarithm over the whole training range, highest first.</summary>
    public double[] LogLinear(int count) =>
        [.. Enumerable.Range(0, count).Select(i => Math.Exp(TimestepSpacing.Linspace(logSigmas[^1], logSigmas[0], count, i)))];
}
