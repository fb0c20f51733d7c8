using System.Diagnostics;
using StableDiffusion.Farm.Servers;

namespace StableDiffusion.Farm.Bench.Farms;

/// <summary>How long one request takes, and how long an idle farm takes from it to the start of its rendering.</summary>
internal static class Latencies
{
    private const int WarmUp = 1000, BatchImages = 4; // until hot code is compiled for good
    private static readonly TimeSpan Aim = TimeSpan.FromMilliseconds(25), Idle = TimeSpan.FromMilliseconds(50); // what follows an image's end is over by then

    public static async Task<IEnumerable<Result>> MeasureAsync(FarmServers servers, FarmBenchSettings settings, CancellationToken cancellationToken)
    {
        await using var farm = await MeasuredFarm.StartAsync(servers, settings, cancellationToken);
        await farm.StartWorkersAsync(settings.Workers, cancellationToken);
        await SubmissionsAsync(farm, WarmUp, cancellationToken);
        await StartsAsync(farm, WarmUp, firstSeed: 0, TimeSpan.Zero, cancellationToken);
        var starts = await StartsAsync(farm, settings.Samples, firstSeed: WarmUp, Idle, cancellationToken);
        var submissions = await SubmissionsAsync(farm, settings.Samples, cancellationToken);
        return
        [
            new Result($"submission of {BatchImages} images to its answer ({settings.Samples})", Result.Percentiles(submissions, 50, 95, 99)),
            new Result($"submission to an idle farm to the render's start ({settings.Samples})", Result.Percentiles(starts, 50, 95, 99), Result.Judge($"p95 {Aim.TotalMilliseconds} ms", Result.At(starts, 95) <= Aim)),
        ];
    }

    /// <summary>Requests one after the other; the farm draws meanwhile.</summary>
    public static async Task<List<TimeSpan>> SubmissionsAsync(MeasuredFarm farm, int samples, CancellationToken cancellationToken)
    {
        List<TimeSpan> times = [];
        for (var sample = 0; sample < samples; sample++)
        {
            var sent = Stopwatch.GetTimestamp();
            await farm.SubmitAsync(BatchImages, seed: -1, cancellationToken);
            times.Add(Stopwatch.GetElapsedTime(sent));
        }

        return times;
    }

    private static async Task<List<TimeSpan>> StartsAsync(MeasuredFarm farm, int samples, int firstSeed, TimeSpan idle, CancellationToken cancellationToken)
    {
        List<TimeSpan> times = [];
        for (var seed = firstSeed; seed < firstSeed + samples; seed++)
        {
            var sent = Stopwatch.GetTimestamp();
            await farm.SubmitAsync(1, seed, cancellationToken);
            times.Add(Stopwatch.GetElapsedTime(sent, await farm.StartOfAsync(seed, cancellationToken)));
            await farm.WaitForOpenBatchesAsync(0, cancellationToken);
            await Task.Delay(idle, cancellationToken);
        }

        return times;
    }
}
