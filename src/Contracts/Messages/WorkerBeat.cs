using StableDiffusion.Contracts.Workers;

namespace StableDiffusion.Contracts.Messages;

/// <summary>A worker lives, and what it has in hand. Sent every few seconds, when its state changes, and once more when it leaves.
/// A worker that is silent for the length of a lease is lost, and what it had is drawn elsewhere.</summary>
public sealed record WorkerBeat
{
    /// <summary>The worker.</summary>
    public required string WorkerId { get; init; }

    /// <summary>By the worker's clock (UTC); older news of a worker is dropped.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>What it is at.</summary>
    public required WorkerActivity Activity { get; init; }

    /// <summary>Attempts that it was granted and has not yet reported the end of. What it was granted a while ago and does not name here
    /// it has forgotten: that is drawn elsewhere.</summary>
    public required IReadOnlyList<Guid> Attempts { get; init; }

    /// <summary>Attempts that it reported the end of a moment ago: that may still be on its way, since beats and reports take different ones.</summary>
    public IReadOnlyList<Guid> Reported { get; init; } = [];

    /// <summary>Bytes of the device's memory in use; null where the system does not tell.</summary>
    public long? UsedMemory { get; init; }

    /// <summary>Images a second lately, while at work; null before the first.</summary>
    public double? Throughput { get; init; }

    /// <summary>How long its process has run. What the worker was granted before that, another process of its name had, and lost with its end.
    /// Null: not told.</summary>
    public TimeSpan? Age { get; init; }

    /// <summary>How long it has listened to the queue of its own (<see cref="Queues.RenderOn"/>), which goes with its connection: what was sent there
    /// before is lost. Null: it does not listen.</summary>
    public TimeSpan? ListensFor { get; init; }

    /// <summary>How long it has had nothing in hand and been asking for nothing: what was published for it all that time ago does not come. Null while it has.</summary>
    public TimeSpan? IdleFor { get; init; }

    /// <summary>True in the last beat of a worker that shuts down: nothing more is meant for it.</summary>
    public bool Leaving { get; init; }
}
