namespace StableDiffusion.Contracts.Files;

/// <summary>Registers what already lies in the object store.</summary>
public sealed record RegisterFileRequest
{
    /// <summary>What it is for.</summary>
    public FileKind? Kind { get; init; }

    /// <summary>The name requests will use; that of the object or folder when left out.</summary>
    public string? Name { get; init; }

    /// <summary>Key of a .safetensors object, "models/loras/ink.safetensors", or of a folder in diffusers' layout, "models/checkpoints/sdxl/".</summary>
    public string? Key { get; init; }
}
