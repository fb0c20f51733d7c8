using System.Collections.Frozen;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Safetensors;

/// <summary>The format's element types and what they are in Torch.</summary>
internal static class SafetensorsDType
{
    private static readonly FrozenDictionary<string, (ScalarType Type, int Size)> Types = new Dictionary<string, (ScalarType, int)>
    {
        ["F64"] = (ScalarType.Float64, 8),
        ["F32"] = (ScalarType.Float32, 4),
        ["F16"] = (ScalarType.Float16, 2),
        ["BF16"] = (ScalarType.BFloat16, 2),
        ["I64"] = (ScalarType.Int64, 8),
        ["I32"] = (ScalarType.Int32, 4),
        ["I16"] = (ScalarType.Int16, 2),
        ["I8"] = (ScalarType.Int8, 1),
        ["U8"] = (ScalarType.Byte, 1),
        ["BOOL"] = (ScalarType.Bool, 1),
    }.ToFrozenDictionary();

    public static string Supported { get; } = string.Join(", ", Types.Keys.Order(StringComparer.Ordinal));

    /// <summary>The Torch type and the bytes of one element; false for a name that is not supported.</summary>
    public static bool TryParse(string name, out ScalarType type, out int size)
    {
        var known = Types.TryGetValue(name, out var found);
        (type, size) = found;
        return known;
    }

    /// <summary>The format's name of a Torch type and the bytes of one element.</summary>
    /// <exception cref="NotSupportedException">The format has no such type.</exception>
    public static (string Name, int Size) Of(ScalarType type)
    {
        foreach (var (name, known) in Types)
        {
            if (known.Type == type)
            {
                return (name, known.Size);
            }
        }

        throw new NotSupportedException($"safetensors has no element type for {type}; supported are {Supported}.");
    }
}
