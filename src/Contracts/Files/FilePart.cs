namespace StableDiffusion.Contracts.Files;

/// <summary>One object of a registered file.</summary>
public sealed record FilePart
{
    /// <summary>Where it lies beside others of its kind: "ink.safetensors", "sdxl/unet/config.json", "tokenizer/vocab.json".</summary>
    public required string Path { get; init; }

    /// <summary>The object's key.</summary>
    public required string Key { get; init; }

    /// <summary>SHA-256 of its bytes, lower-case hex.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Its size.</summary>
    public required long Bytes { get; init; }

    /// <summary>Of weights, how many numbers its tensors have, without a second, averaged copy (<c>model_ema.…</c>): what they take in memory. Null for other
    /// parts, and for what an older version read.</summary>
    public long? Parameters { get; init; }
}
