using StableDiffusion.Diffusion.Adapters;
using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Prompts;
using StableDiffusion.Diffusion.Safetensors;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Adapters;

public sealed class TextualInversionTests : IDisposable
{
    private static readonly Lazy<StableDiffusionModel> Sd15 = new(() => StableDiffusionModel.Load(Goldens.Path("models/tiny-sd15")));
    private static readonly Lazy<StableDiffusionModel> Sdxl = new(() => StableDiffusionModel.Load(Goldens.Path("models/tiny-sdxl")));

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("<cat>", "<cat>")]
    [InlineData("emb_params", "kitten")]
    [InlineData("*", "kitten")]
    [InlineData("string_to_param.*", "kitten")]
    public void The_token_is_the_files_own_or_its_name(string tensor, string token)
    {
        using var embedding = Load((tensor, ones(3, 32)));
        Assert.Equal((token, "kitten", 3), (embedding.Token, embedding.Name, embedding.Vectors));
        using var renamed = TextualInversion.Load(folder.File("kitten.safetensors"), "<mine>");
        Assert.Equal(("<mine>", "<mine>"), (renamed.Token, renamed.Name));
    }

    [Fact]
    public void A_file_may_hold_one_plain_vector() => Assert.Equal([1, 32], Load(("<cat>", ones(32))).ClipL.shape);

    [Theory]
    [InlineData("clip_l", "clip_g")]
    [InlineData("text_encoders_0", "text_encoders_1")]
    public void SDXLs_files_hold_vectors_for_both_encoders(string l, string g)
    {
        using var embedding = Load((g, ones(2, 40)), (l, ones(2, 32)));
        embedding.CheckFits(Sdxl.Value);
        Assert.Equal([2, 32], embedding.ClipL.shape);
        Assert.Equal([2, 40], embedding.ClipG!.shape);
        Assert.Equal("kitten", embedding.Token);
    }

    [Fact]
    public void What_does_not_fit_the_model_is_refused_with_both_sizes()
    {
        string Refusal(StableDiffusionModel model, params (string, Tensor)[] tensors)
        {
            using var embedding = Load(tensors);
            return Assert.Throws<TextualInversionException>(() => PromptReader.Create(PromptReading.A1111, model, null, [embedding])).Message;
        }

        Assert.Contains("48 channels, and the model's text encoder takes 32", Refusal(Sd15.Value, ("emb_params", ones(1, 48))), StringComparison.Ordinal);
        Assert.Contains("41 channels, and the model's second text encoder takes 40",
            Refusal(Sdxl.Value, ("clip_l", ones(1, 32)), ("clip_g", ones(1, 41))), StringComparison.Ordinal);
        Assert.Contains("an SDXL embedding is needed", Refusal(Sdxl.Value, ("emb_params", ones(1, 32))), StringComparison.Ordinal);
        Assert.Contains("the model has one", Refusal(Sd15.Value, ("clip_l", ones(1, 32)), ("clip_g", ones(1, 40))), StringComparison.Ordinal);
        Assert.Contains("76 vectors, and a prompt of this model has room for 75", Refusal(Sd15.Value, ("emb_params", ones(76, 32))), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_embedding_is_refused()
    {
        string Refusal(params (string, Tensor)[] tensors) => Assert.Throws<TextualInversionException>(() => Load(tensors)).Message;
        Assert.Contains("2 tensors", Refusal(("a", ones(1, 32)), ("b", ones(1, 32))), StringComparison.Ordinal);
        Assert.Contains("clip_l and clip_g", Refusal(("clip_g", ones(1, 32))), StringComparison.Ordinal);
        Assert.Contains("3 vectors for the first text encoder and 2", Refusal(("clip_l", ones(3, 32)), ("clip_g", ones(2, 40))), StringComparison.Ordinal);
        Assert.Contains("[1, 2, 3]", Refusal(("a", ones(1, 2, 3))), StringComparison.Ordinal);
        Assert.Contains("no such file", Assert.Throws<TextualInversionException>(() => TextualInversion.Load(folder.File("none.safetensors"))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(".pt")]
    [InlineData(".bin")]
    public void A_pickle_is_refused_with_the_reason(string extension)
    {
        File.WriteAllBytes(folder.File("kitten" + extension), [0x80, 2]);
        var error = Assert.Throws<TextualInversionException>(() => TextualInversion.Load(folder.File("kitten" + extension)));
        Assert.Contains("can run any code when it is read, so it is not; convert it to .safetensors", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_token_stands_for_its_vectors_in_a_row_in_both_readings()
    {
        // the vectors of "a", "red" and "cat" themselves: the learnt word must say what the three words say
        using var scope = NewDisposeScope();
        var ids = Sd15.Value.Tokenizer!.Encode("a red cat").Select(id => (long)id).ToArray();
        var vectors = Sd15.Value.TextEncoder!.state_dict().First(entry => entry.Key.EndsWith("token_embedding.weight", StringComparison.Ordinal)).Value.index_select(0, tensor(ids));
        using var embedding = Load(("<words>", vectors));
        foreach (var reading in Enum.GetValues<PromptReading>())
        {
            using var reader = PromptReader.Create(reading, Sd15.Value, null, [embedding]);
            var words = reader.Positive(new ImagePrompt("see a red cat, there", null, 0), 1)[0].At(0).Context;
            Assert.True(words.allclose(reader.Positive(new ImagePrompt("see<WORDS>, there", null, 0), 1)[0].At(0).Context, 0, 0), $"{reading}");
            Assert.False(words.allclose(reader.Positive(new ImagePrompt("see words, there", null, 0), 1)[0].At(0).Context, 0, 0), $"{reading}");
        }
    }

    [Fact]
    public void SDXLs_pooled_output_is_taken_at_the_last_vector_in_diffusers_reading_and_at_the_end_in_A1111s()
    {
        // transformers pools at the highest id where eos_token_id is 2; A1111 puts vectors in the place of id 0
        using var embedding = Load(("clip_l", zeros(1, 32)), ("clip_g", zeros(1, 40)));
        Tensor Pooled(PromptReading reading, string text)
        {
            using var reader = PromptReader.Create(reading, Sdxl.Value, null, [embedding]);
            return reader.Positive(new ImagePrompt(text, null, 0), 1)[0].At(0).Pooled!.clone();
        }

        using var scope = NewDisposeScope();
        Assert.True(Pooled(PromptReading.Diffusers, "a kitten").allclose(Pooled(PromptReading.Diffusers, "a kitten in a house"), 0, 0));
        Assert.False(Pooled(PromptReading.A1111, "a kitten").allclose(Pooled(PromptReading.A1111, "a kitten in a house"), 0, 0));
    }

    [Theory]
    [InlineData("a", "vocabulary")]
    [InlineData("KITTEN", "twice")]
    public void A_token_that_cannot_be_one_is_named(string token, string problem)
    {
        using var kitten = Load(("emb_params", ones(1, 32)));
        using var other = TextualInversion.Load(folder.File("kitten.safetensors"), token);
        var error = Assert.Throws<ArgumentException>(() => PromptReader.Create(PromptReading.Diffusers, Sd15.Value, null, [kitten, other]));
        Assert.Contains($"\"{token}\"", error.Message, StringComparison.Ordinal);
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    private TextualInversion Load(params (string Name, Tensor Vectors)[] tensors)
    {
        string path = folder.File("kitten.safetensors");
        SafetensorsWriter.Write(path, tensors.ToDictionary(tensor => tensor.Name, tensor => tensor.Vectors));
        return TextualInversion.Load(path);
    }
}
