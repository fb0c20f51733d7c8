using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Storage;

namespace StableDiffusion.Coordinator.Files.Checks;

/// <summary>Reads a file's objects through: hashes them, and sees whether they are what they are registered as, as far as this can be told without the
/// networks.</summary>
public sealed class FileCheck(IObjectStore objects)
{
    private const string ModelIndex = "model_index.json";
    private const int BufferBytes = 1 << 20;

    /// <summary>The file's parts with their hashes.</summary>
    /// <param name="file">Where its objects are.</param>
    /// <param name="known">A part that was hashed and checked on its way into the store, which is not read again.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="RefusedFileException">It is not what it is to be.</exception>
    /// <exception cref="ObjectStoreException">The store is away, or refuses.</exception>
    public async Task<IReadOnlyList<FilePart>> RunAsync(FoundFile file, FilePart? known, CancellationToken cancellationToken)
    {
        if (FileName.Fault(file.Kind, file.Name) is { } fault)
        {
            throw new RefusedFileException("name", $"\"{file.Name}\" cannot be its name: {fault}.");
        }

        CheckPlan(file);
        List<FilePart> parts = [];
        foreach (var (path, entry) in file.Objects)
        {
            parts.Add(known is not null && known.Key == entry.Key && known.Bytes == entry.Length
                ? known with { Path = path }
                : await ReadAsync(file, path, entry, cancellationToken));
        }

        return parts;
    }

    /// <summary>What can be seen by the keys alone.</summary>
    private static void CheckPlan(FoundFile file)
    {
        if (!file.Key.EndsWith('/'))
        {
            return;
        }

        if (!file.Objects.Any(found => found.Path.EndsWith(FileName.Weights, StringComparison.Ordinal)))
        {
            throw new RefusedFileException("key", $"{file.Key} has no {FileName.Weights} object; pickles are not read.");
        }

        var mark = $"{file.Name}/{(file.Kind == FileKind.Checkpoint ? ModelIndex : "config.json")}";
        if (!file.Objects.Any(found => found.Path == mark))
        {
            throw new RefusedFileException("key", $"{file.Key} is no {file.Kind.Word()} in diffusers' layout: it has no {mark[(file.Name.Length + 1)..]}.");
        }
    }

    private async Task<FilePart> ReadAsync(FoundFile file, string path, ObjectEntry entry, CancellationToken cancellationToken)
    {
        await using var stored = await objects.OpenReadAsync(entry.Key, cancellationToken)
            ?? throw new RefusedFileException("key", $"{entry.Key} was deleted while it was read.");
        try
        {
            return path.EndsWith(FileName.Weights, StringComparison.Ordinal)
                ? await ReadWeightsAsync(file, path, stored, cancellationToken)
                : await ReadSettingsAsync(file, path, stored, cancellationToken);
        }
        catch (IOException e)
        {
            throw new ObjectStoreException($"Could not read {entry.Key}: {e.Message}", transient: true, e);
        }
        catch (RefusedFileException refused) when (file.Objects.Count > 1)
        {
            throw new RefusedFileException(refused.Field, $"{path}: {refused.Message}");
        }
    }

    private static async Task<FilePart> ReadWeightsAsync(FoundFile file, string path, StoredObject stored, CancellationToken cancellationToken)
    {
        var (head, header) = await SafetensorsHeader.ReadAsync(stored.Content, "key", cancellationToken);
        if (header.Length != stored.Info.Length)
        {
            throw new RefusedFileException("key", $"It is {(header.Length > stored.Info.Length ? "truncated" : "longer than its tensors")}: they take {header.Length} bytes, and {stored.Info.Length} are there.");
        }

        if (!file.Key.EndsWith('/') && KindKeys.Fault(file.Kind, header) is { } fault) // a folder says by its place what its networks are
        {
            throw new RefusedFileException("kind", fault);
        }

        return Part(path, stored, await HashAsync(head, stored.Content, cancellationToken)) with { Parameters = header.Parameters };
    }

    private static async Task<FilePart> ReadSettingsAsync(FoundFile file, string path, StoredObject stored, CancellationToken cancellationToken)
    {
        if (stored.Info.Length > SafetensorsHeader.MostBytes)
        {
            throw new RefusedFileException("key", $"{path} has {stored.Info.Length} bytes, which no configuration or vocabulary has.");
        }

        var bytes = new byte[stored.Info.Length];
        await stored.Content.ReadExactlyAsync(bytes, cancellationToken);
        try
        {
            if (path.EndsWith(".json", StringComparison.Ordinal))
            {
                using var document = JsonDocument.Parse(bytes);
                if (path == $"{file.Name}/{ModelIndex}" && (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("unet", out _)))
                {
                    throw new RefusedFileException("key", $"It names no unet, so it is not of a Stable Diffusion model.");
                }
            }
        }
        catch (JsonException e)
        {
            throw new RefusedFileException("key", $"It is not valid JSON: {e.Message}");
        }

        return Part(path, stored, Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }

    private static FilePart Part(string path, StoredObject stored, string sha256) => new() { Path = path, Key = stored.Info.Key, Sha256 = sha256, Bytes = stored.Info.Length };

    private static async Task<string> HashAsync(byte[] head, Stream rest, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(head);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            for (int read; (read = await rest.ReadAsync(buffer, cancellationToken)) > 0;)
            {
                hash.AppendData(buffer, 0, read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
