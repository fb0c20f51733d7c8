using StableDiffusion.Contracts.Batches;
using StableDiffusion.Farm.Soak.Audit;
using StableDiffusion.Farm.Soak.Faults;
using StableDiffusion.Farm.Tests.EndToEnd;
using StableDiffusion.Farm.Trials;

namespace StableDiffusion.Farm.Tests.Faults;

/// <summary>A small farm of processes with work in hand, to which something happens. Its leases are short, so that tests are quick.</summary>
internal sealed class FaultTrial : IAsyncDisposable
{
    private const int Workers = 2;
    private static readonly FaultTimes Times = new(Image: TimeSpan.FromSeconds(0.1), Frozen: TimeSpan.FromSeconds(8), StoreAway: TimeSpan.FromSeconds(12));
    private static readonly TimeSpan LongestEnd = TimeSpan.FromMinutes(2); // slow cores that others use, too
    private static readonly BatchRequest Request = new() { Prompts = ["a lighthouse", "a harbour"], Seed = 7, NIter = 30, Steps = 10 };
    private readonly string folder;
    private readonly TrialFarm farm;


    private FaultTrial(string folder, TrialFarm farm) => (this.folder, this.farm) = (folder, farm);

    /// <summary>Starts the farm; some of the pictures asked for are there when this returns.</summary>
    /// <param name="servers">What it runs on.</param>
    /// <param name="coordinators">How many; the first dispatches.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <param name="line">The address by which the first one reaches the broker.</param>
    public static async Task<FaultTrial> StartAsync(TestServers servers, int coordinators, CancellationToken cancellationToken, Func<Uri, Uri>? line = null)
    {
        var folder = Directory.CreateTempSubdirectory("farm-fault-").FullName;
        var farm = await TrialFarm.CreateAsync(servers.All, folder, new Dictionary<string, string>
        {
            ["Workers__LiveFor"] = "00:00:04",
            ["Worker__HeartbeatInterval"] = "00:00:00.5",
            ["Images__QueueLease"] = "00:00:10",
            ["Images__ForgottenAfter"] = "00:00:05",
            ["Images__RetryDelay"] = "00:00:00.2",
        }, cancellationToken);
        var trial = new FaultTrial(folder, farm);
        var broker = farm.Settings["RabbitMq__Uri"];
        for (var i = 0; i < coordinators; i++)
        {
            farm.Settings["RabbitMq__Uri"] = i == 0 && line is not null ? line(new Uri(broker)).ToString() : broker;
            await farm.StartCoordinatorAsync(cancellationToken);
        }

        farm.Settings["RabbitMq__Uri"] = broker;

        for (var i = 0; i < Workers; i++)
        {
            farm.StartWorker(Times.Image);
        }

        await farm.WaitForWorkersAsync(cancellationToken);
        await farm.SubmitAsync(Request, cancellationToken);
        await farm.Workers[0].WaitAsync(
            async () => await trial.CountAsync("SELECT count(DISTINCT worker_id) FROM images WHERE state = 'rendering'", cancellationToken) == Workers, cancellationToken);
        return trial;
    }

    /// <summary>Its parts.</summary>
    public TrialFarm Farm => farm;

    /// <summary>Lets something happen to it.</summary>
    public Task StrikeAsync(Fault fault, CancellationToken cancellationToken) => fault.StrikeAsync(farm, Times, new Random(1), cancellationToken);

    /// <summary>Lets every message come twice, until disposed.</summary>
    public Task<DoubleDeliveries> CopyMessagesAsync(CancellationToken cancellationToken) =>
        DoubleDeliveries.StartAsync(farm, latest: TimeSpan.FromSeconds(3), new Random(1), cancellationToken);

    /// <summary>Waits until every image is at its end.</summary>
    public async Task EndAsync(CancellationToken cancellationToken) => Assert.Equal(0, await farm.WaitForEndAsync(LongestEnd, cancellationToken));

    /// <summary>Waits for the end, asks for the same again while nothing fails, and looks through all there is.</summary>
    public async Task EndAndAuditAsync(CancellationToken cancellationToken)
    {
        await EndAsync(cancellationToken);
        await farm.SubmitAsync(Request, cancellationToken);
        await EndAsync(cancellationToken);
        var report = await FarmAudit.RunAsync(farm, cancellationToken);
        Assert.Empty(report.Faults);
        Assert.Equal(["succeeded"], report.Ends.Keys);
    }

    /// <summary>Rows of the farm's database.</summary>
    public async Task<long> CountAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = farm.Database.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    public async ValueTask DisposeAsync()
    {
        await farm.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
