using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using StableDiffusion.Coordinator.Inputs;

namespace StableDiffusion.Coordinator.Tests.Hosting;

/// <summary>Small PNGs of one colour, and damaged ones.</summary>
internal static class Png
{
    /// <summary>A PNG; with <paramref name="packed"/> its pixels are those bytes, whatever the size says, and with <paramref name="manifest"/> it has that text.</summary>
    public static byte[] Bytes(int width = 64, int height = 64, byte depth = 8, byte colour = 2, byte interlace = 0, byte content = 0, byte[]? packed = null, string? manifest = null)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9], header[12]) = (depth, colour, interlace);
        return
        [
            0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A,
            .. Chunk("IHDR", header), .. manifest is null ? [] : Chunk("iTXt", Encoding.UTF8.GetBytes($"manifest\0\0\0\0\0{manifest}")), .. Chunk("IDAT", packed ?? Packed(Rows(width, height, content))), .. Chunk("IEND", []),
        ];
    }

    public static string Base64(int width = 64, int height = 64, byte content = 0) => Convert.ToBase64String(Bytes(width, height, content: content));

    /// <summary>The bytes of rows of three numbers a pixel, each behind its filter.</summary>
    public static byte[] Rows(int width, int height, byte content = 0, byte filter = 0)
    {
        byte[] row = [filter, .. Enumerable.Repeat(content, Math.Min(width, 1000) * 3)];
        return [.. Enumerable.Repeat(row, Math.Min(height, 1000)).SelectMany(bytes => bytes)];
    }

    public static byte[] Packed(byte[] rows)
    {
        using var stream = new MemoryStream();
        using (var packing = new ZLibStream(stream, CompressionLevel.Fastest))
        {
            packing.Write(rows);
        }

        return stream.ToArray();
    }

    private static byte[] Chunk(string type, byte[] data)
    {
        var (length, checksum) = (new byte[4], new byte[4]);
        byte[] content = [.. Encoding.ASCII.GetBytes(type), .. data];
        BinaryPrimitives.WriteInt32BigEndian(length, data.Length);
        BinaryPrimitives.WriteUInt32BigEndian(checksum, PngChecksum.Of(content));
        return [.. length, .. content, .. checksum];
    }
}
