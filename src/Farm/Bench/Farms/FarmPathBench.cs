using Spectre.Console;
using StableDiffusion.Farm.Commands;
using StableDiffusion.Farm.Servers;

namespace StableDiffusion.Farm.Bench.Farms;

/// <summary>Measures a farm of processes on real servers, part after part, each in a database and virtual host of its own.</summary>
internal static class FarmPathBench
{
    private static readonly Dictionary<FarmBenchPart, Func<FarmServers, FarmBenchSettings, CancellationToken, Task<IEnumerable<Result>>>> Parts = new()
    {
        [FarmBenchPart.Rates] = PathRates.MeasureAsync,
        [FarmBenchPart.Latency] = Latencies.MeasureAsync,
        [FarmBenchPart.Batch] = LargeBatch.MeasureAsync,
        [FarmBenchPart.Fleet] = Fleet.MeasureAsync,
        [FarmBenchPart.Backlog] = Backlog.MeasureAsync,
    };

    /// <summary>Prints the table.</summary>
    public static async Task RunAsync(FarmBenchSettings settings, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateDirectory(Path.Combine(settings.Folder, "farm-bench-" + Path.GetRandomFileName())).FullName;
        var table = new Table().AddColumns("measured", "result", "aim");
        try
        {
            await using var servers = await FarmServers.StartAsync(s3: false, durable: true, cancellationToken);
            foreach (var part in settings.Parts.Distinct())
            {
                Console.Error.WriteLine($"measuring: {part} …");
                foreach (var result in await Parts[part](servers, settings with { Folder = folder }, cancellationToken))
                {
                    Console.Error.WriteLine($"  {result.Measured}: {result.Value}"); // the next part may be interrupted
                    table.AddRow(result.Measured.EscapeMarkup(), result.Value.EscapeMarkup(), result.Aim.EscapeMarkup());
                }
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        Terminal.Results.Write(table);
        Console.WriteLine($"{Environment.ProcessorCount} cores for servers, a coordinator, {settings.Workers} workers and the one who asks; pictures in {settings.Folder}");
    }
}
