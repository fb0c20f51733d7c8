namespace StableDiffusion.Contracts.Verification;

/// <summary>How far the pictures of a rerun are from those that it draws again.</summary>
public sealed record VerificationResponse
{
    /// <summary>The rerun.</summary>
    public required Guid BatchId { get; init; }

    /// <summary>The batch that it does again; absent when that was deleted.</summary>
    public Guid? OriginId { get; init; }

    /// <summary>Images of the rerun.</summary>
    public required int Total { get; init; }

    /// <summary>Those whose files are the same, byte for byte.</summary>
    public required int Same { get; init; }

    /// <summary>Those whose files differ.</summary>
    public required int Different { get; init; }

    /// <summary>Those that cannot be compared: the rerun or its origin has no picture.</summary>
    public required int Missing { get; init; }

    /// <summary>A page of the images, in order.</summary>
    public required IReadOnlyList<ImageVerification> Items { get; init; }

    /// <summary>Path of the next page; absent on the last.</summary>
    public string? Next { get; init; }
}
