using System.CommandLine;
using Microsoft.Extensions.Hosting;
using StableDiffusion.Farm.Trials;

namespace StableDiffusion.Farm.Commands;

/// <summary>Not for users: the worker's process in the farms that <c>./farm soak</c> and <c>./farm bench farm</c> start. Settings come from the environment.</summary>
internal static class FreeWorkerCommand
{
    public const string Name = "free-worker";

    public static Command Create()
    {
        var command = new Command(Name, "Runs a worker whose renderer costs nothing.") { Hidden = true };
        command.SetAction(async (_, cancellationToken) =>
        {
            using var worker = FreeWorker.Build(new Dictionary<string, string>());
            await worker.RunAsync(cancellationToken);
            return 0;
        });
        return command;
    }
}
