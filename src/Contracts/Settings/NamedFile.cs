namespace StableDiffusion.Contracts.Settings;

/// <summary>A file that workers hold beside the models: its name for people, its hash for the bytes.</summary>
public sealed record NamedFile
{
    /// <summary>The file's name without extension.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of the file, lower-case hex.</summary>
    public required string Hash { get; init; }
}
