using Microsoft.EntityFrameworkCore;

namespace StableDiffusion.Coordinator.Owners.Keys;

/// <summary>Makes, finds and revokes keys.</summary>
public sealed class ApiKeys(FarmDb db, TimeProvider time)
{
    private static readonly TimeSpan UseIsNoted = TimeSpan.FromMinutes(1);

    /// <summary>Adds a key to the context; the caller saves.</summary>
    /// <param name="key">The key itself, of which the hash is kept.</param>
    /// <param name="ownerId">Whose it is.</param>
    /// <param name="name">What it is for.</param>
    /// <param name="scopes">What it allows.</param>
    /// <param name="expiresAt">When it ends by itself, or null.</param>
    public ApiKey Add(string key, int ownerId, string name, IReadOnlyList<string> scopes, DateTimeOffset? expiresAt = null)
    {
        var now = time.GetUtcNow();
        var row = new ApiKey
        {
            Id = Guid.CreateVersion7(now), OwnerId = ownerId, Name = name, Prefix = KeyText.Prefix(key), Sha256 = KeyText.Hash(key),
            Scopes = [.. scopes], CreatedAt = now, ExpiresAt = expiresAt?.ToUniversalTime(),
        };
        db.ApiKeys.Add(row);
        return row;
    }

    /// <summary>The key with this hash, be it revoked or not, and its owner; notes its use where it may be used.</summary>
    public async Task<FoundKey?> FindAsync(byte[] sha256, CancellationToken cancellationToken)
    {
        var found = await (
            from key in db.ApiKeys.AsNoTracking()
            join owner in db.Owners.AsNoTracking() on key.OwnerId equals owner.Id
            where key.Sha256 == sha256
            select new FoundKey(key, owner)).SingleOrDefaultAsync(cancellationToken);
        if (found is { Key: var used } && IsValid(used) && !(used.LastUsedAt > time.GetUtcNow() - UseIsNoted))
        {
            await NoteUseAsync(used.Id, cancellationToken);
        }

        return found;
    }

    /// <summary>Whether a key may be used now.</summary>
    public bool IsValid(ApiKey key) => key.RevokedAt is null && !(key.ExpiresAt <= time.GetUtcNow());

    /// <summary>Whether a key that was found before may still be used.</summary>
    public Task<bool> IsValidAsync(Guid id, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return db.ApiKeys.AnyAsync(key => key.Id == id && key.RevokedAt == null && (key.ExpiresAt == null || key.ExpiresAt > now), cancellationToken);
    }

    /// <summary>Ends a key at once and for good.</summary>
    /// <returns>False: there is none.</returns>
    public async Task<bool> RevokeAsync(Guid id, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return await db.ApiKeys.Where(key => key.Id == id)
            .ExecuteUpdateAsync(set => set.SetProperty(key => key.RevokedAt, key => key.RevokedAt ?? now), cancellationToken) == 1;
    }

    // of many requests at once, one writes
    private Task<int> NoteUseAsync(Guid id, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return db.ApiKeys.Where(key => key.Id == id && (key.LastUsedAt == null || key.LastUsedAt <= now - UseIsNoted))
            .ExecuteUpdateAsync(set => set.SetProperty(key => key.LastUsedAt, now), cancellationToken);
    }

    /// <summary>A key and whose it is.</summary>
    public sealed record FoundKey(ApiKey Key, Owner Owner);
}
