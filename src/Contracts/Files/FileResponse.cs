namespace StableDiffusion.Contracts.Files;

/// <summary>A registered file.</summary>
public sealed record FileResponse
{
    /// <summary>What it is for.</summary>
    public required FileKind Kind { get; init; }

    /// <summary>The name requests use.</summary>
    public required string Name { get; init; }

    /// <summary>Whether it can be used.</summary>
    public required FileState State { get; init; }

    /// <summary>Why it is refused.</summary>
    public string? Reason { get; init; }

    /// <summary>The object's key, or, ending with a slash, the folder's.</summary>
    public required string Key { get; init; }

    /// <summary>SHA-256 of the file, lower-case hex; of a folder, over its sorted lines "path, two spaces, SHA-256". Absent until it was read through.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Bytes of all that workers pull for it. Absent until it was read through.</summary>
    public long? Bytes { get; init; }

    /// <summary>What workers pull for it. Absent in lists.</summary>
    public IReadOnlyList<FilePart>? Parts { get; init; }

    /// <summary>When it was registered (UTC).</summary>
    public required DateTimeOffset CreatedAt { get; init; }
}
