using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace StableDiffusion.Diffusion.Pictures;

/// <summary>Writes 8-bit PNGs. The bytes depend on nothing but the picture, the texts and the runtime's zlib: no times, no names.</summary>
public static class PngWriter
{
    /// <summary>The picture as a PNG file with <paramref name="texts"/> before the pixels.</summary>
    /// <exception cref="ArgumentException">A keyword or text that PNG cannot hold.</exception>
    public static byte[] Write(Picture picture, params IReadOnlyList<PngText> texts)
    {
        ArgumentNullException.ThrowIfNull(picture);
        ArgumentNullException.ThrowIfNull(texts);
        using var file = new MemoryStream();
        file.Write(PngChunk.Signature);
        PngChunk.Write(file, "IHDR", Header(picture));
        foreach (var text in texts)
        {
            WriteText(file, text);
        }

        PngChunk.Write(file, "IDAT", Compress(picture));
        PngChunk.Write(file, "IEND", []);
        return file.ToArray();
    }

    private static byte[] Header(Picture picture)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, picture.Width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), picture.Height);
        header[8] = 8;
        header[9] = picture.Channels switch { 1 => 0, 2 => 4, 3 => 2, _ => 6 };
        return header;
    }

    private static void WriteText(MemoryStream file, PngText text)
    {
        bool keywordFits = text.Keyword.Length is >= 1 and <= 79 && text.Keyword.All(c => c is >= ' ' and <= '~' or >= '¡' and <= 'ÿ')
            && text.Keyword.Trim() == text.Keyword;
        if (!keywordFits)
        {
            throw new ArgumentException($"A PNG keyword has 1 to 79 Latin-1 characters and no spaces around it; \"{text.Keyword}\" does not.", nameof(text));
        }

        if (text.Text.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException($"The PNG text \"{text.Keyword}\" holds a NUL character, which PNG cannot store.", nameof(text));
        }

        bool latin = text.Text.All(c => c is '\n' or '\t' or >= ' ' and <= '~' or >= '\u00a0' and <= 'ÿ');
        byte[] keyword = Encoding.Latin1.GetBytes(text.Keyword);
        if (latin)
        {
            PngChunk.Write(file, "tEXt", [.. keyword, 0, .. Encoding.Latin1.GetBytes(text.Text)]);
        }
        else
        {
            // keyword, NUL, not compressed, method 0, no language, no translated keyword, UTF-8 text
            PngChunk.Write(file, "iTXt", [.. keyword, 0, 0, 0, 0, 0, .. Encoding.UTF8.GetBytes(text.Text)]);
        }
    }

    private static byte[] Compress(Picture picture)
    {
        int stride = picture.Width * picture.Channels;
        var above = new byte[stride];
        var trial = new byte[stride];
        var best = new byte[stride];
        using var data = new MemoryStream();
        using (var zlib = new ZLibStream(data, CompressionLevel.Optimal, leaveOpen: true))
        {
            for (int y = 0; y < picture.Height; y++)
            {
                var row = picture.Pixels.AsSpan(y * stride, stride);
                int filter = SmallestFilter(row, above, picture.Channels, ref trial, ref best);
                zlib.WriteByte((byte)filter);
                zlib.Write(best);
                row.CopyTo(above);
            }
        }

        return data.ToArray();
    }

    /// <summary>The usual rule: of the five filters, the one whose bytes, read as signed, have the smallest sum of sizes.</summary>
    private static int SmallestFilter(ReadOnlySpan<byte> row, ReadOnlySpan<byte> above, int bytesPerPixel, ref byte[] trial, ref byte[] best)
    {
        int chosen = 0;
        long smallest = long.MaxValue;
        for (int filter = 0; filter < PngFilter.Count; filter++)
        {
            PngFilter.Apply(filter, row, above, bytesPerPixel, trial);
            long size = 0;
            foreach (byte value in trial)
            {
                size += Math.Abs((int)(sbyte)value);
            }

            if (size < smallest)
            {
                (smallest, chosen) = (size, filter);
                (trial, best) = (best, trial);
            }
        }

        return chosen;
    }
}
