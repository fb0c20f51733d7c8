using RabbitMQ.Client;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Farm.Servers;
using StableDiffusion.Worker.Tests.Fakes;

namespace StableDiffusion.Worker.Tests.Hosting;

/// <summary>What only a real broker shows: its death, and the death of those who listen to it.</summary>
public sealed class RabbitMqTests : IAsyncLifetime
{
    private RabbitMqServer server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => server = await RabbitMqServer.StartAsync(Cancel);

    public async ValueTask DisposeAsync() => await server.DisposeAsync();

    [Fact]
    public async Task Command_that_a_killed_worker_held_is_handed_back_by_the_next_one()
    {
        var image = Some.Image();
        await (await BusFarm.StartAsync(new FakeRenderer(), server.Uri)).DisposeAsync(); // makes the queue
        await using (var sender = await BusFarm.StartAsync(new FakeRenderer { Models = [Some.Model with { Name = "other" }] }, server.Uri))
        {
            await sender.SendAsync(Some.Group(image));
        }
        await TakeAndDieAsync(Queues.Render("starter"));

        await using var next = await BusFarm.StartAsync(new FakeRenderer(), server.Uri);

        await next.ReportAsync<ImageReturned>(report => report.AttemptId == image.AttemptId);
        Assert.Empty(next.Renderer.Groups);
    }

    [Fact]
    public async Task Picture_drawn_while_the_broker_was_dead_is_reported_once_it_is_back()
    {
        using var go = new ManualResetEventSlim();
        await using var farm = await BusFarm.StartAsync(new FakeRenderer { BeforeStep = (_, _, _) => go.Wait(Cancel) }, server.Uri);
        var image = Some.Image();
        await farm.SendAsync(Some.Group(image));
        await farm.ReportAsync<ImageStarted>(report => report.AttemptId == image.AttemptId);

        server.Kill();
        go.Set();
        await farm.Store.StoredAsync(Cancel);
        Assert.Empty(farm.Reports.All<ImageRendered>());
        await server.UpAsync(Cancel);

        await farm.ReportAsync<ImageRendered>(report => report.AttemptId == image.AttemptId);
        Assert.Single(farm.Renderer.Groups);
        Assert.Empty(farm.Reports.All<ImageFailed>());
    }

    private async Task TakeAndDieAsync(string queue)
    {
        await using var connection = await new ConnectionFactory { Uri = server.Uri }.CreateConnectionAsync(Cancel);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Cancel);
        Assert.NotNull(await channel.BasicGetAsync(queue, autoAck: false, Cancel)); // never acknowledged
    }
}
