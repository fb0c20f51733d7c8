using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Settings;

namespace StableDiffusion.Worker.Manifests;

/// <summary>
/// The PNG's "parameters" chunk as AUTOMATIC1111's stable-diffusion-webui writes it (create_infotext in its
/// modules/processing.py), so that its "PNG Info" tab and every tool that reads its files understand ours. What is as it is by
/// default there is left out, as there.
/// </summary>
public static class A1111Parameters
{
    /// <summary>The chunk's keyword.</summary>
    public const string Keyword = "parameters";

    private const int ModelHashLength = 10, AdapterHashLength = 12;
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Prompt, negative prompt where there is one, and a line of "name: value" pairs.</summary>
    public static string Text(Manifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        var settings = manifest.Settings;
        (string Name, string? Value)[] parameters =
        [
            ("Steps", Number(settings.Steps)),
            ("Sampler", settings.SamplerName),
            ("Schedule type", settings.Scheduler is "Automatic" ? null : settings.Scheduler),
            ("CFG scale", Number(settings.CfgScale)),
            ("Seed", Number(settings.Seed)),
            ("Size", Size(settings.Width, settings.Height)),
            ("Model hash", Short(manifest.ModelHash, ModelHashLength)),
            ("Model", settings.Model),
            ("VAE hash", settings.Vae is { } vae ? Short(vae.Hash, ModelHashLength) : null),
            ("VAE", settings.Vae?.Name),
            ("Denoising strength", Number(settings.ImageToImage?.DenoisingStrength ?? settings.HighResolution?.DenoisingStrength)),
            ("Clip skip", Number(settings.ClipSkip)),
            ("Init image hash", settings.ImageToImage is { } init ? Short(init.Image, ModelHashLength) : null),
            ("Eta", settings.Eta == 0 ? null : Number(settings.Eta)),
            ("CFG rescale", settings.GuidanceRescale == 0 ? null : Number(settings.GuidanceRescale)),
            .. Inpainting(settings.Inpainting),
            .. SecondPass(settings),
            .. Sizes(settings.Sizes),
            .. (settings.ControlNets ?? []).Select((unit, index) => ($"ControlNet {Number(index)}", (string?)ControlNet(unit))),
            ("Lora hashes", Hashes(settings.Loras?.Select(lora => (lora.Name, lora.Hash)))),
            ("TI hashes", Hashes(settings.Embeddings?.Select(embedding => (embedding.Name, embedding.Hash)))),
            ("Emphasis", settings.PromptSyntax == PromptSyntax.Plain ? "None" : null),
            ("Version", manifest.Environment.Diffusion.Split('+')[0]),
        ];
        var negative = settings.NegativePrompt.Length == 0 ? "" : $"\nNegative prompt: {settings.NegativePrompt}";
        return $"{settings.Prompt}{negative}\n{string.Join(", ", parameters.Where(p => p.Value is not null).Select(p => $"{p.Name}: {Quote(p.Value!)}"))}".Trim();
    }

    private static IEnumerable<(string, string?)> Inpainting(InpaintingSettings? inpainting) => inpainting is null ? [] :
    [
        ("Mask blur", Number(inpainting.MaskBlur)),
        ("Mask mode", inpainting.InpaintingMaskInvert ? "Inpaint not masked" : null),
        ("Masked content", inpainting.InpaintingFill switch
        {
            InpaintingFill.Fill => "fill",
            InpaintingFill.LatentNoise => "latent noise",
            InpaintingFill.LatentNothing => "latent nothing",
            _ => null,
        }),
        ("Inpaint area", inpainting.InpaintFullRes ? "Only masked" : null),
        ("Masked area padding", inpainting.InpaintFullRes ? Number(inpainting.InpaintFullResPadding) : null),
    ];

    private static IEnumerable<(string, string?)> SecondPass(ImageSettings settings) => settings.HighResolution is not { } second ? [] :
    [
        ("Hires upscale", Number(second.HrScale)),
        ("Hires resize", second.HrScale is null ? Size(second.HrResizeX, second.HrResizeY) : null),
        ("Hires steps", second.HrSecondPassSteps == settings.Steps ? null : Number(second.HrSecondPassSteps)),
        ("Hires upscaler", second.HrUpscaler),
    ];

    private static IEnumerable<(string, string?)> Sizes(SizeSettings? sizes) => sizes is null ? [] :
    [
        ("Original size", Size(sizes.OriginalWidth, sizes.OriginalHeight)),
        ("Crop", Size(sizes.CropX, sizes.CropY)),
        ("Target size", Size(sizes.TargetWidth, sizes.TargetHeight)),
    ];

    private static string ControlNet(ControlNetSettings unit) =>
        $"Module: none, Model: {unit.Model} [{Short(unit.Hash, 8)}], Weight: {Number(unit.Weight)}, Guidance Start: {Number(unit.GuidanceStart)}, Guidance End: {Number(unit.GuidanceEnd)}, Control Mode: {unit.ControlMode}";

    private static string? Hashes(IEnumerable<(string Name, string Hash)>? files) =>
        files is null ? null : string.Join(", ", files.Select(file => $"{file.Name}: {Short(file.Hash, AdapterHashLength)}"));

    private static string? Number(double? value) => value?.ToString(CultureInfo.InvariantCulture);

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Size(int width, int height) => string.Create(CultureInfo.InvariantCulture, $"{width}x{height}");

    private static string Short(string hash, int length) => hash[..Math.Min(length, hash.Length)];

    /// <summary>A value that would be taken apart at ',', ':' or a line's end is written as a JSON string, as A1111 does.</summary>
    private static string Quote(string value) => value.AsSpan().ContainsAny(",:\n") ? JsonSerializer.Serialize(value, Json) : value;
}
