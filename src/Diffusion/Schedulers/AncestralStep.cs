namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>How an ancestral step from one σ to another is split, η = 1: down to a lower σ without noise, and noise up from there, with
/// down² + up² = to² (k-diffusion's <c>get_ancestral_step</c>). In single precision, as diffusers has it.</summary>
internal readonly record struct AncestralStep(float Down, float Up)
{
    public static AncestralStep Between(float from, float to)
    {
        float up = MathF.Sqrt(to * to * ((from * from) - (to * to)) / (from * from));
        return new(MathF.Sqrt((to * to) - (up * up)), up);
    }
}
