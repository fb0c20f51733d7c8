namespace StableDiffusion.Diffusion.Training;

/// <summary>How long weights are averaged over, with the names and defaults of diffusers' <c>EMAModel</c>.</summary>
public sealed record EmaOptions
{
    /// <summary>The share of the average that a step keeps, once there have been enough steps.</summary>
    public double Decay { get; init; } = 0.9999;

    /// <summary>The least share that a step keeps, from the second on.</summary>
    public double MinDecay { get; init; }

    /// <summary>Steps at the start that leave the average at the weights.</summary>
    public int UpdateAfterStep { get; init; }

    /// <summary>Whether the decay rises as 1 − (1 + step/<see cref="InvGamma"/>)^−<see cref="Power"/>, and not as (1 + step)/(10 + step).</summary>
    public bool UseEmaWarmup { get; init; }

    /// <summary>Stretches the rise.</summary>
    public double InvGamma { get; init; } = 1;

    /// <summary>How steep the rise is.</summary>
    public double Power { get; init; } = 2.0 / 3;

    /// <summary>The share kept at optimizer step <paramref name="step"/> (from 1): small at first, so that the start is forgotten.</summary>
    public double DecayAt(int step)
    {
        double since = step - UpdateAfterStep - 1;
        if (since <= 0)
            return 0;
        var rising = UseEmaWarmup ? 1 - Math.Pow(1 + since / InvGamma, -Power) : (1 + since) / (10 + since);
        return Math.Max(Math.Min(rising, Decay), MinDecay);
    }
}
