using System.CommandLine;
using StableDiffusion.Farm.Embedded;

namespace StableDiffusion.Farm.Commands;

/// <summary><c>./farm down</c></summary>
internal static class DownCommand
{
    public static Command Create()
    {
        var command = new Command("down", "Ends the farm that runs in the background; what it has accepted, the next one finishes.");
        command.SetAction(async (_, cancellationToken) =>
        {
            bool ran = await FarmLauncher.StopAsync(DataFolder.Open(), cancellationToken);
            Console.WriteLine(ran ? "The farm has ended." : "No farm runs.");
            return 0;
        });
        return command;
    }
}
