namespace StableDiffusion.Contracts.Settings;

/// <summary>A control image and the network that reads it.</summary>
public sealed record ControlNetSettings
{
    /// <summary>The ControlNet's name.</summary>
    public required string Model { get; init; }

    /// <summary>SHA-256 of the ControlNet's file, lower-case hex.</summary>
    public required string Hash { get; init; }

    /// <summary>SHA-256 of the control image's PNG, lower-case hex.</summary>
    public required string Image { get; init; }

    /// <summary>How much of what it says is added.</summary>
    public required double Weight { get; init; }

    /// <summary>0 … 1: from which share of the steps on.</summary>
    public required double GuidanceStart { get; init; }

    /// <summary>0 … 1: up to which share of the steps.</summary>
    public required double GuidanceEnd { get; init; }

    /// <summary>Who has the say where prompt and control image disagree.</summary>
    public required string ControlMode { get; init; }
}
