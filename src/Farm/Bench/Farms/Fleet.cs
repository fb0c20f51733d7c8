using MassTransit;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Contracts.Workers;
using StableDiffusion.Farm.Servers;
using StableDiffusion.Farm.Trials;

namespace StableDiffusion.Farm.Bench.Farms;

/// <summary>Very many workers that register and beat over the broker and draw nothing: they hold a model that nobody asks for.</summary>
internal static class Fleet
{
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(3), Registration = TimeSpan.FromSeconds(30), Duration = TimeSpan.FromSeconds(20);

    public static async Task<IEnumerable<Result>> MeasureAsync(FarmServers servers, FarmBenchSettings settings, CancellationToken cancellationToken)
    {
        await using var farm = await MeasuredFarm.StartAsync(servers, settings, cancellationToken);
        await farm.StartWorkersAsync(1, cancellationToken);
        var alone = await farm.Coordinator.CoresAsync(Duration / 2, cancellationToken);
        var bus = Bus.Factory.CreateUsingRabbitMq(rabbit => rabbit.Host(new Uri(farm.Farm.Settings["RabbitMq__Uri"])));
        await bus.StartAsync(cancellationToken);
        try
        {
            using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var workers = await bus.GetSendEndpoint(new Uri($"queue:{Queues.Workers}"));
            var reports = Task.WhenAll(Enumerable.Range(0, settings.Fleet).Select(number => ReportAsync(workers, $"simulated-{number}", Beat * number / settings.Fleet, over.Token)));
            await Task.Delay(Beat * 2, cancellationToken); // all have registered
            var (process, machine) = await farm.Coordinator.CoresAsync(Duration, cancellationToken);
            var submissions = await Latencies.SubmissionsAsync(farm, settings.Samples, cancellationToken);
            var live = (await farm.Client.GetWorkersAsync(cancellationToken)).Count(worker => worker.Live);
            await over.CancelAsync();
            await reports;
            return
            [
                new Result($"{settings.Fleet:#,0} simulated workers", $"{live - 1:#,0} live; the coordinator takes {process:0.00} of a core ({alone.Process:0.00} without them), all of the machine {machine:0.00} cores ({alone.Machine:0.00})"),
                new Result("submission of 4 images meanwhile", Result.Percentiles(submissions, 50, 95, 99)),
            ];
        }
        finally
        {
            await bus.StopAsync(CancellationToken.None);
        }
    }

    private static async Task ReportAsync(ISendEndpoint coordinator, string id, TimeSpan offset, CancellationToken cancellationToken)
    {
        var registered = DateTimeOffset.MinValue;
        try
        {
            await Task.Delay(offset, cancellationToken);
            for (; ; await Task.Delay(Beat, cancellationToken))
            {
                var now = TimeProvider.System.GetUtcNow();
                if (now - registered > Registration)
                {
                    registered = now;
                    await coordinator.Send(
                        new WorkerRegistered { WorkerId = id, Timestamp = now, Host = "simulated", Device = "none", Version = "none", Models = [FreeRenderer.Describe("unasked")] },
                        cancellationToken);
                }

                await coordinator.Send(new WorkerBeat { WorkerId = id, Timestamp = now, Activity = WorkerActivity.Idle, Attempts = [] }, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // measured
        }
    }
}
