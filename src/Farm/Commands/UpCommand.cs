using System.CommandLine;
using StableDiffusion.Farm.Embedded;

namespace StableDiffusion.Farm.Commands;

/// <summary><c>./farm up</c>: the embedded farm in the foreground, until Ctrl-C or <c>./farm down</c>.</summary>
internal static class UpCommand
{
    private const int Port = 5080;

    public static Command Create()
    {
        var port = new Option<int>("--port")
        {
            Description = "Port of 127.0.0.1 to listen on; another free one when it is taken.",
            DefaultValueFactory = _ => Port,
        };
        var command = new Command("up", "Runs the embedded farm in the foreground.") { port };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetValue(port), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(int port, CancellationToken cancellationToken)
    {
        DataFolder data = DataFolder.Open();
        using FarmLock own = FarmLock.TryTake(data)
            ?? throw new FarmException($"a farm runs already{(FarmRecord.Find(data)?.Url is { } url ? $" at {url}" : "")}; ./farm down ends it");
        await using EmbeddedFarm farm = await EmbeddedFarm.StartAsync(data, port, cancellationToken);
        Console.WriteLine($"The farm runs at {farm.Url} (data: {data.Path}). Ctrl-C ends it.");
        await farm.WaitForShutdownAsync(cancellationToken);
        return 0;
    }
}
