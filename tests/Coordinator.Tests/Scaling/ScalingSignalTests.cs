using System.Net.Http.Json;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Scaling;
using StableDiffusion.Coordinator.Scaling;
using StableDiffusion.Coordinator.Tests.Hosting;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Scaling;

public sealed class ScalingSignalTests(Databases databases) : IAsyncLifetime
{
    private CoordinatorHost host = null!;

    public async ValueTask InitializeAsync() => host = await CoordinatorHost.StartAsync(await databases.NewAsync());

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task Waiting_work_is_told_in_the_time_that_pictures_of_the_model_took()
    {
        var open = await host.RenderOneAsync();
        await host.SucceedAsync(Rendered(open)); // 1.5 s
        await host.SubmitAsync(8);
        Assert.Equal(4, await host.RunRoundAsync()); // published is not begun
        var signal = await ReadAsync();
        Assert.Equal((CoordinatorHost.Model, 8, 1), (signal.Models[0].Model, signal.Models[0].WaitingImages, signal.Models[0].Workers));
        Assert.Equal(12, signal.Models[0].WaitingGpuSeconds, 0.001);
        Assert.Equal(12, signal.WaitingGpuSeconds, 0.001);
    }

    [Fact]
    public async Task Images_of_a_batch_of_several_recipes_are_counted_recipe_by_recipe()
    {
        await host.ReportWorkerAsync();
        await host.SubmitAsync(new BatchRequest { Prompt = "a", Seed = 1, Runs = [new BatchRun { Width = 64, NIter = 2 }, new BatchRun { Width = 128, NIter = 3 }] });
        Assert.Equal(4, await host.RunRoundAsync());
        Assert.Equal((5, 5), ((await ReadAsync()).Models[0].WaitingImages, (await host.Get<WaitingWork>().ReadAsync(Token)).Lanes.Sum(lane => lane.Images) + 4));
    }

    [Fact]
    public async Task A_model_that_nobody_measured_is_reckoned_by_the_setting()
    {
        var batch = await host.SubmitAsync(2);
        var settings = batch.Settings;
        var steps = settings.Steps * settings.Width * settings.Height / (512.0 * 512);
        Assert.Equal(2 * steps * new ScalingOptions().SecondsPerStep, (await ReadAsync()).WaitingGpuSeconds, 0.001);
    }

    [Fact]
    public async Task What_is_paused_drawn_or_done_asks_for_no_workers()
    {
        var open = await host.RenderOneAsync();
        Assert.Equal(0, (await ReadAsync()).WaitingGpuSeconds);
        await host.SucceedAsync(Rendered(open));
        var batch = await host.SubmitAsync(3);
        using var pause = await host.Client.PatchAsJsonAsync(batch.Url, new BatchChange { Paused = true }, FarmJson.Options, Token);
        host.Time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal((0, 0), ((await ReadAsync()).WaitingGpuSeconds, (await ReadAsync()).Models[0].WaitingImages));
    }

    [Fact]
    public async Task A_worker_that_is_drained_is_not_counted()
    {
        await host.ReportWorkerAsync();
        using var drain = await host.Client.PostAsync("/v1/workers/worker-1/drain", null, Token);
        Assert.Empty((await ReadAsync()).Models);
    }

    private Task<ScalingResponse> ReadAsync() => host.GetAsync<ScalingResponse>("/v1/scaling");
}
