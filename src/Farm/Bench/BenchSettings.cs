namespace StableDiffusion.Farm.Bench;

/// <summary>What both measurements draw.</summary>
/// <param name="Model">A model folder.</param>
/// <param name="Images">Pictures that count.</param>
/// <param name="Steps">Denoising steps of each.</param>
internal sealed record BenchSettings(string Model, int Images, int Steps)
{
    /// <summary>Pictures drawn before those that count.</summary>
    public const int WarmUp = 4;

    /// <summary>The same for all.</summary>
    public const string Prompt = "a red circle on a white background";

    /// <summary>With guidance on, the network runs for two.</summary>
    public const double CfgScale = 7;

    /// <summary>A1111's name.</summary>
    public const string Sampler = "Euler";
}
