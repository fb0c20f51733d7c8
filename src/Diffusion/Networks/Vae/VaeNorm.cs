namespace StableDiffusion.Diffusion.Networks.Vae;

/// <summary>The one constant of the VAE's group norms, which its config does not name.</summary>
internal static class VaeNorm
{
    public const double Eps = 1e-6;
}
