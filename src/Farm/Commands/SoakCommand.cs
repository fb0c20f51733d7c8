using System.CommandLine;
using StableDiffusion.Farm.Soak;

namespace StableDiffusion.Farm.Commands;

/// <summary><c>./farm soak</c>: does the farm lose anything when its parts fail? Exit code 1 when it does.</summary>
internal static class SoakCommand
{
    public static Command Create()
    {
        var minutes = new Option<int>("--minutes") { Description = "How long faults happen.", DefaultValueFactory = _ => 10 }.Within(1);
        var seed = new Option<int?>("--seed") { Description = "What is asked for and what goes wrong; a random one by default, which is printed." };
        var command = new Command("soak", "Runs a farm under load while its parts fail, then looks through all that it has.") { minutes, seed };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var settings = new SoakSettings(TimeSpan.FromMinutes(parsed.GetValue(minutes)), parsed.GetValue(seed) ?? Random.Shared.Next());
            return await new FarmSoak(settings, Console.WriteLine).RunAsync(cancellationToken) ? 0 : 1;
        });
        return command;
    }
}
