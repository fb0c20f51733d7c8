using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Prompts;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Prompts;

public sealed class PromptReaderTests
{
    private static readonly Lazy<StableDiffusionModel> Sd15 = new(() => StableDiffusionModel.Load(Goldens.Path("models/tiny-sd15")));
    private static readonly Lazy<StableDiffusionModel> Sdxl = new(() => StableDiffusionModel.Load(Goldens.Path("models/tiny-sdxl")));

    [Fact]
    public void A_plain_prompt_says_the_same_in_both_readings()
    {
        using IPromptReader diffusers = Reader(PromptReading.Diffusers), a1111 = Reader(PromptReading.A1111);
        Assert.Equal(Numbers(diffusers, "a red cat"), Numbers(a1111, "a red cat"));
        Assert.NotEqual(Numbers(diffusers, "a (red:1.3) cat"), Numbers(a1111, "a (red:1.3) cat"));
        Assert.Equal(77, diffusers.Positive(Prompt(Long), 1)[0].At(0).Context.shape[1]);
        Assert.Equal(154, a1111.Positive(Prompt(Long), 1)[0].At(0).Context.shape[1]);
    }

    [Fact]
    public void An_edited_prompt_changes_at_the_call_it_names()
    {
        using var reader = Reader(PromptReading.A1111);
        var part = Assert.Single(reader.Positive(Prompt("a [cat:dog:0.25]"), 8));
        var (cat, dog) = (Numbers(reader, "a cat"), Numbers(reader, "a dog"));
        Assert.Equal([cat, cat, dog, dog], new[] { 0, 1, 2, 7 }.Select(call => Numbers(part.At(call))));
        part = reader.Negative(Prompt("") with { NegativePrompt = "a [cat|dog]" }, 8);
        Assert.Equal([cat, dog, cat, dog], Enumerable.Range(0, 4).Select(call => Numbers(part.At(call))));
    }

    [Fact]
    public void Texts_of_one_schedule_are_as_long_as_the_longest()
    {
        using var reader = Reader(PromptReading.A1111);
        var part = Assert.Single(reader.Positive(Prompt($"[a cat:{Long}:1]"), 2));
        using var joined = cat([reader.Positive(Prompt("a cat"), 1)[0].At(0).Context, reader.Positive(Prompt(""), 1)[0].At(0).Context], 1);
        Assert.Equal(154, part.At(1).Context.shape[1]);
        Assert.Equal(joined.data<float>().ToArray(), Numbers(part.At(0)));
    }

    [Fact]
    public void Parts_of_an_and_have_their_weights_and_one_length()
    {
        using var reader = Reader(PromptReading.A1111);
        var parts = reader.Positive(Prompt($"a cat :0.5 AND {Long}"), 4);
        Assert.Equal([0.5, 1], parts.Select(part => part.Weight));
        Assert.All(parts, part => Assert.Equal(154, part.At(0).Context.shape[1]));
        float[] filled = Numbers(parts[0].At(0)), alone = Numbers(reader, "a cat");
        Assert.Equal(alone, filled[..alone.Length]);
        int width = Sd15.Value.TextEncoder!.Config.HiddenSize;
        Assert.All(filled[alone.Length..].Chunk(width), vector => Assert.Equal(alone[^width..], vector));
    }

    [Fact]
    public void A_texts_embedding_is_the_same_in_every_company()
    {
        using var alone = Reader(PromptReading.A1111);
        using var crowd = Reader(PromptReading.A1111);
        crowd.Positive(Prompt($"(many:1.2) AND {Long} AND [a|b]"), 4);
        Assert.Equal(Numbers(alone, "a (red:1.2) cat"), Numbers(crowd, "a (red:1.2) cat"));
        Assert.Same(crowd.Positive(Prompt("a cat"), 2)[0].At(0).Context, crowd.Positive(Prompt("a cat"), 9)[0].At(8).Context);
    }

    [Fact]
    public void A_weighted_chunk_keeps_its_mean()
    {
        using var reader = Reader(PromptReading.A1111);
        float[] plain = Numbers(reader, "a red cat"), weighted = Numbers(reader, "a (red:1.3) cat");
        Assert.Equal(plain.Average(), weighted.Average(), 1e-6); // a sum of 2,464 numbers around 1 in single precision
        Assert.NotEqual(plain, weighted);
    }

