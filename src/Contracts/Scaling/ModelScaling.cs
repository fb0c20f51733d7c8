namespace StableDiffusion.Contracts.Scaling;

/// <summary>Work that waits for one model.</summary>
public sealed record ModelScaling
{
    /// <summary>The model.</summary>
    public required string Model { get; init; }

    /// <summary>Images that no worker has begun; those of paused batches are left out.</summary>
    public required long WaitingImages { get; init; }

    /// <summary>Seconds that one worker would need for them.</summary>
    public required double WaitingGpuSeconds { get; init; }

    /// <summary>Workers that hold the model and take work.</summary>
    public required int Workers { get; init; }
}
