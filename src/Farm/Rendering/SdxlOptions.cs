using System.CommandLine;
using StableDiffusion.Contracts.Batches;

namespace StableDiffusion.Farm.Rendering;

/// <summary>What SDXL alone takes.</summary>
internal sealed class SdxlOptions
{
    private readonly Option<string?> prompt2 = new("--prompt-2") { Description = "SDXL: what its second text encoder reads; with --plain-prompt." };
    private readonly Option<string?> negativePrompt2 = new("--negative-prompt-2") { Description = "SDXL: what its second text encoder reads to steer away from; with --plain-prompt." };
    private readonly Option<(int Width, int Height)?> originalSize = Pairs.Option("--original-size", "WxH", "SDXL: the size before scaling that the network is told.");
    private readonly Option<(int X, int Y)?> crop = Pairs.Option("--crop", "XxY", "SDXL: the pixels cropped off at the left and top that it is told.");
    private readonly Option<(int Width, int Height)?> targetSize = Pairs.Option("--target-size", "WxH", "SDXL: the wanted size that it is told.");

    /// <summary>All of them.</summary>
    public IReadOnlyList<Option> All => [prompt2, negativePrompt2, originalSize, crop, targetSize];

    public BatchRequest Apply(BatchRequest request, ParseResult parsed) => request with
    {
        Prompt2 = parsed.GetValue(prompt2),
        NegativePrompt2 = parsed.GetValue(negativePrompt2),
        OriginalWidth = parsed.GetValue(originalSize)?.Width,
        OriginalHeight = parsed.GetValue(originalSize)?.Height,
        CropX = parsed.GetValue(crop)?.X,
        CropY = parsed.GetValue(crop)?.Y,
        TargetWidth = parsed.GetValue(targetSize)?.Width,
        TargetHeight = parsed.GetValue(targetSize)?.Height,
    };
}
