using System.Net.Http.Json;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Farm.Servers;
using StableDiffusion.Farm.Tests.Deployment;
using StableDiffusion.Farm.Tests.EndToEnd;

namespace StableDiffusion.Farm.Tests.Watching;

/// <summary>A farm that has drawn a batch, with the settings of its images (the container ones), and all that it told of it.</summary>
public sealed class WatchedFarm(TestServers servers) : IAsyncLifetime
{
    /// <summary>As the client that submitted the batch gave them.</summary>
    public const string Trace = "0af7651916cd43dd8448eb211c80319c", Parent = "b7ad6b7169203331";

    /// <summary>Pictures of the batch.</summary>
    public const int Images = 2;

    private OtlpCollector? collector;

    /// <summary>Spans and workers' metrics.</summary>
    public OtlpCollector Collector => collector!;

    /// <summary>The batch, at its end.</summary>
    public BatchResponse Batch { get; private set; } = null!;

    /// <summary>What the coordinator's /metrics said after it.</summary>
    public string Metrics { get; private set; } = "";

    /// <summary>What each program logged, by its project.</summary>
    public ILookup<string, string> Lines { get; private set; } = null!;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        CancellationToken cancelled = TestContext.Current.CancellationToken;
        collector = await OtlpCollector.StartAsync(cancelled);
        Dictionary<string, string> settings = await servers.CreateFarmAsync(cancelled);
        settings["Logging__LogLevel__StableDiffusion"] = "Debug";
        using var farm = new DistributedFarm(Of("coordinator"), Of("worker"));
        await farm.StartCoordinatorAsync(cancelled);
        await farm.StartWorkersAsync(1, cancelled);
        using var http = new HttpClient { BaseAddress = farm.Url };
        var batch = new BatchRequest { Prompt = "a red circle", Seed = 42, NIter = Images, Steps = 2, SamplerName = "Euler" };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/batches")
        {
            Content = JsonContent.Create(batch, options: FarmJson.Options),
            Headers = { { "traceparent", $"00-{Trace}-{Parent}-01" } },
        };
        using HttpResponseMessage accepted = await http.SendAsync(request, cancelled);
        Assert.True(accepted.IsSuccessStatusCode, await accepted.Content.ReadAsStringAsync(cancelled));
        Batch = await farm.WaitForEndAsync((await accepted.Content.ReadFromJsonAsync<BatchResponse>(FarmJson.Options, cancelled))!, cancelled);
        using HttpResponseMessage drained = await http.PostAsync(new Uri("/v1/workers/worker-0/drain", UriKind.Relative), content: null, cancelled);
        Assert.True(drained.IsSuccessStatusCode, await drained.Content.ReadAsStringAsync(cancelled));
        await farm.Client.SubmitAsync(batch, cancelled); // and nobody draws it
        // gauges are read every five seconds, spans and metrics sent twice a second
        await WaitAsync(() => collector.Spans.Count(span => span.Name == "image.commit") == Images && collector.Metrics.Keys.Any(metric => metric.Name == "farm.device.busy"), cancelled);
        await WaitAsync(async () => (Metrics = await http.GetStringAsync(new Uri("/metrics", UriKind.Relative), cancelled)).Contains("\nfarm_owner_waiting_images", StringComparison.Ordinal), cancelled);
        Lines = Directory.GetFiles(farm.Logs, "*.out").SelectMany(file => File.ReadLines(file).Select(line => (Program: Path.GetFileName(file).Split('-')[0], line))).ToLookup(line => line.Program, line => line.line);

        Dictionary<string, string> Of(string image) => new(settings.Concat(collector.Environment).Concat(
            DeploymentFiles.ImageSettings(image).Where(setting => setting.Key.StartsWith("Logging__", StringComparison.Ordinal))));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => collector?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static Task WaitAsync(Func<bool> there, CancellationToken cancellationToken) => WaitAsync(() => Task.FromResult(there()), cancellationToken);

    private static async Task WaitAsync(Func<Task<bool>> there, CancellationToken cancellationToken)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        late.CancelAfter(TimeSpan.FromMinutes(1));
        while (!await there())
        {
            await Task.Delay(100, late.Token);
        }
    }
}
