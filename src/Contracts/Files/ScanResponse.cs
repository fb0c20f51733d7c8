namespace StableDiffusion.Contracts.Files;

/// <summary>What a look at the object store's models/ found. What is new or changed is read through after the answer.</summary>
public sealed record ScanResponse
{
    /// <summary>Files that lie where they are looked for.</summary>
    public required int Found { get; init; }

    /// <summary>Those that were not registered.</summary>
    public required int Added { get; init; }

    /// <summary>Those whose objects are others than when they were read through.</summary>
    public required int Changed { get; init; }

    /// <summary>Registered files whose objects are gone.</summary>
    public required int Gone { get; init; }
}
