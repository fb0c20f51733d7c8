using System.Threading.Channels;
using MassTransit;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Coordinator.Tests.Hosting;
using StableDiffusion.Coordinator.Workers;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Workers;

public sealed class ModelLoadsTests(Databases databases) : IAsyncLifetime
{
    private readonly Channel<LoadModel> told = Channel.CreateUnbounded<LoadModel>();
    private CoordinatorHost host = null!;

    public async ValueTask InitializeAsync()
    {
        host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        await host.Get<IReceiveEndpointConnector>().ConnectReceiveEndpoint(
            Queues.Worker("able"), (_, endpoint) => endpoint.Handler<LoadModel>(command => told.Writer.WriteAsync(command.Message).AsTask())).Ready;
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task A_worker_that_can_is_told_to_load_what_images_wait_for_and_again_after_a_pause()
    {
        await host.SubmitAsync(1);
        await host.BeatAsync(leaving: true);
        await RegisterAsync();
        await LookAsync();
        Assert.Equal(CoordinatorHost.Model, (await told.Reader.ReadAsync(Token)).Model);
        var told1 = Assert.Single(host.Get<ToldLoads>().Workers);

        host.Time.Advance(TimeSpan.FromSeconds(10));
        await RegisterAsync();
        await LookAsync();
        Assert.Equal(told1, Assert.Single(host.Get<ToldLoads>().Workers));

        host.Time.Advance(new WorkerOptions().LoadPause);
        await RegisterAsync();
        await LookAsync();
        Assert.Equal(CoordinatorHost.Model, (await told.Reader.ReadAsync(Token)).Model);
        Assert.NotEqual(told1, Assert.Single(host.Get<ToldLoads>().Workers));
    }

    [Fact]
    public async Task A_worker_that_has_drawn_what_it_loaded_a_model_for_is_told_at_once_to_load_another()
    {
        await host.ReportWorkerAsync();
        await host.Get<WorkerRegister>().RegisterAsync(CoordinatorHost.Registered("gone", host.Time.GetUtcNow()) with { Models = [CoordinatorHost.Description with { Name = "other" }] }, Token);
        await host.BeatAsync(leaving: true);
        await host.BeatAsync("gone", leaving: true);
        var batch = await host.SubmitAsync(new BatchRequest { Prompt = "a", Model = CoordinatorHost.Model });
        await RegisterAsync();
        await LookAsync();
        Assert.Equal(CoordinatorHost.Model, (await told.Reader.ReadAsync(Token)).Model);
        await host.SubmitAsync(new BatchRequest { Prompt = "a", Model = "other" });
        await RegisterAsync(CoordinatorHost.Model);
        host.Time.Advance(TimeSpan.FromSeconds(2));
        await LookAsync();
        Assert.False(told.Reader.TryRead(out _)); // an image waits for what it loaded

        using var cancelled = await host.Client.PostAsync(new Uri($"/v1/batches/{batch.Id}/cancel", UriKind.Relative), null, Token);
        host.Time.Advance(TimeSpan.FromSeconds(2));
        await LookAsync();

        Assert.Equal("other", (await told.Reader.ReadAsync(Token)).Model);
    }

    [Fact]
    public async Task Nobody_is_told_while_nothing_waits_or_a_worker_holds_the_model()
    {
        await host.ReportWorkerAsync();
        await host.BeatAsync();
        await RegisterAsync();
        await LookAsync();
        await host.SubmitAsync(1);
        host.Time.Advance(TimeSpan.FromSeconds(2));
        await LookAsync();
        Assert.Empty(host.Get<ToldLoads>().Workers);
    }

    private Task LookAsync() => host.Get<ModelLoads>().TellAsync(Token);

    private Task RegisterAsync(string? holds = null) => host.Get<WorkerRegister>().RegisterAsync(
        CoordinatorHost.Registered("able", host.Time.GetUtcNow()) with
        {
            Models = holds is null ? [] : [CoordinatorHost.Description with { Name = holds }], CanHold = [.. new[] { CoordinatorHost.Model, "other" }.Where(model => model != holds)],
        },
        Token);
}
