using System.IO.Compression;
using System.Text;

namespace StableDiffusion.Diffusion.Pictures;

/// <summary>Reads the three text chunks of PNG: tEXt, zTXt (compressed Latin-1) and iTXt (UTF-8, perhaps compressed).</summary>
internal static class PngTextChunk
{
    /// <summary>Longest text that is unpacked; a small chunk can inflate a thousandfold.</summary>
    private const int MaxTextBytes = 16 << 20;

    public static PngText Parse(string type, ReadOnlySpan<byte> data)
    {
        string keyword = Encoding.Latin1.GetString(UpToNul(ref data, type));
        switch (type)
        {
            case "tEXt":
                return new PngText(keyword, Encoding.Latin1.GetString(data));
            case "zTXt":
                return new PngText(keyword, Encoding.Latin1.GetString(Inflate(Skip(data, 1, type), type)));
            default:
                var rest = Skip(data, 2, type); // whether compressed, and how
                bool compressed = data[0] != 0;
                data = rest;
                UpToNul(ref data, type); // the language
                UpToNul(ref data, type); // the keyword in that language
                return new PngText(keyword, Encoding.UTF8.GetString(compressed ? Inflate(data, type) : data));
        }
    }

    private static ReadOnlySpan<byte> UpToNul(ref ReadOnlySpan<byte> data, string type)
    {
        int end = data.IndexOf((byte)0);
        if (end < 0)
        {
            throw Damaged(type);
        }

        var head = data[..end];
        data = data[(end + 1)..];
        return head;
    }

    private static ReadOnlySpan<byte> Skip(ReadOnlySpan<byte> data, int count, string type) =>
        data.Length < count ? throw Damaged(type) : data[count..];

    private static byte[] Inflate(ReadOnlySpan<byte> data, string type)
    {
        using var packed = new MemoryStream(data.ToArray());
        using var zlib = new ZLibStream(packed, CompressionMode.Decompress);
        using var text = new MemoryStream();
        var buffer = new byte[8192];
        try
        {
            for (int read; (read = zlib.Read(buffer)) > 0;)
            {
                text.Write(buffer, 0, read);
                if (text.Length > MaxTextBytes)
                {
                    throw Damaged(type);
                }
            }
        }
        catch (InvalidDataException error) when (error.InnerException is null && !error.Message.StartsWith("The PNG", StringComparison.Ordinal))
        {
            throw new InvalidDataException($"The PNG is damaged: its text chunk {type} cannot be unpacked.", error);
        }

        return text.ToArray();
    }

    private static InvalidDataException Damaged(string type) => new($"The PNG is damaged: its text chunk {type} cannot be read.");
}
