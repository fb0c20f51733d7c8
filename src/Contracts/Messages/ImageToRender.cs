namespace StableDiffusion.Contracts.Messages;

/// <summary>One image of a <see cref="RenderImages"/> group: what to draw, under which attempt, and where its bytes go.</summary>
public sealed record ImageToRender
{
    /// <summary>The image's row.</summary>
    public required Guid ImageId { get; init; }

    /// <summary>The attempt this dispatch opened. News of any other attempt is ignored by the coordinator.</summary>
    public required Guid AttemptId { get; init; }

    /// <summary>The object the PNG is written to. It is the attempt's own, so a late attempt cannot overwrite a committed one.</summary>
    public required string ObjectKey { get; init; }

    /// <summary>What to draw; every field is resolved (no random seed, no default left open).</summary>
    public required ImageSettings Settings { get; init; }

    /// <summary>Whether progress reports shall show what the picture looks like so far.</summary>
    public bool LivePreview { get; init; }
}
