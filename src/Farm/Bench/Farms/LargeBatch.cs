using System.Diagnostics;
using StableDiffusion.Farm.Servers;

namespace StableDiffusion.Farm.Bench.Farms;

/// <summary>How long a request for very many images takes to its answer; no worker is there to take them meanwhile.</summary>
internal static class LargeBatch
{
    private const int Rounds = 3;
    private static readonly TimeSpan Aim = TimeSpan.FromSeconds(3);

    public static async Task<IEnumerable<Result>> MeasureAsync(FarmServers servers, FarmBenchSettings settings, CancellationToken cancellationToken)
    {
        await using var farm = await MeasuredFarm.StartAsync(servers, settings, cancellationToken);
        await farm.LearnModelAsync(cancellationToken);
        await farm.SubmitAsync(100, seed: 0, cancellationToken); // warm
        List<TimeSpan> times = [];
        for (var round = 0; round < Rounds; round++)
        {
            var clock = Stopwatch.StartNew();
            await farm.SubmitAsync(settings.BatchImages, seed: 0, cancellationToken);
            times.Add(clock.Elapsed);
        }

        times.Sort();
        return [new Result($"acceptance of {settings.BatchImages:#,0} images ({Rounds})", $"{times[0].TotalSeconds:0.00} to {times[^1].TotalSeconds:0.00} s", Result.Judge($"{Aim.TotalSeconds} s", times[^1] <= Aim))];
    }
}
