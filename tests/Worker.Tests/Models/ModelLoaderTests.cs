using System.Text;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Storage;
using StableDiffusion.Worker.Models;
using StableDiffusion.Worker.Tests.Fakes;
using StableDiffusion.Worker.Tests.Files;
using static TorchSharp.torch;

namespace StableDiffusion.Worker.Tests.Models;

/// <summary>Models that come and go while a whole worker runs, over MassTransit's in-memory transport.</summary>
public sealed class ModelLoaderTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Model_that_is_asked_for_is_loaded_told_of_and_drawn_with()
    {
        await using var farm = await BusFarm.StartAsync(new FakeRenderer { Others = ["other"] });
        Assert.Equal(["other"], farm.Reports.All<WorkerRegistered>()[^1].CanHold);
        var image = Some.Image();

        await farm.CommandAsync(new LoadModel { Model = "other" });
        var registered = await farm.ReportAsync<WorkerRegistered>(report => report.Models.Count == 2);
        await farm.SendAsync(Of("other", image));

        await farm.ReportAsync<ImageRendered>(report => report.AttemptId == image.AttemptId);
        Assert.Empty(registered.CanHold);
        Assert.Empty(farm.Renderer.Dropped);
    }

    [Fact]
    public async Task Where_only_so_many_may_be_held_the_one_used_longest_ago_goes()
    {
        var second = Some.Model with { Name = "second" };
        await using var farm = await BusFarm.StartAsync(new FakeRenderer { Models = [Some.Model, second], Others = ["third"] }, maxModels: 2);
        var image = Some.Image();
        await farm.SendAsync(Some.Group(image)); // so the first is the one used last
        await farm.ReportAsync<ImageRendered>(report => report.AttemptId == image.AttemptId);

        await farm.CommandAsync(new LoadModel { Model = "third" });

        var registered = await farm.ReportAsync<WorkerRegistered>(report => report.Models.Any(model => model.Name == "third"));
        Assert.Equal(["starter", "third"], registered.Models.Select(model => model.Name));
        Assert.Equal(["second"], registered.CanHold);
        Assert.Equal([second], registered.Described);
        Assert.Equal(["second"], farm.Renderer.Dropped);
    }

    [Fact]
    public async Task Lack_of_memory_drops_models_until_there_is_enough()
    {
        var tries = 0;
        await using var farm = await BusFarm.StartAsync(new FakeRenderer
        {
            Others = ["large"], BeforeLoad = _ => { if (++tries == 1) { throw new OutOfMemoryException(); } },
        });

        await farm.CommandAsync(new LoadModel { Model = "large" });

        var registered = await farm.ReportAsync<WorkerRegistered>(report => report.Models.Any(model => model.Name == "large"));
        Assert.Equal(["starter"], registered.CanHold);
        Assert.Equal(["starter"], farm.Renderer.Dropped);
    }

    [Fact]
    public async Task Model_that_has_work_is_not_dropped()
    {
        using var begun = new SemaphoreSlim(0);
        using var go = new ManualResetEventSlim();
        var second = Some.Model with { Name = "second" };
        await using var farm = await BusFarm.StartAsync(
            new FakeRenderer { Models = [Some.Model, second], Others = ["third"], BeforeStep = (_, _, _) => { begun.Release(); go.Wait(Cancel); } }, maxModels: 2);
        var (drawing, later) = (Some.Image(), Some.Image());
        await farm.SendAsync(Of("second", Some.Image()));
        await begun.WaitAsync(Cancel);
        await farm.SendAsync(Of("starter", drawing));
        await farm.ReportAsync<WorkerBeat>(beat => beat.Attempts.Contains(drawing.AttemptId));

        await farm.LoadAsync("third");
        go.Set();
        await farm.ReportAsync<ImageRendered>(report => report.AttemptId == drawing.AttemptId);
        await farm.SendAsync(Of("second", later));

        await farm.ReportAsync<ImageRendered>(report => report.AttemptId == later.AttemptId);
        Assert.Empty(farm.Renderer.Dropped);
        Assert.Empty(farm.Reports.All<ImageFailed>());
    }

    [Fact]
    public async Task Model_that_cannot_be_loaded_is_told_with_the_reason()
    {
        await using var farm = await BusFarm.StartAsync(new FakeRenderer { Others = ["cut"], BeforeLoad = _ => throw new InvalidDataException("unet: cut off") });

        await farm.CommandAsync(new LoadModel { Model = "cut" });

        var registered = await farm.ReportAsync<WorkerRegistered>(report => report.Faults.Count == 1);
        Assert.Equal(("cut", "unet: cut off"), (registered.Faults[0].Name, registered.Faults[0].Reason));
        Assert.Empty(registered.CanHold);
        Assert.Equal("starter", Assert.Single(registered.Models).Name);
    }

    [Fact]
    public async Task Model_that_could_not_be_fetched_just_now_may_be_asked_for_again()
    {
        var tries = 0;
        await using var farm = await BusFarm.StartAsync(new FakeRenderer
        {
            Others = ["far"], BeforeLoad = _ => { if (++tries == 1) { throw new ObjectStoreException("away", transient: true); } },
        });

        await farm.LoadAsync("far");
        await farm.LoadAsync("far");

        var registered = await farm.ReportAsync<WorkerRegistered>(report => report.Models.Any(model => model.Name == "far"));
        Assert.Empty(registered.Faults);
    }

    [Fact]
    public async Task Checkpoint_that_is_replaced_is_drawn_with_no_more_and_makes_room_for_the_new_one_when_its_images_are_done()
    {
        using var begun = new SemaphoreSlim(0);
        using var go = new ManualResetEventSlim();
        using var shelf = new Shelf();
        var old = shelf.Register(FileKind.Checkpoint, "mine", shelf.Part("mine.safetensors", [1]));
        await using var farm = await BusFarm.StartAsync(new FakeRenderer { BeforeStep = (_, _, _) => { begun.Release(); go.Wait(Cancel); } }, shelf: shelf, indexSeconds: 3600); // so the command tells first
        var (drawing, early) = (Some.Image(), Some.Image());
        await farm.LoadAsync("mine");
        var held = await farm.ReportAsync<WorkerRegistered>(Holds);
        await farm.SendAsync(Of("mine", drawing) with { Checkpoint = old.Sha256 });
        await begun.WaitAsync(Cancel);

        var anew = shelf.Register(FileKind.Checkpoint, "mine", shelf.Part("mine.safetensors", [2]));
        await farm.SendAsync(Of("mine", early) with { Checkpoint = anew.Sha256 });
        await farm.ReportAsync<AttemptReference>(returned => returned.AttemptId == early.AttemptId);
        await farm.ReportAsync<WorkerRegistered>(report => report.Timestamp > held.Timestamp && !Holds(report));
        Assert.Empty(farm.Renderer.Dropped);
        go.Set();

        await farm.ReportAsync<ImageRendered>(report => report.AttemptId == drawing.AttemptId);
        var registered = await farm.ReportAsync<WorkerRegistered>(report => report.Models.Any(model => model.Hash == anew.Sha256));
        Assert.Equal(["mine"], farm.Renderer.Dropped);
        Assert.True(Holds(registered));
        Assert.Contains(old.Sha256, Encoding.Latin1.GetString(shelf[drawing.ObjectKey]), StringComparison.Ordinal); // its manifest tells what it was drawn with

        static bool Holds(WorkerRegistered report) => report.Models.Any(model => model.Name == "mine");
    }

    [Fact]
    public async Task Checkpoint_that_is_deleted_is_dropped_and_offered_no_more()
    {
        using var shelf = new Shelf();
        var file = shelf.Register(FileKind.Checkpoint, "mine", shelf.Part("mine.safetensors", [1]));
        await using var farm = await BusFarm.StartAsync(new FakeRenderer(), shelf: shelf);
        await farm.LoadAsync("mine");
        var held = await farm.ReportAsync<WorkerRegistered>(report => report.Models.Count == 2);
        Assert.Equal(["mine"], held.Pulled);

        shelf.Unregister(file);

        await farm.ReportAsync<WorkerRegistered>(report => report.Timestamp > held.Timestamp && report.Models.Count == 1 && report.CanHold.Count == 0);
        await farm.LoadAsync("mine");
        Assert.Equal(["mine"], farm.Renderer.Dropped);
    }

    [Fact]
    public async Task Checkpoint_that_could_not_be_loaded_is_tried_again_when_something_is_laid_beside_it()
    {
        using var shelf = new Shelf();
        var weights = shelf.Part("mine.safetensors", [1]);
        shelf.Register(FileKind.Checkpoint, "mine", weights);
        var tries = 0;
        await using var farm = await BusFarm.StartAsync(
            new FakeRenderer { BeforeLoad = _ => { if (++tries == 1) { throw new InvalidDataException("no unet/config.json"); } } }, shelf: shelf);
        await farm.LoadAsync("mine");
        var faulty = await farm.ReportAsync<WorkerRegistered>(report => report.Faults.Count == 1);

        shelf.Register(FileKind.Checkpoint, "mine", weights, shelf.Part("mine/unet/config.json", [2]));

        await farm.ReportAsync<WorkerRegistered>(report => report.Timestamp > faulty.Timestamp && report.Faults.Count == 0 && report.CanHold.Contains("mine"));
        await farm.LoadAsync("mine");
        await farm.ReportAsync<WorkerRegistered>(report => report.Models.Count == 2);
    }

    [Fact]
    public async Task Where_too_much_memory_would_end_the_process_models_go_before_one_is_loaded_for_which_there_is_none()
    {
        using var shelf = new Shelf();
        shelf.Register(FileKind.Checkpoint, "large", shelf.Part("large.safetensors", [1]) with { Parameters = 100 });
        await using var farm = await BusFarm.StartAsync(new FakeRenderer { Models = [Some.Model, Some.Model with { Name = "second" }], Free = dropped => 399 + dropped }, shelf: shelf);

        await farm.LoadAsync("large");

        var registered = await farm.ReportAsync<WorkerRegistered>(report => report.Models.Any(model => model.Name == "large"));
        Assert.Equal(["large", "second"], registered.Models.Select(model => model.Name));
        Assert.Equal(["starter"], farm.Renderer.Dropped);
    }

    [Fact]
    public async Task Checkpoint_that_is_too_large_is_told_and_not_offered()
    {
        using var shelf = new Shelf();
        shelf.Register(FileKind.Checkpoint, "large", shelf.Part("large.safetensors", [1]) with { Parameters = 100 });
        await using var farm = await BusFarm.StartAsync(new FakeRenderer { Room = new ModelRoom(ScalarType.Float16, 199, "cuda:0") }, shelf: shelf);

        var registered = farm.Reports.All<WorkerRegistered>()[^1];

        Assert.Empty(registered.CanHold);
        Assert.Equal("large", Assert.Single(registered.Faults).Name);
    }

    [Fact]
    public async Task Checkpoint_for_which_the_disk_had_no_room_is_offered_again_after_a_while()
    {
        using var shelf = new Shelf();
        shelf.Register(FileKind.Checkpoint, "mine", shelf.Part("mine.safetensors", [1]));
        await using var farm = await BusFarm.StartAsync(new FakeRenderer { BeforeLoad = _ => throw new IOException("No space left on device") }, shelf: shelf, indexSeconds: 3600);

        await farm.LoadAsync("mine");

        var full = await farm.ReportAsync<WorkerRegistered>(report => report.Faults.Count == 1 && report.CanHold.Count == 0);
        Assert.Equal("No space left on device", full.Faults[0].Reason);
        var models = farm.Models;
        Assert.Empty(models.CanHold);
        models.Offer(["mine"], [], []); // as after the next look at the index
        Assert.Equal(["mine"], models.CanHold);
        Assert.Empty(models.Faults);
    }

    [Fact]
    public async Task A_model_of_the_workers_own_for_which_main_memory_had_no_room_is_offered_again_where_nothing_is_pulled_too()
    {
        var free = 1000L;
        await using var farm = await BusFarm.StartAsync(
            new FakeRenderer { Models = [], Others = ["tiny-sd15"], Free = _ => Volatile.Read(ref free) }, models: RendererBench.TinyModel, pull: "none", indexSeconds: 1);

        await farm.LoadAsync("tiny-sd15");

        var full = await farm.ReportAsync<WorkerRegistered>(report => report.Faults.Count == 1);
        Assert.Contains("of main memory are free just now", full.Faults[0].Reason, StringComparison.Ordinal);
        Volatile.Write(ref free, 1L << 30);
        await farm.ReportAsync<WorkerRegistered>(report => report.Timestamp > full.Timestamp && report.CanHold.Contains("tiny-sd15"));
        await farm.LoadAsync("tiny-sd15");
        Assert.Equal("tiny-sd15", Assert.Single(farm.Models.All).Name);
    }

    private static RenderImages Of(string model, params ImageToRender[] images)
    {
        var command = Some.Group(images);
        return command with { Model = model, Settings = command.Settings with { Model = model } };
    }
}
