namespace StableDiffusion.Contracts.Settings;

/// <summary>The picture that an image starts from.</summary>
public sealed record ImageToImageSettings
{
    /// <summary>SHA-256 of the PNG, lower-case hex.</summary>
    public required string Image { get; init; }

    /// <summary>0 … 1: the share of the steps that are taken.</summary>
    public required double DenoisingStrength { get; init; }
}
