using System.IO.Compression;

namespace StableDiffusion.Diffusion.Pictures;

/// <summary>Reads PNGs of every colour type and bit depth, not interlaced; 16-bit samples are cut to their upper byte.
/// Every chunk's checksum is looked at, and sizes are bounded before anything is unpacked.</summary>
public static class PngReader
{
    /// <summary>Largest number of pixels taken when the caller names no other: 64 million, an 8192×8192 picture.</summary>
    public const long MaxPixels = 64L << 20;

    /// <summary>The picture and the texts of a PNG file. Palettes become RGB, or RGBA where tRNS gives them transparency.</summary>
    /// <exception cref="InvalidDataException">Not a PNG, cut off, damaged, interlaced, or more than <paramref name="maxPixels"/>.</exception>
    public static PngFile Read(ReadOnlyMemory<byte> file, long maxPixels = MaxPixels)
    {
        if (!file.Span.StartsWith(PngChunk.Signature))
        {
            throw new InvalidDataException("Not a PNG: the file does not begin with PNG's signature.");
        }

        int at = PngChunk.Signature.Length;
        PngHeader? header = null;
        ReadOnlyMemory<byte> palette = default, transparency = default;
        var texts = new List<PngText>();
        using var packed = new MemoryStream();
        while (true)
        {
            var (type, data) = PngChunk.Read(file, ref at);
            if (header is null && type != "IHDR")
            {
                throw new InvalidDataException($"The PNG is damaged: it begins with {type} where IHDR belongs.");
            }

            switch (type)
            {
                case "IHDR": header = PngHeader.Parse(data.Span, maxPixels); break;
                case "PLTE": palette = data; break;
                case "tRNS": transparency = data; break;
                case "IDAT": packed.Write(data.Span); break;
                case "tEXt" or "zTXt" or "iTXt": texts.Add(PngTextChunk.Parse(type, data.Span)); break;
                case "IEND":
                    packed.Position = 0;
                    byte[] rows = Unpack(packed, header!);
                    return new PngFile(PngSamples.ToPicture(header!, rows, palette.Span, transparency.Span), texts);
                default:
                    if (char.IsAsciiLetterUpper(type[0]))
                    {
                        throw new InvalidDataException($"The PNG needs its chunk {type} to be understood, which this reader does not know.");
                    }

                    break; // lower case says: of no consequence to the pixels
            }
        }
    }

    /// <summary>Inflates and unfilters: Height rows of Stride bytes.</summary>
    private static byte[] Unpack(MemoryStream packed, PngHeader header)
    {
        var rows = new byte[(long)header.Stride * header.Height];
        using var zlib = new ZLibStream(packed, CompressionMode.Decompress);
        ReadOnlySpan<byte> above = new byte[header.Stride];
        try
        {
            for (int y = 0; y < header.Height; y++)
            {
                int filter = zlib.ReadByte();
                var row = rows.AsSpan(y * header.Stride, header.Stride);
                if (filter < 0 || zlib.ReadAtLeast(row, row.Length, throwOnEndOfStream: false) < row.Length)
                {
                    throw new InvalidDataException($"The PNG is cut off: its pixels end in row {y} of {header.Height}.");
                }

                PngFilter.Undo(filter, row, above, header.BytesPerPixel);
                above = row;
            }
        }
        catch (InvalidDataException error) when (!error.Message.StartsWith("The PNG", StringComparison.Ordinal))
        {
            throw new InvalidDataException("The PNG is damaged: its pixels cannot be unpacked.", error);
        }

        return rows;
    }
}
