using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Memory;

/// <summary>
/// What was drawn needed more memory than its device has. Everything that was taken for it is given back, so what needs less can be
/// drawn next.
/// </summary>
public sealed partial class DeviceOutOfMemoryException : OutOfMemoryException
{
    // libtorch's words on the CPU and on CUDA, and those of the libraries under it
    private static readonly string[] Signs =
        ["out of memory", "can't allocate memory", "not enough memory", "bad_alloc", "CUDNN_STATUS_ALLOC_FAILED", "CUBLAS_STATUS_ALLOC_FAILED"];

    internal DeviceOutOfMemoryException(string what, Device device, Exception inner)
        : base(Describe(what, device, AskedBy(inner), FreeMemory.Of(device)), inner) => BytesAsked = AskedBy(inner);

    /// <summary>Bytes that were asked for in vain, the last of many requests; null where the library does not say.</summary>
    public long? BytesAsked { get; }

    /// <summary>Whether an error is a lack of memory, by the words of libtorch and of the libraries under it.</summary>
    public static bool Is(Exception error) => error switch
    {
        OutOfMemoryException => true,
        ExternalException => Signs.Any(sign => error.Message.Contains(sign, StringComparison.OrdinalIgnoreCase)),
        _ => false,
    };

    private static string Describe(string what, Device device, long? asked, long? free)
    {
        string[] numbers = [.. new[] { asked is { } bytes ? $"{Gibibytes(bytes)} more were asked for" : null, free is { } left ? $"{Gibibytes(left)} are free" : null }.OfType<string>()];
        string told = numbers.Length == 0 ? "" : $" ({string.Join(", ", numbers)})";
        return $"{what} needs more memory than {device} has{told}; ask for a smaller size or for fewer pictures at once.";
    }

    private static string Gibibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):0.0#} GiB");

    private static long? AskedBy(Exception error)
    {
        var match = Asked().Match(error.Message);
        if (!match.Success || !double.TryParse(match.Groups["count"].Value, CultureInfo.InvariantCulture, out double count))
        {
            return null;
        }

        double unit = match.Groups["unit"].Value switch { "KiB" => 1L << 10, "MiB" => 1L << 20, "GiB" => 1L << 30, _ => 1 };
        return (long)(count * unit);
    }

    [GeneratedRegex(@"tried to allocate (?<count>[\d.]+) (?<unit>bytes|KiB|MiB|GiB)", RegexOptions.IgnoreCase)]
    private static partial Regex Asked();
}
