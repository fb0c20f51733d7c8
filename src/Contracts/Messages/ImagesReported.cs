namespace StableDiffusion.Contracts.Messages;

/// <summary>What became of attempts that a worker was granted; several in one message, since each costs the farm far more than an entry.
/// News of an attempt that is no longer its image's own changes nothing, nor does news that comes twice.</summary>
public sealed record ImagesReported
{
    /// <summary>The worker that reports.</summary>
    public required string WorkerId { get; init; }

    /// <summary>When, by the worker's clock (UTC).</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>PNGs that lie under their keys, whole.</summary>
    public IReadOnlyList<ImageRendered> Rendered { get; init; } = [];

    /// <summary>Attempts that ended without a picture.</summary>
    public IReadOnlyList<ImageFailed> Failed { get; init; } = [];

    /// <summary>Attempts handed back undrawn, because the worker shuts down or drains; no failures.</summary>
    public IReadOnlyList<AttemptReference> Returned { get; init; } = [];

    /// <summary>Attempts on their way.</summary>
    public IReadOnlyList<ImageProgressed> Progressed { get; init; } = [];
}
