namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>How an ancestral step from one σ to another is split, η = 1: down to a lower σ without noise, and noise up from there, with
/// down² + up² = to² (k-diffusion's <c>get_ancestral_step</c>).</summary>
internal readonly record struct AncestralStep(double Down, double Up)
{
    /// <summary>Halfway, in the logarithm, to the σ that a step goes down to; 0 where that is.</summary>
    public static double Middle(float from, float to) => Math.Sqrt((double)from * Between(from, to).Down);

    public static AncestralStep Between(double from, double to) => new(to * to / from, to * Math.Sqrt(1 - (to * to / (from * from))));
}
