using System.CommandLine;
using StableDiffusion.Farm.Commands;

namespace StableDiffusion.Farm.Tests.Commands;

public sealed class CommandLineTests
{
    private static IEnumerable<Command> Verbs => CommandLine.Create().Subcommands.Where(verb => !verb.Hidden);

    [Fact]
    public void Help_lists_every_verb() => Assert.All(
        Verbs, verb => Assert.Contains($"./farm {verb.Name} ", HelpCommand.Verbs, StringComparison.Ordinal));

    [Fact]
    public void Every_verb_that_help_lists_is_one_or_belongs_to_the_script()
    {
        string[] script = ["test", "build"];
        IEnumerable<string> listed = HelpCommand.Verbs.Split('\n').Where(line => line.StartsWith("  ./farm ", StringComparison.Ordinal)).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);
        Assert.Equal(Verbs.Select(verb => verb.Name).Concat(script).Order(), listed.Order());
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
    [InlineData("render", "a", "--out", "/dev/null/pictures")]
    [InlineData("render", "a", "--negative-prompt", "--steps", "3")]
    [InlineData("verify", "/dev/null")]
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
    [InlineData("--dtype: Argument 'int8' not recognized. Must be one of: 'float32' 'float16' 'bfloat16'", "verify", "--dtype", "int8")]
    [InlineData("--mask-fill: Argument 'red' not recognized. Must be one of: 'fill' 'original' 'noise' 'nothing'", "render", "a", "--mask-fill", "red")]
    [InlineData("Cannot parse argument 'many' for option '--steps'", "render", "a", "--steps", "many")]
    [InlineData("--cfg-scale: a number like 7.5, not '7,5'", "render", "a", "--cfg-scale", "7,5")]
    [InlineData("<prompt> is missing: What to draw; several prompts make one batch.", "render", "--steps", "3")]
    public void A_mistake_is_told_in_one_line_that_names_the_option(string words, params string[] arguments) =>
        Assert.Equal(words, CommandLine.Words(CommandLine.Parse(arguments).Errors[0]));

    [Fact]
    public async Task What_is_refused_leaves_no_folder_behind()
    {
        string folder = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        Assert.Equal(1, await CommandLine.RunAsync(["render", "a", "--farm", "http://127.0.0.1:9", "--out", folder]));
        Assert.False(Directory.Exists(folder));
    }

    [Theory]
    [InlineData("@home")]
    [InlineData("--", "-5 °C")]
    public void A_prompt_may_begin_with_any_sign(params string[] prompt) => Assert.Empty(CommandLine.Parse(["render", .. prompt]).Errors);

    [Fact]
    public void Every_option_says_what_it_does() => Assert.All(
        CommandLine.Create().Subcommands.SelectMany(verb => verb.Options), option => Assert.False(string.IsNullOrWhiteSpace(option.Description), option.Name));
}
