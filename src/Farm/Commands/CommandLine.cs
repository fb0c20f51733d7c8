using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using StableDiffusion.Diffusion;

namespace StableDiffusion.Farm.Commands;

/// <summary>All verbs of <c>./farm</c>, and what an error looks like in a terminal.</summary>
public static class CommandLine
{
    /// <summary>After a signal; a farm first hands its work back and stops its database.</summary>
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(30);

    /// <summary>The verbs; each is a file of this folder.</summary>
    public static Command Create() => new("./farm", "The render farm: prompts in, pictures out.")
    {
        new HelpOption(),
        RenderCommand.Create(),
        UpCommand.Create(),
        DownCommand.Create(),
        StatusCommand.Create(),
        VerifyCommand.Create(),
        BenchCommand.Create(),
        SoakCommand.Create(),
        TrainCommand.Create(),
        EvaluateCommand.Create(),
        HelpCommand.Create(),
        FreeWorkerCommand.Create(),
    };

    /// <summary>Reads one command line. No word of it names a file to read more words from: a prompt may begin with an @.</summary>
    public static ParseResult Parse(IReadOnlyList<string> args) => Create().Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });

    /// <summary>Runs one command line. 0: done; 1: an error the user can mend, or a check that failed; 130: interrupted.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        ParseResult command = Parse(args);
        if (command.Errors.Count > 0)
        {
            Command verb = command.CommandResult.Command;
            return await FailAsync(
                verb.Name == "./farm" ? $"no verb '{string.Join(' ', args)}' (./farm help lists the verbs)"
                : verb is { Subcommands.Count: > 0, Action: null } ? $"{verb.Name} what? It may be: {string.Join(", ", verb.Subcommands.Select(choice => choice.Name))}"
                : $"{Words(command.Errors[0])} (./farm help {string.Join(' ', Path(command.CommandResult))} lists the options)");
        }

        try
        {
            return await command.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = LongestEnd,
            });
        }
        catch (FarmException error)
        {
            return await FailAsync(error.Message);
        }
        catch (OperationCanceledException)
        {
            return 130;
        }
        catch (Exception error) when (IsForeseeable(error))
        {
            return await FailAsync(error.Message.ReplaceLineEndings(" ").Split(" (Parameter '")[0]); // a parameter's name tells a user nothing
        }
    }

    /// <summary>What an option or a file on the disk can cause; all else is a mistake in the program, and its trace is wanted.</summary>
    private static bool IsForeseeable(Exception error) =>
        error is InvalidModelException or ArgumentException or NotSupportedException or IOException or UnauthorizedAccessException;

    /// <summary>A mistake in one line that names the option.</summary>
    internal static string Words(ParseError error)
    {
        string words = error.Message.Split(" as expected type")[0]; // a .NET type's name tells a user nothing
        words = string.Join(' ', words.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries)); // a list of choices is a line each
        if (error.SymbolResult is ArgumentResult { Tokens: [], Parent: CommandResult } missing)
        {
            return $"<{missing.Argument.Name}> is missing: {missing.Argument.Description}";
        }

        string? option = error.SymbolResult is OptionResult result ? result.Option.Name : (error.SymbolResult?.Parent as OptionResult)?.Option.Name;
        return option is null || words.Contains(option, StringComparison.Ordinal) ? words : $"{option}: {words}";
    }

    private static IEnumerable<string> Path(CommandResult command) =>
        command.Parent is CommandResult above ? Path(above).Append(command.Command.Name) : [];

    private static async Task<int> FailAsync(string message)
    {
        await Console.Error.WriteLineAsync($"farm: {message}");
        return 1;
    }
}
