namespace StableDiffusion.Contracts.Messages;

/// <summary>An attempt, with its image's row, which is what is looked for.</summary>
public sealed record AttemptReference(Guid ImageId, Guid AttemptId);
