using System.Buffers.Binary;
using System.Text.Json;
using TorchSharp;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Safetensors;

/// <summary>Writes safetensors files as the reference does: widest types first, then by name, the data aligned to 8 bytes.</summary>
public static class SafetensorsWriter
{
    private const int Alignment = 8;

    /// <summary>
    /// Writes the file under a temporary name beside it and renames it when it is whole, so that readers see the old
    /// file or the new one. The same tensors always give the same bytes.
    /// </summary>
    /// <param name="path">The file to make or replace.</param>
    /// <param name="tensors">Name to tensor; any device, any stride. They stay the caller's.</param>
    /// <param name="metadata">Free-form text pairs for the header.</param>
    /// <exception cref="NotSupportedException">A tensor's element type has no name in the format.</exception>
    public static void Write(string path, IReadOnlyDictionary<string, Tensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var ordered = tensors
            .Select(pair => (Name: pair.Key, Tensor: pair.Value, Type: SafetensorsDType.Of(pair.Value.dtype)))
            .OrderByDescending(item => item.Type.Size)
            .ThenBy(item => item.Name, StringComparer.Ordinal)
            .ToList();

        var header = Header(ordered, metadata);
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                stream.Write(header);
                foreach (var item in ordered)
                {
                    WriteData(stream, item.Tensor);
                }

                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary); // gone already when all went well
        }
    }

    private static byte[] Header(IEnumerable<(string Name, Tensor Tensor, (string Name, int Size) Type)> ordered, IReadOnlyDictionary<string, string>? metadata)
    {
        using var buffer = new MemoryStream();
        buffer.Write(new byte[SafetensorsHeader.LengthBytes]);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WritePropertyName("__metadata__");
                JsonSerializer.Serialize(json, new SortedDictionary<string, string>(metadata.ToDictionary(), StringComparer.Ordinal));
            }

            var position = 0L;
            foreach (var (name, tensor, type) in ordered)
            {
                var end = position + tensor.numel() * type.Size;
                json.WritePropertyName(name);
                JsonSerializer.Serialize(json, new { dtype = type.Name, tensor.shape, data_offsets = new[] { position, end } });
                position = end;
            }

            json.WriteEndObject();
        }

        while (buffer.Length % Alignment != 0)
        {
            buffer.WriteByte((byte)' ');
        }

        var header = buffer.ToArray();
        BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)(header.Length - SafetensorsHeader.LengthBytes));
        return header;
    }

    private static void WriteData(Stream stream, Tensor tensor)
    {
        using var scope = NewDisposeScope();
        if (tensor.numel() > 0)
        {
            stream.Write(tensor.detach().cpu().contiguous().bytes);
        }
    }
}