    [Fact]
    public void Clip_skip_spares_the_negative_prompt_in_diffusers_reading_alone()
    {
        using var none = Reader(PromptReading.Diffusers);
        using IPromptReader diffusers = Reader(PromptReading.Diffusers, clipSkip: 1), a1111 = Reader(PromptReading.A1111, clipSkip: 1);
        var prompt = Prompt("a cat") with { NegativePrompt = "a cat" };
        Assert.NotEqual(Numbers(none, "a cat"), Numbers(diffusers, "a cat"));
        Assert.Equal(Numbers(none, "a cat"), Numbers(diffusers.Negative(prompt, 1).At(0)));
        Assert.Equal(Numbers(diffusers, "a cat"), Numbers(a1111.Negative(prompt, 1).At(0)));
    }

    [Theory]
    [InlineData(PromptReading.Diffusers, null, true)]
    [InlineData(PromptReading.Diffusers, "", false)]
    [InlineData(PromptReading.A1111, null, true)]
    [InlineData(PromptReading.A1111, "", true)]
    [InlineData(PromptReading.A1111, "blurry", false)]
    public void SDXL_takes_zeros_for_no_negative_prompt(PromptReading reading, string? negative, bool zeros)
    {
        using var reader = Reader(reading, Sdxl.Value);
        var said = reader.Negative(Prompt("a cat") with { NegativePrompt = negative }, 1).At(0);
        Assert.Equal(zeros, Numbers(said).All(number => number == 0));
        Assert.Equal(zeros, said.Pooled!.data<float>().All(number => number == 0));
        Assert.Equal(reader.Positive(Prompt("a cat"), 1)[0].At(0).Context.shape, said.Context.shape);
    }

    [Fact]
    public void SDXLs_second_prompt_goes_to_the_second_encoder()
    {
        using var reader = Reader(PromptReading.Diffusers, Sdxl.Value);
        var (one, two) = (reader.Positive(Prompt("a cat"), 1)[0].At(0), reader.Positive(Prompt("a cat") with { Prompt2 = "a dog" }, 1)[0].At(0));
        int first = Sdxl.Value.TextEncoder!.Config.HiddenSize;
        Assert.True(one.Context.narrow(2, 0, first).allclose(two.Context.narrow(2, 0, first), 0, 0));
        Assert.False(one.Context.allclose(two.Context, 0, 0));
        Assert.False(one.Pooled!.allclose(two.Pooled!, 0, 0));
        Assert.Same(one.Context, reader.Positive(Prompt("a cat") with { Prompt2 = "" }, 1)[0].At(0).Context);
    }

    [Fact]
    public void SDXLs_pooled_output_is_the_first_chunks_without_weights()
    {
        using IPromptReader diffusers = Reader(PromptReading.Diffusers, Sdxl.Value), a1111 = Reader(PromptReading.A1111, Sdxl.Value);
        var plain = diffusers.Positive(Prompt("a red cat"), 1)[0].At(0);
        var weighted = a1111.Positive(Prompt("a (red:1.4) cat BREAK a dog"), 1)[0].At(0);
        Assert.True(weighted.Pooled!.allclose(plain.Pooled!, 0, 1e-6)); // gathered and selected rows meet other kernels in the projection
        Assert.Equal(154, weighted.Context.shape[1]);
        Assert.True(a1111.Positive(Prompt("a red cat"), 1)[0].At(0).Context.allclose(plain.Context, 0, 0));
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(1, null)]
    [InlineData(2, 1)] // diffusers counts SDXL's from its last layer but one
    public void SDXLs_clip_skip_counts_from_the_last_layer_and_never_takes_it(int clipSkip, int? asDiffusers)
    {
        using IPromptReader a1111 = Reader(PromptReading.A1111, Sdxl.Value, clipSkip), diffusers = Reader(PromptReading.Diffusers, Sdxl.Value, asDiffusers);
        Assert.Equal(Numbers(diffusers, "a red cat"), Numbers(a1111, "a red cat"));
    }

    private static readonly string Long = string.Join(' ', Enumerable.Repeat("a", 80));

    private static ImagePrompt Prompt(string text) => new(text, "", 0);

    private static IPromptReader Reader(PromptReading reading, StableDiffusionModel? model = null, int? clipSkip = null) =>
        PromptReader.Create(reading, model ?? Sd15.Value, clipSkip);

    private static float[] Numbers(IPromptReader reader, string text) => Numbers(reader.Positive(Prompt(text), 1)[0].At(0));

    private static float[] Numbers(TextConditioning said) => said.Context.data<float>().ToArray();
}
