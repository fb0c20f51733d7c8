namespace StableDiffusion.Contracts.Owners;

/// <summary>A key, without what is secret of it.</summary>
public record KeyResponse
{
    /// <summary>The key.</summary>
    public required Guid Id { get; init; }

    /// <summary>Whose it is.</summary>
    public required int OwnerId { get; init; }

    /// <summary>What it is for.</summary>
    public required string Name { get; init; }

    /// <summary>How it begins, to tell it from others.</summary>
    public required string Prefix { get; init; }

    /// <summary>What it allows.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>When it was made (UTC).</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last used, to the minute (UTC); absent when it never was.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>When it ends or ended by itself (UTC); absent when it does not.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>When it was taken back (UTC); absent when it was not.</summary>
    public DateTimeOffset? RevokedAt { get; init; }
}
