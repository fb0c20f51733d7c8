namespace StableDiffusion.Contracts.Events;

/// <summary>A stream could not go on where its listener left off and begins anew: the data of the event stream.restarted.</summary>
public sealed record StreamRestarted
{
    /// <summary>Why, and what to do.</summary>
    public required string Reason { get; init; }
}
