using System.Buffers.Binary;

namespace StableDiffusion.Coordinator.Inputs;

/// <summary>Looks at a PNG (ISO 15948) as a worker will read it, and keeps none of its pixels: signature, header, checksums, and that there
/// are as many rows as the header says. Only which colours of a palette they name is left to the worker.</summary>
internal static class PngCheck
{
    private const int ChunkFrame = 12; // length, type and checksum
    private const uint Header = 0x49484452, Palette = 0x504C5445, Data = 0x49444154, End = 0x49454E44; // IHDR, PLTE, IDAT, IEND
    private const string CutOff = "The PNG is cut off: send all of its bytes.";

    private static ReadOnlySpan<byte> Signature => [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>What is wrong with the file; null when nothing is.</summary>
    public static string? FaultOf(ReadOnlySpan<byte> file, int maxPixels, out int width, out int height)
    {
        (width, height) = (0, 0);
        if (!file.StartsWith(Signature))
        {
            return "The picture is no PNG: save it as one.";
        }

        var chunks = file[Signature.Length..];
        if (chunks.Length < ChunkFrame + 13 || BinaryPrimitives.ReadUInt64BigEndian(chunks) != (13UL << 32 | Header))
        {
            return "The PNG is damaged: it does not begin with its header. Save it anew.";
        }

        var header = chunks.Slice(8, 13);
        uint columns = BinaryPrimitives.ReadUInt32BigEndian(header), rows = BinaryPrimitives.ReadUInt32BigEndian(header[4..]);
        if (columns == 0 || rows == 0 || (ulong)columns * rows > (ulong)maxPixels)
        {
            return $"The picture has {columns}×{rows} pixels: give one of 1 to {maxPixels} pixels.";
        }

        var (depth, colour) = (header[8], header[9]);
        if (Samples(depth, colour) is not { } samples || header[10] != 0 || header[11] != 0)
        {
            return $"The PNG is damaged: there is no colour type {colour} with {depth} bits. Save it anew.";
        }

        if (header[12] != 0)
        {
            return "The PNG is interlaced, which is not read here: save it without interlacing.";
        }

        (width, height) = ((int)columns, (int)rows);
        using var packed = new MemoryStream();
        return ChunkFault(chunks, needsPalette: colour == 3, packed) ?? PngRows.FaultOf(packed, (((long)columns * samples * depth) + 7) / 8, height);
    }

    /// <summary>Numbers a pixel; null for a colour type that there is not, or not with so many bits.</summary>
    private static int? Samples(byte depth, byte colour) => (colour, depth) switch
    {
        (0, 1 or 2 or 4 or 8 or 16) or (3, 1 or 2 or 4 or 8) => 1,
        (4, 8 or 16) => 2,
        (2, 8 or 16) => 3,
        (6, 8 or 16) => 4,
        _ => null,
    };

    /// <summary>Follows the chunks up to IEND and gathers the packed pixels.</summary>
    private static string? ChunkFault(ReadOnlySpan<byte> chunks, bool needsPalette, MemoryStream packed)
    {
        while (chunks.Length >= ChunkFrame)
        {
            var (length, type) = (BinaryPrimitives.ReadUInt32BigEndian(chunks), BinaryPrimitives.ReadUInt32BigEndian(chunks[4..]));
            if (length > chunks.Length - ChunkFrame)
            {
                return CutOff;
            }

            var content = chunks.Slice(8, (int)length);
            if (PngChecksum.Of(chunks.Slice(4, 4 + content.Length)) != BinaryPrimitives.ReadUInt32BigEndian(chunks[(8 + content.Length)..]))
            {
                return "The PNG is damaged: a checksum is wrong. Save it anew.";
            }

            switch (type)
            {
                case Palette:
                    needsPalette = false;
                    break;
                case Data when needsPalette:
                    return "The PNG is damaged: its palette is missing. Save it anew.";
                case Data:
                    packed.Write(content);
                    break;
                case End:
                    packed.Position = 0;
                    return packed.Length == 0 ? CutOff : null;
            }

            chunks = chunks[(ChunkFrame + content.Length)..];
        }

        return CutOff;
    }
}
