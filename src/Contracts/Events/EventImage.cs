namespace StableDiffusion.Contracts.Events;

/// <summary>An image that something happened to.</summary>
public sealed record EventImage
{
    /// <summary>The image.</summary>
    public required Guid Id { get; init; }

    /// <summary>Its place in the batch, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>Who draws it, or drew it last; absent when nobody.</summary>
    public string? WorkerId { get; init; }

    /// <summary>Why it ended without a picture, or waits again.</summary>
    public string? Error { get; init; }

    /// <summary>Path of the PNG; with images.succeeded.</summary>
    public string? ContentUrl { get; init; }

    /// <summary>Steps done; with images.progressed.</summary>
    public int? Step { get; init; }

    /// <summary>Steps in all; with images.progressed.</summary>
    public int? Steps { get; init; }

    /// <summary>Path of what it looks like so far; absent while there is nothing to see.</summary>
    public string? PreviewUrl { get; init; }

    /// <summary>What it looks like so far, a PNG in base64; when the listener asked for it.</summary>
    public byte[]? Preview { get; init; }
}
