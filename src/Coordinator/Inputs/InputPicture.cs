using System.Security.Cryptography;

namespace StableDiffusion.Coordinator.Inputs;

/// <summary>A PNG that came with a request, checked and not yet decoded.</summary>
public sealed class InputPicture
{
    private InputPicture(byte[] file, int width, int height) => (File, Width, Height) = (file, width, height);

    /// <summary>A picture that is stored; its file is not read.</summary>
    public InputPicture(string hash, int width, int height)
        : this([], width, height) => Hash = hash;

    /// <summary>The PNG as it came.</summary>
    public byte[] File { get; }

    /// <summary>SHA-256 of the file, lower-case hex: its name.</summary>
    public string Hash { get => field ??= Convert.ToHexStringLower(SHA256.HashData(File)); private init; }

    /// <summary>In pixels.</summary>
    public int Width { get; }

    /// <summary>In pixels.</summary>
    public int Height { get; }

    /// <summary>Reads a field's text: base64, bare or as a data URL.</summary>
    /// <returns>The picture, or else what is wrong with it, in a sentence that says what to send.</returns>
    public static (InputPicture? Picture, string? Fault) Read(string? text, InputOptions limits)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return (null, "The picture is empty: send a PNG in base64.");
        }

        var base64 = text.AsSpan();
        if (base64.StartsWith("data:", StringComparison.OrdinalIgnoreCase))
        {
            base64 = base64[(base64.IndexOf(',') + 1)..];
        }

        var most = ((limits.MaxBytes + 2L) / 3 * 4) + 4;
        if (base64.Length > most * 2) // line breaks may stand in it, so this is only rough; told before anything is unpacked
        {
            return (null, TooLarge(limits));
        }

        var file = new byte[(base64.Length / 4 * 3) + 3];
        if (!Convert.TryFromBase64Chars(base64, file, out var length))
        {
            return (null, "The text is no base64: send a PNG's bytes in base64, bare or as a data URL (data:image/png;base64,…).");
        }

        Array.Resize(ref file, length);
        return length > limits.MaxBytes ? (null, TooLarge(limits))
            : PngCheck.FaultOf(file, limits.MaxPixels, out var width, out var height) is { } fault ? (null, fault)
            : (new InputPicture(file, width, height), null);
    }

    private static string TooLarge(InputOptions limits) => $"The picture has more than {limits.MaxBytes} bytes: make it smaller.";
}
