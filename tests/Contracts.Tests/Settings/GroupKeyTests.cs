using StableDiffusion.Contracts.Settings;

namespace StableDiffusion.Contracts.Tests.Settings;

public sealed class GroupKeyTests
{
    [Fact]
    public void Prompts_and_seeds_alone_may_differ_within_a_call()
    {
        var some = Full.Settings;
        Assert.Equal(GroupKey.Of(some), GroupKey.Of(some with { Prompt = "b", Prompt2 = null, NegativePrompt = "c", NegativePrompt2 = "d", Seed = 5 }));
        ImageSettings[] others =
        [
            some with { Model = "x" }, some with { Steps = 21 }, some with { Width = 72 }, some with { Height = 80 }, some with { CfgScale = 7.0001 }, some with { Eta = 0 },
            some with { SamplerName = "Euler" }, some with { Scheduler = "Beta" }, some with { GuidanceRescale = 0 }, some with { ClipSkip = null },
            some with { PromptSyntax = PromptSyntax.Plain }, some with { Embeddings = null }, some with { Vae = null }, some with { BatchClass = 1 }, some with { Sizes = null },
            some with { Loras = [some.Loras![0] with { Weight = 0.9 }] }, some with { Loras = null },
            some with { ImageToImage = some.ImageToImage! with { Image = "other" } }, some with { Inpainting = some.Inpainting! with { MaskBlur = 5 } },
            some with { HighResolution = some.HighResolution! with { HrUpscaler = "Lanczos" } }, some with { ControlNets = [some.ControlNets![0] with { Weight = 0.5 }] },
        ];
        Assert.Equal(others.Length + 1, others.Append(some).Select(GroupKey.Of).Distinct().Count());
        Assert.Equal(others.Length + 1, others.Append(some).Distinct().Count());
    }
}
