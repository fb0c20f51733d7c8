namespace StableDiffusion.Contracts.Verification;

/// <summary>How far a picture is from the one that it draws again.</summary>
public sealed record ImageVerification
{
    /// <summary>Place in the rerun, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>The image.</summary>
    public required Guid Id { get; init; }

    /// <summary>The image that it does again.</summary>
    public Guid? OriginId { get; init; }

    /// <summary>Whether the files are the same, byte for byte.</summary>
    public required bool Same { get; init; }

    /// <summary>Why they could not be compared; absent when they could.</summary>
    public string? Reason { get; init; }

    /// <summary>How far off the pixels are; absent when the files are the same, and when they could not be compared.</summary>
    public PixelDifference? Pixels { get; init; }

    /// <summary>What else differs of what the bytes depend on, by its path in the PNG's manifest: "environment.torch", "model_hash". Absent when nothing does.</summary>
    public IReadOnlyDictionary<string, ValuePair>? Differed { get; init; }
}
