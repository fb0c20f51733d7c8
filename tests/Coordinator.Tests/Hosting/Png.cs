using System.Buffers.Binary;
using System.Text;

namespace StableDiffusion.Coordinator.Tests.Hosting;

/// <summary>PNGs that hold what a coordinator looks at: signature, header, chunks. Pixels and checksums are for workers.</summary>
internal static class Png
{
    public static byte[] Bytes(int width = 64, int height = 64, byte depth = 8, byte colour = 2, byte interlace = 0, byte content = 0)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9], header[12]) = (depth, colour, interlace);
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, .. Chunk("IHDR", header), .. Chunk("IDAT", [content]), .. Chunk("IEND", [])];
    }

    public static string Base64(int width = 64, int height = 64, byte content = 0) => Convert.ToBase64String(Bytes(width, height, content: content));

    private static byte[] Chunk(string type, byte[] data)
    {
        var length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, data.Length);
        return [.. length, .. Encoding.ASCII.GetBytes(type), .. data, 0, 0, 0, 0];
    }
}
