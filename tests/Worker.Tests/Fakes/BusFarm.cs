using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Storage;
using StableDiffusion.Worker.Hosting;
using StableDiffusion.Worker.Rendering;
using StableDiffusion.Worker.Reports;

namespace StableDiffusion.Worker.Tests.Fakes;

/// <summary>A whole worker host, by default on MassTransit's in-memory transport, with a fake renderer and store.</summary>
internal sealed class BusFarm : IAsyncDisposable
{
    private readonly IHost host;

    private BusFarm(IHost host, FakeRenderer renderer, FakeStore store) => (this.host, Renderer, Store) = (host, renderer, store);

    public FakeRenderer Renderer { get; }

    public FakeStore Store { get; }

    public PublishLog Reports { get; } = new();

    private IBus Bus => host.Services.GetRequiredService<IBus>();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<BusFarm> StartAsync(FakeRenderer renderer, Uri? rabbitMq = null, string? models = null)
    {
        var store = new FakeStore();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Worker:Id"] = "worker-1", ["Worker:Models"] = models ?? Path.GetTempPath(), ["Worker:HeartbeatInterval"] = "00:00:00.100",
        });
        builder.Services.AddLogging(log => log.SetMinimumLevel(LogLevel.None));
        builder.Services.AddSingleton<IRenderer>(renderer);
        builder.Services.AddSingleton<IObjectStore>(store);
        builder.AddWorker();
        if (rabbitMq is null)
        {
            builder.Services.AddMassTransit(bus => bus.AddWorkerConsumers().UsingInMemory((context, memory) => memory.ConfigureEndpoints(context)));
        }
        else
        {
            builder.Services.AddWorkerRabbitMq(_ => rabbitMq);
        }
        var farm = new BusFarm(builder.Build(), renderer, store);
        (farm.host.Services.GetService<IReportBus>() ?? farm.Bus).ConnectPublishObserver(farm.Reports);
        await farm.host.StartAsync(Cancel);
        await farm.ReportAsync<WorkerReported>(report => report.Models.Count == renderer.Models.Count);
        return farm;
    }

    public async Task SendAsync(RenderImages command)
    {
        var queue = await Bus.GetSendEndpoint(new Uri($"queue:{Queues.Render(command.Model)}"));
        await queue.Send(command, Cancel);
    }

    /// <summary>The first report that fits; waits for it.</summary>
    public Task<T> ReportAsync<T>(Func<T, bool> which) where T : class => Reports.FirstAsync(which, Cancel);

    public Task StopAsync() => host.StopAsync(Cancel);

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync(CancellationToken.None);
        host.Dispose();
        Renderer.Dispose();
    }
}
