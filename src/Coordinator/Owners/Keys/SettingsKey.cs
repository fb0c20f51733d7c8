using Microsoft.EntityFrameworkCore;

namespace StableDiffusion.Coordinator.Owners.Keys;

/// <summary>Keys that the settings choose.</summary>
internal sealed class SettingsKey(FarmDb db, ApiKeys keys)
{
    private const long LockKey = 0x6661_726d_6b65_7973; // any number that is ours alone

    /// <summary>One replica at a time from here on, until the transaction ends.</summary>
    public static Task LockAsync(FarmDb db, CancellationToken cancellationToken) =>
        db.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock({LockKey})", cancellationToken);

    /// <summary>Makes the chosen key valid, and of those that the settings had before under the same name, none.</summary>
    /// <returns>False: it was revoked, or has expired.</returns>
    public async Task<bool> UseAsync(string chosen, int ownerId, string name, IReadOnlyList<string> scopes, CancellationToken cancellationToken)
    {
        var sha256 = KeyText.Hash(chosen);
        foreach (var former in await db.ApiKeys.Where(key => key.Name == name && key.RevokedAt == null && key.Sha256 != sha256).ToListAsync(cancellationToken))
        {
            await keys.RevokeAsync(former.Id, cancellationToken);
        }

        if (await db.ApiKeys.AsNoTracking().SingleOrDefaultAsync(key => key.Sha256 == sha256, cancellationToken) is { } known)
        {
            return keys.IsValid(known);
        }

        keys.Add(chosen, ownerId, name, scopes);
        await db.SaveChangesAsync(cancellationToken);
        return true;
    }
}
