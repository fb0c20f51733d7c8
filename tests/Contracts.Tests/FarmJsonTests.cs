using System.Text.Json;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Images;

namespace StableDiffusion.Contracts.Tests;

public sealed class FarmJsonTests
{
    [Fact]
    public void Fields_are_snake_case_and_what_is_unset_is_left_out() => Assert.Equal(
        """{"n_iter":2,"prompt":"a","cfg_scale":7.5,"sampler_name":"Euler"}""",
        JsonSerializer.Serialize(new BatchRequest { Prompt = "a", NIter = 2, CfgScale = 7.5, SamplerName = "Euler" }, FarmJson.Options));

    [Theory]
    [InlineData(ImageState.Queued, "queued")]
    [InlineData(ImageState.Dispatched, "dispatched")]
    [InlineData(ImageState.Rendering, "rendering")]
    [InlineData(ImageState.Succeeded, "succeeded")]
    [InlineData(ImageState.Failed, "failed")]
    [InlineData(ImageState.Cancelled, "cancelled")]
    public void States_are_words(ImageState state, string word)
    {
        Assert.Equal($"\"{word}\"", JsonSerializer.Serialize(state, FarmJson.Options));
        Assert.Equal(state, JsonSerializer.Deserialize<ImageState>($"\"{word}\"", FarmJson.Options));
    }

    [Fact]
    public void A_client_reads_past_fields_of_a_newer_server() =>
        Assert.Equal("a", JsonSerializer.Deserialize<BatchRequest>("""{"prompt":"a","newer":1}""", FarmJson.Options)!.Prompt);

    [Fact]
    public void A_server_refuses_unknown_fields()
    {
        var options = new JsonSerializerOptions();
        FarmJson.Configure(options);
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<BatchRequest>("""{"prompt":"a","cfgscale":1}""", options));
    }
}
