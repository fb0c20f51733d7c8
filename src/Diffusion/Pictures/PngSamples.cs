namespace StableDiffusion.Diffusion.Pictures;

/// <summary>From PNG's packed samples (1, 2, 4, 8 or 16 bits, big-endian; palettes; transparent colours) to 8-bit channels.</summary>
internal static class PngSamples
{
    public static Picture ToPicture(PngHeader header, ReadOnlySpan<byte> rows, ReadOnlySpan<byte> palette, ReadOnlySpan<byte> transparency)
    {
        if (header.ColourType == PngHeader.Palette)
        {
            return FromPalette(header, rows, palette, transparency);
        }

        int samples = header.Samples;
        // greater depths are cut to 8 bits, lesser ones stretched so that the largest sample is 255
        int stretch = header.BitDepth < 8 ? 255 / ((1 << header.BitDepth) - 1) : 1;
        bool keyed = transparency.Length == 2 * samples && header.ColourType is PngHeader.Grey or PngHeader.Rgb;
        int channels = keyed ? samples + 1 : samples;
        var pixels = new byte[header.Width * header.Height * channels];
        int at = 0;
        for (int y = 0; y < header.Height; y++)
        {
            var row = rows.Slice(y * header.Stride, header.Stride);
            for (int x = 0; x < header.Width; x++)
            {
                bool transparent = keyed;
                for (int s = 0; s < samples; s++)
                {
                    int value = Sample(row, (x * samples) + s, header.BitDepth);
                    transparent = transparent && value == ((transparency[2 * s] << 8) | transparency[(2 * s) + 1]);
                    pixels[at++] = (byte)(header.BitDepth == 16 ? value >> 8 : value * stretch);
                }

                if (keyed)
                {
                    pixels[at++] = (byte)(transparent ? 0 : 255);
                }
            }
        }

        return new Picture(header.Width, header.Height, channels, pixels) { IsIndexed = header.BitDepth == 1 };
    }

    private static Picture FromPalette(PngHeader header, ReadOnlySpan<byte> rows, ReadOnlySpan<byte> palette, ReadOnlySpan<byte> transparency)
    {
        int channels = transparency.IsEmpty ? 3 : 4;
        var pixels = new byte[header.Width * header.Height * channels];
        int at = 0;
        for (int y = 0; y < header.Height; y++)
        {
            var row = rows.Slice(y * header.Stride, header.Stride);
            for (int x = 0; x < header.Width; x++)
            {
                int index = Sample(row, x, header.BitDepth);
                if ((index + 1) * 3 > palette.Length)
                {
                    throw new InvalidDataException($"The PNG is damaged: a pixel names colour {index} of a palette of {palette.Length / 3}.");
                }

                palette.Slice(index * 3, 3).CopyTo(pixels.AsSpan(at));
                at += 3;
                if (channels == 4)
                {
                    pixels[at++] = index < transparency.Length ? transparency[index] : (byte)255;
                }
            }
        }

        return new Picture(header.Width, header.Height, channels, pixels) { IsIndexed = true };
    }

    private static int Sample(ReadOnlySpan<byte> row, int index, int depth)
    {
        if (depth == 8)
        {
            return row[index];
        }

        if (depth == 16)
        {
            return (row[2 * index] << 8) | row[(2 * index) + 1];
        }

        int perByte = 8 / depth;
        int shift = 8 - (depth * ((index % perByte) + 1));
        return (row[index / perByte] >> shift) & ((1 << depth) - 1);
    }
}
