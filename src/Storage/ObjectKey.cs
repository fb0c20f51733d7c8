using System.Text;

namespace StableDiffusion.Storage;

/// <summary>
/// The keys every store takes: segments joined by '/', each 1 to 200 bytes of UTF-8, neither "." nor "..", without '\' or
/// control characters; 1,000 bytes in all. So a key is also a safe relative path.
/// </summary>
public static class ObjectKey
{
    private const int MaxBytes = 1000;
    private const int MaxSegmentBytes = 200;

    /// <summary>Throws <see cref="ArgumentException"/> saying what is wrong with the key.</summary>
    public static void Check(string key)
    {
        if (Fault(key) is { } fault)
        {
            throw new ArgumentException($"Object key \"{key}\" {fault}.", nameof(key));
        }
    }

    /// <summary>Checks the names and values of an object's metadata, which travel as HTTP headers.</summary>
    internal static void CheckMetadata(IReadOnlyDictionary<string, string>? metadata)
    {
        foreach (var (name, value) in metadata ?? new Dictionary<string, string>())
        {
            if (name.Length == 0 || name.Any(c => !(char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')))
            {
                throw new ArgumentException($"Metadata name \"{name}\" must be made of a-z, 0-9 and '-'.", nameof(metadata));
            }
            if (value.Any(c => c is < ' ' or > '~') || value != value.Trim())
            {
                throw new ArgumentException($"Metadata \"{name}\" must be printable ASCII without blanks at its ends.", nameof(metadata));
            }
        }
    }

    /// <summary>What is wrong with a key, as the end of a sentence; null when nothing is.</summary>
    public static string? Fault(string key)
    {
        if (string.IsNullOrEmpty(key))
        {
            return "is empty";
        }
        if (Encoding.UTF8.GetByteCount(key) > MaxBytes)
        {
            return $"is longer than {MaxBytes} bytes";
        }
        if (key.Any(c => char.IsControl(c) || c == '\\'))
        {
            return "holds a control character or '\\'";
        }
        foreach (var segment in key.Split('/'))
        {
            if (segment is "" or "." or "..")
            {
                return "has an empty, \".\" or \"..\" segment";
            }
            if (Encoding.UTF8.GetByteCount(segment) > MaxSegmentBytes)
            {
                return $"has a segment longer than {MaxSegmentBytes} bytes";
            }
        }
        return null;
    }
}
