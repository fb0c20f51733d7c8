namespace StableDiffusion.Diffusion.Starter.Scenes;

/// <summary>A colour that captions can name, with its 8-bit sRGB value before jitter.</summary>
public sealed record SceneColor(int Index, string Name, byte Red, byte Green, byte Blue)
{
    /// <summary>Every colour, ordered by <see cref="Index"/>; the order is the classifier's class order.</summary>
    public static IReadOnlyList<SceneColor> All { get; } =
    [
        new(0, "red", 222, 28, 36),
        new(1, "orange", 246, 134, 18),
        new(2, "yellow", 250, 222, 36),
        new(3, "green", 32, 150, 60),
        new(4, "blue", 32, 76, 212),
        new(5, "purple", 122, 40, 164),
        new(6, "pink", 250, 146, 192),
        new(7, "white", 248, 248, 248),
        new(8, "black", 14, 14, 16),
        new(9, "gray", 128, 128, 130),
    ];

    /// <summary>The colour of that name ("grey" is "gray"), or null.</summary>
    public static SceneColor? Find(string name) => All.FirstOrDefault(color => color.Name == (name == "grey" ? "gray" : name));
}
