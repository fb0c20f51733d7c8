namespace StableDiffusion.Diffusion.Pictures;

/// <summary>What a PNG file holds for us: the picture and its texts, in the file's order.</summary>
public sealed record PngFile(Picture Picture, IReadOnlyList<PngText> Texts)
{
    /// <summary>The text under a keyword, or null where there is none.</summary>
    public string? Text(string keyword) => Texts.FirstOrDefault(text => text.Keyword == keyword)?.Text;
}
