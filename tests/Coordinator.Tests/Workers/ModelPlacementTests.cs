using StableDiffusion.Coordinator.Workers;

namespace StableDiffusion.Coordinator.Tests.Workers;

public sealed class ModelPlacementTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public void A_model_that_nobody_holds_goes_to_an_idle_worker_first() =>
        Assert.Equal([("idle", "a")], Choose([new("a", 1)], Worker("busy", inHand: 2, canHold: ["a"]), Worker("idle", canHold: ["a"])));

    [Fact]
    public void Of_busy_workers_the_least_loaded_loads_it() =>
        Assert.Equal([("less", "a")], Choose([new("a", 1)], Worker("more", inHand: 5, canHold: ["a"]), Worker("less", inHand: 2, canHold: ["a"])));

    [Fact]
    public void Of_idle_workers_one_whose_models_nobody_waits_for_loads_it() => Assert.Equal(
        [("unused", "a")],
        Choose([new("a", 1), new("b", 9)], Worker("awaited", holds: ["b"], canHold: ["a"]), Worker("unused", holds: ["c"], canHold: ["a"])));

    [Fact]
    public void Work_goes_where_its_model_is_while_that_is_soon() =>
        Assert.Empty(Choose([new("a", 29)], Worker("holder", inHand: 1, holds: ["a"]), Worker("idle", canHold: ["a"])));

    [Fact]
    public void An_idle_worker_helps_where_work_would_wait_for_long() =>
        Assert.Equal([("idle", "a")], Choose([new("a", 31)], Worker("holder", inHand: 1, holds: ["a"]), Worker("idle", canHold: ["a"])));

    [Fact]
    public void A_worker_whose_own_work_waits_does_not_help() => Assert.Empty(Choose(
        [new("a", 1000), new("b", 1)],
        Worker("holder", inHand: 1, holds: ["a"]), Worker("other", holds: ["b"], canHold: ["a"]), Worker("busy", inHand: 1, canHold: ["a"])));

    [Fact]
    public void One_worker_is_told_of_one_model() =>
        Assert.Equal([("only", "b")], Choose([new("a", 1), new("b", 2)], Worker("only", canHold: ["a", "b"])));

    [Fact]
    public void A_worker_that_may_not_load_now_is_left_alone() =>
        Assert.Empty(Choose([new("a", 1)], Worker("told", canHold: ["a"]) with { MayLoad = false }));

    private static IReadOnlyList<(string Worker, string Model)> Choose(WaitingModel[] waiting, params PlacedWorker[] workers) => ModelPlacement.Choose(waiting, workers, Patience);

    private static PlacedWorker Worker(string id, int inHand = 0, string[]? holds = null, string[]? canHold = null) => new(id, holds ?? [], canHold ?? [], inHand, true);
}
