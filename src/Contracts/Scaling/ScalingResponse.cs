namespace StableDiffusion.Contracts.Scaling;

/// <summary>How much work waits: the signal to start or stop workers by.</summary>
public sealed record ScalingResponse
{
    /// <summary>Seconds that one worker would need for all that waits.</summary>
    public required double WaitingGpuSeconds { get; init; }

    /// <summary>The same by model, those with work that waits or with a worker, by name.</summary>
    public required IReadOnlyList<ModelScaling> Models { get; init; }
}
