using StableDiffusion.Farm.Trials;

namespace StableDiffusion.Farm.Soak.Faults;

/// <summary>Something that goes wrong with a part of a farm, and is mended.</summary>
/// <param name="Name">What happens, for whoever watches.</param>
/// <param name="StrikeAsync">Lets it happen to a random one of its kind; returns what it was when that is mended.</param>
internal sealed record Fault(string Name, Func<TrialFarm, FaultTimes, Random, CancellationToken, Task<string>> StrikeAsync)
{
    /// <summary>All that may happen.</summary>
    public static IReadOnlyList<Fault> All { get; } =
    [
        new("kill -9 of a worker", async (farm, times, random, cancellationToken) =>
        {
            var worker = Pick(farm.Workers, random);
            farm.Kill(worker);
            farm.StartWorker(times.Image);
            await farm.WaitForWorkersAsync(cancellationToken);
            return worker.Name;
        }),
        new("end of a worker", async (farm, times, random, cancellationToken) =>
        {
            var worker = Pick(farm.Workers, random);
            await farm.StopAsync(worker, cancellationToken);
            farm.StartWorker(times.Image);
            return worker.Name;
        }),
        new("kill -9 of a coordinator", async (farm, _, random, cancellationToken) =>
        {
            var coordinator = Pick([.. farm.Coordinators.Keys], random);
            farm.Kill(coordinator);
            await farm.StartCoordinatorAsync(cancellationToken);
            return coordinator.Name;
        }),
        new("freeze of a coordinator", async (farm, times, random, cancellationToken) =>
        {
            var coordinator = Pick([.. farm.Coordinators.Keys], random);
            var client = farm.Coordinators[coordinator];
            farm.Coordinators.Remove(coordinator); // nobody asks it
            await coordinator.FreezeAsync(cancellationToken);
            await Task.Delay(times.Frozen, cancellationToken);
            await coordinator.ResumeAsync(cancellationToken);
            farm.Coordinators.Add(coordinator, client);
            return $"{coordinator.Name} for {times.Frozen.TotalSeconds} s";
        }),
        new("restart of RabbitMQ", async (farm, _, _, cancellationToken) =>
        {
            farm.Servers.RabbitMq.Kill();
            await farm.Servers.RabbitMq.UpAsync(cancellationToken);
            return "by kill -9";
        }),
        new("restart of PostgreSQL", async (farm, _, _, cancellationToken) =>
        {
            farm.Servers.Postgres.Kill();
            await farm.Servers.Postgres.UpAsync(cancellationToken);
            return "by kill -9";
        }),
        new("object store away", async (farm, times, _, cancellationToken) =>
        {
            farm.Servers.S3!.Stop();
            await Task.Delay(times.StoreAway, cancellationToken);
            await farm.Servers.S3.ResumeAsync(cancellationToken);
            return $"for {times.StoreAway.TotalSeconds} s";
        }),
        new("freeze of a worker", async (farm, times, random, cancellationToken) =>
        {
            var worker = Pick(farm.Workers, random);
            await worker.FreezeAsync(cancellationToken);
            await Task.Delay(times.Frozen, cancellationToken);
            await worker.ResumeAsync(cancellationToken);
            return $"{worker.Name} for {times.Frozen.TotalSeconds} s";
        }),
    ];

    /// <summary>The one of that name.</summary>
    public static Fault Of(string name) => All.Single(fault => fault.Name == name);

    private static T Pick<T>(List<T> all, Random random) => all[random.Next(all.Count)];
}
