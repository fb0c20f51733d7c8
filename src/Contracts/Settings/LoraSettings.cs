namespace StableDiffusion.Contracts.Settings;

/// <summary>A LoRA in the weights.</summary>
public sealed record LoraSettings
{
    /// <summary>The file's name without extension.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of the file, lower-case hex.</summary>
    public required string Hash { get; init; }

    /// <summary>How much of it is added to the U-Net; negative takes away.</summary>
    public required double Weight { get; init; }

    /// <summary>How much of it is added to the text encoders; absent: as much.</summary>
    public double? TextEncoderWeight { get; init; }
}
