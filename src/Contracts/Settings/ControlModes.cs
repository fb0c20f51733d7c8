namespace StableDiffusion.Contracts.Settings;

/// <summary>A1111's names of a ControlNet's modes, as far as they are built.</summary>
public static class ControlModes
{
    /// <summary>Prompt and control image alike.</summary>
    public const string Balanced = "Balanced";

    /// <summary>diffusers' guess mode: the control image alone speaks to the half without the prompt, deeper layers more than shallow ones.</summary>
    public const string Control = "ControlNet is more important";

    /// <summary>In A1111's order.</summary>
    public static IReadOnlyList<string> Names { get; } = [Balanced, Control];
}
