namespace StableDiffusion.Contracts.Messages;

/// <summary>Answer to <see cref="ClaimImages"/>: the worker draws these attempts and no others.</summary>
public sealed record ImagesClaimed
{
    /// <summary>Attempts that are the worker's from now on. Those left out are cancelled, superseded or another worker's: forget them.</summary>
    public required IReadOnlyList<Guid> Granted { get; init; }
}
