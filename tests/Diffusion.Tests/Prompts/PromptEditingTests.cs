using System.Globalization;
using StableDiffusion.Diffusion.Prompts;

namespace StableDiffusion.Diffusion.Tests.Prompts;

/// <summary>Schedules over ten calls, as A1111's own grammar gives them; "3=cat 10=dog" is a cat until the third call.</summary>
public sealed class PromptEditingTests
{
    [Theory]
    [InlineData("[cat:dog:0.4]", "4=cat", "10=dog")]
    [InlineData("[cat:dog:4]", "4=cat", "10=dog")]
    [InlineData("[cat:dog: 0.4 ]", "4=cat", "10=dog")]
    [InlineData("[cat:dog:+4e0]", "4=cat", "10=dog")]
    [InlineData("a[ red:4] cat", "4=a cat", "10=a red cat")]
    [InlineData("a[ red::4] cat", "4=a red cat", "10=a cat")]
    [InlineData("[cat:dog:1.0]", "1=cat", "10=dog")]
    [InlineData("[cat:dog:99]", "10=cat")]
    [InlineData("[cat:dog:1e999]", "10=cat")]
    [InlineData("[cat:dog:0]", "10=dog")]
    [InlineData("[cat:dog:-0.5]", "10=dog")]
    [InlineData("[[a:b:0.5]:c:0.7]", "5=a", "7=b", "10=c")]
    [InlineData("[a:[b:c:3]:5]", "3=a", "5=a", "10=c")]
    [InlineData("[(big) cat:dog:4]", "4=(big) cat", "10=dog")]
    [InlineData("[a:0.5:0.7]", "7=a", "10=0.5")]
    [InlineData("[:4]", "4=", "10=")]
    public void A_text_changes_once(string prompt, params string[] schedule) => Assert.Equal(schedule, Schedule(prompt));

    [Theory]
    [InlineData("[a|b]", "a b a b a b a b a b")]
    [InlineData("[fe|]male", "female male female male female male female male female male")]
    [InlineData("[fe|||]male", "female male male male female male male male female male")]
    [InlineData("[[a|b]:c:5]", "a b a b a c c c c c")]
    [InlineData("[[a|b]|c]", "a c a c a c a c a c")]
    public void A_text_changes_at_every_call(string prompt, string texts) => Assert.Equal(texts.Split(' ').Select((text, i) => $"{i + 1}={text}"), Schedule(prompt));

    [Theory]
    [InlineData("a [unbalanced")]
    [InlineData("[x:y:z:0.5]")]
    [InlineData("[a:b:half]")]
    [InlineData("[a:b:.5.5]")]
    [InlineData("[(a:b:c):d:0.5]")]
    [InlineData(@"\[a:b:0.5\]")]
    [InlineData("[]")]
    [InlineData("[:]")]
    [InlineData("(:)")]
    [InlineData("")]
    public void What_schedules_nothing_stands_as_written(string prompt) => Assert.Equal([$"10={prompt}"], Schedule(prompt));

    [Theory]
    [InlineData("a | b")]
    [InlineData("(a|b)")]
    [InlineData("[a|b:0.5]")]
    [InlineData("[a|(b]")]
    [InlineData(@"tail\")]
    public void What_the_grammar_does_not_know_makes_all_of_it_plain(string wrong) =>
        Assert.Equal([$"10=[c:d:0.5] {wrong}"], Schedule($"[c:d:0.5] {wrong}"));

    [Theory]
    [InlineData("((a][:b:c [d:e:3]", "3=((a][:b:c d", "10=((a][:b:c e")]
    [InlineData("([a:b:c:0.5] [d:e:3])", "3=([a:b:c:0.5] d)", "10=([a:b:c:0.5] e)")]
    [InlineData("a) [d:e:3]) b", "3=a) d) b", "10=a) e) b")]
    [InlineData("[[d:e:3]", "3=[d", "10=[e")]
    public void A_bracket_that_cannot_be_read_leaves_the_others(string prompt, params string[] schedule) => Assert.Equal(schedule, Schedule(prompt));

    [Fact]
    public void Nesting_takes_no_stack()
    {
        const int Levels = 100_000;
        string Nested(string open, string close) => string.Concat(Enumerable.Repeat(open, Levels)) + "x" + string.Concat(Enumerable.Repeat(close, Levels));
        Assert.Equal(["3=", "10=x"], Schedule(Nested("[", ":3]")));
        Assert.Equal([$"10={Nested("(", ")")}"], Schedule(Nested("(", ")")));
        Assert.Equal([$"10={Nested("[a:", "")}"], Schedule(Nested("[a:", "")));
        Assert.Equal("2=y", Schedule(Nested("[", "|y]"))[1]);
    }

    private static string[] Schedule(string prompt) =>
        [.. PromptEditing.Schedule(prompt, 10).Select(text => string.Create(CultureInfo.InvariantCulture, $"{text.Until}={text.Text}"))];
}
