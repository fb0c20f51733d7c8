using StableDiffusion.Contracts.Adapters;
using StableDiffusion.Contracts.Models;

namespace StableDiffusion.Contracts.Messages;

/// <summary>What a worker is and holds. Sent at start, whenever it changes, and every half minute for a coordinator that lost it.</summary>
public sealed record WorkerRegistered
{
    /// <summary>Unique among live workers; chosen at the process's start.</summary>
    public required string WorkerId { get; init; }

    /// <summary>By the worker's clock (UTC); older news of a worker is dropped.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>The machine's host name.</summary>
    public required string Host { get; init; }

    /// <summary>The device, in words: "cpu (2 threads)", "cuda:0 NVIDIA H200".</summary>
    public required string Device { get; init; }

    /// <summary>The worker's version and commit.</summary>
    public required string Version { get; init; }

    /// <summary>The device's memory in bytes; null where the system does not tell.</summary>
    public long? Memory { get; init; }

    /// <summary>Most images it takes in one command.</summary>
    public int GroupSize { get; init; } = 4;

    /// <summary>Models this worker renders with now: it listens to their queues.</summary>
    public required IReadOnlyList<ModelDescription> Models { get; init; }

    /// <summary>Names of models it does not hold and could load when told to: they lie in its folders or in the farm's store, and fit
    /// its device.</summary>
    public IReadOnlyList<string> CanHold { get; init; } = [];

    /// <summary>Those of <see cref="CanHold"/> that the worker had loaded before: what a request for one needs to be resolved.</summary>
    public IReadOnlyList<ModelDescription> Described { get; init; } = [];

    /// <summary>Names of those of both that the worker has from the farm's store: they end with their registration. Others are the worker's own.</summary>
    public IReadOnlyList<string> Pulled { get; init; } = [];

    /// <summary>LoRAs, embeddings, VAEs and ControlNets this worker holds, or fetches when an image needs them. Images that need others wait for another
    /// worker.</summary>
    public IReadOnlyList<AdapterDescription> Adapters { get; init; } = [];

    /// <summary>Models it found and could not load.</summary>
    public IReadOnlyList<ModelFault> Faults { get; init; } = [];

    /// <summary>True until it has tried to load all that it found.</summary>
    public bool Loading { get; init; }
}
