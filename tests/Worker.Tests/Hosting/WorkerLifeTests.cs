using StableDiffusion.Contracts.Messages;
using StableDiffusion.Worker.Tests.Fakes;

namespace StableDiffusion.Worker.Tests.Hosting;

/// <summary>The whole worker over MassTransit's in-memory transport.</summary>
public sealed class WorkerLifeTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Command_on_a_models_queue_becomes_a_stored_picture_and_a_report()
    {
        await using var farm = await BusFarm.StartAsync(new FakeRenderer());
        var image = Some.Image();

        await farm.SendAsync(Some.Group(image));

        var rendered = await farm.ReportAsync<ImageRendered>(report => report.AttemptId == image.AttemptId);
        Assert.Equal(farm.Store.Objects[image.ObjectKey].Length, rendered.Bytes);
        Assert.Contains(farm.Reports.All<ImageStarted>(), report => report.AttemptId == image.AttemptId);
    }

    [Fact]
    public async Task Each_model_held_has_a_queue_and_groups_of_all_are_rendered_one_at_a_time()
    {
        var other = Some.Model with { Name = "other" };
        await using var farm = await BusFarm.StartAsync(new FakeRenderer { Models = [Some.Model, other] });
        var images = Enumerable.Range(0, 6).Select(i => Some.Image(Some.Settings with { Model = i % 2 == 0 ? "starter" : "other" })).ToList();

        await Task.WhenAll(images.Select(image => farm.SendAsync(Some.Group(image) with { Model = image.Settings.Model })));

        foreach (var image in images)
        {
            await farm.ReportAsync<ImageRendered>(report => report.AttemptId == image.AttemptId);
        }
        Assert.Equal(1, farm.Renderer.MostAtOnce);
    }

    [Fact]
    public async Task Heartbeat_tells_models_device_and_what_is_in_hand()
    {
        using var go = new ManualResetEventSlim();
        await using var farm = await BusFarm.StartAsync(new FakeRenderer { BeforeStep = (_, _, _) => go.Wait(Cancel) });
        var image = Some.Image();

        await farm.SendAsync(Some.Group(image));
        var busy = await farm.ReportAsync<WorkerReported>(report => report.Attempts.Contains(image.AttemptId));
        go.Set();
        await farm.ReportAsync<ImageRendered>(report => report.AttemptId == image.AttemptId);

        Assert.Equal(("worker-1", "fake", "starter", false), (busy.WorkerId, busy.Device, busy.Models[0].Name, busy.Leaving));
        await farm.ReportAsync<WorkerReported>(report => report.Timestamp > busy.Timestamp && report.Attempts.Count == 0);
    }

    [Fact]
    public async Task Adapters_that_come_and_go_beside_the_models_are_told_without_a_restart()
    {
        var folder = Directory.CreateTempSubdirectory("models-").FullName;
        await using var farm = await BusFarm.StartAsync(new FakeRenderer(), models: folder);
        var lora = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "Lora")).FullName, "ink.safetensors");

        File.Copy(Path.Combine(AppContext.BaseDirectory, "adapters/lora-kohya.safetensors"), lora);
        var with = await farm.ReportAsync<WorkerReported>(report => report.Adapters.Count == 1);
        Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(folder);
        await farm.ReportAsync<WorkerReported>(report => report.Timestamp > with.Timestamp && report.Adapters.Count == 0);

        Assert.Equal("ink", with.Adapters[0].Name);
        Directory.Delete(folder);
    }

    [Fact]
    public async Task Command_that_waited_past_its_lease_is_handed_back_unrendered()
    {
        await using var farm = await BusFarm.StartAsync(new FakeRenderer());
        var image = Some.Image();

        await farm.SendAsync(Some.Group(image) with { ExpiresAt = DateTimeOffset.UtcNow.AddSeconds(-1) });

        await farm.ReportAsync<ImageReturned>(report => report.AttemptId == image.AttemptId);
        Assert.Empty(farm.Renderer.Groups);
    }

    [Fact]
    public async Task Shutdown_hands_back_what_is_rendered_and_what_waits_and_says_goodbye_last()
    {
        var farm = await BusFarm.StartAsync(new FakeRenderer { BeforeStep = (_, _, stop) => stop.WaitHandle.WaitOne() });
        await using var _ = farm;
        var (rendering, waiting) = (Some.Image(), Some.Image());
        await farm.SendAsync(Some.Group(rendering));
        await farm.ReportAsync<ImageStarted>(report => report.AttemptId == rendering.AttemptId);
        await farm.SendAsync(Some.Group(waiting));
        await farm.ReportAsync<WorkerReported>(report => report.Attempts.Contains(waiting.AttemptId));

        await farm.StopAsync();

        Assert.Equal(
            new[] { rendering.AttemptId, waiting.AttemptId }.Order(),
            farm.Reports.All<ImageReturned>().Select(report => report.AttemptId).Order());
        Assert.Empty(farm.Reports.All<ImageFailed>());
        var last = farm.Reports.All<WorkerReported>()[^1];
        Assert.True(last.Leaving);
        Assert.Empty(last.Attempts);
    }
}
