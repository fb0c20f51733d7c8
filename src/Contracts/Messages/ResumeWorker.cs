namespace StableDiffusion.Contracts.Messages;

/// <summary>Command to one worker, over <see cref="Queues.Worker"/>: take work again.</summary>
public sealed record ResumeWorker
{
}
