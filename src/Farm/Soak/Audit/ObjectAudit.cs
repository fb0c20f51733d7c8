using System.Security.Cryptography;
using Npgsql;
using StableDiffusion.Storage;

namespace StableDiffusion.Farm.Soak.Audit;

/// <summary>Compares what the object store holds with what the rows say, byte for byte.</summary>
internal static class ObjectAudit
{
    private const string Pictures = "batches/"; // what came with requests, and models, lie beside them

    /// <summary>The faults, and how many objects are of attempts that were given up: no image shows them, and a sweep may remove them.</summary>
    public static async Task<(List<string> Faults, int Superseded)> RunAsync(NpgsqlDataSource database, IObjectStore store, CancellationToken cancellationToken)
    {
        List<string> faults = [];
        var committed = await ReadAsync(database, "SELECT object_key, sha256 FROM images WHERE state = 'succeeded'", cancellationToken);
        var superseded = await ReadAsync(database, "SELECT object_key, outcome FROM attempts WHERE outcome <> 'succeeded'", cancellationToken);
        HashSet<string> listed = [];
        await foreach (var entry in store.ListAsync(Pictures, cancellationToken))
        {
            listed.Add(entry.Key);
            if (!committed.ContainsKey(entry.Key) && !superseded.ContainsKey(entry.Key))
            {
                faults.Add($"object {entry.Key} is of no attempt");
            }
        }

        foreach (var (key, sha256) in committed)
        {
            await using var stored = listed.Contains(key) ? await store.OpenReadAsync(key, cancellationToken) : null;
            if (stored is null)
            {
                faults.Add($"object {key} of a succeeded image is missing");
            }
            else if (Convert.ToHexStringLower(await SHA256.HashDataAsync(stored.Content, cancellationToken)) != sha256)
            {
                faults.Add($"object {key} has other bytes than its row says");
            }
        }

        return (faults, listed.Count(superseded.ContainsKey));
    }

    private static async Task<Dictionary<string, string>> ReadAsync(NpgsqlDataSource database, string sql, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(sql);
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        Dictionary<string, string> found = [];
        while (await rows.ReadAsync(cancellationToken))
        {
            found[rows.GetString(0)] = rows.GetString(1);
        }

        return found;
    }
}
