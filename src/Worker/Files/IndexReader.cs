using System.Text.Json;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Storage;

namespace StableDiffusion.Worker.Files;

/// <summary>The farm's registered files, as the coordinator wrote them into the store.</summary>
public sealed class IndexReader(IObjectStore objects)
{
    private string? hash;

    /// <summary>As it was read last.</summary>
    public FileIndex Index { get; private set; } = FileIndex.Empty;

    /// <summary>Reads it where it is another than that which is known; whether it was.</summary>
    /// <exception cref="ObjectStoreException">The store is away, or refuses, or what lies there is no index; what is known stays.</exception>
    public async Task<bool> ReadAsync(CancellationToken cancellationToken)
    {
        var there = await objects.HeadAsync(FileIndex.Key, cancellationToken).ConfigureAwait(false);
        var now = there?.Metadata.GetValueOrDefault(FileIndex.HashMetadata);
        if (there is null ? Index.Files.Count == 0 : now is not null && now == hash)
        {
            return false;
        }

        try
        {
            await using var stored = await objects.OpenReadAsync(FileIndex.Key, cancellationToken).ConfigureAwait(false);
            Index = stored is null ? FileIndex.Empty : await JsonSerializer.DeserializeAsync<FileIndex>(stored.Content, FileIndex.Options, cancellationToken).ConfigureAwait(false) ?? FileIndex.Empty;
            hash = stored?.Info.Metadata.GetValueOrDefault(FileIndex.HashMetadata);
            return true;
        }
        catch (Exception e) when (e is IOException or JsonException or OperationCanceledException && !cancellationToken.IsCancellationRequested) // the last: it fell silent
        {
            throw new ObjectStoreException($"Could not read {FileIndex.Key}: {e.Message}", transient: true, e);
        }
    }
}
