using System.CommandLine;
using System.CommandLine.Help;
using Spectre.Console;

namespace StableDiffusion.Farm.Commands;

/// <summary>All verbs of <c>./farm</c>, and what an error looks like in a terminal.</summary>
public static class CommandLine
{
    /// <summary>After a signal; a farm first hands its work back and stops its database.</summary>
    private static readonly TimeSpan LongestEnd = TimeSpan.FromMinutes(2);

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
        TrainCommand.Create(),
        EvaluateCommand.Create(),
        HelpCommand.Create(),
    };

    /// <summary>Runs one command line. 0: done; 1: an error the user can mend, or a check that failed; 130: interrupted.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Capabilities.Ansi = false; // a file wants plain text, and lines as long as they are
            AnsiConsole.Profile.Width = 1000;
        }

        ParseResult command = Create().Parse(args);
        if (command.Errors.Count > 0)
        {
            string verb = command.CommandResult.Command.Name;
            string error = command.Errors[0].Message.Split(" as expected type")[0]; // a .NET type's name tells a user nothing
            return await FailAsync(verb == "./farm"
                ? $"no verb '{string.Join(' ', args)}' (./farm help lists the verbs)"
                : $"{error} (./farm help {verb} lists the options)");
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
    }

    private static async Task<int> FailAsync(string message)
    {
        await Console.Error.WriteLineAsync($"farm: {message}");
        return 1;
    }
}
