namespace StableDiffusion.Contracts.Adapters;

/// <summary>A file beside the models that changes what they draw.</summary>
public record AdapterDescription
{
    /// <summary>What it is for.</summary>
    public required AdapterKind Kind { get; init; }

    /// <summary>The name requests use: the file's without extension.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of the file, lower-case hex.</summary>
    public required string Hash { get; init; }
}

/// <summary>What an adapter is for.</summary>
public enum AdapterKind
{
    /// <summary>A low-rank change of the weights.</summary>
    Lora,

    /// <summary>A textual inversion: a word of its own for prompts.</summary>
    Embedding,

    /// <summary>A VAE in place of a model's own.</summary>
    Vae,

    /// <summary>A network that reads a control image.</summary>
    Controlnet,
}
