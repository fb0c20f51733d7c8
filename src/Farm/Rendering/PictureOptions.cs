using System.CommandLine;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Farm.Commands;

namespace StableDiffusion.Farm.Rendering;

/// <summary>A picture to start from, a mask, a second pass.</summary>
internal sealed class PictureOptions
{
    private static readonly string[] Fills = ["fill", "original", "noise", "nothing"]; // A1111's numbers 0 to 3

    private readonly Option<FileInfo?> init = new("--init") { Description = "PNG to start from instead of noise.", HelpName = "FILE" };
    private readonly Option<double?> strength = new Option<double?>("--strength") { Description = "0 to 1: how much is drawn over the picture (0.75 by default), or over the first pass with --hires (0.7)." }.Number();
    private readonly Option<FileInfo?> mask = new("--mask") { Description = "PNG; only what is white is drawn anew, or what is opaque of a transparent one.", HelpName = "FILE" };
    private readonly Option<double?> maskBlur = new Option<double?>("--mask-blur") { Description = "Softness of the mask's edge in pixels; 4 by default." }.Number();
    private readonly Option<bool> maskInvert = new("--mask-invert") { Description = "Draw anew what is black." };
    private readonly Option<string?> fill = new("--mask-fill") { Description = "What the masked area starts from; original by default." };
    private readonly Option<bool> maskedOnly = new("--masked-only") { Description = "Draw only the masked area, at full size, and put it back." };
    private readonly Option<int?> maskedPadding = new("--masked-padding") { Description = "Pixels around it that are drawn with it; 32 by default." };
    private readonly Option<bool> noPasteBack = new("--no-paste-back") { Description = "Leave the rest of the picture as the VAE gives it back." };
    private readonly Option<double?> hires = new Option<double?>("--hires") { Description = "Draw a second time over the picture enlarged so much.", HelpName = "SCALE" }.Number();
    private readonly Option<(int Width, int Height)?> hiresSize = Pairs.Option("--hires-size", "WxH", "The second pass's size in pixels, instead of --hires; 0 follows from the other.");
    private readonly Option<string?> hiresUpscaler = new("--hires-upscaler") { Description = "How it is enlarged: Latent by default, \"Latent (bicubic)\", Lanczos …" };
    private readonly Option<int?> hiresSteps = new("--hires-steps") { Description = "Steps of a whole second pass; the first's by default." };

    public PictureOptions() => fill.AcceptOnlyFromAmong(Fills);

    /// <summary>All of them.</summary>
    public IReadOnlyList<Option> All => [init, strength, mask, maskBlur, maskInvert, fill, maskedOnly, maskedPadding, noPasteBack, hires, hiresSize, hiresUpscaler, hiresSteps];

    public BatchRequest Apply(BatchRequest request, ParseResult parsed) => request with
    {
        InitImages = PictureFiles.Read(init, parsed) is { } picture ? [picture] : null,
        DenoisingStrength = parsed.GetValue(strength),
        Mask = PictureFiles.Read(mask, parsed),
        MaskBlur = parsed.GetValue(maskBlur),
        InpaintingMaskInvert = parsed.GetValue(maskInvert) ? 1 : null,
        InpaintingFill = parsed.GetValue(fill) is { } content ? Array.IndexOf(Fills, content) : null,
        InpaintFullRes = parsed.GetValue(maskedOnly) ? true : null,
        InpaintFullResPadding = parsed.GetValue(maskedPadding),
        PasteBack = parsed.GetValue(noPasteBack) ? false : null,
        EnableHr = parsed.GetValue(hires) is not null || parsed.GetValue(hiresSize) is not null ? true : null,
        HrScale = parsed.GetValue(hires),
        HrResizeX = parsed.GetValue(hiresSize)?.Width,
        HrResizeY = parsed.GetValue(hiresSize)?.Height,
        HrUpscaler = parsed.GetValue(hiresUpscaler),
        HrSecondPassSteps = parsed.GetValue(hiresSteps),
    };
}
