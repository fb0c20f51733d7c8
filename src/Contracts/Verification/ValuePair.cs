namespace StableDiffusion.Contracts.Verification;

/// <summary>A value that is not what it was.</summary>
public sealed record ValuePair
{
    /// <summary>The origin's; absent when it had none.</summary>
    public string? Origin { get; init; }

    /// <summary>The rerun's; absent when it has none.</summary>
    public string? Rerun { get; init; }
}
