namespace StableDiffusion.Contracts.Messages;

/// <summary>Command to one worker, over <see cref="Queues.Worker"/>: hold this model, dropping others that nobody needs where there is no
/// room. Its next <see cref="WorkerRegistered"/> tells what came of it.</summary>
public sealed record LoadModel
{
    /// <summary>One of the worker's <see cref="WorkerRegistered.CanHold"/>.</summary>
    public required string Model { get; init; }
}
