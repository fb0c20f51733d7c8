using StableDiffusion.Contracts.Models;

namespace StableDiffusion.Contracts.Messages;

/// <summary>A worker's heartbeat: that it lives, on what, and which models it holds. Sent at start and every few seconds.</summary>
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
}
