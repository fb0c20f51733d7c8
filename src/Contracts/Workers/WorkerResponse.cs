using StableDiffusion.Contracts.Models;

namespace StableDiffusion.Contracts.Workers;

/// <summary>A worker as it last reported.</summary>
public sealed record WorkerResponse
{
    /// <summary>The worker.</summary>
    public required string Id { get; init; }

    /// <summary>The machine's host name.</summary>
    public required string Host { get; init; }

    /// <summary>The device, in words.</summary>
    public required string Device { get; init; }

    /// <summary>Its version and commit.</summary>
    public required string Version { get; init; }

    /// <summary>Names of the models it renders with.</summary>
    public required IReadOnlyList<string> Models { get; init; }

    /// <summary>LoRAs, embeddings, VAEs and ControlNets it holds, as "lora/NAME".</summary>
    public required IReadOnlyList<string> Adapters { get; init; }

    /// <summary>Models it found and could not load.</summary>
    public required IReadOnlyList<ModelFault> Faults { get; init; }

    /// <summary>True until it has tried to load all that it found.</summary>
    public required bool Loading { get; init; }

    /// <summary>When it last reported (UTC).</summary>
    public required DateTimeOffset LastSeenAt { get; init; }

    /// <summary>Whether it reported lately and has not left.</summary>
    public required bool Live { get; init; }

    /// <summary>How it stands.</summary>
    public required WorkerState State { get; init; }

    /// <summary>Names of models it could load.</summary>
    public IReadOnlyList<string> CanHold { get; init; } = [];

    /// <summary>The device's memory in bytes; absent where its system does not tell.</summary>
    public long? Memory { get; init; }

    /// <summary>Bytes of it in use.</summary>
    public long? UsedMemory { get; init; }

    /// <summary>Images a second lately, while at work.</summary>
    public double? Throughput { get; init; }

    /// <summary>Images it has in hand.</summary>
    public int InHand { get; init; }

    /// <summary>Most images it takes in one command.</summary>
    public int GroupSize { get; init; }

    /// <summary>Whether somebody told it to take nothing new; until it is told to resume.</summary>
    public bool Drained { get; init; }

    /// <summary>Attempts in a row that failed for a reason that may pass; too many set it aside.</summary>
    public int FailuresInARow { get; init; }

    /// <summary>Why the farm gives it nothing more; absent while it does.</summary>
    public string? SetAside { get; init; }
}
