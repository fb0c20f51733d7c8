using StableDiffusion.Contracts.Messages;
using StableDiffusion.Contracts.Workers;
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
        Assert.Equal(image.AttemptId, Assert.Single(Assert.Single(farm.Coordinator.Claims).Attempts).AttemptId);
    }

    [Fact]
    public async Task Each_model_held_has_a_queue_and_groups_of_all_are_rendered_one_at_a_time()
    {
        var other = Some.Model with { Name = "other" };
        await using var farm = await BusFarm.StartAsync(new FakeRenderer { Models = [Some.Model, other] });
        var commands = Enumerable.Range(0, 6).Select(i => Some.Group(Some.Image())).ToList();
        commands = [.. commands.Select((command, i) => i % 2 == 0 ? command : command with { Model = "other", Settings = command.Settings with { Model = "other" } })];

        await Task.WhenAll(commands.Select(farm.SendAsync));

        foreach (var command in commands)
        {
            await farm.ReportAsync<ImageRendered>(report => report.AttemptId == command.Images[0].AttemptId);
        }
        Assert.Equal(1, farm.Renderer.MostAtOnce);
    }

    [Fact]
    public async Task Group_of_many_images_is_reported_in_few_messages()
    {
        await using var farm = await BusFarm.StartAsync(new FakeRenderer());
        var images = Enumerable.Range(0, 64).Select(i => Some.Image(seed: i)).ToArray();

        await farm.SendAsync(Some.Group(images));

        foreach (var image in images)
        {
            await farm.ReportAsync<ImageRendered>(report => report.AttemptId == image.AttemptId);
        }
        Assert.True(farm.Reports.All<ImagesReported>().Count < images.Length / 2);
        Assert.Single(farm.Coordinator.Claims);
    }

    [Fact]
    public async Task Registration_tells_what_the_worker_is_and_beats_what_it_has_in_hand()
    {
        using var go = new ManualResetEventSlim();
        await using var farm = await BusFarm.StartAsync(new FakeRenderer { BeforeStep = (_, _, _) => go.Wait(Cancel) });
        var image = Some.Image();

        await farm.SendAsync(Some.Group(image));
        var busy = await farm.ReportAsync<WorkerBeat>(beat => beat.Attempts.Contains(image.AttemptId));
        go.Set();
        await farm.ReportAsync<ImageRendered>(report => report.AttemptId == image.AttemptId);

        var registered = farm.Reports.All<WorkerRegistered>()[^1];
        Assert.Equal(("worker-1", "fake", "starter", 4), (registered.WorkerId, registered.Device, registered.Models[0].Name, registered.GroupSize));
        Assert.Equal(("worker-1", WorkerActivity.Busy, false), (busy.WorkerId, busy.Activity, busy.Leaving));
        var idle = await farm.ReportAsync<WorkerBeat>(beat => beat.Timestamp > busy.Timestamp && beat.Attempts.Count == 0);
        Assert.Equal(WorkerActivity.Idle, idle.Activity);
        Assert.True(idle.Throughput > 0);
        Assert.Null(busy.IdleFor);
        await farm.ReportAsync<WorkerBeat>(beat => beat.Timestamp > busy.Timestamp && beat.IdleFor is not null);
    }

    [Fact]
    public async Task The_alive_file_is_written_at_each_heartbeat()
    {
        var folder = Directory.CreateTempSubdirectory("alive-").FullName;
        var file = Path.Combine(folder, "alive");
        await using var farm = await BusFarm.StartAsync(new FakeRenderer(), aliveFile: file);
        for (var time = 0; time < 2; time++)
        {
            File.Delete(file);
            var next = farm.Reports.All<WorkerBeat>().Count + 2; // it is written after a beat was sent
            await farm.ReportAsync<WorkerBeat>(_ => farm.Reports.All<WorkerBeat>().Count > next);
            Assert.True(File.Exists(file));
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Adapters_that_come_and_go_beside_the_models_are_told_without_a_restart()
    {
        var folder = Directory.CreateTempSubdirectory("models-").FullName;
        await using var farm = await BusFarm.StartAsync(new FakeRenderer(), models: folder);
        var lora = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "Lora")).FullName, "ink.safetensors");

        File.Copy(Path.Combine(AppContext.BaseDirectory, "adapters/lora-kohya.safetensors"), lora);
        var with = await farm.ReportAsync<WorkerRegistered>(report => report.Adapters.Count == 1);
        Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(folder);
        await farm.ReportAsync<WorkerRegistered>(report => report.Timestamp > with.Timestamp && report.Adapters.Count == 0);

        Assert.Equal("ink", with.Adapters[0].Name);
        Directory.Delete(folder);
    }

    [Fact]
    public async Task Cancelled_image_is_not_drawn_though_its_command_comes()
    {
        await using var farm = await BusFarm.StartAsync(new FakeRenderer());
        var (cancelled, wanted) = (Some.Image(), Some.Image());
        farm.Coordinator.Cancelled[cancelled.AttemptId] = true;

        await farm.SendAsync(Some.Group(cancelled));
        await farm.SendAsync(Some.Group(wanted));

        await farm.ReportAsync<ImageRendered>(report => report.AttemptId == wanted.AttemptId);
        Assert.Single(farm.Renderer.Groups);
        Assert.Single(farm.Store.Objects);
    }

    [Fact]
    public async Task Attempts_cancelled_by_command_stop_while_they_are_drawn()
    {
        using var begun = new SemaphoreSlim(0);
        await using var farm = await BusFarm.StartAsync(new FakeRenderer { BeforeStep = (_, _, stop) => { begun.Release(); stop.WaitHandle.WaitOne(); } });
        var image = Some.Image();
        await farm.SendAsync(Some.Group(image));
        await begun.WaitAsync(Cancel);

        await farm.CommandAsync(new CancelAttempts { Attempts = [image.AttemptId] });

        await farm.ReportAsync<WorkerBeat>(beat => beat.Activity == WorkerActivity.Idle && beat.Throughput is not null);
        Assert.Empty(farm.Reports.All<ImagesReported>());
    }

    [Fact]
    public async Task Worker_that_drains_finishes_what_it_has_pauses_and_takes_the_rest_when_told_to_resume()
    {
        using var go = new ManualResetEventSlim();
        using var begun = new SemaphoreSlim(0);
        await using var farm = await BusFarm.StartAsync(new FakeRenderer { BeforeStep = (_, _, _) => { begun.Release(); go.Wait(Cancel); } });
        var (first, later) = (Some.Image(), Some.Image());
        await farm.SendAsync(Some.Group(first));
        await begun.WaitAsync(Cancel);

        await farm.CommandAsync(new DrainWorker { Now = false });
        await farm.ReportAsync<WorkerBeat>(beat => beat.Activity == WorkerActivity.Draining);
        go.Set();
        await farm.ReportAsync<ImageRendered>(report => report.AttemptId == first.AttemptId);
        await farm.ReportAsync<WorkerBeat>(beat => beat.Activity == WorkerActivity.Paused);
        await farm.SendAsync(Some.Group(later));
        await farm.CommandAsync(new ResumeWorker());

        await farm.ReportAsync<ImageRendered>(report => report.AttemptId == later.AttemptId);
        Assert.Empty(farm.Reports.All<AttemptReference>());
    }

    [Fact]
    public async Task Worker_that_drains_at_once_hands_back_what_it_has()
    {
        using var begun = new SemaphoreSlim(0);
        await using var farm = await BusFarm.StartAsync(new FakeRenderer { BeforeStep = (_, _, stop) => { begun.Release(); stop.WaitHandle.WaitOne(); } });
        var image = Some.Image();
        await farm.SendAsync(Some.Group(image));
        await begun.WaitAsync(Cancel);

        await farm.CommandAsync(new DrainWorker { Now = true });

        await farm.ReportAsync<AttemptReference>(returned => returned.AttemptId == image.AttemptId);
        await farm.ReportAsync<WorkerBeat>(beat => beat.Activity == WorkerActivity.Paused);
        Assert.Empty(farm.Reports.All<ImageFailed>());
    }

    [Fact]
    public async Task Shutdown_hands_back_what_is_rendered_and_what_waits_and_says_goodbye_last()
    {
        using var begun = new SemaphoreSlim(0);
        var farm = await BusFarm.StartAsync(new FakeRenderer { BeforeStep = (_, _, stop) => { begun.Release(); stop.WaitHandle.WaitOne(); } });
        await using var _ = farm;
        var (rendering, waiting) = (Some.Image(), Some.Image());
        await farm.SendAsync(Some.Group(rendering));
        await begun.WaitAsync(Cancel);
        await farm.SendAsync(Some.Group(waiting));
        await farm.ReportAsync<WorkerBeat>(beat => beat.Attempts.Contains(waiting.AttemptId));

        await farm.StopAsync();

        Assert.Equal(
            new[] { rendering.AttemptId, waiting.AttemptId }.Order(),
            farm.Reports.All<AttemptReference>().Select(returned => returned.AttemptId).Order());
        Assert.Empty(farm.Reports.All<ImageFailed>());
        Assert.True(farm.Reports.All<WorkerBeat>()[^1].Leaving);
    }
}
