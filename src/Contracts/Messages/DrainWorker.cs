namespace StableDiffusion.Contracts.Messages;

/// <summary>Command to one worker, over <see cref="Queues.Worker"/>: take nothing new until <see cref="ResumeWorker"/>.</summary>
public sealed record DrainWorker
{
    /// <summary>True: hand back what is in hand, between two steps. False: finish it first.</summary>
    public required bool Now { get; init; }
}
