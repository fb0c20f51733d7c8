namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>What a request may set about each step; every method reads its own and ignores the rest.</summary>
public sealed record StepOptions
{
    /// <summary>The methods' own behaviour.</summary>
    public static StepOptions Default { get; } = new();

    /// <summary>DDIM's η: 0 is deterministic, 1 adds as much noise as DDPM. TCD's γ. Null is the method's own: 0 for DDIM, 0.3 for TCD;
    /// a pipeline gives 0 where a request says nothing, as diffusers' do.</summary>
    public double? Eta { get; init; }

    /// <summary>Euler's stochasticity (Karras et al. 2022, algorithm 2), spread over the run; 0 is deterministic.</summary>
    public double SChurn { get; init; }

    /// <summary>Lowest σ at which Euler adds noise.</summary>
    public double STmin { get; init; }

    /// <summary>Highest σ at which Euler adds noise.</summary>
    public double STmax { get; init; } = double.PositiveInfinity;

    /// <summary>Factor on the noise that Euler and DPM-Solver-SDE add.</summary>
    public double SNoise { get; init; } = 1;

    /// <summary>Whether DDIM takes the noise anew from x₀ after that was clipped (Nichol et al. 2022, GLIDE).</summary>
    public bool UseClippedModelOutput { get; init; }

    /// <summary>How many derivatives LMS looks back at, 1 … 4.</summary>
    public int LmsOrder { get; init; } = 4;
}
