using StableDiffusion.Contracts.Adapters;

namespace StableDiffusion.Contracts.Tests.Adapters;

public sealed class LoraTagsTests
{
    [Theory]
    [InlineData("<lora:ink>", 1.0, 1.0)]
    [InlineData("a <lora:ink:0.5>, b", 0.5, 0.5)]
    [InlineData("<lora:ink:-1.5>", -1.5, -1.5)]
    [InlineData("<lora:ink:0.2:0.8>", 0.8, 0.2)]
    [InlineData("<lora:ink:much>", null, null)]
    [InlineData("<lora:ink:>", null, null)]
    [InlineData("<lora:ink:1:2:3>", null, null)]
    [InlineData("<lora:ink:1e999>", null, null)]
    public void A_tag_has_a_name_and_weights(string prompt, double? unet, double? textEncoder) =>
        Assert.Equal(new LoraTags.Tag("ink", unet, textEncoder), Assert.Single(LoraTags.Find(prompt)));

    [Fact]
    public void Tags_are_found_in_order_and_taken_out()
    {
        const string prompt = "a <lora:ink:1>cat<lora:line art_v2:0.3> <b> (c:1.2)";
        Assert.Equal(["ink", "line art_v2"], LoraTags.Find(prompt).Select(tag => tag.Name));
        Assert.Equal("a cat <b> (c:1.2)", LoraTags.Remove(prompt));
    }
}
