using StableDiffusion.Contracts.Adapters;
using StableDiffusion.Contracts.Models;

namespace StableDiffusion.Contracts.Messages;

/// <summary>A worker's heartbeat: that it lives, on what, which models it holds and which attempts are in its hands.
/// Sent at start, every few seconds, and once more when it leaves.</summary>
public sealed record WorkerReported
{
    /// <summary>Unique among live workers; chosen at the process's start.</summary>
    public required string WorkerId { get; init; }

    /// <summary>The machine's host name.</summary>
    public required string Host { get; init; }

    /// <summary>The device, in words: "cpu (2 threads)", "cuda:0 NVIDIA H200".</summary>
    public required string Device { get; init; }

    /// <summary>The worker's version and commit.</summary>
    public required string Version { get; init; }

    /// <summary>By the worker's clock (UTC).</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>Models this worker renders with.</summary>
    public required IReadOnlyList<ModelDescription> Models { get; init; }

    /// <summary>LoRAs, embeddings, VAEs and ControlNets this worker holds.</summary>
    public IReadOnlyList<AdapterDescription> Adapters { get; init; } = [];

    /// <summary>Models it found and could not load.</summary>
    public IReadOnlyList<ModelFault> Faults { get; init; } = [];

    /// <summary>True until it has tried to load all that it found.</summary>
    public bool Loading { get; init; }

    /// <summary>Attempts of every command the worker has taken up and not yet reported the end of. Their leases are renewed;
    /// an attempt that no report names for the length of a lease is given up and its image rendered anew.</summary>
    public required IReadOnlyList<Guid> Attempts { get; init; }

    /// <summary>True in the last report of a worker that shuts down: nothing more is meant for it.</summary>
    public bool Leaving { get; init; }
}
