using System.Diagnostics;
using StableDiffusion.Farm.Servers;

namespace StableDiffusion.Farm.Bench.Farms;

/// <summary>Images per second from submissions to finished batches, next to what the servers do by themselves.</summary>
internal static class PathRates
{
    private const int BatchImages = 2000, OpenBatches = 4, WarmUps = 4; // until hot code is compiled for good
    private const double Aim = 0.5;

    public static async Task<IEnumerable<Result>> MeasureAsync(FarmServers servers, FarmBenchSettings settings, CancellationToken cancellationToken)
    {
        await using var farm = await MeasuredFarm.StartAsync(servers, settings, cancellationToken);
        var (inserts, updates) = await RawPostgres.MeasureAsync(farm.Farm.Database, cancellationToken);
        var (publishes, consumes) = await RawRabbitMq.MeasureAsync(new Uri(farm.Farm.Settings["RabbitMq__Uri"]), cancellationToken);
        await farm.StartWorkersAsync(settings.Workers, cancellationToken);
        await PumpAsync(farm, settings.Images * WarmUps, cancellationToken);
        var clock = Stopwatch.StartNew();
        await PumpAsync(farm, settings.Images, cancellationToken);
        var images = settings.Images / clock.Elapsed.TotalSeconds;
        var slowest = new[] { inserts, updates, publishes, consumes }.Min();
        return
        [
            new Result("PostgreSQL: single-row inserts", Result.Rate(inserts)),
            new Result("PostgreSQL: updates by key", Result.Rate(updates)),
            new Result("RabbitMQ: persistent publishes with confirms", Result.Rate(publishes)),
            new Result("RabbitMQ: consumes with acks", Result.Rate(consumes)),
            new Result($"images through the whole path ({settings.Images:#,0})", $"{Result.Rate(images)}, {images / slowest:0%} of the slowest raw rate", Result.Judge($"{Aim:0%}", images >= Aim * slowest)),
        ];
    }

    private static async Task PumpAsync(MeasuredFarm farm, int images, CancellationToken cancellationToken)
    {
        for (var submitted = 0; submitted < images; submitted += BatchImages)
        {
            await farm.WaitForOpenBatchesAsync(OpenBatches - 1, cancellationToken);
            await farm.SubmitAsync(Math.Min(BatchImages, images - submitted), seed: submitted, cancellationToken);
        }

        await farm.WaitForOpenBatchesAsync(0, cancellationToken);
    }
}
