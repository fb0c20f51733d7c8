using System.CommandLine;
using System.Net;
using System.Runtime.InteropServices;
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
        }.Within(0, IPEndPoint.MaxPort);
        var command = new Command("up", "Runs the embedded farm in the foreground.") { port };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetValue(port), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(int port, CancellationToken cancellationToken)
    {
        // the terminal was closed; the other signals come as a cancellation already
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            ending.Cancel();
        });
        await RunAsync(DataFolder.Open(), port, ending.Token);
        return 0;
    }

    private static async Task RunAsync(DataFolder data, int port, CancellationToken cancellationToken)
    {
        using FarmLock own = await FarmLock.TakeAsync(data, cancellationToken)
            ?? throw new FarmException($"{FarmLock.RunsAlready}{(FarmRecord.Find(data)?.Url is { } url ? $" at {url}" : "")}; ./farm down ends it");
        await using EmbeddedFarm farm = await EmbeddedFarm.StartAsync(data, port, cancellationToken);
        Console.WriteLine($"The farm runs at {farm.Url} (data: {data.Path}). Ctrl-C ends it.");
        await farm.WaitForShutdownAsync(cancellationToken);
    }
}
