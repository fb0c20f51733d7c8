using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace StableDiffusion.Coordinator.Inputs;

/// <summary>Reads a PNG of the farm's (ISO 15948): its texts at once, its pixels row by row, so that a large picture takes no more memory than its file.
/// 8 bits a sample, no palette, not interlaced, as workers write them.</summary>
internal sealed class PngReader : IDisposable
{
    private const int ChunkFrame = 12; // length, type and checksum
    private readonly Dictionary<string, string> texts = [];
    private readonly MemoryStream packed = new();
    private readonly ZLibStream unpacked;
    private byte[] row, above;

    /// <summary>Opens a file.</summary>
    /// <exception cref="InvalidDataException">It is no such PNG.</exception>
    public PngReader(ReadOnlySpan<byte> file)
    {
        ReadOnlySpan<byte> signature = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A];
        Check(file.StartsWith(signature) && file.Length > signature.Length + ChunkFrame + 13);
        for (var chunks = file[signature.Length..]; chunks.Length >= ChunkFrame;)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(chunks);
            Check(length <= chunks.Length - ChunkFrame);
            Take(Encoding.ASCII.GetString(chunks.Slice(4, 4)), chunks.Slice(8, (int)length));
            chunks = chunks[(ChunkFrame + (int)length)..];
        }

        Check(Width > 0 && Height > 0);
        packed.Position = 0;
        unpacked = new ZLibStream(packed, CompressionMode.Decompress);
        (row, above) = (new byte[Width * Channels], new byte[Width * Channels]);
    }

    /// <summary>In pixels.</summary>
    public int Width { get; private set; }

    /// <summary>In pixels.</summary>
    public int Height { get; private set; }

    /// <summary>Samples a pixel: 1 grey, 2 grey and opacity, 3 red, green and blue, 4 those and opacity.</summary>
    public int Channels { get; private set; }

    /// <summary>Texts by their keywords.</summary>
    public IReadOnlyDictionary<string, string> Texts => texts;

    /// <summary>The next row's samples, which last until the next call.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public ReadOnlySpan<byte> ReadRow()
    {
        (row, above) = (above, row);
        try
        {
            var filter = unpacked.ReadByte();
            unpacked.ReadExactly(row);
            Unfilter(filter);
        }
        catch (EndOfStreamException)
        {
            Check(false);
        }

        return row;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        unpacked.Dispose();
        packed.Dispose();
    }

    private static void Check(bool holds)
    {
        if (!holds)
        {
            throw new InvalidDataException("The file is no PNG as workers write it, or it is damaged.");
        }
    }

    private void Take(string type, ReadOnlySpan<byte> content)
    {
        switch (type)
        {
            case "IHDR":
                Check(content.Length == 13 && content[8] == 8 && content[12] == 0);
                (Width, Height) = (BinaryPrimitives.ReadInt32BigEndian(content), BinaryPrimitives.ReadInt32BigEndian(content[4..]));
                Channels = content[9] switch { 0 => 1, 4 => 2, 2 => 3, 6 => 4, _ => 0 };
                Check(Channels > 0);
                break;
            case "IDAT":
                packed.Write(content);
                break;
            case "tEXt" when content.IndexOf((byte)0) is >= 0 and var end:
                texts[Encoding.Latin1.GetString(content[..end])] = Encoding.Latin1.GetString(content[(end + 1)..]);
                break;
            case "iTXt" when content.IndexOf((byte)0) is >= 0 and var end && content.Length >= end + 5 && content[end + 1] == 0:
                var text = content[(end + 3)..]; // after the language and the translated keyword, both of which end with NUL
                text = text[(text.IndexOf((byte)0) + 1)..];
                texts[Encoding.Latin1.GetString(content[..end])] = Encoding.UTF8.GetString(text[(text.IndexOf((byte)0) + 1)..]);
                break;
        }
    }

    private void Unfilter(int filter)
    {
        Check(filter is >= 0 and <= 4);
        for (var i = 0; filter != 0 && i < row.Length; i++)
        {
            int left = i < Channels ? 0 : row[i - Channels], up = above[i], corner = i < Channels ? 0 : above[i - Channels];
            row[i] += (byte)(filter switch { 1 => left, 2 => up, 3 => (left + up) / 2, _ => Paeth(left, up, corner) });
        }
    }

    private static int Paeth(int left, int up, int corner)
    {
        var (toLeft, toUp, toCorner) = (Math.Abs(up - corner), Math.Abs(left - corner), Math.Abs(left + up - (2 * corner)));
        return toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
    }
}
