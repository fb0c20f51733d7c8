namespace StableDiffusion.Diffusion.Starter.Recipe;

/// <summary>Where the starter model goes and how long it learns. The defaults are what made the one in the repository.</summary>
public sealed record StarterRecipeOptions
{
    /// <summary>The diffusers folder to write; files in it are replaced.</summary>
    public string Folder { get; init; } = Path.Combine("models", "starter");

    /// <summary>Where the classifier that judges its pictures goes.</summary>
    public string ClassifierFolder { get; init; } = Path.Combine("models", "starter-classifier");

    /// <summary>CPU threads. Sums are ordered otherwise with another number, so the weights' last bits change with it.</summary>
    public int Threads { get; init; } = 2;

    /// <summary>Multiplies every stage's steps; below 1 for a quick try.</summary>
    public double Effort { get; init; } = 1;

    /// <summary>The stages to run, in this order; the later ones read what the earlier ones left in the folders.</summary>
    public IReadOnlyList<StarterStage> Stages { get; init; } = Enum.GetValues<StarterStage>();

    internal int Steps(int steps) => Math.Max(1, (int)Math.Round(steps * Effort));
}
