using StableDiffusion.Diffusion.Prompts;

namespace StableDiffusion.Diffusion.Tests.Prompts;

public sealed class AttentionSyntaxTests
{
    [Fact]
    public void Brackets_that_cross_both_weigh_what_they_share()
    {
        Assert.Equal([new WeightedText("a", 1.1), new("b", 1.1 * (1 / 1.1)), new("c", 1 / 1.1)], AttentionSyntax.Parse("(a[b)c]"));
    }

    [Theory]
    [InlineData("(a:1.2.3)", "a:1.2.3")]
    [InlineData("(a:.)", "a:.")]
    [InlineData("(a:+)", "a:+")]
    public void A_number_that_is_none_is_text(string prompt, string text) => Assert.Equal([new WeightedText(text, 1.1)], AttentionSyntax.Parse(prompt));

    [Fact]
    public void A_break_parts_texts_and_takes_the_spaces_around_it()
    {
        Assert.Equal(
            [new WeightedText("a", 1), WeightedText.Break, new("", 1), WeightedText.Break, new("b BREAKING", 1)],
            AttentionSyntax.Parse("a \n BREAK  BREAK\tb BREAKING"));
    }

    [Fact]
    public void A_break_in_weighted_brackets_is_a_word() =>
        Assert.DoesNotContain(AttentionSyntax.Parse("(a BREAK b:1.2)"), piece => piece.IsBreak);

    [Fact]
    public void A_thousand_open_brackets_multiply()
    {
        var piece = Assert.Single(AttentionSyntax.Parse(new string('(', 1000) + "deep"));
        Assert.Equal("deep", piece.Text);
        Assert.Equal(Math.Pow(1.1, 1000), piece.Weight, Math.Pow(1.1, 1000) * 1e-12);
    }

    [Fact]
    public void A_long_run_of_spaces_is_read_once_through()
    {
        string spaces = new(' ', 2_000_000);
        Assert.Equal(spaces, Assert.Single(AttentionSyntax.Parse(spaces)).Text);
        Assert.Equal(spaces + "a", Assert.Single(ComposablePrompt.Parse(spaces + "a" + spaces)).Text);
    }
}
