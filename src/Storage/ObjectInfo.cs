namespace StableDiffusion.Storage;

/// <summary>What a store knows of one object.</summary>
/// <param name="Key">The object's key.</param>
/// <param name="Length">In bytes.</param>
/// <param name="LastModified">By the store's clock (UTC).</param>
/// <param name="ContentType">Media type.</param>
/// <param name="Metadata">As given at Put, names in lower case.</param>
public sealed record ObjectInfo(
    string Key, long Length, DateTimeOffset LastModified, string ContentType, IReadOnlyDictionary<string, string> Metadata);

/// <summary>One line of a listing.</summary>
/// <param name="Key">The object's key.</param>
/// <param name="Length">In bytes.</param>
/// <param name="LastModified">By the store's clock (UTC).</param>
public sealed record ObjectEntry(string Key, long Length, DateTimeOffset LastModified);
