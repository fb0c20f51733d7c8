using System.CommandLine;

namespace StableDiffusion.Farm.Commands;

/// <summary><c>./farm help [VERB]</c></summary>
public static class HelpCommand
{
    /// <summary>The list that <c>./farm help</c> prints.</summary>
    public static string Verbs { get; } = ReadVerbs();

    internal static Command Create()
    {
        var verb = new Argument<string[]>("verb") { Arity = ArgumentArity.ZeroOrMore, Description = "The verb to explain." };
        var command = new Command("help", "Lists the verbs, or explains one.") { verb };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(verb) is [var name, ..] names)
            {
                return CommandLine.Create().Subcommands.Any(known => known.Name == name)
                    ? CommandLine.Parse([.. names, "--help"]).Invoke()
                    : throw new FarmException($"no verb '{name}' (./farm help lists the verbs)");
            }

            Console.Write(Verbs);
            return 0;
        });
        return command;
    }

    private static string ReadVerbs()
    {
        using Stream stream = typeof(HelpCommand).Assembly.GetManifestResourceStream("verbs.txt")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
