using System.Text.Json;

namespace StableDiffusion.Contracts.Files;

/// <summary>The registered files that are ready, as the coordinator tells them to workers: one object in the store, written anew with every change, since the
/// store and the broker are all that workers see.</summary>
public sealed record FileIndex
{
    /// <summary>The object's key.</summary>
    public const string Key = FileKinds.Prefix + "index.json";

    /// <summary>Its metadata that holds the SHA-256 of its bytes: who has that one need not read it again.</summary>
    public const string HashMetadata = "sha256";

    /// <summary>Without any file.</summary>
    public static FileIndex Empty { get; } = new() { Files = [] };

    /// <summary>By kind and name.</summary>
    public required IReadOnlyList<IndexedFile> Files { get; init; }

    /// <summary>The file of that kind and name, or null.</summary>
    public IndexedFile? Find(FileKind kind, string name) => Files.FirstOrDefault(file => file.Kind == kind && file.Name == name);

    /// <summary>How it is written and read: with names that a newer version adds passed over.</summary>
    public static JsonSerializerOptions Options => FarmJson.Options;

    /// <summary>The object's bytes.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, Options);
}

/// <summary>One file of the index.</summary>
public sealed record IndexedFile
{
    /// <summary>What it is for.</summary>
    public required FileKind Kind { get; init; }

    /// <summary>The name requests use.</summary>
    public required string Name { get; init; }

    /// <summary>See <see cref="FileHash"/>.</summary>
    public required string Sha256 { get; init; }

    /// <summary>What it is made of.</summary>
    public required IReadOnlyList<FilePart> Parts { get; init; }

    /// <summary>Whether all parts of the other are the same, wherever they lie in the store.</summary>
    public bool HasContentOf(IndexedFile other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Parts.Select(part => (part.Path, part.Sha256)).Order().SequenceEqual(other.Parts.Select(part => (part.Path, part.Sha256)).Order());
    }
}
