using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Storage;
using StableDiffusion.Worker.Files;
using StableDiffusion.Worker.Hosting;
using StableDiffusion.Worker.Models;
using StableDiffusion.Worker.Rendering;
using StableDiffusion.Worker.Reports;
using StableDiffusion.Worker.Tests.Files;

namespace StableDiffusion.Worker.Tests.Fakes;

/// <summary>A whole worker host, by default on MassTransit's in-memory transport, with a fake renderer, store and coordinator.</summary>
internal sealed class BusFarm : IAsyncDisposable
{
    private readonly IHost host;
    private IBusControl? coordinators; // its own connection, where there is a broker

    private BusFarm(IHost host, FakeRenderer renderer, FakeStore store, FakeCoordinator coordinator) =>
        (this.host, Renderer, Store, Coordinator) = (host, renderer, store, coordinator);

    public FakeRenderer Renderer { get; }

    public FakeStore Store { get; }

    public FakeCoordinator Coordinator { get; }

    public SendLog Reports { get; } = new();

    private IBus Bus => host.Services.GetRequiredService<IBus>();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<BusFarm> StartAsync(
        FakeRenderer renderer, Uri? rabbitMq = null, string? models = null, FakeCoordinator? coordinator = null, bool answers = true, string id = "worker-1",
        int maxModels = 0, Shelf? shelf = null, string aliveFile = "", double indexSeconds = 0.1, string pull = "all")
    {
        var store = new FakeStore();
        coordinator ??= new FakeCoordinator();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Worker:Id"] = id, ["Worker:Models"] = models ?? Path.GetTempPath(), ["Worker:HeartbeatInterval"] = "00:00:00.100",
            ["Worker:MaxModels"] = $"{maxModels}", ["Worker:AliveFile"] = aliveFile, ["Worker:Pull"] = pull, ["Worker:Cache"] = shelf?.Folder ?? Path.GetTempPath(), ["Worker:IndexInterval"] = $"{TimeSpan.FromSeconds(indexSeconds)}",
        });
        builder.Services.AddLogging(log => log.SetMinimumLevel(LogLevel.None));
        builder.Services.AddSingleton<IRenderer>(renderer);
        builder.Services.AddSingleton(shelf ?? (IObjectStore)store);
        builder.AddWorker();
        if (rabbitMq is null)
        {
            builder.Services.AddMassTransit(bus => bus.AddWorkerConsumers().UsingInMemory((context, memory) =>
            {
                coordinator.Listen(memory);
                memory.ConfigureEndpoints(context);
            }));
        }
        else
        {
            builder.Services.AddWorkerRabbitMq(_ => rabbitMq);
        }
        var farm = new BusFarm(builder.Build(), renderer, store, coordinator);
        renderer.Source = shelf is null ? null : farm.host.Services.GetRequiredService<ModelSource>();
        if (rabbitMq is not null && answers)
        {
            await farm.AnswerAsync(rabbitMq);
        }
        (farm.host.Services.GetService<IReportBus>() ?? farm.Bus).ConnectSendObserver(farm.Reports);
        await farm.host.StartAsync(Cancel);
        await farm.ReportAsync<WorkerRegistered>(report => !report.Loading);
        return farm;
    }

    /// <summary>What the worker holds.</summary>
    public HeldModels Models => host.Services.GetRequiredService<HeldModels>();

    /// <summary>From now on a coordinator answers over the broker.</summary>
    public async Task AnswerAsync(Uri rabbitMq)
    {
        coordinators = MassTransit.Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            rabbit.Host(rabbitMq);
            Coordinator.Listen(rabbit);
        });
        await coordinators.StartAsync(Cancel);
    }

    public async Task SendAsync(RenderImages command)
    {
        var queue = command.WorkerId is { } worker
            ? await ((IBus?)coordinators ?? Bus).GetSendEndpoint(Queues.RenderOnAddress(worker))
            : await Bus.GetSendEndpoint(new Uri($"queue:{Queues.Render(command.Model)}"));
        await queue.Send(command, Cancel);
    }

    /// <summary>Tells the worker alone.</summary>
    public async Task CommandAsync<T>(T command) where T : class
    {
        var queue = await ((IBus?)coordinators ?? Bus).GetSendEndpoint(Queues.WorkerAddress("worker-1"));
        await queue.Send(command, Cancel);
    }

    /// <summary>As when told to load a model; returns when it is, or cannot be.</summary>
    public Task LoadAsync(string model) => host.Services.GetRequiredService<ModelLoader>().LoadAsync(model, Cancel);

    /// <summary>The first report that fits; waits for it.</summary>
    public Task<T> ReportAsync<T>(Func<T, bool> which) where T : class => Reports.FirstAsync(which, Cancel);

    public Task StopAsync() => host.StopAsync(Cancel);

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync(CancellationToken.None);
        if (coordinators is not null)
        {
            await coordinators.StopAsync(CancellationToken.None);
        }
        host.Dispose();
        Renderer.Dispose();
    }
}
