using StableDiffusion.Contracts.Images;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Coordinator.Waits;

namespace StableDiffusion.Coordinator.Tests.Waits;

public sealed class MissingWorkerTests
{
    private static readonly WorkerFacts Holder = new("holder", ["a"], [], false, false, null, []);
    private static readonly WorkerFacts Other = new("other", ["b"], [], false, false, null, []);

    [Fact]
    public void Nothing_is_missing_while_a_holder_takes_work() => Assert.Null(MissingWorker.Explain("a", Fleet(Holder, Other)));

    [Fact]
    public void A_worker_that_can_hold_it_is_named() =>
        Told(WaitingReason.Loading, "worker other can, and is told to load it", Fleet(Other with { CanHold = ["a"] }));

    [Fact]
    public void Holders_that_take_no_work_are_named_with_the_reason() => Told(
        WaitingReason.WorkersPaused, "holder was told to drain, second is set aside (All fails). Resume one.",
        new FleetFacts([Holder with { Drained = true }, Holder with { Id = "second", SetAside = "All fails." }, Other], new HashSet<string> { "other" }));

    [Fact]
    public void A_fault_is_passed_on() =>
        Told(WaitingReason.NoWorker, "Worker other found it and could not load it: unet is cut off", Fleet(Other with { Faults = [new ModelFault { Name = "a", Reason = "unet is cut off" }] }));

    [Fact]
    public void Without_workers_one_is_to_be_started() => Told(WaitingReason.NoWorker, "No worker is up.", Fleet());

    private static void Told(WaitingReason reason, string words, FleetFacts fleet)
    {
        var waiting = MissingWorker.Explain("a", fleet)!;
        Assert.Equal(reason, waiting.Reason);
        Assert.Contains(words, waiting.Message, StringComparison.Ordinal);
    }

    private static FleetFacts Fleet(params WorkerFacts[] workers) => new(workers, workers.Select(worker => worker.Id).ToHashSet());
}
