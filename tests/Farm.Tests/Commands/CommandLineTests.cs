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
    [InlineData("draw")]
    public async Task What_cannot_be_understood_is_an_error(params string[] arguments) => Assert.Equal(1, await CommandLine.RunAsync(arguments));

    [Fact]
    public void Every_option_says_what_it_does() => Assert.All(
        CommandLine.Create().Subcommands.SelectMany(verb => verb.Options), option => Assert.False(string.IsNullOrWhiteSpace(option.Description), option.Name));
}
