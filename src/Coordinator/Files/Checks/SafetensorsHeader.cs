using System.Buffers.Binary;
using System.Text.Json;

namespace StableDiffusion.Coordinator.Files.Checks;

/// <summary>
/// What the head of a safetensors file says: a length (8 bytes, little-endian), then JSON that names each tensor's type, shape and byte range, which together
/// fill the rest of the file without gaps or overlaps (https://github.com/huggingface/safetensors#format). So the head tells the whole file's length.
/// </summary>
public sealed class SafetensorsHeader
{
    /// <summary>Bytes of the length that a file begins with.</summary>
    public const int LengthBytes = 8;

    /// <summary>The largest head that is taken into memory: some hundred thousand tensors, where SDXL has 2,500.</summary>
    public const int MostBytes = 16 << 20;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };
    private static readonly Dictionary<string, int> Sizes = new()
    {
        ["F64"] = 8, ["F32"] = 4, ["F16"] = 2, ["BF16"] = 2, ["I64"] = 8, ["I32"] = 4, ["I16"] = 2, ["I8"] = 1, ["U8"] = 1, ["BOOL"] = 1,
    };

    /// <summary>A tensor's name and shape.</summary>
    /// <param name="Name">Its key.</param>
    /// <param name="Shape">Its sizes.</param>
    public readonly record struct Tensor(string Name, IReadOnlyList<long> Shape);

    private readonly record struct Range(string Name, long Begin, long End);

    private SafetensorsHeader(IReadOnlyList<Tensor> tensors, long length) => (Tensors, Length) = (tensors, length);

    /// <summary>In the file's order.</summary>
    public IReadOnlyList<Tensor> Tensors { get; }

    /// <summary>The whole file's, head and data, in bytes.</summary>
    public long Length { get; }

    /// <summary>Numbers in all tensors, but for averaged copies, with which nobody draws unasked.</summary>
    public long Parameters => Tensors.Where(tensor => !tensor.Name.StartsWith("model_ema.", StringComparison.Ordinal)).Sum(tensor => tensor.Shape.Aggregate(1L, (count, size) => count * size));

    /// <summary>Whether a tensor's name begins so.</summary>
    public bool Has(string prefix) => Tensors.Any(tensor => tensor.Name.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>Reads a file's head from a stream that is at its beginning; the bytes read come back, too.</summary>
    /// <exception cref="RefusedFileException">It is no whole safetensors head.</exception>
    public static async Task<(byte[] Head, SafetensorsHeader Header)> ReadAsync(Stream content, string field, CancellationToken cancellationToken)
    {
        var start = new byte[LengthBytes];
        var read = await content.ReadAtLeastAsync(start, LengthBytes, throwOnEndOfStream: false, cancellationToken);
        if (read < LengthBytes)
        {
            throw new RefusedFileException(field, $"It has {read} bytes, too few for a safetensors file.");
        }

        var length = BinaryPrimitives.ReadUInt64LittleEndian(start);
        if (length > MostBytes)
        {
            throw new RefusedFileException(field, Mistaken(start) ?? $"It is no safetensors file: its head claims {length} bytes, and no more than {MostBytes} are taken.");
        }

        var head = new byte[LengthBytes + (int)length];
        start.CopyTo(head, 0);
        read = await content.ReadAtLeastAsync(head.AsMemory(LengthBytes), (int)length, throwOnEndOfStream: false, cancellationToken);
        return read == (int)length
            ? (head, Parse(head.AsMemory(LengthBytes), field))
            : throw new RefusedFileException(field, $"It is truncated: its head claims {length} bytes, and {read} are there.");
    }

    private static SafetensorsHeader Parse(ReadOnlyMemory<byte> json, string field)
    {
        List<Tensor> tensors = [];
        List<Range> ranges = [];
        try
        {
            using var document = JsonDocument.Parse(json, Strict);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new RefusedFileException(field, "Its head is no JSON object.");
            }

            foreach (var property in document.RootElement.EnumerateObject().Where(property => property.Name != "__metadata__"))
            {
                var (shape, begin, end) = Entry(property, field);
                tensors.Add(new Tensor(property.Name, shape));
                ranges.Add(new Range(property.Name, begin, end));
            }
        }
        catch (JsonException problem)
        {
            throw new RefusedFileException(field, $"Its head is not valid JSON: {problem.Message}");
        }

        return tensors.Count > 0
            ? new SafetensorsHeader(tensors, LengthBytes + json.Length + End(ranges, field))
            : throw new RefusedFileException(field, "It holds no tensor.");
    }

    private static (long[] Shape, long Begin, long End) Entry(JsonProperty property, string field)
    {
        var entry = property.Value;
        if (entry.ValueKind != JsonValueKind.Object
            || !entry.TryGetProperty("dtype", out var dtype) || dtype.ValueKind != JsonValueKind.String
            || !entry.TryGetProperty("shape", out var shape) || Numbers(shape) is not { } sizes
            || !entry.TryGetProperty("data_offsets", out var offsets) || Numbers(offsets) is not [var begin, var end])
        {
            throw new RefusedFileException(field, $"The tensor {property.Name} must have dtype (text), shape and data_offsets (two) as lists of whole numbers, none negative.");
        }

        if (!Sizes.TryGetValue(dtype.GetString()!, out var size))
        {
            throw new RefusedFileException(field, $"The tensor {property.Name} has the dtype {dtype.GetString()}, which is not read; these are: {string.Join(", ", Sizes.Keys)}.");
        }

        var needed = sizes.Aggregate((decimal)size, (product, length) => product > long.MaxValue ? product : product * length); // no overflow
        return end >= begin && needed == end - begin
            ? (sizes, begin, end)
            : throw new RefusedFileException(field, $"The tensor {property.Name}, [{string.Join(", ", sizes)}] of {dtype.GetString()}, takes {needed} bytes, and its data_offsets {begin} to {end} hold {(decimal)end - begin}.");
    }

    /// <summary>Where the data end, which leave no gap.</summary>
    private static long End(List<Range> ranges, string field)
    {
        var position = 0L;
        foreach (var (name, begin, end) in ranges.OrderBy(range => range.Begin).ThenBy(range => range.End))
        {
            if (begin != position)
            {
                throw new RefusedFileException(field, begin < position
                    ? $"The tensor {name} overlaps another: its bytes begin at {begin}, and {position} are taken."
                    : $"The bytes {position} to {begin} before the tensor {name} belong to none.");
            }

            position = end;
        }

        return position <= long.MaxValue / 2 ? position : throw new RefusedFileException(field, $"Its tensors take {position} bytes.");
    }

    private static long[]? Numbers(JsonElement list)
    {
        if (list.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        long[] numbers = [.. list.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt64(out var number) ? number : -1)];
        return numbers.All(number => number >= 0) ? numbers : null;
    }

    /// <summary>What is often found under the name of a safetensors file, by its first bytes.</summary>
    private static string? Mistaken(ReadOnlySpan<byte> start) =>
        start.StartsWith("version "u8) ? "It is git-lfs' pointer to the file and not the file itself: run 'git lfs pull' where it lies."
        : start.StartsWith("PK"u8) || start is [0x80, ..] ? "It is a pickle or an archive, which can run any code when it is read: take the .safetensors file."
        : start.StartsWith("<"u8) ? "It is a web page, as a download gives that needs a login: download the file again."
        : null;
}
