using System.Net;
using System.Net.Http.Json;
using System.Threading.Channels;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Contracts.Workers;
using StableDiffusion.Coordinator.Tests.Hosting;
using StableDiffusion.Coordinator.Workers;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Workers;

public sealed class WorkerActionsTests(Databases databases) : IAsyncLifetime
{
    private CoordinatorHost host = null!;

    public async ValueTask InitializeAsync() => host = await CoordinatorHost.StartAsync(await databases.NewAsync());

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task A_drained_worker_gets_nothing_until_it_is_resumed()
    {
        await host.SubmitAsync(2);
        var drained = await PostAsync("drain");
        Assert.Equal((WorkerState.Paused, true), (drained.State, drained.Drained));
        Assert.Equal(0, await host.RunRoundAsync());
        var resumed = await PostAsync("resume");
        Assert.Equal((WorkerState.Idle, false), (resumed.State, resumed.Drained));
        Assert.Equal(2, await host.RunRoundAsync());
    }

    [Fact]
    public async Task The_worker_is_told_over_its_own_queue()
    {
        var told = Channel.CreateUnbounded<object>();
        await host.ReportWorkerAsync();
        await host.Get<IReceiveEndpointConnector>().ConnectReceiveEndpoint(Queues.Worker("worker-1"), (_, endpoint) =>
        {
            endpoint.Handler<DrainWorker>(command => told.Writer.WriteAsync(command.Message).AsTask());
            endpoint.Handler<ResumeWorker>(command => told.Writer.WriteAsync(command.Message).AsTask());
        }).Ready;
        await PostAsync("drain", new WorkerDrain { Now = true });
        Assert.Equal(new DrainWorker { Now = true }, await told.Reader.ReadAsync(Token));
        await PostAsync("resume");
        Assert.Equal(new ResumeWorker(), await told.Reader.ReadAsync(Token));
    }

    [Fact]
    public async Task A_worker_that_does_otherwise_than_it_was_told_is_told_again()
    {
        await host.ReportWorkerAsync();
        Assert.Empty(await BeatAsync(WorkerActivity.Busy, inHand: 1));
        await PostAsync("drain");
        Assert.Equal([new UntoldWorker("worker-1", true, false)], await BeatAsync(WorkerActivity.Busy, inHand: 1));
        Assert.Empty(await BeatAsync(WorkerActivity.Draining, inHand: 1));
        await PostAsync("drain", new WorkerDrain { Now = true });
        Assert.Equal([new UntoldWorker("worker-1", true, true)], await BeatAsync(WorkerActivity.Draining, inHand: 1));
        Assert.Empty(await BeatAsync(WorkerActivity.Paused));
        await PostAsync("resume");
        Assert.Equal([new UntoldWorker("worker-1", false, false)], await BeatAsync(WorkerActivity.Paused));
        Assert.Empty(await BeatAsync(WorkerActivity.Draining, leaving: true)); // nobody holds one that leaves
    }

    [Fact]
    public async Task A_worker_that_is_set_aside_is_told_to_drain_and_starts_afresh_when_resumed()
    {
        await host.ReportWorkerAsync();
        await host.Db.Workers.ExecuteUpdateAsync(worker => worker.SetProperty(w => w.SetAside, "All fails.").SetProperty(w => w.FailuresInARow, 8), Token);
        Assert.Equal([new UntoldWorker("worker-1", true, false)], await BeatAsync(WorkerActivity.Busy, inHand: 2));
        var aside = await host.GetAsync<WorkerResponse>("/v1/workers/worker-1");
        Assert.Equal((WorkerState.Draining, "All fails.", 8), (aside.State, aside.SetAside, aside.FailuresInARow));
        var resumed = await PostAsync("resume");
        Assert.Equal((WorkerState.Busy, null, 0), (resumed.State, resumed.SetAside, resumed.FailuresInARow));
    }

    [Fact]
    public async Task Only_a_worker_that_is_lost_can_be_forgotten()
    {
        await host.ReportWorkerAsync();
        Assert.Equal(HttpStatusCode.Conflict, await DeleteAsync());
        host.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(WorkerState.Lost, (await host.GetAsync<WorkerResponse>("/v1/workers/worker-1")).State);
        Assert.Equal(HttpStatusCode.NoContent, await DeleteAsync());
        Assert.Equal(HttpStatusCode.NotFound, await DeleteAsync());
    }

    [Fact]
    public async Task What_nobody_knows_cannot_be_drained()
    {
        using var drain = await host.Client.PostAsync("/v1/workers/nobody/drain", null, Token);
        using var resume = await host.Client.PostAsync("/v1/workers/nobody/resume", null, Token);
        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (drain.StatusCode, resume.StatusCode));
    }

    private async Task<IReadOnlyList<UntoldWorker>> BeatAsync(WorkerActivity activity, int inHand = 0, bool leaving = false)
    {
        host.Time.Advance(TimeSpan.FromSeconds(1));
        return await host.Get<WorkerRegister>().BeatAsync(
            [CoordinatorHost.Beat("worker-1", host.Time.GetUtcNow()) with { Activity = activity, Leaving = leaving, Attempts = [.. Enumerable.Range(0, inHand).Select(_ => Guid.NewGuid())] }], Token);
    }

    private async Task<WorkerResponse> PostAsync(string action, WorkerDrain? body = null)
    {
        using var answer = await host.Client.PostAsync($"/v1/workers/worker-1/{action}", body is null ? null : JsonContent.Create(body, options: FarmJson.Options), Token);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Token));
        return (await answer.Content.ReadFromJsonAsync<WorkerResponse>(FarmJson.Options, Token))!;
    }

    private async Task<HttpStatusCode> DeleteAsync()
    {
        using var answer = await host.Client.DeleteAsync("/v1/workers/worker-1", Token);
        return answer.StatusCode;
    }
}
