using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace StableDiffusion.Coordinator.Owners.Keys;

/// <summary>A key of an owner. Only its hash is kept.</summary>
public sealed class ApiKey
{
    /// <summary>A version 7 UUID of <see cref="CreatedAt"/>.</summary>
    public Guid Id { get; init; }

    /// <summary>Whose it is.</summary>
    public int OwnerId { get; init; }

    /// <summary>What it is for.</summary>
    public required string Name { get; init; }

    /// <summary>How it begins, for people to tell it from others.</summary>
    public required string Prefix { get; init; }

    /// <summary>SHA-256 of the key. It is looked up by this, so no comparison's time tells anything of a key.</summary>
    public required byte[] Sha256 { get; init; }

    /// <summary>Some of <see cref="Contracts.Owners.Scopes"/>.</summary>
    public required List<string> Scopes { get; init; }

    /// <summary>When it was made (UTC).</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last used (UTC), a minute late at most. Null until then.</summary>
    public DateTimeOffset? LastUsedAt { get; set; }

    /// <summary>When it ends by itself (UTC); null for never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Set when it is taken back (UTC).</summary>
    public DateTimeOffset? RevokedAt { get; set; }
}

internal sealed class ApiKeyTable : IEntityTypeConfiguration<ApiKey>
{
    public void Configure(EntityTypeBuilder<ApiKey> builder)
    {
        builder.ToTable("api_keys");
        builder.Property(key => key.Id).ValueGeneratedNever();
        builder.HasOne<Owner>().WithMany().HasForeignKey(key => key.OwnerId).OnDelete(DeleteBehavior.Cascade);
        builder.HasIndex(key => key.OwnerId).HasDatabaseName("ix_api_keys_owner");
        builder.HasIndex(key => key.Sha256).IsUnique().HasDatabaseName("ix_api_keys_sha256");
    }
}
