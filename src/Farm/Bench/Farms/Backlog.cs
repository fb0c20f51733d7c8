using System.Diagnostics;
using StableDiffusion.Farm.Servers;

namespace StableDiffusion.Farm.Bench.Farms;

/// <summary>What very many waiting images cost: the coordinator's memory, and the time of each image that is drawn meanwhile.</summary>
internal static class Backlog
{
    private const int BatchImages = 100_000, WarmUps = 2; // hot code is compiled for good before the first is measured
    private const double Aim = 0.1;

    public static async Task<IEnumerable<Result>> MeasureAsync(FarmServers servers, FarmBenchSettings settings, CancellationToken cancellationToken)
    {
        await using var farm = await MeasuredFarm.StartAsync(servers, settings, cancellationToken);
        await farm.LearnModelAsync(cancellationToken);
        await farm.SubmitAsync(settings.Images * (WarmUps + 3), seed: 0, cancellationToken);
        await farm.StartWorkersAsync(settings.Workers, cancellationToken);
        await farm.WaitForRenderedAsync(settings.Images * WarmUps, cancellationToken);
        var few = await TimeOfAsync(farm, settings.Images, cancellationToken);
        await farm.WaitForOpenBatchesAsync(0, cancellationToken);
        await farm.StopWorkersAsync();

        var before = farm.Coordinator.Mebibytes;
        for (var waiting = 0; waiting < settings.Waiting; waiting += BatchImages)
        {
            await farm.SubmitAsync(Math.Min(BatchImages, settings.Waiting - waiting), seed: 0, cancellationToken);
        }

        var after = farm.Coordinator.Mebibytes;
        await farm.StartWorkersAsync(settings.Workers, cancellationToken);
        var many = await TimeOfAsync(farm, settings.Images, cancellationToken);
        var during = farm.Coordinator.Mebibytes;
        var more = (many / few) - 1;
        return
        [
            new Result($"the coordinator's memory with {settings.Waiting:#,0} waiting", $"{after:0} MiB, {during:0} MiB while they are drawn (before: {before:0} MiB)"),
            new Result($"time of an image, few waiting", $"{few.TotalMicroseconds / settings.Images:0} µs"),
            new Result($"time of an image, {settings.Waiting:#,0} waiting", $"{many.TotalMicroseconds / settings.Images:0} µs, {more:+0%;-0%;0%}", Result.Judge($"+{Aim:0%}", more < Aim)),
        ];
    }

    /// <summary>Time in which so many images are drawn, once the workers are at it.</summary>
    private static async Task<TimeSpan> TimeOfAsync(MeasuredFarm farm, int images, CancellationToken cancellationToken)
    {
        await farm.WaitForRenderedAsync(images, cancellationToken);
        var clock = Stopwatch.StartNew();
        await farm.WaitForRenderedAsync(images, cancellationToken);
        return clock.Elapsed;
    }
}
