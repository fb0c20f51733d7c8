using System.Text.Json;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Safetensors;

/// <summary>
/// The header: a length (8 bytes, little-endian), then JSON that names each tensor's type, shape and byte range, which
/// together fill the data section without gaps or overlaps (https://github.com/huggingface/safetensors#format).
/// </summary>
internal sealed class SafetensorsHeader
{
    public const int LengthBytes = 8;

    /// <summary>So many bytes tell what is often found under the name of a safetensors file.</summary>
    public const int KindBytes = 32;

    private const long LargestHeader = 100_000_000; // as in the reference reader

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    private readonly string file;

    private SafetensorsHeader(string file) => this.file = file;

    public Dictionary<string, SafetensorsEntry> Entries { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

    /// <summary>Checks the header's length against the file's before anything is read.</summary>
    public static void CheckLength(string file, ulong headerLength, long fileLength, ReadOnlySpan<byte> start)
    {
        if (headerLength > LargestHeader)
        {
            throw new SafetensorsException(
                file, Mistaken(start) ?? $"its header claims {headerLength} bytes, more than the {LargestHeader} allowed; this is no safetensors file");
        }

        if ((long)headerLength > fileLength - LengthBytes)
        {
            throw new SafetensorsException(file, $"truncated: its header claims {headerLength} bytes, {fileLength - LengthBytes} are there");
        }
    }

    /// <summary>Reads and checks the header of a file whose data section is <paramref name="dataLength"/> bytes long.</summary>
    public static SafetensorsHeader Parse(string file, ReadOnlyMemory<byte> json, long dataLength)
    {
        var header = new SafetensorsHeader(file);
        try
        {
            using var document = JsonDocument.Parse(json, Strict);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new SafetensorsException(file, "its header is no JSON object");
            }

            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (property.Name == "__metadata__")
                {
                    header.ReadMetadata(property.Value);
                }
                else
                {
                    header.Entries.Add(property.Name, header.ReadEntry(property.Name, property.Value));
                }
            }
        }
        catch (JsonException problem)
        {
            throw new SafetensorsException(file, $"its header is not valid JSON: {problem.Message}", problem);
        }

        header.CheckRanges(dataLength);
        return header;
    }

    /// <summary>What is often found under the name of a safetensors file, by its first bytes.</summary>
    private static string? Mistaken(ReadOnlySpan<byte> start) =>
        start.StartsWith("version https://git-lfs"u8) ? "it is git-lfs' pointer to the file and not the file itself; run 'git lfs pull' in its folder"
        : start.StartsWith("PK"u8) ? "it is a pickle in spite of its name, which can run any code when read; take the model's safetensors file"
        : start.StartsWith("<"u8) ? "it is a web page, as a download gives that needs a login; download the file again"
        : null;

    private void ReadMetadata(JsonElement metadata)
    {
        if (metadata.ValueKind != JsonValueKind.Object || metadata.EnumerateObject().Any(pair => pair.Value.ValueKind != JsonValueKind.String))
        {
            throw new SafetensorsException(file, "its __metadata__ is no map from text to text");
        }

        foreach (var pair in metadata.EnumerateObject())
        {
            Metadata.Add(pair.Name, pair.Value.GetString()!);
        }
    }

    private SafetensorsEntry ReadEntry(string name, JsonElement entry)
    {
        if (entry.ValueKind != JsonValueKind.Object
            || !entry.TryGetProperty("dtype", out var dtype) || dtype.ValueKind != JsonValueKind.String
            || !entry.TryGetProperty("shape", out var shape) || !TryReadNumbers(shape, out var sizes)
            || !entry.TryGetProperty("data_offsets", out var offsets) || !TryReadNumbers(offsets, out var range) || range.Length != 2)
        {
            throw new SafetensorsException(file, name, "its header entry must hold dtype (text), shape and data_offsets (two) as lists of whole numbers, none negative");
        }

        if (!SafetensorsDType.TryParse(dtype.GetString()!, out var type, out var elementSize))
        {
            throw new SafetensorsException(file, name, $"dtype {dtype.GetString()} is not supported; supported are {SafetensorsDType.Supported}");
        }

        CheckSize(name, type, elementSize, sizes, range[0], range[1]);
        return new SafetensorsEntry(name, type, sizes, range[0], range[1]);
    }

    private void CheckSize(string name, ScalarType type, int elementSize, long[] sizes, long begin, long end)
    {
        try
        {
            var needed = sizes.Aggregate((long)elementSize, (product, size) => checked(product * size));
            if (end < begin || end - begin != needed)
            {
                throw new SafetensorsException(file, name, $"shape [{string.Join(", ", sizes)}] of {type} takes {needed} bytes, its offsets {begin}–{end} hold {end - begin}");
            }
        }
        catch (OverflowException)
        {
            throw new SafetensorsException(file, name, $"shape [{string.Join(", ", sizes)}] is too large");
        }
    }

    private void CheckRanges(long dataLength)
    {
        var position = 0L;
        foreach (var entry in Entries.Values.OrderBy(entry => entry.Begin).ThenBy(entry => entry.End))
        {
            if (entry.End > dataLength)
            {
                throw new SafetensorsException(file, entry.Name, $"truncated: it ends at byte {entry.End} of the data, {dataLength} are there");
            }

            if (entry.Begin != position)
            {
                throw new SafetensorsException(file, entry.Name, entry.Begin < position
                    ? $"its bytes begin at {entry.Begin}, inside the tensor that ends at {position}"
                    : $"bytes {position}–{entry.Begin} before it belong to no tensor");
            }

            position = entry.End;
        }

        if (position != dataLength)
        {
            throw new SafetensorsException(file, $"{dataLength - position} bytes at its end belong to no tensor");
        }
    }

    private static bool TryReadNumbers(JsonElement list, out long[] numbers)
    {
        numbers = [];
        if (list.ValueKind != JsonValueKind.Array)
        {
            return false;
        }

        numbers = [.. list.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt64(out var number) ? number : -1)];
        return numbers.All(number => number >= 0);
    }
}
