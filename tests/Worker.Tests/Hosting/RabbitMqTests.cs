using System.Net.Http.Json;
using System.Text.Json.Nodes;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Contracts.Workers;
using StableDiffusion.Farm.Servers;
using StableDiffusion.Worker.Tests.Fakes;

namespace StableDiffusion.Worker.Tests.Hosting;

/// <summary>What only a real broker shows: its death, messages that come twice or wait, and queues that must be made alike on both sides.</summary>
public sealed class RabbitMqTests : IAsyncLifetime
{
    private RabbitMqServer server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => server = await RabbitMqServer.StartAsync(Cancel);

    public async ValueTask DisposeAsync() => await server.DisposeAsync();

    [Fact]
    public async Task Picture_drawn_while_the_broker_was_dead_is_reported_once_it_is_back()
    {
        using var go = new ManualResetEventSlim();
        using var begun = new SemaphoreSlim(0);
        await using var farm = await BusFarm.StartAsync(new FakeRenderer { BeforeStep = (_, _, _) => { begun.Release(); go.Wait(Cancel); } }, server.Uri);
        var (image, next) = (Some.Image(), Some.Image());
        await farm.SendAsync(Some.Group(image));
        await begun.WaitAsync(Cancel);

        server.Kill();
        go.Set();
        await farm.Store.StoredAsync(Cancel);
        Assert.Empty(farm.Reports.All<ImageRendered>());
        await server.UpAsync(Cancel);

        await farm.ReportAsync<ImageRendered>(report => report.AttemptId == image.AttemptId);
        Assert.Single(farm.Renderer.Groups);
        Assert.Empty(farm.Reports.All<ImageFailed>());
        await farm.SendAsync(Some.Group(next));
        await farm.ReportAsync<ImageRendered>(report => report.AttemptId == next.AttemptId);
    }

    [Fact]
    public async Task Command_waits_for_a_coordinator_that_answers_its_claim()
    {
        await using var farm = await BusFarm.StartAsync(new FakeRenderer(), server.Uri, answers: false);
        var image = Some.Image();
        await farm.SendAsync(Some.Group(image));

        await farm.AnswerAsync(server.Uri);

        await farm.ReportAsync<ImageRendered>(report => report.AttemptId == image.AttemptId);
        Assert.Single(farm.Renderer.Groups);
    }

    [Fact]
    public async Task Command_for_one_worker_alone_is_drawn_by_it()
    {
        await using var farm = await BusFarm.StartAsync(new FakeRenderer(), server.Uri);
        await using var other = await BusFarm.StartAsync(new FakeRenderer(), server.Uri, coordinator: farm.Coordinator, answers: false, id: "worker-2");
        foreach (var image in Enumerable.Range(0, 3).Select(_ => Some.Image()))
        {
            await farm.SendAsync(Some.Group(image) with { WorkerId = "worker-2" });
            await other.ReportAsync<ImageRendered>(report => report.AttemptId == image.AttemptId);
        }
        Assert.Empty(farm.Renderer.Groups);
    }

    [Fact]
    public async Task What_was_sent_to_a_worker_by_name_before_its_connection_broke_is_known_to_be_lost()
    {
        await using var farm = await BusFarm.StartAsync(new FakeRenderer(), server.Uri);
        await farm.ReportAsync<WorkerBeat>(beat => beat.ListensFor > TimeSpan.FromSeconds(1));

        server.Kill();
        await server.UpAsync(Cancel);

        var broken = farm.Reports.All<WorkerBeat>()[^1];
        var back = await farm.ReportAsync<WorkerBeat>(beat => beat.ListensFor < beat.Timestamp - broken.Timestamp);
        Assert.True(back.Age > back.Timestamp - broken.Timestamp);
    }

    [Fact]
    public async Task Broker_gives_up_a_worker_that_is_silent_for_some_seconds()
    {
        await using var farm = await BusFarm.StartAsync(new FakeRenderer(), server.Uri, answers: false);
        using var http = server.OpenManagement();
        JsonArray connections;
        do
        {
            connections = (await http.GetFromJsonAsync<JsonArray>("connections", Cancel))!;
        }
        while (connections.Count(connection => connection!["timeout"] is not null) < 2); // it counts now and then
        Assert.Equal([10, 10], connections.Select(connection => (int)connection!["timeout"]!));
    }

    [Fact]
    public async Task Worker_obeys_commands_of_its_own_and_leaves_what_waits_to_others_while_it_drains()
    {
        using var begun = new SemaphoreSlim(0);
        await using var farm = await BusFarm.StartAsync(new FakeRenderer { BeforeStep = (_, _, stop) => { begun.Release(); stop.WaitHandle.WaitOne(); } }, server.Uri);
        var images = Enumerable.Range(0, 4).Select(_ => Some.Image()).ToList(); // one is drawn, one is claimed, one waits in the worker, one in the broker
        foreach (var image in images)
        {
            await farm.SendAsync(Some.Group(image));
        }
        await begun.WaitAsync(Cancel);
        await farm.ReportAsync<WorkerBeat>(beat => beat.Attempts.Count == 2);

        await farm.CommandAsync(new DrainWorker { Now = true });
        await farm.ReportAsync<WorkerBeat>(beat => beat.Activity == WorkerActivity.Paused);
        var returned = farm.Reports.All<AttemptReference>();
        Assert.Equal(2, returned.Count);
        await using var other = await BusFarm.StartAsync(new FakeRenderer(), server.Uri, coordinator: farm.Coordinator, answers: false, id: "worker-2");

        foreach (var image in images.Where(image => returned.All(one => one.AttemptId != image.AttemptId)))
        {
            await other.ReportAsync<ImageRendered>(report => report.AttemptId == image.AttemptId);
        }
        Assert.Equal(2, other.Renderer.Groups.Count);
    }

    [Fact]
    public async Task Shutdown_leaves_unclaimed_commands_to_the_next_worker()
    {
        using var begun = new SemaphoreSlim(0);
        var coordinator = new FakeCoordinator();
        await using var farm = await BusFarm.StartAsync(
            new FakeRenderer { BeforeStep = (_, _, stop) => { begun.Release(); stop.WaitHandle.WaitOne(); } }, server.Uri, coordinator: coordinator);
        var images = Enumerable.Range(0, 4).Select(_ => Some.Image()).ToList();
        foreach (var image in images)
        {
            await farm.SendAsync(Some.Group(image));
        }
        await farm.ReportAsync<WorkerBeat>(beat => beat.Attempts.Count == 2);

        await farm.StopAsync();
        Assert.Equal(2, farm.Reports.All<AttemptReference>().Count);
        Assert.True(farm.Reports.All<WorkerBeat>()[^1].Leaving);

        await using var next = await BusFarm.StartAsync(new FakeRenderer(), server.Uri, coordinator: coordinator, answers: false, id: "worker-2");
        foreach (var image in images.Where(image => farm.Reports.All<AttemptReference>().All(one => one.AttemptId != image.AttemptId)))
        {
            await next.ReportAsync<ImageRendered>(report => report.AttemptId == image.AttemptId);
        }
    }
}
