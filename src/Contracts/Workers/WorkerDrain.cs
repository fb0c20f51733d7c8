namespace StableDiffusion.Contracts.Workers;

/// <summary>How a worker is to stop taking work.</summary>
public sealed record WorkerDrain
{
    /// <summary>True: it hands back what it has in hand, between two steps. False: it finishes that first.</summary>
    public bool Now { get; init; }
}
