using Microsoft.Extensions.Logging.Abstractions;
using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Worker.Rendering;
using StableDiffusion.Worker.Tests.Fakes;
using TorchSharp;
using static TorchSharp.torch;

namespace StableDiffusion.Worker.Tests.Rendering;

/// <summary>Moves are recorded in place of being made: they are the same whatever the device.</summary>
public sealed class RestingModelsTests : IDisposable
{
    private static readonly Device Gpu = new(DeviceType.CUDA, 0);
    private readonly List<(string Name, DeviceType To)> moves = [];
    private readonly List<DeviceModel> loaded = [];
    private readonly long bytes;
    private long? spare;
    private bool full;

    public RestingModelsTests() => bytes = Load("first").Model.WeightBytes;

    public void Dispose() => loaded.ForEach(model => model.Dispose());

    [Fact]
    public void What_was_dropped_longest_ago_leaves_first_and_one_that_came_back_is_not_dropped()
    {
        using var resting = Resting(models: 2);
        var (one, two, three) = (Load("one"), Load("two"), Load("three"));
        Assert.True(resting.TryAdd(one, wanted: null));
        Assert.True(resting.TryAdd(two, wanted: null));
        Assert.Same(one, resting.Take("one", outdated: false, Gpu));
        Assert.True(resting.TryAdd(one, wanted: null));

        Assert.True(resting.TryAdd(three, wanted: null));

        Assert.Equal((true, false, true), (resting.Has("one"), resting.Has("two"), resting.Has("three")));
        Assert.Equal((false, true, false), (IsFreed(one), IsFreed(two), IsFreed(three)));
        Assert.Equal([("one", DeviceType.CPU), ("two", DeviceType.CPU), ("one", DeviceType.CUDA), ("one", DeviceType.CPU), ("three", DeviceType.CPU)], moves);
    }

    [Fact]
    public void The_one_that_room_is_made_for_stays()
    {
        using var resting = Resting(models: 2);
        resting.TryAdd(Load("wanted"), wanted: null);
        resting.TryAdd(Load("other"), wanted: null);

        Assert.True(resting.TryAdd(Load("dropped"), wanted: "wanted"));
        Assert.Equal((true, false, true), (resting.Has("wanted"), resting.Has("other"), resting.Has("dropped")));

        using var small = Resting(models: 1);
        small.TryAdd(Load("wanted"), wanted: null);
        Assert.False(small.TryAdd(Load("dropped"), wanted: "wanted"));
        Assert.True(small.Has("wanted"));
    }

    [Fact]
    public void Models_leave_when_main_memory_runs_short_and_those_that_mean_nothing_any_more_at_once()
    {
        using var resting = Resting(models: 9);
        foreach (var name in new[] { "one", "two", "three", "four" })
        {
            Assert.True(resting.TryAdd(Load(name), wanted: null));
        }

        resting.Trim(name => name == "three");
        Assert.Equal((true, true, false, true), (resting.Has("one"), resting.Has("two"), resting.Has("three"), resting.Has("four")));

        spare = -bytes; // until one has left
        resting.Trim(_ => false);
        Assert.Equal((false, true, true), (resting.Has("one"), resting.Has("two"), resting.Has("four")));

        spare = 0;
        Assert.False(resting.TryAdd(Load("five"), wanted: "four"));
        Assert.True(resting.Has("four"));
    }

    [Fact]
    public void One_that_is_outdated_is_freed_in_place_of_coming_back()
    {
        using var resting = Resting(models: 1);
        var model = Load("mine");
        resting.TryAdd(model, wanted: null);

        Assert.Null(resting.Take("mine", outdated: true, Gpu));

        Assert.True(IsFreed(model));
        Assert.False(resting.Has("mine"));
    }

    [Fact]
    public void One_for_which_the_device_has_no_memory_rests_on_and_one_for_which_main_memory_has_none_is_not_taken()
    {
        using var resting = Resting(models: 2);
        resting.TryAdd(Load("mine"), wanted: null);
        full = true;
        Assert.Throws<OutOfMemoryException>(() => resting.Take("mine", outdated: false, Gpu));
        Assert.True(resting.Has("mine"));
        Assert.False(resting.TryAdd(Load("other"), wanted: null));
        Assert.False(resting.Has("other"));

        full = false;
        Assert.NotNull(resting.Take("mine", outdated: false, Gpu));
    }

    [Fact]
    public void All_are_freed_at_the_end()
    {
        var resting = Resting(models: 2);
        DeviceModel[] both = [Load("one"), Load("two")];
        Assert.All(both, model => resting.TryAdd(model, wanted: null));

        resting.Dispose();

        Assert.All(both, model => Assert.True(IsFreed(model)));
    }

    private RestingModels Resting(int models) => new(models * bytes, () => spare is < 0 && loaded.Count(IsFreed) > 1 ? 0 : spare, Move, NullLogger.Instance);

    private DeviceModel Load(string name)
    {
        var model = new DeviceModel(StableDiffusionModel.Load(RendererBench.TinyModel), Some.Model with { Name = name });
        loaded.Add(model);
        return model;
    }

    private void Move(StableDiffusionModel model, Device to)
    {
        if (full)
        {
            throw new OutOfMemoryException();
        }

        moves.Add((loaded.Find(one => one.Model == model)!.Name, to.type));
    }

    private static bool IsFreed(DeviceModel model) => !model.Model.UNet.parameters().Any() || model.Model.UNet.parameters().First().IsInvalid;
}
