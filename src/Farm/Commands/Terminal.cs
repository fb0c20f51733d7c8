using Spectre.Console;

namespace StableDiffusion.Farm.Commands;

/// <summary>What commands write to. stdout is for results alone, so that a script can read them: progress goes to stderr.</summary>
internal static class Terminal
{
    /// <summary>Results that are drawn.</summary>
    public static IAnsiConsole Results { get; } = PlainIf(Console.IsOutputRedirected, AnsiConsole.Create(new AnsiConsoleSettings()));

    /// <summary>How far a command is.</summary>
    public static IAnsiConsole Progress { get; } =
        PlainIf(Console.IsErrorRedirected, AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) }));

    /// <summary>A file wants plain text, and lines as long as they are.</summary>
    private static IAnsiConsole PlainIf(bool redirected, IAnsiConsole console)
    {
        if (redirected)
        {
            console.Profile.Capabilities.Ansi = false;
            console.Profile.Width = 1000;
        }

        return console;
    }
}
