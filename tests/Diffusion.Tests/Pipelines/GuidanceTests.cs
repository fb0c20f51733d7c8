using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Networks.UNet;
using StableDiffusion.Diffusion.Pipelines;
using StableDiffusion.Diffusion.Prompts;
using static StableDiffusion.Diffusion.Tests.Pipelines.Drawing;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Pipelines;

public sealed class GuidanceTests : IDisposable
{
    private readonly StableDiffusionModel model = StableDiffusionModel.Load(Goldens.Path("models/tiny-sd15"));

    public void Dispose() => model.Dispose();

    [Fact]
    public void Several_prompts_pull_each_with_its_weight()
    {
        using var scope = NewDisposeScope();
        Tensor negative = full([2, 1, 1, 1], 1f), one = full([2, 1, 1, 1], 2f), other = full([2, 1, 1, 1], 5f);
        var guided = new ClassifierFreeGuidance(3, 0).Apply(negative, [one, other], [[1, 0.5], [0.25, -1]]);
        Assert.Equal([1 + (3 * (1 + (0.25f * 4))), 1 + (3 * (0.5f - 4))], guided.data<float>().ToArray());
    }

    [Fact]
    public void Rescaling_all_the_way_gives_the_prompts_own_spread()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1, CPU);
        Tensor negative = randn([2, 4, 8, 8], generator: generator), positive = randn([2, 4, 8, 8], generator: generator) * 2;
        var guided = new ClassifierFreeGuidance(7.5, 1).Apply(negative, [positive], [[1, 1]]);
        for (int picture = 0; picture < 2; picture++)
        {
            Assert.Equal(positive[picture].std().item<float>(), guided[picture].std().item<float>(), 1e-4);
        }
    }

    /// <summary>As diffusers does with a network that has time_cond_proj_dim (LCM).</summary>
    [Fact]
    public void A_distilled_network_takes_the_scale_itself_and_is_not_asked_about_the_negative_prompt()
    {
        using var unet = new UNet2DConditionModel(model.UNet.Config with { TimeCondProjDim = 8 });
        unet.eval();
        using var distilled = model.With(unet: unet);
        var request = Request(Horse) with { GuidanceScale = 3 };
        byte[] plain = distilled.DrawOne(request);
        Assert.Equal(plain, distilled.DrawOne(request with { Images = [Horse with { NegativePrompt = "something else" }] }));
        Assert.NotEqual(plain, distilled.DrawOne(request with { GuidanceScale = 8 }));
    }

    [Fact]
    public void The_same_prompt_twice_with_half_the_weight_is_the_prompt()
    {
        byte[] plain = model.DrawOne(A1111("a horse"));
        Assert.InRange(LargestDifference(plain, model.DrawOne(A1111("a horse :0.5 AND a horse :0.5"))), 0, 1); // sums rounded in another order
        Assert.NotEqual(plain, model.DrawOne(A1111("a horse :0.5 AND a red lighthouse :0.5")));
    }

    [Fact]
    public void Without_guidance_prompts_still_add_up()
    {
        byte[] plain = model.DrawOne(A1111("a horse") with { GuidanceScale = 1 });
        byte[] halves = model.DrawOne(A1111("a horse :0.5 AND a horse :0.5") with { GuidanceScale = 1 });
        Assert.InRange(LargestDifference(plain, halves), 0, 1);
    }

    [Fact]
    public void A_long_prompt_and_a_short_negative_one_are_asked_about_apart()
    {
        string text = string.Join(", ", Enumerable.Repeat("a photograph of an astronaut riding a horse", 12));
        var seen = new List<long>();
        model.UNet.Observer = (name, output) =>
        {
            if (name == "conv_in")
            {
                seen.Add(output.shape[0]);
            }
        };
        byte[] alone = model.DrawOne(A1111(text));
        model.UNet.Observer = null;
        Assert.Equal([1, 1, 1, 1, 1, 1], seen); // three steps, each with a call for either
        Assert.Equal(alone, model.Draw(A1111(text) with { Images = [new("short", "", 1), new(text, "blurry", 42)] })[1].Pixels);
    }

    private static GenerationRequest A1111(string prompt) =>
        Request(new ImagePrompt(prompt, "blurry", 42)) with { PromptReading = PromptReading.A1111 };
}
