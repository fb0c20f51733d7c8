using System.Globalization;

namespace StableDiffusion.Diffusion.Starter.Scenes;

/// <summary>What a picture shows: one of the shapes or one of the ten digits.</summary>
public sealed record Subject(int Index, string Name, int? Digit)
{
    /// <summary>The shapes' names, in class order.</summary>
    public static IReadOnlyList<string> ShapeNames { get; } =
        ["circle", "square", "triangle", "star", "heart", "diamond", "cross", "ring"];

    /// <summary>Every subject, ordered by <see cref="Index"/>: the shapes, then the digits 0–9.</summary>
    public static IReadOnlyList<Subject> All { get; } =
    [
        .. ShapeNames.Select((name, index) => new Subject(index, name, null)),
        .. Enumerable.Range(0, 10).Select(digit =>
            new Subject(ShapeNames.Count + digit, digit.ToString(CultureInfo.InvariantCulture), digit)),
    ];
}
