using System.Buffers.Binary;
using System.Text;

namespace StableDiffusion.Diffusion.Pictures;

/// <summary>The container of PNG (ISO 15948, 5.3): length, four-letter type, data, CRC-32 of type and data.</summary>
internal static class PngChunk
{
    public static ReadOnlySpan<byte> Signature => [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A];

    private static readonly uint[] CrcTable = MakeCrcTable();

    public static void Write(Stream stream, string type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        stream.Write(number);
        Span<byte> name = stackalloc byte[4];
        Encoding.ASCII.GetBytes(type, name);
        stream.Write(name);
        stream.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, ~Crc(Crc(uint.MaxValue, name), data));
        stream.Write(number);
    }

    /// <summary>Reads the chunk at <paramref name="at"/> and moves behind it.</summary>
    /// <exception cref="InvalidDataException">The file ends early or the checksum is wrong.</exception>
    public static (string Type, ReadOnlyMemory<byte> Data) Read(ReadOnlyMemory<byte> file, ref int at)
    {
        var rest = file.Span[at..];
        if (rest.Length < 12)
        {
            throw new InvalidDataException($"The PNG is cut off at byte {at}: a chunk's head is missing.");
        }

        uint length = BinaryPrimitives.ReadUInt32BigEndian(rest);
        string type = Encoding.Latin1.GetString(rest.Slice(4, 4));
        if (length > rest.Length - 12)
        {
            throw new InvalidDataException($"The PNG is cut off: its chunk {type} wants {length} bytes, {rest.Length - 12} are left.");
        }

        uint expected = BinaryPrimitives.ReadUInt32BigEndian(rest[(8 + (int)length)..]);
        if (~Crc(uint.MaxValue, rest.Slice(4, 4 + (int)length)) != expected)
        {
            throw new InvalidDataException($"The PNG is damaged: the checksum of its chunk {type} at byte {at} is wrong.");
        }

        var data = file.Slice(at + 8, (int)length);
        at += 12 + (int)length;
        return (type, data);
    }

    private static uint Crc(uint crc, ReadOnlySpan<byte> data)
    {
        foreach (byte value in data)
        {
            crc = CrcTable[(byte)(crc ^ value)] ^ (crc >> 8);
        }

        return crc;
    }

    private static uint[] MakeCrcTable()
    {
        var table = new uint[256];
        for (uint i = 0; i < 256; i++)
        {
            uint value = i;
            for (int bit = 0; bit < 8; bit++)
            {
                value = (value & 1) != 0 ? 0xEDB88320 ^ (value >> 1) : value >> 1;
            }

            table[i] = value;
        }

        return table;
    }
}
