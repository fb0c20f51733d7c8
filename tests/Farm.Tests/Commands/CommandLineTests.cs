using System.CommandLine;
using StableDiffusion.Farm.Commands;

namespace StableDiffusion.Farm.Tests.Commands;

public sealed class CommandLineTests
{
    [Fact]
    public void Help_lists_every_verb() => Assert.All(
        CommandLine.Create().Subcommands, verb => Assert.Contains($"./farm {verb.Name} ", HelpCommand.Verbs, StringComparison.Ordinal));

    [Fact]
    public void Every_verb_that_help_lists_is_one_or_belongs_to_the_script()
    {
        string[] script = ["test", "build"];
        IEnumerable<string> listed = HelpCommand.Verbs.Split('\n').Where(line => line.StartsWith("  ./farm ", StringComparison.Ordinal)).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);
        Assert.Equal(CommandLine.Create().Subcommands.Select(verb => verb.Name).Concat(script).Order(), listed.Order());
    }

    [Theory]
    [InlineData("render")]
    [InlineData("render", "a", "--steps", "many")]
    [InlineData("render", "a", "--farm", "not a url")]
    [InlineData("up", "--port")]
    [InlineData("up", "--port", "many")]
    [InlineData("draw")]
    [InlineData("help", "draw")]
    [InlineData("render", "a", "--unknown", "3")]
    [InlineData("render", "a", "--unknown", "--", "b")]
    [InlineData("render", "a", "--out", "/dev/null")]
    [InlineData("evaluate", "starter", "--models", "/dev/null")]
    [InlineData("bench", "--model", "/dev/null")]
    public async Task What_cannot_be_understood_or_done_is_an_error(params string[] arguments) => Assert.Equal(1, await CommandLine.RunAsync(arguments));

    [Theory]
    [InlineData("--port: 0 to 65535", "up", "--port", "65536")]
    [InlineData("--images: 1 or more", "bench", "--images", "0")]
    [InlineData("--rounds: 1 or more", "bench", "network", "--rounds", "0")]
    [InlineData("--count: 1 or more", "evaluate", "starter", "--count", "-3")]
    [InlineData("--cfg-scale: a number like 7.5, not 'NaN'", "evaluate", "starter", "--cfg-scale", "NaN")]
    [InlineData("--cfg-scale: a number like 7.5, not '7,5'", "render", "a", "--cfg-scale", "7,5")]
    public void An_option_out_of_its_range_is_named_with_the_range(string error, params string[] arguments) =>
        Assert.Equal(error, Assert.Single(CommandLine.Parse(arguments).Errors).Message);

    [Theory]
    [InlineData("@home")]
    [InlineData("--", "-5 °C")]
    public void A_prompt_may_begin_with_any_sign(params string[] prompt) => Assert.Empty(CommandLine.Parse(["render", .. prompt]).Errors);

    [Fact]
    public void Every_option_says_what_it_does() => Assert.All(
        CommandLine.Create().Subcommands.SelectMany(verb => verb.Options), option => Assert.False(string.IsNullOrWhiteSpace(option.Description), option.Name));
}
