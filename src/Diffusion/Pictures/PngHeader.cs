using System.Buffers.Binary;

namespace StableDiffusion.Diffusion.Pictures;

/// <summary>IHDR (ISO 15948, 11.2.2).</summary>
internal sealed record PngHeader(int Width, int Height, int BitDepth, int ColourType)
{
    public const int Grey = 0, Rgb = 2, Palette = 3, GreyAlpha = 4, Rgba = 6;

    public int Samples => ColourType switch { Rgb => 3, GreyAlpha => 2, Rgba => 4, _ => 1 };

    public int Stride => (int)((((long)Width * Samples * BitDepth) + 7) / 8);

    public int BytesPerPixel => Math.Max(1, Samples * BitDepth / 8);

    public static PngHeader Parse(ReadOnlySpan<byte> data, long maxPixels)
    {
        if (data.Length != 13)
        {
            throw new InvalidDataException($"The PNG is damaged: IHDR has {data.Length} bytes, not 13.");
        }

        uint width = BinaryPrimitives.ReadUInt32BigEndian(data), height = BinaryPrimitives.ReadUInt32BigEndian(data[4..]);
        if (width is 0 or > int.MaxValue || height is 0 or > int.MaxValue)
        {
            throw new InvalidDataException($"The PNG is damaged: it says it is {width}×{height} pixels.");
        }

        if ((long)width * height > maxPixels)
        {
            throw new InvalidDataException($"The PNG is too large: {width}×{height} pixels, at most {maxPixels} are taken.");
        }

        var (depth, colour) = (data[8], data[9]);
        bool known = colour switch
        {
            Grey => depth is 1 or 2 or 4 or 8 or 16,
            Palette => depth is 1 or 2 or 4 or 8,
            Rgb or GreyAlpha or Rgba => depth is 8 or 16,
            _ => false,
        };
        if (!known || data[10] != 0 || data[11] != 0)
        {
            throw new InvalidDataException($"The PNG is damaged: there is no colour type {colour} with {depth} bits, compression {data[10]} and filter method {data[11]}.");
        }

        if (data[12] != 0)
        {
            throw new InvalidDataException("The PNG is interlaced, which this reader does not take; save it without interlacing.");
        }

        return new PngHeader((int)width, (int)height, depth, colour);
    }
}
