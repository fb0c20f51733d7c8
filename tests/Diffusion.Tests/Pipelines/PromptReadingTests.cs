using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Pipelines;
using StableDiffusion.Diffusion.Prompts;

namespace StableDiffusion.Diffusion.Tests.Pipelines;

public sealed class PromptReadingTests
{
    private static readonly Lazy<StableDiffusionModel> Sd15 = new(() => StableDiffusionModel.Load(Goldens.Path("models/tiny-sd15")));

    [Fact]
    public void An_edited_prompt_is_followed_call_by_call()
    {
        var cat = Steps("a cat", "DDIMScheduler");
        var edited = Steps("a [cat:dog:2]", "DDIMScheduler");
        Assert.Equal(4, edited.Count);
        Assert.Equal(cat[..2], edited[..2]);
        Assert.NotEqual(cat[2], edited[2]);
    }

    [Fact]
    public void A_share_of_a_second_order_samplers_run_is_one_of_its_calls()
    {
        // four steps of Heun are seven calls, so half of them are three: both of the first step and the first of the second
        var cat = Steps("a cat", "HeunDiscreteScheduler");
        var edited = Steps("a [cat:dog:0.5]", "HeunDiscreteScheduler");
        Assert.Equal(7, edited.Count);
        Assert.Equal(cat[..3], edited[..3]);
        Assert.NotEqual(cat[3], edited[3]);
    }

    [Fact]
    public void Two_halves_of_a_prompt_are_the_prompt()
    {
        float[] whole = Steps("a cat", "DDIMScheduler")[^1], halves = Steps("a cat :0.5 AND a cat :0.5", "DDIMScheduler")[^1];
        double largest = whole.Max(Math.Abs);
        Assert.All(whole.Zip(halves), pair => Assert.Equal(pair.First, pair.Second, largest * 1e-4)); // sums in another order over four guided steps
        Assert.NotEqual(whole, Steps("a cat AND a dog", "DDIMScheduler")[^1]);
    }

    [Fact]
    public void Prompts_of_other_lengths_are_drawn_together_as_alone()
    {
        string longer = string.Join(' ', Enumerable.Repeat("a", 100));
        ImagePrompt[] prompts = [new("a cat", longer, 1), new(longer, "", 2), new($"{longer} AND a [cat|dog] BREAK b", "blurry", 3)];
        var together = Draw(prompts);
        Assert.Equal(prompts.Select(prompt => Draw(prompt).Single()), together);
    }

    [Fact]
    public void A1111s_reading_has_no_second_prompt()
    {
        using var model = StableDiffusionModel.Load(Goldens.Path("models/tiny-sdxl"));
        var request = Request(new ImagePrompt("a cat", "", 1) { Prompt2 = "a dog" });
        var error = Assert.Throws<ArgumentException>(() => new StableDiffusionPipeline(model).Generate(request, null, TestContext.Current.CancellationToken));
        Assert.StartsWith("images[0].prompt_2:", error.Message, StringComparison.Ordinal);
    }

    private static GenerationRequest Request(params ImagePrompt[] images) =>
        new() { Images = images, NumInferenceSteps = 4, Width = 64, Height = 64, PromptReading = PromptReading.A1111, Scheduler = "DDIMScheduler" };

    private static List<float[]> Steps(string prompt, string scheduler)
    {
        var steps = new List<float[]>();
        var request = Request(new ImagePrompt(prompt, "", 42)) with { Scheduler = scheduler };
        foreach (var image in new StableDiffusionPipeline(Sd15.Value).Generate(request, step => steps.Add(step.Latents.data<float>().ToArray()), TestContext.Current.CancellationToken))
        {
            image.Dispose();
        }

        return steps;
    }

    private static List<byte[]> Draw(params ImagePrompt[] prompts)
    {
        var pictures = new List<byte[]>();
        foreach (var image in new StableDiffusionPipeline(Sd15.Value).Generate(Request(prompts), null, TestContext.Current.CancellationToken))
        {
            pictures.Add(image.Picture.Pixels);
            image.Dispose();
        }

        return pictures;
    }
}
