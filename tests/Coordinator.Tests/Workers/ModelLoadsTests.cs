using System.Threading.Channels;
using MassTransit;
using StableDiffusion.Contracts;
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

    private Task RegisterAsync() => host.Get<WorkerRegister>().RegisterAsync(
        CoordinatorHost.Registered("able", host.Time.GetUtcNow()) with { Models = [], CanHold = [CoordinatorHost.Model] }, Token);
}
