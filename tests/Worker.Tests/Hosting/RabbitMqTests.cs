using RabbitMQ.Client;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Servers;
using StableDiffusion.Worker.Tests.Fakes;

namespace StableDiffusion.Worker.Tests.Hosting;

/// <summary>One broker for these tests.</summary>
public sealed class RabbitMqFixture : IAsyncLifetime
{
    public RabbitMqServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await RabbitMqServer.StartAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync() => await Server.DisposeAsync();
}

/// <summary>What only a real broker shows: the death of one who listened to it.</summary>
public sealed class RabbitMqTests(RabbitMqFixture rabbit) : IClassFixture<RabbitMqFixture>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Command_that_a_killed_worker_held_is_handed_back_by_the_next_one()
    {
        var image = Some.Image();
        await (await BusFarm.StartAsync(new FakeRenderer(), rabbit.Server.Uri)).DisposeAsync(); // makes the queue
        await using (var sender = await BusFarm.StartAsync(new FakeRenderer { Models = [Some.Model with { Name = "other" }] }, rabbit.Server.Uri))
        {
            await sender.SendAsync(Some.Group(image));
        }
        await TakeAndDieAsync(Queues.Render("starter"));

        await using var next = await BusFarm.StartAsync(new FakeRenderer(), rabbit.Server.Uri);

        await next.ReportAsync<ImageReturned>(report => report.AttemptId == image.AttemptId);
        Assert.Empty(next.Renderer.Groups);
    }

    private async Task TakeAndDieAsync(string queue)
    {
        await using var connection = await new ConnectionFactory { Uri = rabbit.Server.Uri }.CreateConnectionAsync(Cancel);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Cancel);
        Assert.NotNull(await channel.BasicGetAsync(queue, autoAck: false, Cancel)); // never acknowledged
    }
}
