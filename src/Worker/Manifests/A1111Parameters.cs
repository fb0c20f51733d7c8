using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace StableDiffusion.Worker.Manifests;

/// <summary>
/// The PNG's "parameters" chunk as AUTOMATIC1111's stable-diffusion-webui writes it (create_infotext in its
/// modules/processing.py), so that its "PNG Info" tab and every tool that reads its files understand ours.
/// </summary>
public static class A1111Parameters
{
    /// <summary>The chunk's keyword.</summary>
    public const string Keyword = "parameters";

    private const int ShortHashLength = 10;
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Prompt, negative prompt where there is one, and a line of "name: value" pairs.</summary>
    public static string Text(Manifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        var settings = manifest.Settings;
        (string Name, string Value)[] parameters =
        [
            ("Steps", settings.Steps.ToString(CultureInfo.InvariantCulture)),
            ("Sampler", settings.SamplerName),
            ("CFG scale", settings.CfgScale.ToString(CultureInfo.InvariantCulture)),
            ("Seed", settings.Seed.ToString(CultureInfo.InvariantCulture)),
            ("Size", string.Create(CultureInfo.InvariantCulture, $"{settings.Width}x{settings.Height}")),
            ("Model hash", manifest.ModelHash[..Math.Min(ShortHashLength, manifest.ModelHash.Length)]),
            ("Model", settings.Model),
            ("Version", manifest.Environment.Diffusion.Split('+')[0]),
        ];
        var negative = settings.NegativePrompt.Length == 0 ? "" : $"\nNegative prompt: {settings.NegativePrompt}";
        return $"{settings.Prompt}{negative}\n{string.Join(", ", parameters.Select(p => $"{p.Name}: {Quote(p.Value)}"))}".Trim();
    }

    /// <summary>A value that would be taken apart at ',', ':' or a line's end is written as a JSON string, as A1111 does.</summary>
    private static string Quote(string value) => value.AsSpan().ContainsAny(",:\n") ? JsonSerializer.Serialize(value, Json) : value;
}
