using StableDiffusion.Diffusion.Prompts;

namespace StableDiffusion.Diffusion.Tests.Prompts;

public sealed class ComposablePromptTests
{
    [Fact]
    public void Parts_keep_their_order_and_weights() => Assert.Equal(
        [new WeightedText("a cat\nin a hat", 1.5), new(" a dog", 1), new(" fog", -0.5)],
        ComposablePrompt.Parse("a cat\nin a hat : 1.5 AND a dog  AND fog:-.5\n"));

    [Theory]
    [InlineData("a:b", "a:b", 1)]
    [InlineData("a:1:2", "a:1", 2)]
    [InlineData("a:1.5.2", "a:1.5.2", 1)]
    [InlineData("a:5.", "a", 5)]
    [InlineData("a::2", "a:", 2)]
    [InlineData(":2", "", 2)]
    [InlineData("a:2 cats", "a:2 cats", 1)]
    [InlineData("(a:1.3)", "(a:1.3)", 1)]
    public void Only_a_number_at_the_end_is_a_weight(string prompt, string text, double weight) =>
        Assert.Equal([new WeightedText(text, weight)], ComposablePrompt.Parse(prompt));

    [Theory]
    [InlineData("sandAND b")]
    [InlineData("a and b")]
    [InlineData("AND_b")]
    public void And_is_a_word_of_its_own(string prompt) => Assert.Single(ComposablePrompt.Parse(prompt));
}
