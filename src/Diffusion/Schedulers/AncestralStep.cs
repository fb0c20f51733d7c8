namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>How an ancestral step from one σ to another is split, η = 1: down to a lower σ without noise, and noise up from there, with
/// down² + up² = to² (k-diffusion's <c>get_ancestral_step</c>).</summary>
internal readonly record struct AncestralStep(double Down, double Up)
{
    public static AncestralStep Between(double from, double to) => new(to * to / from, to * Math.Sqrt(1 - (to * to / (from * from))));
}
