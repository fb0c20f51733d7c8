namespace StableDiffusion.Contracts.Messages;

/// <summary>A worker is about to draw these attempts and asks which of them still count. Answered by <see cref="ImagesClaimed"/>. Asked
/// again for attempts that the worker holds already, it grants them again.</summary>
public sealed record ClaimImages
{
    /// <summary>The worker that asks.</summary>
    public required string WorkerId { get; init; }

    /// <summary>When, by the worker's clock (UTC).</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>Images with the attempts the command named, at least one.</summary>
    public required IReadOnlyList<AttemptReference> Attempts { get; init; }
}
