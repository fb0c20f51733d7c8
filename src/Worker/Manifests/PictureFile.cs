using StableDiffusion.Diffusion.Pictures;

namespace StableDiffusion.Worker.Manifests;

/// <summary>The file that a picture becomes: a PNG that says how it was made.</summary>
public static class PictureFile
{
    /// <summary>Media type of the file.</summary>
    public const string ContentType = "image/png";

    /// <summary>The same picture and manifest always give the same bytes.</summary>
    /// <exception cref="ArgumentException">A prompt holds a character that PNG cannot store.</exception>
    public static byte[] Encode(Picture picture, Manifest manifest) => PngWriter.Write(
        picture,
        new PngText(A1111Parameters.Keyword, A1111Parameters.Text(manifest)),
        new PngText(Manifest.Keyword, manifest.ToJson()));
}
