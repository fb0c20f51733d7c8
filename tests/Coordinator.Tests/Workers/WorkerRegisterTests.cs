using StableDiffusion.Contracts.Models;
using StableDiffusion.Contracts.Workers;
using StableDiffusion.Coordinator.Tests.Hosting;
using StableDiffusion.Coordinator.Workers;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Workers;

public sealed class WorkerRegisterTests(Databases databases) : IAsyncLifetime
{
    private CoordinatorHost host = null!;

    public async ValueTask InitializeAsync() => host = await CoordinatorHost.StartAsync(await databases.NewAsync());

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task A_silent_worker_is_listed_but_not_live()
    {
        await host.ReportWorkerAsync("a-silent");
        host.Time.Advance(TimeSpan.FromMinutes(1));
        await host.ReportWorkerAsync("b-live");
        var workers = await host.GetAsync<List<WorkerResponse>>("/v1/workers");
        Assert.Equal([("b-live", true), ("a-silent", false)], workers.Select(worker => (worker.Id, worker.Live)));
        Assert.Equal((host.Time.GetUtcNow(), "cpu", "1.0"), (workers[0].LastSeenAt, workers[0].Device, workers[0].Version));
        Assert.Equal([CoordinatorHost.Model], workers[0].Models);
    }

    [Fact]
    public async Task A_report_that_comes_late_does_not_undo_a_newer_one()
    {
        await host.ReportWorkerAsync();
        var (again, beat) = (CoordinatorHost.Registered("worker-1", host.Time.GetUtcNow()), CoordinatorHost.Beat("worker-1", host.Time.GetUtcNow()));
        host.Time.Advance(TimeSpan.FromSeconds(1));
        await host.BeatAsync(leaving: true);
        await host.Get<WorkerRegister>().RegisterAsync(again, Token);
        await host.Get<WorkerRegister>().BeatAsync([beat], Token);
        Assert.False(Assert.Single(await host.GetAsync<List<WorkerResponse>>("/v1/workers")).Live);
    }

    [Theory, InlineData(10), InlineData(2 * 60 * 60)]
    public async Task A_worker_whose_clock_was_set_back_is_still_heard(int seconds)
    {
        await host.ReportWorkerAsync();
        var late = host.Time.GetUtcNow() - TimeSpan.FromSeconds(seconds);
        host.Time.Advance(TimeSpan.FromMinutes(1));
        await host.Get<WorkerRegister>().BeatAsync([CoordinatorHost.Beat("worker-1", late)], Token);
        Assert.True(Assert.Single(await host.GetAsync<List<WorkerResponse>>("/v1/workers")).Live);
        await host.Get<WorkerRegister>().RegisterAsync(CoordinatorHost.Registered("worker-1", late) with { Device = "another" }, Token);
        Assert.Equal("another", Assert.Single(await host.GetAsync<List<WorkerResponse>>("/v1/workers")).Device);
    }

    [Fact]
    public async Task Models_stay_known_when_their_workers_have_gone()
    {
        await host.ReportWorkerAsync();
        host.Time.Advance(TimeSpan.FromDays(2));
        Assert.Equal(1, await host.Get<WorkerRegister>().RemoveAsync(Token));
        Assert.Empty(await host.GetAsync<List<WorkerResponse>>("/v1/workers"));
        Assert.Equal(CoordinatorHost.Description, Assert.Single(await host.GetAsync<List<ModelDescription>>("/v1/models")));
    }

    [Fact]
    public async Task A_model_is_live_while_a_live_worker_holds_it()
    {
        await host.ReportWorkerAsync();
        Assert.True(Assert.Single(await host.GetAsync<List<ModelResponse>>("/v1/models")).Live);
        host.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.False(Assert.Single(await host.GetAsync<List<ModelResponse>>("/v1/models")).Live);
    }

    [Fact]
    public async Task A_model_is_known_as_it_was_described_last()
    {
        await host.ReportWorkerAsync();
        var newer = CoordinatorHost.Description with { Hash = "bb22", DefaultSize = 128 };
        await host.Get<WorkerRegister>().RegisterAsync(CoordinatorHost.Registered("worker-2", host.Time.GetUtcNow()) with { Models = [newer] }, Token);
        Assert.Equal(newer, Assert.Single(await host.GetAsync<List<ModelDescription>>("/v1/models")));
    }
}
