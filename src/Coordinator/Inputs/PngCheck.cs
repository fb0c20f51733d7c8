using System.Buffers.Binary;

namespace StableDiffusion.Coordinator.Inputs;

/// <summary>Looks at a PNG (ISO 15948) without unpacking it: signature, header and that it is whole. What its pixels hold, the
/// worker finds out.</summary>
internal static class PngCheck
{
    private const int ChunkFrame = 12; // length, type and checksum
    private const uint Header = 0x49484452, Data = 0x49444154, End = 0x49454E44; // IHDR, IDAT, IEND

    private static ReadOnlySpan<byte> Signature => [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>What is wrong with the file; null when nothing is.</summary>
    public static string? FaultOf(ReadOnlySpan<byte> file, int maxPixels, out int width, out int height)
    {
        (width, height) = (0, 0);
        if (!file.StartsWith(Signature))
        {
            return "The picture is no PNG: save it as one.";
        }

        var rest = file[Signature.Length..];
        if (rest.Length < ChunkFrame + 13 || BinaryPrimitives.ReadUInt64BigEndian(rest) != (13UL << 32 | Header))
        {
            return "The PNG is damaged: it does not begin with its header.";
        }

        var header = rest.Slice(8, 13);
        uint columns = BinaryPrimitives.ReadUInt32BigEndian(header), rows = BinaryPrimitives.ReadUInt32BigEndian(header[4..]);
        if (columns == 0 || rows == 0 || (ulong)columns * rows > (ulong)maxPixels)
        {
            return $"The picture has {columns}×{rows} pixels: give one of 1 to {maxPixels} pixels.";
        }

        if (!IsKnown(header[8], header[9]) || header[10] != 0 || header[11] != 0)
        {
            return $"The PNG is damaged: there is no colour type {header[9]} with {header[8]} bits.";
        }

        if (header[12] != 0)
        {
            return "The PNG is interlaced, which is not read here: save it without interlacing.";
        }

        (width, height) = ((int)columns, (int)rows);
        return IsWhole(rest) ? null : "The PNG is cut off: send all of its bytes.";
    }

    private static bool IsKnown(byte depth, byte colour) => colour switch
    {
        0 => depth is 1 or 2 or 4 or 8 or 16,
        3 => depth is 1 or 2 or 4 or 8,
        2 or 4 or 6 => depth is 8 or 16,
        _ => false,
    };

    /// <summary>Whether the chunks follow each other up to IEND, with pixels among them.</summary>
    private static bool IsWhole(ReadOnlySpan<byte> chunks)
    {
        for (var hasPixels = false; chunks.Length >= ChunkFrame;)
        {
            var (length, type) = (BinaryPrimitives.ReadUInt32BigEndian(chunks), BinaryPrimitives.ReadUInt32BigEndian(chunks[4..]));
            if (length > chunks.Length - ChunkFrame)
            {
                return false;
            }

            hasPixels |= type == Data;
            if (type == End)
            {
                return hasPixels;
            }

            chunks = chunks[(ChunkFrame + (int)length)..];
        }

        return false;
    }
}
