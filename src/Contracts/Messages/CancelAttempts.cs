namespace StableDiffusion.Contracts.Messages;

/// <summary>Command to one worker, over <see cref="Queues.Worker"/>: stop drawing these between two steps, they no longer count. Nothing
/// depends on its arrival but the time that is saved.</summary>
public sealed record CancelAttempts
{
    /// <summary>The attempts.</summary>
    public required IReadOnlyList<Guid> Attempts { get; init; }
}
