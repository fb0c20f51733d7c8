namespace StableDiffusion.Contracts.Owners;

/// <summary>A key to be.</summary>
public sealed record KeyRequest
{
    /// <summary>What it is for, 1 to 100 characters.</summary>
    public string? Name { get; init; }

    /// <summary>What it allows: some of read, write, metrics and admin; read and write by default.</summary>
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>When it ends by itself (UTC); never by default.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}
